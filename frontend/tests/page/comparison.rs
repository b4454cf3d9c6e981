//! The comparison of transports: the explanation before it, the charts and the table of its figures, and the
//! error if the server does not answer.

use crate::fixture::*;
use client::inspect::comparison::{ComparedTransport, ComparisonFault, ComparisonStage, TransferCost};
use client::transport::Transport;
use frontend::inspector::comparison::Runner;
use frontend::inspector::side_by_side::{SideBySide, SideBySideProps};
use frontend::language::Language;
use shared::{ClientId, Member, MemberId};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;
use yew::{Callback, scheduler};

/// The section of the comparison. Dropping it removes the section from the document.
struct SectionOnPage {
    app: Option<yew::AppHandle<SideBySide>>,
    root: Element,
}

impl SectionOnPage {
    async fn open(language: Language, name: Option<&str>, runner: &Runner) -> Self {
        let root = new_root();
        let member = name.map(|name| Member { id: MemberId(1), name: name.to_owned() });
        let props = SideBySideProps { language, member, runner: runner.clone() };
        let app = yew::Renderer::<SideBySide>::with_root_and_props(root.clone(), props).render();
        scheduler::flush().await;
        SectionOnPage { app: Some(app), root }
    }
}

impl Drop for SectionOnPage {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.root.remove();
    }
}

/// Runner of a comparison in which all four readers read and nothing was sent.
fn reading_runner() -> Runner {
    let runner = Runner::default();
    runner.with(|comparison| {
        comparison.start();
        comparison.begin_reading(0);
        Transport::ALL.into_iter().for_each(|transport| comparison.record_reading(transport));
        comparison.next_step(0);
    });
    runner
}

/// Runner of a comparison of three messages, of which the last has not arrived by polling.
fn finished_runner() -> Runner {
    let runner = reading_runner();
    runner.with(|comparison| {
        for number in 0..3_u8 {
            let (id, at) = (ClientId([number; 16]), u64::from(number) * 1_000_000);
            comparison.record_sent(id, at);
            for row in ComparedTransport::ALL {
                let is_late = row == ComparedTransport::Reading(Transport::Poll);
                if !(is_late && number == 2) {
                    comparison.record_arrival(row, id, at + if is_late { 612_300 } else { 2_500 });
                }
            }
        }
        for (row, cost) in [(Transport::Poll, (42, 21_000, 25_200)), (Transport::WebSocket, (1, 600, 1_400))]
        {
            comparison.add_cost(
                ComparedTransport::Reading(row),
                TransferCost { requests: cost.0, up: cost.1, down: cost.2 },
            );
        }
        comparison.record_break(ComparedTransport::Reading(Transport::LongPoll));
        comparison.finish();
    });
    runner
}

fn cells(row: usize) -> Vec<String> {
    let cells = page().query_selector_all(&format!("#figures_table tbody tr:nth-child({row}) > *")).unwrap();
    (0..cells.length()).map(|at| cells.get(at).unwrap().text_content().unwrap()).collect()
}

#[wasm_bindgen_test]
async fn the_results_are_shown_as_charts_and_a_table() {
    let _section = SectionOnPage::open(Language::English, Some("梅"), &finished_runner()).await;
    assert!(text("#side_room").contains("“Inspector 梅”"), "{}", text("#side_room"));
    assert_eq!(text("#side_stage"), "Done. Messages: 3.");
    assert_eq!(cells(1), ["Polling every 1,000 ms", "2", "42", "21,000", "25,200", "612.3", "612.3"]);
    assert_eq!(cells(2)[0], "Long pollingInterruptions: 1");
    assert_eq!(cells(4)[1..], ["3", "1", "600", "1,400", "2.5", "2.5"]);
    assert_eq!(cells(5)[..2], ["Sending (POST)", "3"]);
    // A chart, and the same figures in words for a screen reader.
    let label = find("#latency_chart").get_attribute("aria-label").unwrap();
    assert!(
        label.contains("Polling every 1,000 ms: median 612.3 ms; Long polling: median 2.5 ms"),
        "{label}"
    );
    let marks = |row: usize| find(&format!("#latency_chart .row_{row} .marks")).get_attribute("d").unwrap();
    assert_eq!([0, 1, 3].map(|row| marks(row).matches('M').count()), [2, 3, 3]);
    let bar =
        |row: usize, part: &str| find(&format!("#byte_bars .row_{row} .{part}")).get_attribute("d").unwrap();
    assert_eq!([bar(0, "up"), bar(0, "down")], ["M0 4H454V36H0z", "M454 4H1000V36H454z"]);
    assert_eq!(text("#byte_bars .row_3 small"), "600 up, 1,400 down");
    // Copied, or selected where the browser does not let a script copy.
    assert_eq!(find("#csv_text").get_attribute("aria-hidden").as_deref(), Some("true"));
    let csv = find("#csv_text").text_content().unwrap();
    expect_copied("#csv_btn", &csv).await;
    let csv = find("#csv_text").text_content().unwrap();
    assert!(
        csv.starts_with(
            "Transport,Messages,Requests,Bytes up,Bytes down,\"p50, ms\",\"p99, ms\",Interruptions\r\n"
        ),
        "{csv}"
    );
    assert!(csv.contains("\r\n\"Polling every 1,000 ms\",2,42,21000,25200,612.3,612.3,0\r\n"), "{csv}");
    assert!(csv.contains("\r\nLong polling,3,0,0,0,2.5,2.5,1\r\n"), "{csv}");
    assert_eq!(csv.lines().count(), 6);
}

