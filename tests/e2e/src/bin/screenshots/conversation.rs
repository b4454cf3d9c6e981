//! The members and messages in the screenshots.

use e2e::{fixture::Fixture, page::Page};
use std::collections::BTreeMap;

/// The member whose page is shown.
pub(crate) const VIEWER: &str = "阿梅";

/// The messages of the other members in the lobby: author and text.
const LOBBY_MESSAGES: &[(&str, &str)] = &[
    ("Anna", "Morning! Who is in for the hike on Sunday? The forecast says sun until four."),
    ("陈之远", "早。我去！八点在北门集合可以吗？"),
    ("Tom", "Count me in. I never say no to tea on a summit."),
    ("Tom", "How long is the path this time?"),
    ("陈之远", "大概十二公里，爬升六百米。路线在这里：https://maps.example/west-ridge?stop=teahouse"),
    ("小周", "周六晚上如果下雨，西线的石阶会很滑，走东线吧。"),
    ("陈之远", "好，那就走东线。"),
    (
        "Priya",
        "About the tea, since somebody asked last time: for Longjing let the water stand for a few minutes after it \
         has boiled, 80 °C is plenty. Three grams for a small pot, one minute for the first cup, and a little longer \
         for each one after that. It gives four good cups. Please do not leave the leaves in the flask all the way up, \
         or the last of us will drink something very bitter indeed.",
    ),
    ("Tom", "That last one was me, last year. I have learned."),
    ("小周", "哈哈，记得。点心我来带：绿豆糕和橘子。"),
    ("Anna", "To bring:\n– water, two litres\n– a cap\n– a cup of your own"),
];

/// Makes the page hidden, so that its member counts as away.
const HIDE_PAGE: &str = "Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'))";

/// The viewer's own messages, posted after those of the others.
pub(crate) const VIEWERS_OWN: &[&str] =
    &["我也去，带一把紫砂壶。", "See you all at eight, north gate. 周日见！"];

/// The viewer's messages while the connection is cut, one for each screenshot.
pub(crate) const WHILE_CUT: [&str; 8] = [
    "I am on the train, the line comes and goes.",
    "谁有多的登山杖？我的借给邻居了。",
    "Never mind, found a second pair.",
    "隧道里没有信号，等一下再说。",
    "Out of the tunnel. Who brings the small table?",
    "我问问隔壁的老李，他也想来。",
    "He is in, and he brings oranges too.",
    "太好了，橘子再多也不嫌多。",
];

/// The room that is shown.
pub(crate) const ROOM: &str = "周末徒步";

/// The rooms: creator, name and description.
const ROOMS: &[(&str, &str, &str)] = &[
    ("陈之远", ROOM, "Routes, weather and who brings what. 每周日，风雨无阻。"),
    ("Priya", "tea-tasting", "Leaves, water, time. One tea a week."),
    ("小周", "读书会", "这个月读《茶经》。"),
    ("Tom", "kitchen-duty", "Who washes up, and when."),
    ("Anna", "photos", "Pictures from the hikes, full size."),
];

/// The messages in [`ROOM`]: author and text.
const ROOM_MESSAGES: &[(&str, &str)] = &[
    ("陈之远", "东线的路况刚问过：石阶干的，桥也修好了。"),
    ("Anna", "Perfect. I have the map, and a spare rain jacket for whoever forgets theirs."),
    ("Tom", "That will be me."),
    ("小周", "八点北门，不见不散。"),
    ("Anna", "Eight it is. The bus is line 9, get off at the old mill."),
];

/// Joins a member for each author and posts the messages of the lobby.
pub(crate) async fn post_lobby<'a>(fixture: &Fixture, url: &str) -> BTreeMap<&'a str, Page> {
    let mut people: BTreeMap<&str, Page> = BTreeMap::new();
    for (name, text) in LOBBY_MESSAGES {
        if !people.contains_key(name) {
            people.insert(name, fixture.member(url, name).await);
        }
        post(&people[name], text).await;
    }
    let _: serde_json::Value = people["小周"].execute(HIDE_PAGE, vec![]).await;
    people
}

/// Creates the rooms, joins the viewer to some of them, and posts the messages of [`ROOM`].
pub(crate) async fn create_rooms(people: &BTreeMap<&str, Page>, viewer: &Page) {
    for (creator, name, about) in ROOMS {
        people[creator].create_room(name, about).await;
    }
    for name in ["Anna", "Tom", "小周"] {
        people[name].join_room(ROOM).await;
    }
    for room in [ROOM, "tea-tasting", "读书会"] {
        viewer.join_room(room).await;
    }
    viewer.write("三克茶，").await;
    viewer.open_room(ROOM).await;
    for (name, text) in ROOM_MESSAGES {
        post(&people[name], text).await;
        viewer.expect_row(text, "settled").await;
    }
    viewer.open_room("Lobby").await;
}

/// Posts messages to a room that the viewer has not open, so that they count as unread.
pub(crate) async fn post_unread(people: &BTreeMap<&str, Page>) {
    for text in ["Tonight: Tieguanyin, from Anxi.", "Bring a cup.", "Seven o'clock."] {
        post(&people["Priya"], text).await;
    }
}

async fn post(page: &Page, text: &str) {
    page.write(text).await;
    page.click("#send_btn").await;
    page.expect_row(text, "settled").await;
    page.expect_draft("").await;
}
