//! The connection inspector: one connection from its first `readyState` to its last, and the fields of a
//! frame.

use e2e::{
    browser::BrowserOptions,
    catalogue::Catalogue,
    fixture::run,
    page::Page,
    wait::{TIMEOUT, until},
};
use serde_json::json;

/// Computes `Sec-WebSocket-Accept` for a key with the browser's own SHA-1 (RFC 6455 §4.2.2).
const ACCEPT: &str = "const [key, done] = arguments;
const joined = new TextEncoder().encode(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11');
crypto.subtle.digest('SHA-1', joined).then((digest) => done(btoa(String.fromCharCode(...new Uint8Array(digest)))));";

/// Waits until the text of an element contains `part`, and returns the whole text.
async fn expect_text(page: &Page, selector: &str, part: &str) -> String {
    until(&format!("{part:?} in {selector}"), TIMEOUT, async || {
        let text = page.text(selector).await.unwrap_or_default();
        if text.contains(part) { Ok(text) } else { Err(text) }
    })
    .await
}

/// Waits for a header of the handshake, as the server traced it, and returns its value. `name` is in lower
/// case.
async fn header(page: &Page, name: &str) -> String {
    let script = "return [...document.querySelectorAll('#heads .pairs > div')]
        .find((pair) => pair.querySelector('dt').textContent.toLowerCase() === arguments[0])
        ?.querySelector('dd code')?.textContent ?? ''";
    until(&format!("the header {name}"), TIMEOUT, async || {
        let value: String = page.execute(script, vec![json!(name)]).await;
        if value.is_empty() { Err("no such header") } else { Ok(value) }
    })
    .await
}

async fn fill(page: &Page, field: &str, text: &str) {
    page.clear(field).await;
    page.insert(text).await;
}

async fn inspect_a_connection(options: BrowserOptions, tag: &str, name: &str) {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page = Page::join(fixture.browser(name, options).await, &server.url(), name).await;
        page.goto(&format!("{}/inspect", server.url())).await;
        page.find("#frame_rows li").await;
        page.expect_ready_state(1).await;
        let catalogue = Catalogue::of(tag);
        assert_eq!(page.text("h1").await.as_deref(), Some(catalogue.text("inspect.title")));
        expect_text(&page, "#who", name).await;

        // The handshake: the accept value matches the key that the server received.
        let key = header(&page, "sec-websocket-key").await;
        let accept: String = page.execute_async(ACCEPT, vec![json!(key)]).await;
        assert_eq!(header(&page, "sec-websocket-accept").await, accept);
        expect_text(&page, "#heads", "HTTP/1.1 101").await;
        assert_eq!(expect_text(&page, "#step_accept", "=").await, accept);
        expect_text(&page, "#verdict", catalogue.text("inspect.accept_same")).await;
        let cookie =
            page.execute::<String>("return document.querySelector('#heads').textContent", vec![]).await;
        assert!(cookie.contains("Cookie") && !cookie.contains("th_"), "{cookie}");

        // The browser's own order and case: Host comes first (RFC 9110 §7.2).
        let script = "return [...document.querySelectorAll('#heads dl')]
            .map((heads) => heads.querySelector('dt').textContent)";
        let first: Vec<String> = page.execute(script, vec![]).await;
        assert_eq!(first, ["Host", "connection"]);

        // A sent text is answered, and appears as a masked frame.
        expect_text(&page, "#moments", "\"type\":\"welcome\"").await;
        page.clear("#send_str").await;
        page.insert("茶").await;
        page.click("#send_btn").await;
        expect_text(&page, "#moments", "\"name\":\"unparsable\"").await;
        let expand_frame = "const row = [...document.querySelectorAll('#frame_rows .from_client button')]
            .find((row) => row.textContent.includes('茶'));
            row?.getAttribute('aria-expanded') === 'false' && row.click(); return row !== undefined";
        until("the frame in the list", TIMEOUT, async || {
            if page.execute::<bool>(expand_frame, vec![]).await { Ok(()) } else { Err("no such frame") }
        })
        .await;
        let detail = expect_text(&page, "#frame_rows .frame_detail", "e8 8c b6").await;
        assert!(detail.contains("0x1"), "{detail}");
        // Three bytes of text, masked: the second byte is 0x83.
        expect_text(&page, "#frame_rows .layout", "0x83 & 127 = 3").await;
        let masked: String = page
            .execute(
                "return document.querySelectorAll('#frame_rows .frame_detail .pairs:not(.layout) > div')[3].textContent",
                vec![],
            )
            .await;
        assert!(masked.starts_with(catalogue.text("inspect.mask")) && masked.contains('1'), "{masked}");

        // A close code that a page may not send is refused at the field; an allowed one closes.
        fill(&page, "#code_str", "1001").await;
        page.click("#close_btn").await;
        assert!(page.expect_error("#close_error").await.contains("1001"));
        page.expect_ready_state(1).await;
        fill(&page, "#code_str", "3001").await;
        fill(&page, "#reason_str", "再见").await;
        page.click("#close_btn").await;
        page.expect_ready_state(3).await;
        let events = expect_text(&page, "#moments", "code 3001").await;
        assert!(events.contains("wasClean true") && events.contains("再见"), "{events}");
        let states = [0, 1, 2, 3].map(|state| events.find(&format!("readyState = {state}")));
        assert!(states.is_sorted() && states.iter().all(Option::is_some), "{events}");

        // The next connection has another key.
        page.click("#connect_btn").await;
        page.expect_ready_state(1).await;
        assert_ne!(header(&page, "sec-websocket-key").await, key);
    })
    .await;
}

#[tokio::test]
async fn the_inspector_shows_a_whole_connection() {
    inspect_a_connection(BrowserOptions::default(), "en", "Tom").await;
}

#[tokio::test]
async fn the_inspector_shows_a_whole_connection_in_chinese() {
    inspect_a_connection(BrowserOptions { languages: "zh-CN,zh", phone: false }, "zh-CN", "梅").await;
}

#[tokio::test]
async fn the_inspector_decodes_frames_when_the_visitor_is_no_member() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let browser =
            fixture.browser("visitor", BrowserOptions { phone: true, ..BrowserOptions::default() }).await;
        browser.goto(&format!("{}/inspect", server.url())).await;
        let page = Page(browser);
        expect_text(&page, "#who", "4402").await;
        header(&page, "sec-websocket-accept").await;
        let catalogue = Catalogue::of("en");
        fill(&page, "#hex_str", "81 05 48 65 6c 6c 6f").await;
        expect_text(&page, "#meaning", catalogue.text("inspect.fault_unmasked")).await;
        page.click("label:has(input[name=from][value=server])").await;
        expect_text(&page, "#meaning", catalogue.text("inspect.well")).await;
        page.click("label:has(#fin)").await;
        until("the bytes without FIN", TIMEOUT, async || {
            let bytes: String = page.execute("return document.querySelector('#hex_str').value", vec![]).await;
            if bytes == "01 05 48 65 6c 6c 6f" { Ok(()) } else { Err(bytes) }
        })
        .await;
        fill(&page, "#hex_str", "tea").await;
        assert!(!page.expect_error("#hex_error").await.is_empty());
        // The page is not wider than the screen.
        let overflow =
            "const page = document.querySelector('.inspect'); return page.scrollWidth - page.clientWidth";
        assert_eq!(page.execute::<i64>(overflow, vec![]).await, 0);
    })
    .await;
}
