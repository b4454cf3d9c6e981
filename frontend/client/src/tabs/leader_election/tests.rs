use super::*;
use crate::test_clock::at;
use shared::{Epoch, Event, MemberId};

mod presence;

/// Identity of most sessions here.
const ANN: SessionIdentity = SessionIdentity { member: MemberId(1), epoch: Epoch(14) };
/// Identity of a session of another member in the same log.
const BO: SessionIdentity = SessionIdentity { member: MemberId(2), epoch: Epoch(14) };

/// A browser: its storage, its channel, and its tabs.
#[derive(Default)]
struct Browser {
    storage: Option<Lease>,
    now: u64,
    pages: Vec<TabPage>,
}

struct TabPage {
    tab: Tab,
    election: LeaderElection,
    delivered: Vec<Delivery>,
    /// Presence reports to the server, in order: true for away.
    reports: Vec<bool>,
    /// Number of sessions that the tab has begun.
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
        let election = LeaderElection::new(tab, self.storage, at(self.now), &mut out);
        let (delivered, reports) = (Vec::new(), Vec::new());
        self.pages.push(TabPage { tab, election, delivered, reports, begun: 1, crashed: false });
        self.perform(tab, out);
        self.go_live(tab);
    }

    fn go_live(&mut self, tab: Tab) {
        self.act(tab, |election, now, out| {
            election.welcomed(ANN);
            election.mark_live(at(now), out);
        });
    }

    fn page(&mut self, tab: Tab) -> &mut TabPage {
        self.pages.iter_mut().find(|page| page.tab == tab).unwrap()
    }

    fn act(&mut self, tab: Tab, act: impl FnOnce(&mut LeaderElection, u64, &mut Vec<TabEffect>)) {
        let (now, mut out) = (self.now, Vec::new());
        act(&mut self.page(tab).election, now, &mut out);
        self.perform(tab, out);
    }

    fn perform(&mut self, tab: Tab, effects: Vec<TabEffect>) {
        for effect in effects {
            match effect {
                TabEffect::SaveLease(lease) => self.storage = lease,
                TabEffect::Deliver(delivery) => self.page(tab).delivered.push(delivery),
                TabEffect::ReportPresence(away) => self.page(tab).reports.push(away),
                TabEffect::Prove(..) => self.act(tab, |election, _, out| election.mark_proved(out)),
                TabEffect::Broadcast(message) => {
                    let others = self.pages.iter().filter(|page| page.tab != tab && !page.crashed);
                    for other in others.map(|page| page.tab).collect::<Vec<_>>() {
                        let message = message.clone();
                        self.act(other, |election, now, out| {
                            election.receive_message(Some(ANN), message, at(now), out)
                        });
                    }
                }
                TabEffect::Restart => {
                    let (storage, now) = (self.storage, self.now);
                    let mut out = Vec::new();
                    self.page(tab).election.end(storage, &mut out);
                    self.perform(tab, out);
                    let mut out = Vec::new();
                    let election = LeaderElection::new(tab, self.storage, at(now), &mut out);
                    let page = self.page(tab);
                    (page.election, page.begun) = (election, page.begun + 1);
                    self.perform(tab, out);
                    self.go_live(tab);
                }
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 500 {
            self.now += 500;
            let alive = self.pages.iter().filter(|page| !page.crashed);
            for tab in alive.map(|page| page.tab).collect::<Vec<_>>() {
                let storage = self.storage;
                self.act(tab, |election, now, out| election.tick(storage, at(now), out));
            }
        }
    }

    fn leaders(&self) -> Vec<Tab> {
        let leaders = self.pages.iter().filter(|page| !page.crashed && page.election.role() == Role::Leader);
        leaders.map(|page| page.tab).collect()
    }

    /// The tab reads this frame.
    fn reads(&mut self, tab: Tab, frame: &str) {
        let event = EventFrame::parse_or_unknown(frame);
        self.act(tab, |election, _, out| election.event(event, frame, out));
    }
}

/// A frame that differs from others by a number.
fn frame(n: usize) -> String {
    format!(r#"{{"type":"gone","members":[],"count":{n}}}"#)
}

fn event(frame: &str) -> Delivery {
    Delivery::Event(EventFrame::parse_or_unknown(frame))
}

fn deliveries(out: &[TabEffect]) -> Vec<Delivery> {
    let deliver = |effect: &TabEffect| match effect {
        TabEffect::Deliver(delivery) => Some(delivery.clone()),
        _ => None,
    };
    out.iter().filter_map(deliver).collect()
}

/// A follower of tab 1.
fn follower(now: u64) -> LeaderElection {
    let mut out = Vec::new();
    let election =
        LeaderElection::new(Tab(2), Some(Lease { tab: Tab(1), until: at(now + 1).wall }), at(now), &mut out);
    assert_eq!((election.role(), out), (Role::Follower, vec![]));
    election
}

#[test]
fn the_first_tab_leads_and_relays_to_the_others() {
    let mut browser = Browser::with(8);
    assert_eq!(browser.leaders(), [Tab(1)]);
    browser.reads(Tab(1), &frame(7));
    let cursor = "000000000000000e.7".parse().unwrap();
    browser.act(Tab(1), |election, _, out| election.through(cursor, out));
    let both = [event(&frame(7)), Delivery::Through(cursor)];
    assert!(browser.pages.iter().all(|page| page.delivered == both));
    browser.pass(60_000);
    assert_eq!(browser.leaders(), [Tab(1)]);
    assert!(browser.pages.iter().all(|page| page.begun == 1), "nothing begins anew without cause");
}

/// Returns the cursor of a text as builds before the mark decode it: `through <epoch>.<n>`, and nothing else.
fn decoded_before_marks(text: &str) -> Option<(&str, u64)> {
    let (_, message) = text.split_once('\n')?;
    let (epoch, n) = message.strip_prefix("through ")?.split_once('.')?;
    Some((epoch, n.parse().ok()?))
}

#[test]
fn tabs_of_older_builds_follow_the_cursor_of_a_leader_with_marks() {
    let mut election = LeaderElection::new(Tab(1), None, at(1_000), &mut Vec::new());
    let mut out = Vec::new();
    election.mark_live(at(1_000), &mut Vec::new());
    let cursor: Cursor = "000000000000000e.7.0000beef".parse().unwrap();
    election.through(cursor, &mut out);
    let texts: Vec<String> = out
        .iter()
        .filter_map(|effect| match effect {
            TabEffect::Broadcast(message) => Some(message.encode(Some(ANN))),
            _ => None,
        })
        .collect();
    let older: Vec<_> = texts.iter().filter_map(|text| decoded_before_marks(text)).collect();
    assert_eq!(older, [("000000000000000e", 7)], "{texts:?}");
    // The mark comes first, so that a tab of this build keeps it.
    let mut follower = follower(1_000);
    follower.welcomed(ANN);
    follower.mark_live(at(1_000), &mut Vec::new());
    let mut out = Vec::new();
    for text in &texts {
        let (identity, message) = TabMessage::decode(text).unwrap();
        follower.receive_message(identity, message, at(1_000), &mut out);
    }
    assert_eq!(deliveries(&out), [cursor, cursor.unmarked()].map(Delivery::Through));
}

#[test]
fn a_follower_takes_the_cursor_of_an_older_leader() {
    for form in ["000000000000000e.7", "000000000000000e.7.0000beef"] {
        let mut follower = follower(1_000);
        follower.welcomed(ANN);
        follower.mark_live(at(1_000), &mut Vec::new());
        let text = format!("member=1&epoch=000000000000000e\nthrough {form}");
        let (identity, message) = TabMessage::decode(&text).unwrap();
        let mut out = Vec::new();
        follower.receive_message(identity, message, at(1_000), &mut out);
        assert_eq!(deliveries(&out), [Delivery::Through(form.parse().unwrap())]);
    }
}

#[test]
fn another_tab_leads_at_once_when_the_leader_ends() {
    let mut browser = Browser::with(8);
    let storage = browser.storage;
    browser.page(Tab(1)).crashed = true;
    browser.act(Tab(1), |election, _, out| election.end(storage, out));
    assert_eq!(browser.leaders().len(), 1);
}

#[test]
fn another_tab_leads_within_five_seconds_when_the_leader_crashes() {
    let mut browser = Browser::with(8);
    browser.page(Tab(1)).crashed = true;
    browser.pass(4_000);
    let leaders = browser.leaders();
    assert_eq!(leaders.len(), 1);
    browser.reads(leaders[0], &frame(7));
    let alive = browser.pages.iter().filter(|page| !page.crashed);
    assert!(alive.into_iter().all(|page| page.delivered == [event(&frame(7))]));
}

#[test]
fn a_leader_that_slept_follows_the_tab_that_leads() {
    let mut browser = Browser::with(2);
    browser.page(Tab(1)).crashed = true;
    browser.pass(5_000);
    assert_eq!(browser.leaders(), [Tab(2)]);
    browser.page(Tab(1)).crashed = false;
    browser.pass(1_000);
    assert_eq!(browser.leaders(), [Tab(2)]);
}

#[test]
fn a_leader_that_ends_keeps_the_lease_of_another() {
    let mut out = Vec::new();
    let election = LeaderElection::new(Tab(1), None, at(0), &mut out);
    out.clear();
    election.end(Some(Lease { tab: Tab(2), until: 2_000 }), &mut out);
    assert_eq!(out, []);
    for lease in [None, Some(Lease { tab: Tab(1), until: 2_000 })] {
        election.end(lease, &mut out);
        assert_eq!(
            std::mem::take(&mut out),
            [TabEffect::SaveLease(None), TabEffect::Broadcast(TabMessage::Bye)]
        );
    }
}

#[test]
fn frames_relayed_before_a_follower_has_begun_wait_for_it() {
    let now = 1_000_000;
    for count in [RELAYED_FRAMES_MAX - 1, RELAYED_FRAMES_MAX, RELAYED_FRAMES_MAX + 1] {
        let (mut election, mut out) = (follower(now), Vec::new());
        for number in 0..count {
            election.receive_message(Some(ANN), TabMessage::Frame(frame(number)), at(now), &mut out);
        }
        let is_over = count > RELAYED_FRAMES_MAX;
        assert_eq!(out, if is_over { vec![TabEffect::Restart] } else { vec![] }, "{count}");
        election.welcomed(ANN);
        election.mark_live(at(0), &mut out);
        let delivered = deliveries(&out);
        assert_eq!(delivered.len(), count.min(RELAYED_FRAMES_MAX));
        assert_eq!(delivered[1], event(&frame(1)), "in their order");
    }
}

#[test]
fn frames_of_another_identity_are_not_delivered() {
    let now = 1_000_000;
    let (mut election, mut out) = (follower(now), Vec::new());
    let relay = |election: &mut LeaderElection, out: &mut Vec<TabEffect>, number: usize| {
        for (identity, offset) in [(Some(ANN), 0), (Some(BO), 100), (None, 200)] {
            election.receive_message(identity, TabMessage::Frame(frame(number + offset)), at(now), out);
        }
    };
    relay(&mut election, &mut out, 1);
    assert!(election.welcomed(ANN));
    relay(&mut election, &mut out, 2);
    assert_eq!(out, []);
    election.mark_live(at(0), &mut out);
    relay(&mut election, &mut out, 3);
    assert_eq!(deliveries(&out), [1, 2, 3].map(|number| event(&frame(number))));
    assert!(!election.welcomed(ANN), "a session had begun");
}

#[test]
fn an_unreadable_relayed_frame_shows_that_the_leader_lives() {
    let (mut election, mut out) = (follower(0), Vec::new());
    election.welcomed(ANN);
    election.mark_live(at(0), &mut Vec::new());
    election.receive_message(Some(ANN), TabMessage::Frame("tea".to_owned()), at(0), &mut out);
    assert_eq!(deliveries(&out), [Delivery::Event(Event::Unknown.into())]);
}

#[test]
fn a_leader_restarts_when_a_follower_has_another_identity() {
    let now = 1_000_000;
    for (led, follows, is_anew) in [
        (Some(ANN), Some(BO), true),
        (Some(ANN), Some(ANN), false),
        (None, Some(BO), false),
        (Some(ANN), None, false),
    ] {
        let mut out = Vec::new();
        let mut election = LeaderElection::new(Tab(1), None, at(now), &mut out);
        if let Some(led) = led {
            election.welcomed(led);
        }
        out.clear();
        election.receive_message(follows, TabMessage::WhoLeads, at(now), &mut out);
        assert_eq!(out == [TabEffect::Restart], is_anew, "{led:?} asked by {follows:?}");
    }
    let (mut election, mut out) = (follower(now), Vec::new());
    election.welcomed(ANN);
    election.mark_live(at(0), &mut out);
    assert_eq!(out, [TabEffect::Broadcast(TabMessage::WhoLeads)], "a follower asks once it has begun");
}

#[test]
fn followers_restart_when_their_leader_has_begun_to_read() {
    let mut browser = Browser::with(3);
    // Its stream broke, and it has another: what came between the two was told to it alone.
    let (storage, now) = (browser.storage, browser.now);
    let mut out = Vec::new();
    browser.page(Tab(1)).election = LeaderElection::new(Tab(1), storage, at(now), &mut out);
    browser.reads(Tab(1), &frame(7));
    browser.go_live(Tab(1));
    assert_eq!(browser.pages.iter().map(|page| page.begun).collect::<Vec<_>>(), [1, 2, 2]);
    assert!(browser.page(Tab(2)).delivered.is_empty());
}

#[test]
fn tabs_keep_one_leader_when_they_are_hidden_for_long() {
    let mut browser = Browser::with(8);
    // Each is woken once a minute, at a second of its own.
    for second in 0..600_u64 {
        browser.now += 1_000;
        let woken = Tab(second % 60 / 7 + 1);
        if second % 7 == 0 && browser.pages.iter().any(|page| page.tab == woken) {
            let storage = browser.storage;
            browser.act(woken, |election, now, out| election.tick(storage, at(now), out));
        }
        assert_eq!(browser.leaders(), [Tab(1)], "{second} s");
    }
    assert!(browser.pages.iter().all(|page| page.begun == 1));
}

#[test]
fn one_of_two_leaders_follows_at_once_when_they_hear_of_each_other() {
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
fn a_follower_without_a_leader_asks_once_and_then_restarts() {
    let now = 1_000_000;
    let mut election = follower(now);
    let tick = |election: &mut LeaderElection, lease| {
        let mut out = Vec::new();
        election.tick(lease, at(now + 10), &mut out);
        out
    };
    let question = [TabEffect::Broadcast(TabMessage::WhoLeads)];
    assert_eq!(tick(&mut election, None), question);
    election.receive_message(None, TabMessage::Leads(Tab(1)), at(now), &mut Vec::new());
    assert_eq!(tick(&mut election, None), question, "it was answered");
    tick(&mut election, Some(Lease { tab: Tab(1), until: at(now + 20).wall }));
    assert_eq!(tick(&mut election, None), question, "the lease was renewed");
    assert_eq!(tick(&mut election, None), [TabEffect::SaveLease(None), TabEffect::Restart]);
}

#[test]
fn a_follower_ends_a_lease_that_nobody_renews_when_the_clock_is_set_back() {
    let (now, wall) = (1_000_000, at(1_000_000).wall);
    let question = TabEffect::Broadcast(TabMessage::WhoLeads);
    for (ms, is_over) in [(LEADER_LEASE_MS - 1, false), (LEADER_LEASE_MS, true), (LEADER_LEASE_MS + 1, true)]
    {
        // The lease is the one at the session's start, or a renewed one that the tab read later.
        for (until, read_at) in [(wall + 1, now), (wall + 2, now + 2_000)] {
            let mut election = follower(now);
            let mut tick = |mono| {
                let mut out = Vec::new();
                // The wall clock is set back before each tick, so that it shows the same time.
                election.tick(Some(Lease { tab: Tab(1), until }), Now { mono, wall }, &mut out);
                out
            };
            assert!(!tick(read_at).contains(&question));
            assert_eq!(tick(read_at + ms).contains(&question), is_over, "{ms}");
            let restart = [TabEffect::SaveLease(None), TabEffect::Restart];
            assert_eq!(tick(read_at + ms) == restart, is_over, "the next session must not follow it: {ms}");
        }
    }
}

#[test]
fn a_lease_is_renewed_when_it_is_time() {
    for (ms, is_renewed) in
        [(LEADER_RENEW_MS - 1, false), (LEADER_RENEW_MS, true), (LEADER_RENEW_MS + 1, true)]
    {
        let mut out = Vec::new();
        let mut election = LeaderElection::new(Tab(1), None, at(10_000), &mut out);
        let save_lease =
            |now| TabEffect::SaveLease(Some(Lease { tab: Tab(1), until: at(now + LEADER_LEASE_MS).wall }));
        assert_eq!(std::mem::take(&mut out), [save_lease(10_000)]);
        election.tick(None, at(10_000 + ms), &mut out);
        assert_eq!(out, if is_renewed { vec![save_lease(10_000 + ms)] } else { vec![] }, "{ms}");
    }
}

#[test]
fn a_tab_without_others_holds_no_lease_and_sends_no_message() {
    let mut election = LeaderElection::alone(Tab(1));
    let mut out = Vec::new();
    election.tick(None, at(5_000), &mut out);
    election.welcomed(ANN);
    election.mark_live(at(5_000), &mut out);
    election.tick(None, at(10_000), &mut out);
    election.end(None, &mut out);
    assert_eq!(out, []);
    election.event(Event::parse(&frame(7)).unwrap().into(), &frame(7), &mut out);
    assert_eq!(out, [TabEffect::Deliver(event(&frame(7)))]);
}
