//! Loading the page again costs nothing.

use e2e::stage::play;

#[tokio::test]
async fn a_reload_keeps_name_history_and_order() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        let said = ["one", "二", "three", "四"];
        for (turn, text) in said.iter().enumerate() {
            if turn % 2 == 0 {
                mei.say(text).await
            } else {
                tom.say(text).await
            }
            mei.shows(&said[..=turn]).await;
        }
        let before = mei.rows().await;
        mei.mark().await;
        mei.reload().await;
        mei.is_inside().await;
        assert!(!mei.is_marked().await, "it was not loaded again");
        mei.shows(&said).await;
        assert_eq!(mei.rows().await, before);
        assert_eq!(mei.count("#name_str").await, 0, "nobody is asked for a name again");
        assert_eq!(mei.text(".me_name b").await.as_deref(), Some("梅"));
        assert!(mei.has_focus("#send_str").await);

        // Both go on as if nothing had been.
        mei.say("五").await;
        tom.shows(&["one", "二", "three", "四", "五"]).await;
        mei.shows(&["one", "二", "three", "四", "五"]).await;
        tom.reload().await;
        tom.is_inside().await;
        tom.shows(&["one", "二", "three", "四", "五"]).await;
    })
    .await;
}
