//! Documents of one sentence: an address that does not exist, and a host or an origin that is refused.
//!
//! The document holds its style, so its content security policy names the style by its hash. The policy
//! allows nothing else but the house's icon. Its texts hold only names that a flag can allow, which have no
//! character that means something in HTML.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, ContentType},
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const TEMPLATE: &str = include_str!("message_page.html");

/// The texts of a document in both languages.
#[derive(Debug)]
pub(super) struct Message {
    english: MessageTexts,
    chinese: MessageTexts,
}

/// The texts of a document in one language.
#[derive(Debug)]
struct MessageTexts {
    language: &'static str,
    title: &'static str,
    sentence: &'static str,
    /// What to do, as HTML.
    more: String,
}

impl Message {
    fn new(
        english: (&'static str, &'static str, String),
        chinese: (&'static str, &'static str, String),
    ) -> Self {
        let texts = |language, (title, sentence, more)| MessageTexts { language, title, sentence, more };
        Message { english: texts("en", english), chinese: texts("zh-CN", chinese) }
    }
}

/// The address does not exist.
pub(super) fn not_found() -> Message {
    let home = |text: &str| format!("<p><a href=\"/\">{text}</a></p>");
    Message::new(
        ("Page not found · Teahouse", "This page doesn't exist. Check the address.", home("Go to the lobby")),
        ("页面不存在 · 茶馆", "页面不存在，请检查网址。", home("前往大堂")),
    )
}

/// The house does not have the name of this request.
pub(super) fn host_refused(name: Option<&str>) -> Message {
    let (english, chinese) = match name {
        Some(name) => (
            format!("<p>If {name} is its name, start the house with <code>--host {name}</code></p>"),
            format!("<p>如果 {name} 是茶馆的名称，请用 <code>--host {name}</code> 启动茶馆。</p>"),
        ),
        None => (
            "<p>Open it by the address that it printed at its start.</p>".to_owned(),
            "<p>请用茶馆启动时显示的地址打开。</p>".to_owned(),
        ),
    };
    Message::new(
        ("Unknown name · Teahouse", "This house doesn't know the name in the address.", english),
        ("未知的名称 · 茶馆", "茶馆不认识网址中的名称。", chinese),
    )
}

/// The house does not accept requests from this origin.
pub(super) fn origin_refused(origin: Option<&str>) -> Message {
    let (english, chinese) = match origin {
        Some(origin) => (
            format!(
                "<p>If people open the house at {origin}, start it with <code>--public-url {origin}</code></p>\
                 <p>If only the pages there may connect, start it with <code>--allow-origin {origin}</code></p>"
            ),
            format!(
                "<p>如果大家在 {origin} 打开茶馆，请用 <code>--public-url {origin}</code> 启动。</p>\
                 <p>如果只允许那里的网页连接，请用 <code>--allow-origin {origin}</code> 启动。</p>"
            ),
        ),
        None => (
            "<p>Open the house by its own address.</p>".to_owned(),
            "<p>请用茶馆自己的地址打开。</p>".to_owned(),
        ),
    };
    Message::new(
        ("Refused · Teahouse", "The house doesn't accept requests from another site.", english),
        ("请求被拒绝 · 茶馆", "茶馆不接受来自其他网站的请求。", chinese),
    )
}

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = TEMPLATE.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let hash = BASE64_STANDARD.encode(Sha256::digest(style.map_or("", |(style, _)| style)));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
});

/// Responds with the document, in the first of these languages that it has.
pub(super) fn respond(status: StatusCode, languages: &[&str], message: &Message) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.insert_header(ContentType::html());
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header((header::VARY, "Accept, Accept-Language"));
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()));
    let texts = texts(languages, message);
    response.insert_header((header::CONTENT_LANGUAGE, texts.language));
    response.body(document(texts))
}

/// As in the page, every `zh` reads the one Chinese there is. English is the default.
fn texts<'m>(languages: &[&str], message: &'m Message) -> &'m MessageTexts {
    let known = languages.iter().find_map(|tag| {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let all = [("en", &message.english), ("zh", &message.chinese)];
        all.into_iter().find(|(own, _)| primary.eq_ignore_ascii_case(own)).map(|(_, texts)| texts)
    });
    known.unwrap_or(&message.english)
}

fn document(texts: &MessageTexts) -> String {
    TEMPLATE
        .replace("%{language}", texts.language)
        .replace("%{title}", texts.title)
        .replace("%{sentence}", texts.sentence)
        .replace("%{more}", &texts.more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_english_unless_chinese_is_preferred() {
        let message = not_found();
        for (languages, language) in [
            (&[][..], "en"),
            (&["de", "fr"], "en"),
            (&["zh-Hans-CN", "en"], "zh-CN"),
            (&["de", "ZH", "en"], "zh-CN"),
            (&["en-GB", "zh-CN"], "en"),
            (&["zha"], "en"),
        ] {
            assert_eq!(texts(languages, &message).language, language, "{languages:?}");
        }
    }

    #[test]
    fn the_document_is_complete_and_matches_its_policy() {
        let messages = [
            not_found(),
            host_refused(Some("nas.lan")),
            host_refused(None),
            origin_refused(Some("https://tea.example")),
            origin_refused(None),
        ];
        for texts in messages.iter().flat_map(|message| [&message.english, &message.chinese]) {
            let document = document(texts);
            assert!(!document.contains("%{"), "{document}");
            assert!(document.contains(texts.sentence) && document.contains(&texts.more));
            assert!(!document.contains("<script") && !document.contains("style="));
            assert_eq!(document.matches("<style").count(), 1);
            let (_, style) = document.split_once("<style>").unwrap();
            let (style, _) = style.split_once("</style>").unwrap();
            let hash = BASE64_STANDARD.encode(Sha256::digest(style));
            assert!(POLICY.contains(&format!("style-src 'sha256-{hash}'")), "{}", *POLICY);
        }
    }
}
