use super::*;

mod presence;

/// Whose session it mostly is.
const ANN: &str = "member=1&epoch=e";

/// A browser: its storage, its channel, and its pages.
#[derive(Default)]
struct Browser {
    storage: Option<Lease>,
    now: u64,
    pages: Vec<Page>,
}

struct Page {
    tab: Tab,
    share: Share,
    /// What it took.
    taken: Vec<String>,
    /// What it told the server of presence.
    away: Vec<bool>,
    /// How often it began.
    begun: u32,
    crashed: bool,
}

impl Browser {
    fn with(count: u64) -> Self {
        let mut browser = Browser { now: 1_000_000, ..Browser::default() };
        (1..=count).for_each(|tab| browser.open(Tab(tab)));
        browser
    }

    fn open(&mut self, tab: Tab) {
        let mut out = Vec::new();
        let share = Share::new(tab, self.storage, self.now, &mut out);
        let (taken, away) = (Vec::new(), Vec::new());
        self.pages.push(Page { tab, share, taken, away, begun: 1, crashed: false });
        self.carry_out(tab, out);
        self.goes_live(tab);
    }

    fn goes_live(&mut self, tab: Tab) {
        self.does(tab, |share, now, out| {
            share.welcomed(ANN.to_owned());
            share.live(now, out);
        });
    }

    fn page(&mut self, tab: Tab) -> &mut Page {
        self.pages.iter_mut().find(|page| page.tab == tab).unwrap()
    }

    fn does(&mut self, tab: Tab, act: impl FnOnce(&mut Share, u64, &mut Vec<Wish>)) {
        let (now, mut out) = (self.now, Vec::new());
        act(&mut self.page(tab).share, now, &mut out);
        self.carry_out(tab, out);
    }

