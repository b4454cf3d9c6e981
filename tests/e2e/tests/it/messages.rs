//! Messages between two members.

use e2e::{
    fixture::run,
    page::Page,
    wait::{TIMEOUT, until},
};

#[tokio::test]
async fn messages_appear_once_and_in_one_order_on_both_pages() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        let posted = ["Good morning", "早上好，今天喝什么茶？", "Longjing, please", "好的，马上来"];
        for (index, text) in posted.iter().enumerate() {
            let (author, recipient) = if index % 2 == 0 { (&tom, &mei) } else { (&mei, &tom) };
            author.post(text).await;
            recipient.expect_rows(&posted[..=index]).await;
        }
        tom.expect_rows(&posted).await;
        mei.expect_same_rows(&tom).await;
    })
    .await;
}

#[tokio::test]
async fn both_pages_show_one_order_when_both_post_at_once() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        let post_ten = async |page: &Page, author: &str| {
            for number in 1..=10 {
                page.post(&format!("{author} {number}")).await;
            }
        };
        tokio::join!(post_ten(&mei, "mei"), post_ten(&tom, "tom"));
        let settled_rows = async |page: &Page| {
            until("all twenty messages", TIMEOUT, async || {
                let rows = page.rows().await;
                let settled = rows.iter().filter(|row| row.state == "settled").count();
                if settled == 20 { Ok(rows) } else { Err(format!("{rows:?}")) }
            })
            .await
        };
        let (at_mei, at_tom) = (settled_rows(&mei).await, settled_rows(&tom).await);
        assert_eq!(at_mei, at_tom);
        for author in ["mei", "tom"] {
            let own: Vec<_> = at_mei
                .iter()
                .filter(|row| row.text.starts_with(author))
                .map(|row| row.text.clone())
                .collect();
            let expected: Vec<_> = (1..=10).map(|number| format!("{author} {number}")).collect();
            assert_eq!(own, expected, "the messages of one author keep their order");
        }
    })
    .await;
}

#[tokio::test]
async fn markup_stays_text_and_an_address_becomes_a_link() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        let markup = "<img src=x onerror=\"window.hacked = true\"><b>bold</b>";
        let link = "路线在https://tea.example/hike?day=2&to=top，带上水 (bring water)";
        tom.post(markup).await;
        tom.post(link).await;
        for page in [&tom, &mei] {
            page.expect_rows(&[markup, link]).await;
            assert_eq!(page.count("#char_list p img, #char_list p b").await, 0);
            assert!(page.execute::<bool>("return window.hacked === undefined", Vec::new()).await);
            assert_eq!(page.count("#char_list p a").await, 1);
            let anchor: Vec<String> = page
                .execute("const a = document.querySelector('#char_list p a'); return [a.textContent, a.rel, a.target]", vec![])
                .await;
            assert_eq!(anchor[0], "https://tea.example/hike?day=2&to=top");
            assert!(anchor[1].split(' ').any(|word| word == "noopener"), "{anchor:?}");
            assert_eq!(anchor[2], "_blank");
        }
    })
    .await;
}
