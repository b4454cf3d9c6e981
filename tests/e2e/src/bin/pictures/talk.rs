//! What is said in the pictures, and by whom.

use e2e::{page::Page, stage::Stage};
use std::collections::BTreeMap;

/// Who looks at it.
pub(crate) const VIEWER: &str = "阿梅";

/// What the others say, each in a window of one's own.
const TALK: &[(&str, &str)] = &[
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

/// What the viewer says then.
pub(crate) const VIEWERS_OWN: &[&str] =
    &["我也去，带一把紫砂壶。", "See you all at eight, north gate. 周日见！"];

/// What the viewer says while the connection is gone: a line for each picture.
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

/// Lets them all come in and say it.
pub(crate) async fn hold(stage: &Stage, url: &str) {
    let mut people: BTreeMap<&str, Page> = BTreeMap::new();
    for (name, text) in TALK {
        if !people.contains_key(name) {
            people.insert(name, stage.guest(url, name).await);
        }
        people[name].write(text).await;
        people[name].click("#send_btn").await;
        people[name].shows_row(text, "settled").await;
    }
}