#[wasm_bindgen_test]
async fn lost_messages_are_counted_and_interrupt_the_chart_line() {
    let runner = reading_runner();
    runner.with(|comparison| {
        for number in 0..5_u8 {
            let (id, at) = (ClientId([number; 16]), u64::from(number) * 1_000_000);
            comparison.record_sent(id, at);
            if number != 2 {
                ComparedTransport::ALL
                    .into_iter()
                    .for_each(|row| comparison.record_arrival(row, id, at + 2_500));
            }
        }
        comparison.finish();
    });
    let _section = SectionOnPage::open(Language::English, Some("梅"), &runner).await;
    assert_eq!(text("#side_stage"), "Done. The server saved 4 of 5 messages.");
    let line = find("#latency_chart .row_3 .latency_line").get_attribute("d").unwrap();
    assert_eq!((line.matches('M').count(), line.matches('L').count()), (2, 2), "{line}");
}

#[wasm_bindgen_test]
async fn the_chosen_interval_is_shown() {
    let runner = Runner::default();
    let _section = SectionOnPage::open(Language::SimplifiedChinese, Some("梅"), &runner).await;
    assert_eq!(find("#interval").get_attribute("aria-valuetext").as_deref(), Some("1,000 毫秒"));
    for (place, value) in [("0", "10 毫秒"), ("8", "5,000 毫秒")] {
        type_into("#interval", place).await;
        assert_eq!(text("#interval_ms"), value);
        assert_eq!(find("#interval").get_attribute("aria-valuetext").as_deref(), Some(value));
    }
    assert_eq!(runner.view().interval_ms(), 5_000);
    assert!(maybe("#figures_table").is_none());
}

#[wasm_bindgen_test]
async fn an_error_is_shown_when_the_server_does_not_answer() {
    let runner = Runner::default();
    let _section = SectionOnPage::open(Language::English, Some("Tom"), &runner).await;
    find("#side_btn").focus().unwrap();
    press("#side_btn").await;
    assert_eq!((&*text("#side_btn"), runner.view().stage), ("Stop", ComparisonStage::Preparing));
    press("#side_btn").await;
    while runner.view().stage != ComparisonStage::Over {
        next_frame().await;
    }
    scheduler::flush().await;
    assert_eq!(text("#side_error"), "Can't reach the server. Try again.");
    assert_eq!(text("#side_btn"), "Start");
    assert_eq!(focused(), "side_btn", "the pressed button keeps the focus");
}

#[wasm_bindgen_test]
async fn the_button_keeps_the_focus_while_the_comparison_ends() {
    let runner = finished_runner();
    runner.with(|comparison| {
        comparison.start();
        comparison.begin_reading(0);
        Transport::ALL.into_iter().for_each(|transport| comparison.record_reading(transport));
        comparison.next_step(0);
        comparison.record_sent(ClientId([9; 16]), 0);
    });
    let _section = SectionOnPage::open(Language::English, Some("梅"), &runner).await;
    find("#side_btn").focus().unwrap();
    press("#side_btn").await;
    runner.with(|comparison| comparison.next_step(1));
    runner.choose(0);
    scheduler::flush().await;
    assert_eq!(runner.view().stage, ComparisonStage::Ending);
    assert_eq!(find("#side_btn").get_attribute("aria-disabled").as_deref(), Some("true"));
    press("#side_btn").await;
    assert_eq!((runner.view().stage, &*focused()), (ComparisonStage::Ending, "side_btn"));
}

#[wasm_bindgen_test]
async fn a_refused_session_is_reported_once() {
    let (runner, count) = (Runner::default(), Rc::new(Cell::new(0)));
    runner.watch_signed_out({
        let count = count.clone();
        Callback::from(move |()| count.set(count.get() + 1))
    });
    runner.fail(ComparisonFault::SignedOut);
    assert_eq!(count.get(), 0, "nothing goes on");
    for (fault, times) in [(ComparisonFault::Unreachable, 0), (ComparisonFault::SignedOut, 1)] {
        runner.with(|comparison| comparison.start());
        runner.fail(fault);
        runner.fail(ComparisonFault::SignedOut);
        assert_eq!((count.get(), runner.view().fault), (times, Some(fault)));
    }
}

fn focused() -> String {
    page().active_element().map(|element| element.id()).unwrap_or_default()
}

#[wasm_bindgen_test]
async fn a_visitor_who_is_no_member_cannot_start() {
    let runner = Runner::default();
    let _section = SectionOnPage::open(Language::English, None, &runner).await;
    assert_eq!(find("#side_btn").get_attribute("aria-disabled").as_deref(), Some("true"));
    press("#side_btn").await;
    assert_eq!(runner.view().stage, ComparisonStage::Before);
    assert_eq!(text("#side_error"), "Join first: you need a name to send messages.");
    assert_eq!(find("#side_room a").get_attribute("href").as_deref(), Some("/"));
}
