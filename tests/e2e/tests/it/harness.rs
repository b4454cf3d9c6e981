//! The test harness itself: an error in a page must fail the test; otherwise no other test here proves
//! anything.

use e2e::{
    browser::BrowserOptions,
    fixture::run,
    wait::{TIMEOUT, until},
};
use serde_json::Value;

/// A script that causes an error, and a word that the reported error must contain.
const ERRORS: &[(&str, &str)] = &[
    ("const img = new Image(); img.src = 'http://elsewhere.example/x.png'", "elsewhere.example"),
    ("setTimeout(() => { document.body.setAttribute('style', 'color: red') })", "style-src"),
    ("setTimeout(() => { document.createElement('div').innerHTML = 'x' })", "TrustedHTML"),
    ("setTimeout(() => { throw new Error('e2e-thrown') })", "e2e-thrown"),
    ("Promise.reject(new Error('e2e-rejected'))", "e2e-rejected"),
    ("console.error('e2e-logged')", "e2e-logged"),
    ("fetch('/e2e-missing')", "e2e-missing"),
];

#[tokio::test]
async fn every_kind_of_page_error_is_reported() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let browser = fixture.browser("browser", BrowserOptions::default()).await;
        browser.goto(&server.url()).await;
        assert_eq!(browser.errors().await, Vec::<String>::new(), "a page that was only opened has no error");
        for (script, word) in ERRORS {
            let _: Value = browser.execute(script, Vec::new()).await;
            until(&format!("a fault with {word}"), TIMEOUT, async || {
                let errors = browser.errors().await;
                if errors.iter().any(|fault| fault.contains(word)) {
                    Ok(())
                } else {
                    Err(format!("{errors:?}"))
                }
            })
            .await;
        }
        // The errors survive a reload.
        browser.reload().await;
        let errors = browser.errors().await;
        for (_, word) in ERRORS {
            assert!(errors.iter().any(|fault| fault.contains(word)), "{word} in {errors:#?}");
        }
        // This test causes every error on purpose.
        browser.allow_error(&[""]);
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "e2e-logged")]
async fn a_page_error_fails_the_test() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let browser = fixture.browser("browser", BrowserOptions::default()).await;
        browser.goto(&server.url()).await;
        let _: Value = browser.execute("console.error('e2e-logged')", Vec::new()).await;
    })
    .await;
}
