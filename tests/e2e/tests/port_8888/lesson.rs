//! The page of the group chat that the project began from, as it is.

use crate::{TURN, open};
use e2e::{plain::PlainPage, shelf::Shelf, stage::play, window::Kind};

/// Written for a server that knows nothing of ours.
const LESSON: &str = include_str!("lesson.html");

#[tokio::test]
async fn an_unchanged_lesson_page_talks_with_the_house() {
    let _turn = TURN.lock().await;
    play(async |stage| {
        let shelf = stage.keep(Shelf::of([("/lesson.html", LESSON.to_owned())]).await);
        let house = open(stage, &["--allow-origin", &shelf.origin()]).await;
        let url = format!("{}/lesson.html", shelf.origin());
        let one = PlainPage::open(stage.window("one", Kind::default()).await, &url).await;
        let two = PlainPage::open(stage.window("two", Kind::default()).await, &url).await;
        let mei = stage.guest(&house.url(), "梅").await;
        one.say("hello?").await;
        let said = ["hello?", "请进，喝茶", "谢谢 <b>"];
        mei.shows(&said[..1]).await;
        mei.say(said[1]).await;
        two.shows(&said[..2]).await;
        two.say(said[2]).await;
        for page in [&one, &two] {
            page.shows(&said).await;
        }
        mei.shows(&said).await;
    })
    .await;
}
