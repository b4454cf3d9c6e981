//! The tests' own eyes: a fault in a window must be seen, or nothing else here
//! means anything.

use e2e::{
    stage::play,
    wait::{SOON, until},
    window::Kind,
};
use serde_json::Value;

/// What goes wrong, and a word of what must be seen of it.
const FAULTS: &[(&str, &str)] = &[
    ("const img = new Image(); img.src = 'http://elsewhere.example/x.png'", "elsewhere.example"),
    ("setTimeout(() => { document.body.setAttribute('style', 'color: red') })", "style-src"),
    ("setTimeout(() => { document.createElement('div').innerHTML = 'x' })", "TrustedHTML"),
    ("setTimeout(() => { throw new Error('e2e-thrown') })", "e2e-thrown"),
    ("Promise.reject(new Error('e2e-rejected'))", "e2e-rejected"),
    ("console.error('e2e-said')", "e2e-said"),
    ("fetch('/e2e-missing')", "e2e-missing"),
];

#[tokio::test]
async fn what_goes_wrong_in_a_window_is_seen() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let window = stage.window("window", Kind::default()).await;
        window.goto(&house.url()).await;
        assert_eq!(window.faults().await, Vec::<String>::new(), "a page that is only opened has no fault");
        for (script, word) in FAULTS {
            let _: Value = window.run(script, Vec::new()).await;
            until(&format!("a fault with {word}"), SOON, async || {
                let faults = window.faults().await;
                if faults.iter().any(|fault| fault.contains(word)) {
                    Ok(())
                } else {
                    Err(format!("{faults:?}"))
                }
            })
            .await;
        }
        // Still known after the page was loaded again.
        window.reload().await;
        let faults = window.faults().await;
        for (_, word) in FAULTS {
            assert!(faults.iter().any(|fault| fault.contains(word)), "{word} in {faults:#?}");
        }
        // This scene is about faults: all of them are its own.
        window.allow(&[""]);
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "e2e-said")]
async fn a_fault_fails_the_scene() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let window = stage.window("window", Kind::default()).await;
        window.goto(&house.url()).await;
        let _: Value = window.run("console.error('e2e-said')", Vec::new()).await;
    })
    .await;
}
