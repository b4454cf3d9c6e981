use super::*;

/// The links of `text`. Also checks that the spans add up to the text.
fn links(text: &str) -> Vec<&str> {
    let found = segments(text);
    let joined: String = found.iter().map(|segment| whole(*segment)).collect();
    assert_eq!(joined, text);
    assert!(found.iter().all(|segment| !whole(*segment).is_empty()), "{found:?}");
    let of = |segment| if let TextSpan::Link(url) = segment { Some(url) } else { None };
    found.into_iter().filter_map(of).collect()
}

fn whole(segment: TextSpan<'_>) -> &str {
    match segment {
        TextSpan::Text(text) | TextSpan::Link(text) => text,
    }
}

#[test]
fn a_bare_url_is_a_link_and_the_rest_is_text() {
    assert_eq!(
        segments("see https://example.com/tea?x=1#top now"),
        [TextSpan::Text("see "), TextSpan::Link("https://example.com/tea?x=1#top"), TextSpan::Text(" now")],
    );
    assert_eq!(segments("http://localhost:8888"), [TextSpan::Link("http://localhost:8888")]);
    assert_eq!(segments("no link"), [TextSpan::Text("no link")]);
    assert_eq!(segments(""), []);
}

#[test]
fn several_urls_are_several_links() {
    assert_eq!(links("http://a.example, http://b.example"), ["http://a.example", "http://b.example"]);
    assert_eq!(links("http://a.example\nHTTPS://B.example/"), ["http://a.example", "HTTPS://B.example/"]);
}

#[test]
fn only_http_and_https_are_links() {
    for text in [
        "javascript:alert(1)",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,x",
        "ftp://example.com",
        "file:///etc/hosts",
        "xhttp://example.com",
        "view-source:http://example.com",
        "x-https://example.com",
        "www.example.com",
        "https:/example.com",
        "https//example.com",
    ] {
        assert_eq!(links(text), [""; 0], "{text}");
    }
}

#[test]
fn a_scheme_without_a_host_is_text() {
    for text in [
        "http://",
        "https://.",
        "http:///path",
        "http://?q",
        "https://，",
        "http://)",
        "://",
        "http://@/x",
        "http://[",
    ] {
        assert_eq!(links(text), [""; 0], "{text}");
    }
    assert_eq!(links("http://http://example.com"), ["http://http://example.com"], "a host named http");
    assert_eq!(links("http:// https://example.com"), ["https://example.com"]);
}

#[test]
fn punctuation_after_a_url_is_not_part_of_it() {
    for end in [
        ".", ",", "!", "?", ";", ":", "...", "?!", "'", "\"", ")", "]", ">", ").", "。", "，", "！", "？",
        "；", "：", "、", "）", "】", "」", "》", "”", "…", "）。",
    ] {
        let text = format!("https://example.com/tea{end}");
        assert_eq!(links(&text), ["https://example.com/tea"], "{text}");
        let text = format!("https://example.com/tea{end} and more");
        assert_eq!(links(&text), ["https://example.com/tea"], "{text}");
    }
    assert_eq!(links("https://example.com/."), ["https://example.com/"]);
    assert_eq!(links("https://example.com/a.b"), ["https://example.com/a.b"]);
}

#[test]
fn brackets_stay_when_they_are_the_urls_own() {
    assert_eq!(links("(https://example.com/Tea_(drink))"), ["https://example.com/Tea_(drink)"]);
    assert_eq!(links("https://example.com/Tea_(drink)"), ["https://example.com/Tea_(drink)"]);
    assert_eq!(links("[https://example.com/a[1]]"), ["https://example.com/a[1]"]);
    assert_eq!(links("(see https://example.com)"), ["https://example.com"]);
    assert_eq!(links("（https://example.com/）"), ["https://example.com/"]);
    assert_eq!(links("http://[::1]:8888/x"), ["http://[::1]:8888/x"]);
    assert_eq!(links("http://[::1]"), ["http://[::1]"]);
}

#[test]
fn chinese_text_that_touches_a_url_is_not_part_of_it() {
    assert_eq!(
        segments("看https://example.com/tea很好"),
        [TextSpan::Text("看"), TextSpan::Link("https://example.com/tea"), TextSpan::Text("很好")],
    );
    assert_eq!(links("地址是：http://192.168.1.2:8888。请进"), ["http://192.168.1.2:8888"]);
    assert_eq!(links("http://192.168.1.2:8888请进"), ["http://192.168.1.2:8888"]);
    assert_eq!(links("https://example.com에서"), ["https://example.com"]);
    assert_eq!(links("https://example.com/tea.很好"), ["https://example.com/tea"]);
    assert_eq!(links("お茶はhttps://example.com/teaです"), ["https://example.com/tea"]);
    assert_eq!(links("（https://example.com/茶）"), ["https://example.com/茶"]);
}

#[test]
fn chinese_letters_belong_to_a_url_when_they_follow_a_delimiter() {
    assert_eq!(links("https://example.com/路径/页?q=茶#节，好"), ["https://example.com/路径/页?q=茶#节"]);
    assert_eq!(links("https://ja.example.org/wiki/お茶、と"), ["https://ja.example.org/wiki/お茶"]);
    assert_eq!(links("https://ko.example.org/차-문화 좋다"), ["https://ko.example.org/차-문화"]);
}

#[test]
fn a_host_of_chinese_letters_is_a_link_when_it_has_a_dot() {
    assert_eq!(links("看https://例子.测试/。"), ["https://例子.测试/"]);
    assert_eq!(links("http://例子.测试"), ["http://例子.测试"]);
    assert_eq!(links("https://example.中国/茶"), ["https://example.中国/茶"]);
    assert_eq!(links("https://例子.example:8080/a"), ["https://例子.example:8080/a"]);
    for text in ["以http://开头的网址", "http://茶", "http://茶。好.了", "http://茶."] {
        assert_eq!(links(text), [""; 0], "{text}");
    }
}

#[test]
fn letters_of_scripts_with_spaces_belong_to_a_url() {
    assert_eq!(links("https://ru.example.org/Чай, да"), ["https://ru.example.org/Чай"]);
    assert_eq!(links("https://bücher.example/é"), ["https://bücher.example/é"]);
}

#[test]
fn invisible_characters_end_a_url() {
    for c in
        ['\u{200b}', '\u{202e}', '\u{2066}', '\u{61c}', '\u{a0}', '\u{ad}', '\u{feff}', '\u{0}', '\u{3000}']
    {
        let text = format!("https://example.com/{c}exe.txt");
        assert_eq!(links(&text), ["https://example.com/"], "{c:?}");
    }
}

#[test]
fn a_hostile_text_is_scanned_quickly_and_harmlessly() {
    for part in
        ["http://", "://", ")", "http://a(", "https://a)", "茶http://b]", "http://?", "http://[", "\u{301}"]
    {
        let text = part.repeat(shared::limits::TEXT_BYTES_MAX / part.len());
        links(&text);
    }
}