    fn carry_out(&mut self, tab: Tab, wishes: Vec<Wish>) {
        for wish in wishes {
            match wish {
                Wish::Keep(lease) => self.storage = lease,
                Wish::Take(frame) => self.page(tab).taken.push(frame),
                Wish::Away(away) => self.page(tab).away.push(away),
                Wish::Say(word) => {
                    let others: Vec<Tab> = self
                        .pages
                        .iter()
                        .filter(|page| page.tab != tab && !page.crashed)
                        .map(|page| page.tab)
                        .collect();
                    for other in others {
                        let word = word.clone();
                        self.does(other, |share, now, out| share.heard(ANN, word, now, out));
                    }
                }
                Wish::Anew => {
                    let (storage, now) = (self.storage, self.now);
                    let mut out = Vec::new();
                    self.page(tab).share.end(storage, &mut out);
                    self.carry_out(tab, out);
                    let mut out = Vec::new();
                    let share = Share::new(tab, self.storage, now, &mut out);
                    let page = self.page(tab);
                    (page.share, page.begun) = (share, page.begun + 1);
                    self.carry_out(tab, out);
                    self.goes_live(tab);
                }
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 500 {
            self.now += 500;
            {
                let tabs: Vec<Tab> =
                    self.pages.iter().filter(|page| !page.crashed).map(|page| page.tab).collect();
                for tab in tabs {
                    let storage = self.storage;
                    self.does(tab, |share, now, out| share.tick(storage, now, out));
                }
            }
        }
    }

    fn leaders(&self) -> Vec<Tab> {
        let led = self.pages.iter().filter(|page| !page.crashed && page.share.role() == Role::Leader);
        led.map(|page| page.tab).collect()
    }

    fn frame(&mut self, tab: Tab, frame: &str) {
        self.does(tab, |share, _, out| share.frame(frame, out));
    }
}

#[test]
fn the_first_leads_and_the_others_are_told() {
    let mut browser = Browser::with(8);
    assert_eq!(browser.leaders(), [Tab(1)]);
    browser.frame(Tab(1), "tea");
    assert!(browser.pages.iter().all(|page| page.taken == ["tea"]));
    browser.pass(60_000);
    assert_eq!(browser.leaders(), [Tab(1)]);
    assert!(browser.pages.iter().all(|page| page.begun == 1), "nothing begins anew without cause");
}

#[test]
fn when_the_leader_ends_another_leads_at_once() {
    let mut browser = Browser::with(8);
    let storage = browser.storage;
    browser.page(Tab(1)).crashed = true;
    browser.does(Tab(1), |share, _, out| share.end(storage, out));
    assert_eq!(browser.leaders().len(), 1);
}

#[test]
fn when_the_leader_crashes_another_leads_within_five_seconds() {
    let mut browser = Browser::with(8);
    browser.page(Tab(1)).crashed = true;
    browser.pass(4_000);
    let leaders = browser.leaders();
    assert_eq!(leaders.len(), 1);
    browser.frame(leaders[0], "more");
    assert!(browser.pages.iter().filter(|page| !page.crashed).all(|page| page.taken == ["more"]));
}

#[test]
fn who_leads_and_sleeps_finds_that_another_does() {
    let mut browser = Browser::with(2);
    browser.page(Tab(1)).crashed = true;
    browser.pass(5_000);
    assert_eq!(browser.leaders(), [Tab(2)]);
    browser.page(Tab(1)).crashed = false;
    browser.pass(1_000);
    assert_eq!(browser.leaders(), [Tab(2)]);
}

#[test]
fn what_is_told_before_a_follower_has_begun_waits() {
    let now = 1_000_000;
    let lease = Some(Lease { tab: Tab(1), until: now + 1 });
    for count in [SHARED_FRAMES_MAX - 1, SHARED_FRAMES_MAX, SHARED_FRAMES_MAX + 1] {
        let mut out = Vec::new();
        let mut share = Share::new(Tab(2), lease, now, &mut out);
        for number in 0..count {
            share.heard(ANN, Word::Frame(number.to_string()), now, &mut out);
        }
        let is_over = count > SHARED_FRAMES_MAX;
        assert_eq!(out, if is_over { vec![Wish::Anew] } else { vec![] }, "{count}");
        share.welcomed(ANN.to_owned());
        share.live(0, &mut out);
        let taken: Vec<_> = out.iter().filter(|wish| matches!(wish, Wish::Take(_))).collect();
        assert_eq!(taken.len(), count.min(SHARED_FRAMES_MAX));
        assert_eq!(taken[1], &Wish::Take("1".to_owned()), "in its order");
    }
}

#[test]
fn what_is_told_of_somebody_elses_session_is_not_taken() {
    let now = 1_000_000;
    let lease = Some(Lease { tab: Tab(1), until: now + 1 });
    let mut out = Vec::new();
    let mut share = Share::new(Tab(2), lease, now, &mut out);
    let tell = |share: &mut Share, out: &mut Vec<Wish>, when: &str| {
        for of in [ANN, "member=2&epoch=e"] {
            share.heard(of, Word::Frame(format!("{when}, {of}")), now, out);
        }
    };
    tell(&mut share, &mut out, "before the welcome");
    assert!(share.welcomed(ANN.to_owned()));
    tell(&mut share, &mut out, "before it is live");
    assert_eq!(out, []);
    share.live(0, &mut out);
    tell(&mut share, &mut out, "live");
    out.retain(|wish| matches!(wish, Wish::Take(_)));
    let taken = ["before the welcome", "before it is live", "live"];
    assert_eq!(out, taken.map(|when| Wish::Take(format!("{when}, {ANN}"))));
    assert!(!share.welcomed(ANN.to_owned()), "one had begun");
}

#[test]
fn who_leads_and_is_another_than_who_follows_begins_anew() {
    let now = 1_000_000;
    for (led, follows, is_anew) in [
        (ANN, "member=2&epoch=e", true),
        (ANN, ANN, false),
        ("", "member=2&epoch=e", false),
        (ANN, "", false),
    ] {
        let mut out = Vec::new();
        let mut share = Share::new(Tab(1), None, now, &mut out);
        share.welcomed(led.to_owned());
        out.clear();
        share.heard(follows, Word::Ask, now, &mut out);
        assert_eq!(out == [Wish::Anew], is_anew, "{led} asked by {follows}");
    }
    let mut out = Vec::new();
    let mut share = Share::new(Tab(2), Some(Lease { tab: Tab(1), until: now + 1 }), now, &mut out);
    share.welcomed(ANN.to_owned());
    share.live(0, &mut out);
    assert_eq!(out, [Wish::Say(Word::Ask)], "once it has begun");
}

#[test]
fn a_leader_that_begins_to_read_makes_the_others_begin() {
    let mut browser = Browser::with(3);
    // Its stream broke, and it has another: what came between the two was told to it alone.
    let (storage, now) = (browser.storage, browser.now);
    let mut out = Vec::new();
    browser.page(Tab(1)).share = Share::new(Tab(1), storage, now, &mut out);
    browser.frame(Tab(1), "what was missed");
    browser.goes_live(Tab(1));
    assert_eq!(browser.pages.iter().map(|page| page.begun).collect::<Vec<_>>(), [1, 2, 2]);
    assert!(browser.page(Tab(2)).taken.is_empty());
}

#[test]
fn pages_that_are_long_out_of_sight_stay_with_one_that_leads() {
    let mut browser = Browser::with(8);
    // Each is woken once a minute, at a second of its own.
    for second in 0..600_u64 {
        browser.now += 1_000;
        let woken = Tab(second % 60 / 7 + 1);
        if second % 7 == 0 && browser.pages.iter().any(|page| page.tab == woken) {
            let storage = browser.storage;
            browser.does(woken, |share, now, out| share.tick(storage, now, out));
        }
        assert_eq!(browser.leaders(), [Tab(1)], "{second} s");
    }
    assert!(browser.pages.iter().all(|page| page.begun == 1));
}

#[test]
fn of_two_that_find_out_by_telling_one_gives_in_at_once() {
    let mut browser = Browser::with(1);
    browser.storage = None;
    browser.open(Tab(2));
    assert_eq!(browser.leaders(), [Tab(2)]);
    let mut browser = Browser { now: 1_000_000, ..Browser::default() };
    browser.open(Tab(2));
    browser.storage = None;
    browser.open(Tab(1));
    assert_eq!(browser.leaders(), [Tab(2)]);
}

#[test]
fn a_lease_of_another_clock_does_not_hold() {
    for (until, role) in [
        (1_000_000, Role::Leader),
        (1_000_001, Role::Follower),
        (1_000_000 + LEADER_LEASE_MS, Role::Follower),
        (1_000_001 + LEADER_LEASE_MS, Role::Leader),
    ] {
        let share = Share::new(Tab(2), Some(Lease { tab: Tab(1), until }), 1_000_000, &mut Vec::new());
        assert_eq!(share.role(), role, "{until}");
    }
}
