//! The page on a phone: Enter inserts a line break, and the button sends.

use e2e::{
    browser::BrowserOptions,
    fixture::run,
    keyboard::Enter,
    page::Page,
    wait::{TIMEOUT, until},
};

const PHONE: BrowserOptions = BrowserOptions { languages: "zh-CN,zh", phone: true };

#[tokio::test]
async fn enter_inserts_a_line_break_and_the_button_sends() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let tom = fixture.member(&server.url(), "Tom").await;
        let mei = Page::join(fixture.browser("phone", PHONE).await, &server.url(), "梅").await;
        let is_phone: bool =
            mei.execute("return matchMedia('(pointer: coarse)').matches && innerWidth === 390", vec![]).await;
        assert!(is_phone, "the browser does not emulate a phone");
        mei.write("水").await;
        mei.enter(Enter::Typed).await;
        mei.expect_draft("水\n").await;
        mei.insert("茶").await;
        assert!(mei.rows().await.is_empty());
        mei.click("#send_btn").await;
        tom.expect_rows(&["水\n茶"]).await;
        mei.expect_rows(&["水\n茶"]).await;
        mei.expect_draft("").await;
        let width: u32 = mei.execute("return document.documentElement.scrollWidth", vec![]).await;
        assert_eq!(width, 390, "the page is wider than the screen");
    })
    .await;
}

#[tokio::test]
async fn a_room_is_created_and_left_by_touch() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = Page::join(fixture.browser("phone", PHONE).await, &server.url(), "梅").await;
        mei.click("#menu_btn").await;
        mei.find("#new_room_btn").await;
        mei.click("#new_room_btn").await;
        mei.find("#room_name_str").await;
        until("the field to have the focus", TIMEOUT, async || {
            if mei.has_focus("#room_name_str").await { Ok(()) } else { Err("another element has the focus") }
        })
        .await;
        mei.insert("茶道").await;
        mei.click("#room_form_btn").await;
        mei.expect_room("茶道").await;
        mei.click("#room_btn").await;
        mei.click("#leave_btn").await;
        mei.click("#leave_yes").await;
        mei.expect_room("大堂").await;
        let width: u32 = mei.execute("return document.documentElement.scrollWidth", vec![]).await;
        assert_eq!(width, 390, "the page is wider than the screen");
    })
    .await;
}

#[tokio::test]
async fn all_buttons_stay_visible_when_name_and_description_are_longest() {
    const OVERFLOWS: &str = "return document.documentElement.scrollWidth > innerWidth \
        || ['#room_btn', '#send_btn'].some(it => document.querySelector(it).getBoundingClientRect().right > innerWidth)";
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let name = "W".repeat(32);
        let tom = fixture.member(&server.url(), "Tom").await;
        tom.create_room(&name, &"what it is for ".repeat(20)).await;
        let mei = Page::join(fixture.browser("phone", PHONE).await, &server.url(), "梅").await;
        mei.goto(&format!("{}{}", server.url(), tom.path().await)).await;
        mei.click("#join_prompt .join").await;
        mei.expect_room(&name).await;
        for page in [&tom, &mei] {
            assert!(!page.execute::<bool>(OVERFLOWS, vec![]).await, "in the browser {}", page.name());
        }
        mei.click("#room_btn").await;
        mei.click("#leave_btn").await;
        mei.find("#leave_yes").await;
        let scrolls =
            "const it = document.querySelector('.dialog_content'); return it.scrollWidth > it.clientWidth";
        assert!(!mei.execute::<bool>(scrolls, vec![]).await, "the dialog scrolls sideways");
    })
    .await;
}

#[tokio::test]
async fn every_target_is_large_enough_for_a_finger() {
    /// Visible targets that are less than 44 pixels high; links in a sentence are not counted.
    const SMALL: &str =
        "return [...document.querySelectorAll('button, .room_link, label:has(input), input, select')]
        .map((it) => [it.getBoundingClientRect(), it])
        .filter(([box]) => box.height > 1 && box.height < 43.9)
        .map(([box, it]) => `${box.height} ${it.outerHTML}`)";
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = Page::join(fixture.browser("phone", PHONE).await, &server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        tom.create_room("tea", "leaves").await;
        for open in ["#menu_btn", "#settings_btn", "#directory_btn", "#new_room_btn", "#room_btn"] {
            if open != "#menu_btn" && open != "#room_btn" {
                mei.click("#menu_btn").await;
            }
            mei.click(open).await;
            mei.find("dialog[open]").await;
            let small: Vec<String> = mei.execute(SMALL, vec![]).await;
            assert_eq!(small, [""; 0], "after {open}");
            // The back button closes the dialog, and the chat stays.
            mei.execute::<()>("history.back()", vec![]).await;
            until("the dialog to close", TIMEOUT, async || match mei.count("dialog[open]").await {
                0 => Ok(()),
                count => Err(count),
            })
            .await;
        }
        mei.expect_room("大堂").await;
    })
    .await;
}
