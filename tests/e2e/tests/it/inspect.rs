//! The connection inspector: a connection from its first readyState to its last, and a frame taken apart.

use e2e::{
    catalogue::Catalogue,
    page::Page,
    stage::play,
    wait::{SOON, until},
    window::Kind,
};
use serde_json::json;

/// The answer to a key, computed by somebody else: the browser.
const ANSWER: &str = "const [key, done] = arguments;
const joined = new TextEncoder().encode(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11');
crypto.subtle.digest('SHA-1', joined).then((digest) => done(btoa(String.fromCharCode(...new Uint8Array(digest)))));";

/// Waits until an element says something with this in it, and returns all of it.
async fn says(page: &Page, selector: &str, part: &str) -> String {
    until(&format!("{part:?} in {selector}"), SOON, async || {
        let text = page.text(selector).await.unwrap_or_default();
        if text.contains(part) { Ok(text) } else { Err(text) }
    })
    .await
}

/// The value of a header that the server told of.
async fn header(page: &Page, name: &str) -> String {
    let script = "return [...document.querySelectorAll('#heads .pairs > div')]
        .find((pair) => pair.querySelector('dt').textContent === arguments[0])
        ?.querySelector('dd code')?.textContent ?? ''";
    until(&format!("the header {name}"), SOON, async || {
        let value: String = page.run(script, vec![json!(name)]).await;
        if value.is_empty() { Err("it is not there") } else { Ok(value) }
    })
    .await
}

async fn fill(page: &Page, field: &str, text: &str) {
    page.clear(field).await;
    page.insert(text).await;
}

async fn a_life(kind: Kind, tag: &str, name: &str) {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let page = Page::join(stage.window(name, kind).await, &house.url(), name).await;
        page.goto(&format!("{}/inspect", house.url())).await;
        page.find("#frame_rows li").await;
        page.shows_ready_state(1).await;
        let catalogue = Catalogue::of(tag);
        assert_eq!(page.text("h1").await.as_deref(), Some(catalogue.text("inspect.title")));
        says(&page, "#who", name).await;

        // The handshake, and its answer to the key that the server received.
        let key = header(&page, "sec-websocket-key").await;
        let answer: String = page.run_until(ANSWER, vec![json!(key)]).await;
        assert_eq!(header(&page, "sec-websocket-accept").await, answer);
        says(&page, "#heads", "HTTP/1.1 101").await;
        assert_eq!(says(&page, "#step_accept", "=").await, answer);
        says(&page, "#verdict", catalogue.text("inspect.accept_same")).await;
        let cookie = page.run::<String>("return document.querySelector('#heads').textContent", vec![]).await;
        assert!(cookie.contains("cookie") && !cookie.contains("th_"), "{cookie}");

        // What is sent is answered, and seen as a masked frame.
        says(&page, "#moments", "\"type\":\"welcome\"").await;
        page.clear("#send_str").await;
        page.insert("茶").await;
        page.click("#send_btn").await;
        says(&page, "#moments", "\"name\":\"unparsable\"").await;
        let open_it = "const row = [...document.querySelectorAll('#frame_rows .from_client button')]
            .find((row) => row.textContent.includes('茶'));
            row?.getAttribute('aria-expanded') === 'false' && row.click(); return row !== undefined";
        until("the frame in the list", SOON, async || {
            if page.run::<bool>(open_it, vec![]).await { Ok(()) } else { Err("not yet") }
        })
        .await;
        let detail = says(&page, "#frame_rows .frame_detail", "e8 8c b6").await;
        assert!(detail.contains("0x1"), "{detail}");
        let masked: String = page
            .run(
                "return document.querySelectorAll('#frame_rows .frame_detail .pairs > div')[3].textContent",
                vec![],
            )
            .await;
        assert!(masked.starts_with(catalogue.text("inspect.mask")) && masked.contains('1'), "{masked}");

        // A code that a page may not name is told beside the field; another ends it.
        fill(&page, "#code_str", "1001").await;
        page.click("#close_btn").await;
        assert!(page.is_told("#close_error").await.contains("1001"));
        page.shows_ready_state(1).await;
        fill(&page, "#code_str", "3001").await;
        fill(&page, "#reason_str", "再见").await;
        page.click("#close_btn").await;
        page.shows_ready_state(3).await;
        let told = says(&page, "#moments", "code 3001").await;
        assert!(told.contains("wasClean true") && told.contains("再见"), "{told}");
        let states = [0, 1, 2, 3].map(|state| told.find(&format!("readyState = {state}")));
        assert!(states.is_sorted() && states.iter().all(Option::is_some), "{told}");

        // Another connection is another key.
        page.click("#connect_btn").await;
        page.shows_ready_state(1).await;
        assert_ne!(header(&page, "sec-websocket-key").await, key);
    })
    .await;
}

#[tokio::test]
async fn a_connection_is_seen_from_its_beginning_to_its_end() {
    a_life(Kind::default(), "en", "Tom").await;
}

#[tokio::test]
async fn and_in_chinese() {
    a_life(Kind { languages: "zh-CN,zh", phone: false }, "zh-CN", "梅").await;
}

#[tokio::test]
async fn who_is_nobody_is_told_so_and_plays_with_frames() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let window = stage.window("nobody", Kind { phone: true, ..Kind::default() }).await;
        window.goto(&format!("{}/inspect", house.url())).await;
        let page = Page(window);
        says(&page, "#who", "4402").await;
        header(&page, "sec-websocket-accept").await;
        let catalogue = Catalogue::of("en");
        fill(&page, "#hex_str", "81 05 48 65 6c 6c 6f").await;
        says(&page, "#meaning", catalogue.text("inspect.fault_unmasked")).await;
        page.click("label:has(input[name=from][value=server])").await;
        says(&page, "#meaning", catalogue.text("inspect.well")).await;
        page.click("label:has(#fin)").await;
        until("the bytes without FIN", SOON, async || {
            let bytes: String = page.run("return document.querySelector('#hex_str').value", vec![]).await;
            if bytes == "01 05 48 65 6c 6c 6f" { Ok(()) } else { Err(bytes) }
        })
        .await;
        fill(&page, "#hex_str", "tea").await;
        assert!(!page.is_told("#hex_error").await.is_empty());
        // Nothing is wider than the screen.
        let wide =
            "const page = document.querySelector('.inspect'); return page.scrollWidth - page.clientWidth";
        assert_eq!(page.run::<i64>(wide, vec![]).await, 0);
    })
    .await;
}
