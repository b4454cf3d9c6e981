//! The figures of a comparison as a table, and as CSV text to copy.

use super::charts::entry_label;
use crate::inspector::number::grouped;
use crate::language::{Language, tr};
use crate::selection;
use client::inspect::comparison::{ComparedTransport, Comparison, csv, milliseconds};
use std::rc::Rc;
use yew::prelude::*;

/// Properties of [`Figures`].
#[derive(Clone, PartialEq, Properties)]
pub(super) struct FiguresProps {
    /// Language of the texts.
    pub language: Language,
    /// State of the comparison, running or over; its figures so far are shown.
    pub comparison: Rc<Comparison>,
}

/// Shows the table and a button that copies it as CSV. After a press, the text is visible below the table; if
/// the browser does not let the page copy, the text is selected there. It emits no input.
#[component]
pub(super) fn Figures(props: &FiguresProps) -> Html {
    let (language, comparison) = (props.language, &*props.comparison);
    let (text, copied) = (use_node_ref(), use_state_eq(|| None::<bool>));
    let onclick = {
        let (text, copied) = (text.clone(), copied.setter());
        Callback::from(move |_: MouseEvent| {
            let Some(text) = text.get() else { return };
            let copied = copied.clone();
            selection::copy(text, move |is_copied| copied.set(Some(is_copied)));
        })
    };
    let label = match *copied {
        None => tr!(language, "inspect.side_copy"),
        Some(true) => tr!(language, "row.copied"),
        Some(false) => tr!(language, "row.selected"),
    };
    let rows: Vec<_> =
        ComparedTransport::ALL.into_iter().map(|entry| cells(language, comparison, entry)).collect();
    let head = head(language);
    let body = rows.iter().map(|row| {
        let breaks = &row[7];
        html! {
            <tr key={row[0].clone()}>
                <th scope="row">
                    { row[0].clone() }
                    if *breaks != "0" {
                        <small>{ format!("{}: {breaks}", head[7]) }</small>
                    }
                </th>
                { for row[1..7].iter().map(|cell| html! { <td>{ written(language, cell) }</td> }) }
            </tr>
        }
    });
    let all: Vec<_> = std::iter::once(head.clone()).chain(rows.iter().cloned()).collect();
    html! {
        <div key="figures">
            <h3 id="figures_title">{ tr!(language, "inspect.side_table") }</h3>
            // The table is wider than a phone's screen, so it can be scrolled, also by keys.
            <div class="wide" tabindex="0" role="region" aria-labelledby="figures_title">
                <table id="figures_table">
                    <thead><tr>{ for head[..7].iter().map(|cell| html! { <th scope="col">{ cell.clone() }</th> }) }</tr></thead>
                    <tbody>{ for body }</tbody>
                </table>
            </div>
            <p class="hint">{ tr!(language, "inspect.side_note") }</p>
            <button type="button" id="csv_btn" class="plain" {onclick}>{ label }</button>
            <pre ref={text} id="csv_text" class={classes!("code", copied.is_none().then_some("visually_hidden"))}
                tabindex={copied.map(|_| "0")} aria-hidden={copied.is_none().then_some("true")}>{ csv::write(&all) }</pre>
        </div>
    }
}

fn head(language: Language) -> Vec<String> {
    [
        tr!(language, "inspect.side_name"),
        tr!(language, "inspect.side_received"),
        tr!(language, "inspect.side_requests"),
        tr!(language, "inspect.side_bytes_up"),
        tr!(language, "inspect.side_bytes_down"),
        tr!(language, "inspect.side_p50"),
        tr!(language, "inspect.side_p99"),
        tr!(language, "inspect.side_breaks"),
    ]
    .map(|label| label.to_string())
    .into()
}

/// Cells of an entry for the CSV text: numbers without separators between groups of digits.
fn cells(language: Language, comparison: &Comparison, entry: ComparedTransport) -> Vec<String> {
    let figures = comparison.figures(entry);
    let latency = |us: Option<u64>| us.map(milliseconds).unwrap_or_default();
    vec![
        entry_label(language, comparison, entry).to_string(),
        figures.received.to_string(),
        figures.cost.requests.to_string(),
        figures.cost.up.to_string(),
        figures.cost.down.to_string(),
        latency(figures.p50),
        latency(figures.p99),
        figures.breaks.to_string(),
    ]
}

/// Cell of the table for people: a number with its digits in groups, or another text unchanged.
fn written(language: Language, cell: &str) -> String {
    let (whole, tenths) = cell.split_at(cell.find('.').unwrap_or(cell.len()));
    whole.parse().map_or_else(|_| cell.to_owned(), |whole| grouped(language, whole) + tenths)
}
