//! On a phone Enter breaks the line, and the button sends.

use e2e::{
    keyboard::Enter,
    page::Page,
    stage::play,
    wait::{SOON, until},
    window::Kind,
};

const PHONE: Kind = Kind { languages: "zh-CN,zh", phone: true };

#[tokio::test]
async fn enter_breaks_the_line_and_the_button_sends() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let tom = stage.guest(&house.url(), "Tom").await;
        let mei = Page::join(stage.window("phone", PHONE).await, &house.url(), "梅").await;
        let is_phone: bool =
            mei.run("return matchMedia('(pointer: coarse)').matches && innerWidth === 390", vec![]).await;
        assert!(is_phone, "this window would prove nothing");
        mei.write("水").await;
        mei.enter(Enter::Typed).await;
        mei.shows_draft("水\n").await;
        mei.insert("茶").await;
        assert!(mei.rows().await.is_empty());
        mei.click("#send_btn").await;
        tom.shows(&["水\n茶"]).await;
        mei.shows(&["水\n茶"]).await;
        mei.shows_draft("").await;
        let width: u32 = mei.run("return document.documentElement.scrollWidth", vec![]).await;
        assert_eq!(width, 390, "nothing sticks out");
    })
    .await;
}

#[tokio::test]
async fn a_room_is_made_and_left_with_a_thumb() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = Page::join(stage.window("phone", PHONE).await, &house.url(), "梅").await;
        mei.click("#menu_btn").await;
        mei.find("#new_room_btn").await;
        mei.click("#new_room_btn").await;
        mei.find("#room_name_str").await;
        until("the field to have the focus", SOON, async || {
            if mei.has_focus("#room_name_str").await { Ok(()) } else { Err("it is elsewhere") }
        })
        .await;
        mei.insert("茶道").await;
        mei.click("#room_form_btn").await;
        mei.is_in("茶道").await;
        mei.click("#room_btn").await;
        mei.click("#leave_btn").await;
        mei.click("#leave_yes").await;
        mei.is_in("大堂").await;
        let width: u32 = mei.run("return document.documentElement.scrollWidth", vec![]).await;
        assert_eq!(width, 390, "nothing sticks out");
    })
    .await;
}

#[tokio::test]
async fn the_longest_name_and_description_leave_all_buttons_in_sight() {
    const STICKS_OUT: &str = "return document.documentElement.scrollWidth > innerWidth \
        || ['#room_btn', '#send_btn'].some(it => document.querySelector(it).getBoundingClientRect().right > innerWidth)";
    play(async |stage| {
        let house = stage.house(&[]).await;
        let name = "W".repeat(32);
        let tom = stage.guest(&house.url(), "Tom").await;
        tom.make_room(&name, &"what it is for ".repeat(20)).await;
        let mei = Page::join(stage.window("phone", PHONE).await, &house.url(), "梅").await;
        mei.goto(&format!("{}{}", house.url(), tom.path().await)).await;
        mei.click("#stranger .join").await;
        mei.is_in(&name).await;
        for page in [&tom, &mei] {
            assert!(!page.run::<bool>(STICKS_OUT, vec![]).await, "in the window {}", page.name());
        }
        mei.click("#room_btn").await;
        mei.click("#leave_btn").await;
        mei.find("#leave_yes").await;
        let scrolls =
            "const it = document.querySelector('.dialog_content'); return it.scrollWidth > it.clientWidth";
        assert!(!mei.run::<bool>(scrolls, vec![]).await, "the question is broken into lines");
    })
    .await;
}
