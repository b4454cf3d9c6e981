//! The charts: latencies over time, and bars of bytes. Each entry has a mark of its own besides its colour.

use crate::components::connection_badge::transport_name;
use crate::inspector::number::grouped;
use crate::language::{Language, tr};
use client::inspect::comparison::chart::{BAR, HEIGHT, LINES_MS, WIDTH, bar, height, line, marks};
use client::inspect::comparison::{ComparedTransport, Comparison, milliseconds};
use client::limits::COMPARE_S;
use client::transport::Transport;
use yew::prelude::*;

/// Parts into which vertical lines divide the chart's time.
const PARTS: u64 = 4;

/// Name of an entry, written as at the beginning of a line. The charts, the table and its text share it.
pub(super) fn entry_label(
    language: Language,
    comparison: &Comparison,
    entry: ComparedTransport,
) -> AttrValue {
    match entry {
        ComparedTransport::Reading(Transport::Poll) => {
            tr!(language, "inspect.side_poll", count = grouped(language, comparison.interval_ms()))
        }
        ComparedTransport::Reading(Transport::LongPoll) => tr!(language, "inspect.side_long_poll"),
        ComparedTransport::Reading(Transport::EventStream) => tr!(language, "inspect.side_stream"),
        ComparedTransport::Reading(Transport::WebSocket) => transport_name(language, Transport::WebSocket),
        ComparedTransport::Sending => tr!(language, "inspect.side_sending"),
    }
}

/// Rows of the latency chart, which are the four readers, each with its CSS class.
fn reading_entries() -> impl Iterator<Item = (ComparedTransport, String)> {
    ComparedTransport::ALL[..4].iter().map(|entry| (*entry, format!("row_{}", entry.index())))
}

/// Shows the latency of each message by the time of its sending, on a logarithmic scale whose lines differ by
/// a factor of ten. A screen reader gets the medians.
pub(super) fn latencies(language: Language, comparison: &Comparison) -> Html {
    let legend = reading_entries().map(|(entry, class)| {
        html! {
            <li key={class.clone()}>
                <svg viewBox="0 0 120 40" class={class} aria-hidden="true">
                    <path class="latency_line" d={line(&[(0, 20), (120, 20)])} />
                    <path class="marks" d={marks(entry.index(), &[(60, 20)])} />
                </svg>
                <span>{ entry_label(language, comparison, entry) }</span>
            </li>
        }
    });
    let series = reading_entries().map(|(entry, class)| {
        let segments = comparison.lines(entry);
        html! {
            <g key={class.clone()} {class}>
                <path class="latency_line" d={segments.iter().map(|points| line(points)).collect::<String>()} />
                <path class="marks" d={marks(entry.index(), &segments.concat())} />
            </g>
        }
    });
    let across = LINES_MS.map(|ms| format!("M0 {0}H{WIDTH}", height(ms * 1_000))).concat();
    let upright: String = (0..=PARTS).map(|part| format!("M{} 0V{HEIGHT}", WIDTH / PARTS * part)).collect();
    let all: Vec<_> = reading_entries()
        .filter_map(|(entry, _)| {
            let (name, half) = (entry_label(language, comparison, entry), comparison.figures(entry).p50?);
            Some(tr!(language, "inspect.side_latency_of", name = name, half = milliseconds(half)).to_string())
        })
        .collect();
    let label = tr!(language, "inspect.side_chart", all = all.join("; "));
    html! {
        <div key="latencies">
            <h3>{ tr!(language, "inspect.side_latency") }</h3>
            <p class="hint">{ tr!(language, "inspect.side_latency_about") }</p>
            <ul class="legend">{ for legend }</ul>
            <div class="chart">
                <ol class="scale" aria-hidden="true">
                    { for LINES_MS.iter().rev().map(|ms| html! {
                        <li>{ tr!(language, "inspect.side_ms", count = grouped(language, *ms)) }</li>
                    }) }
                </ol>
                <svg id="latency_chart" viewBox={format!("-14 -14 {} {}", WIDTH + 28, HEIGHT + 28)} role="img" aria-label={label}>
                    <path class="lines" d={across + &upright} />
                    { for series }
                </svg>
                <ol class="seconds" aria-hidden="true">
                    { for (0..=PARTS).map(|part| html! {
                        <li>{ tr!(language, "inspect.side_seconds", count = COMPARE_S / PARTS * part) }</li>
                    }) }
                </ol>
            </div>
        </div>
    }
}

/// Shows the bytes of each entry as a bar: sent bytes filled, received bytes hollow, and both numbers as text.
pub(super) fn bars(language: Language, comparison: &Comparison) -> Html {
    let took = |entry: ComparedTransport| comparison.figures(entry).cost;
    let longest = ComparedTransport::ALL
        .into_iter()
        .map(|entry| took(entry).up + took(entry).down)
        .max()
        .unwrap_or_default();
    let entries = ComparedTransport::ALL.into_iter().map(|entry| {
        let took = took(entry);
        let (up, all) = (bar(took.up, longest), bar(took.up + took.down, longest));
        let text = tr!(
            language,
            "inspect.side_bar",
            up = grouped(language, took.up),
            down = grouped(language, took.down)
        );
        html! {
            <li key={entry.index()} class={format!("row_{}", entry.index())}>
                <span>{ entry_label(language, comparison, entry) }</span>
                <svg viewBox={format!("0 0 {BAR} 40")} preserveAspectRatio="none" aria-hidden="true">
                    <path class="up" d={format!("M0 4H{up}V36H0z")} />
                    <path class="down" d={format!("M{up} 4H{all}V36H{up}z")} />
                </svg>
                <small>{ text }</small>
            </li>
        }
    });
    let key = |class: &'static str, label: AttrValue| {
        html! {
            <li><svg viewBox="0 0 40 40" class="row_3" aria-hidden="true"><path {class} d="M4 8H36V32H4z" /></svg><span>{ label }</span></li>
        }
    };
    html! {
        <div key="bars">
            <h3>{ tr!(language, "inspect.side_bytes") }</h3>
            <p class="hint">{ tr!(language, "inspect.side_bytes_about") }</p>
            <ul class="legend">
                { key("up", tr!(language, "inspect.side_up")) }
                { key("down", tr!(language, "inspect.side_down")) }
            </ul>
            <ul id="byte_bars" class="bars">{ for entries }</ul>
        </div>
    }
}
