//! Two windows talk.

use e2e::stage::play;

#[tokio::test]
async fn what_one_says_both_read_once_and_in_one_order() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        let said = ["Good morning", "早上好，今天喝什么茶？", "Longjing, please", "好的，马上来"];
        for (turn, text) in said.iter().enumerate() {
            let (speaker, listener) = if turn % 2 == 0 { (&tom, &mei) } else { (&mei, &tom) };
            speaker.say(text).await;
            listener.shows(&said[..=turn]).await;
        }
        tom.shows(&said).await;
        let (at_mei, at_tom) = (mei.rows().await, tom.rows().await);
        assert_eq!(at_mei, at_tom, "the same rows under the same keys, in the same order");
    })
    .await;
}

#[tokio::test]
async fn both_speak_at_once_and_read_one_order() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        let all = async |page: &e2e::page::Page, who: &str| {
            for number in 1..=10 {
                page.say(&format!("{who} {number}")).await;
            }
        };
        tokio::join!(all(&mei, "mei"), all(&tom, "tom"));
        let count = async |page: &e2e::page::Page| {
            e2e::wait::until("all twenty", e2e::wait::SOON, async || {
                let rows = page.rows().await;
                let settled = rows.iter().filter(|row| row.state == "settled").count();
                if settled == 20 { Ok(rows) } else { Err(format!("{rows:?}")) }
            })
            .await
        };
        let (at_mei, at_tom) = (count(&mei).await, count(&tom).await);
        assert_eq!(at_mei, at_tom);
        for who in ["mei", "tom"] {
            let own: Vec<_> =
                at_mei.iter().filter(|row| row.text.starts_with(who)).map(|row| row.text.clone()).collect();
            let wanted: Vec<_> = (1..=10).map(|number| format!("{who} {number}")).collect();
            assert_eq!(own, wanted, "each is read in the order in which it was said");
        }
    })
    .await;
}

#[tokio::test]
async fn text_stays_text_and_an_address_becomes_a_link() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        let markup = "<img src=x onerror=\"window.hacked = true\"><b>bold</b>";
        let link = "路线在https://tea.example/hike?day=2&to=top，带上水 (bring water)";
        tom.say(markup).await;
        tom.say(link).await;
        for page in [&tom, &mei] {
            page.shows(&[markup, link]).await;
            assert_eq!(page.count("#char_list p img, #char_list p b").await, 0);
            assert!(page.run::<bool>("return window.hacked === undefined", Vec::new()).await);
            assert_eq!(page.count("#char_list p a").await, 1);
            let anchor: Vec<String> = page
                .run("const a = document.querySelector('#char_list p a'); return [a.textContent, a.rel, a.target]", vec![])
                .await;
            assert_eq!(anchor[0], "https://tea.example/hike?day=2&to=top");
            assert!(anchor[1].split(' ').any(|word| word == "noopener"), "{anchor:?}");
            assert_eq!(anchor[2], "_blank");
        }
    })
    .await;
}
