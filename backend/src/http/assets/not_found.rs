//! The document for an address that does not exist: one sentence and a link to the lobby.
//!
//! The document holds its style, so its content security policy names the style by its hash. The policy
//! allows nothing else but the house's icon.

use actix_web::{
    HttpResponse,
    http::header::{self, ContentType},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const TEMPLATE: &str = include_str!("not_found.html");

/// The texts of the document in one language.
#[derive(Debug)]
struct NotFoundTexts {
    language: &'static str,
    title: &'static str,
    sentence: &'static str,
    home: &'static str,
}

static ENGLISH: NotFoundTexts = NotFoundTexts {
    language: "en",
    title: "Page not found · Teahouse",
    sentence: "This page doesn't exist. Check the address.",
    home: "Go to the lobby",
};

static SIMPLIFIED_CHINESE: NotFoundTexts = NotFoundTexts {
    language: "zh-CN",
    title: "页面不存在 · 茶馆",
    sentence: "页面不存在，请检查网址。",
    home: "前往大堂",
};

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = TEMPLATE.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let hash = BASE64_STANDARD.encode(Sha256::digest(style.map_or("", |(style, _)| style)));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
});

/// Responds 404 with the document, in the first of these languages that it has.
pub(super) fn respond(languages: &[&str]) -> HttpResponse {
    let mut response = HttpResponse::NotFound();
    response.insert_header(ContentType::html());
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header((header::VARY, "Accept, Accept-Language"));
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()));
    let texts = texts(languages);
    response.insert_header((header::CONTENT_LANGUAGE, texts.language));
    response.body(document(texts))
}

/// As in the page, every `zh` reads the one Chinese there is. English is the default.
fn texts(languages: &[&str]) -> &'static NotFoundTexts {
    let known = languages.iter().find_map(|tag| {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let all = [("en", &ENGLISH), ("zh", &SIMPLIFIED_CHINESE)];
        all.into_iter().find(|(own, _)| primary.eq_ignore_ascii_case(own)).map(|(_, texts)| texts)
    });
    known.unwrap_or(&ENGLISH)
}

fn document(texts: &NotFoundTexts) -> String {
    TEMPLATE
        .replace("%{language}", texts.language)
        .replace("%{title}", texts.title)
        .replace("%{sentence}", texts.sentence)
        .replace("%{home}", texts.home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_english_unless_chinese_is_preferred() {
        for (languages, language) in [
            (&[][..], "en"),
            (&["de", "fr"], "en"),
            (&["zh-Hans-CN", "en"], "zh-CN"),
            (&["de", "ZH", "en"], "zh-CN"),
            (&["en-GB", "zh-CN"], "en"),
            (&["zha"], "en"),
        ] {
            assert_eq!(texts(languages).language, language, "{languages:?}");
        }
    }

    #[test]
    fn the_document_is_complete_and_matches_its_policy() {
        for texts in [&ENGLISH, &SIMPLIFIED_CHINESE] {
            let document = document(texts);
            assert!(!document.contains("%{"), "{document}");
            assert!(document.contains(texts.sentence) && document.contains("href=\"/\""));
            assert!(!document.contains("<script") && !document.contains("style="));
            assert_eq!(document.matches("<style").count(), 1);
            let (_, style) = document.split_once("<style>").unwrap();
            let (style, _) = style.split_once("</style>").unwrap();
            let hash = BASE64_STANDARD.encode(Sha256::digest(style));
            assert!(POLICY.contains(&format!("style-src 'sha256-{hash}'")), "{}", *POLICY);
        }
    }
}
