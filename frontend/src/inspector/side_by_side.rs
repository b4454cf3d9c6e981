//! The section that compares the transports: an explanation, the controls, and the result as charts and as a
//! table.

mod charts;
mod figures;

use crate::clock::mono_us;
use crate::components::field_error::field_error;
use crate::error_text;
use crate::inspector::comparison::Runner;
use crate::inspector::number::grouped;
use crate::language::{Language, tr};
use charts::{bars, latencies};
use client::inspect::comparison::{Comparison, ComparisonFault, ComparisonStage, INTERVALS_MS, room_name};
use client::limits::COMPARE_S;
use figures::Figures;
use shared::{ErrorCode, Member};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Properties of [`SideBySide`].
#[derive(Clone, PartialEq, Properties)]
pub struct SideBySideProps {
    /// Language of the texts.
    pub language: Language,
    /// Member who sends the messages; `None` if nobody is signed in, and then no comparison can be started.
    pub member: Option<Member>,
    /// Runner of the comparison, which also holds its state.
    pub runner: Runner,
}

/// Shows the controls and the result. It reads the state of the comparison from the runner, and calls the
/// runner's `start`, `stop` and `choose` instead of emitting inputs. When the component ends, so does the
/// comparison.
#[component]
pub fn SideBySide(props: &SideBySideProps) -> Html {
    let language = props.language;
    let runner = props.runner.clone();
    let view = use_state(|| runner.view());
    use_effect_with((), {
        let (runner, view) = (runner.clone(), view.setter());
        move |()| {
            runner.watch(Callback::from(move |comparison| view.set(comparison)));
            move || runner.forget()
        }
    });
    // Whether a person without a name pressed the button.
    let needs_name = use_state_eq(|| false);
    let onclick = {
        let (runner, member, needs_name) = (runner.clone(), props.member.clone(), needs_name.setter());
        let description = tr!(language, "inspect.side_described");
        Callback::from(move |_: MouseEvent| match &member {
            _ if !can_press(&runner.view(), member.is_some()) => needs_name.set(member.is_none()),
            _ if runner.view().is_running() => runner.stop(),
            Some(member) => runner.start(&member.name, description.to_string()),
            None => {}
        })
    };
    let oninput = Callback::from(move |event: InputEvent| {
        let chosen = event.target_unchecked_into::<HtmlInputElement>().value();
        runner.choose(chosen.parse().unwrap_or_default());
    });
    html! {
        <>
            { before(language, props.member.as_ref()) }
            { controls(language, &view, props.member.is_some(), *needs_name, onclick, oninput) }
            if view.stage > ComparisonStage::Preparing && view.sent_count() > 0 {
                { latencies(language, &view) }
                { bars(language, &view) }
                <Figures key="figures" {language} comparison={(*view).clone()} />
            }
        </>
    }
}

/// Whether pressing the button has an effect. The button is never disabled otherwise, because a disabled
/// button loses the focus.
fn can_press(view: &Comparison, is_somebody: bool) -> bool {
    match view.stage {
        ComparisonStage::Before | ComparisonStage::Over => is_somebody,
        ComparisonStage::Preparing | ComparisonStage::Going => true,
        ComparisonStage::Ending => false,
    }
}

/// Explanation of the comparison and its room, or the request to join the house first.
fn before(language: Language, member: Option<&Member>) -> Html {
    match member {
        Some(member) => {
            let room = room_name(&member.name);
            html! { <p key="before" id="side_room">{ tr!(language, "inspect.side_room", count = COMPARE_S, room = room) }</p> }
        }
        None => html! {
            <p key="before" id="side_room">
                { tr!(language, "inspect.side_nobody") }{ language.gap() }<a href="/">{ tr!(language, "join.action") }</a>
            </p>
        },
    }
}

/// Result in one sentence: how many messages were sent, and how many the server acknowledged if not all.
fn over(language: Language, view: &Comparison) -> AttrValue {
    match (view.kept_count(), view.sent_count()) {
        (kept, sent) if kept < sent => tr!(language, "inspect.side_over_lost", kept = kept, count = sent),
        (_, sent) => tr!(language, "inspect.side_over", count = sent),
    }
}

fn controls(
    language: Language,
    view: &Comparison,
    is_somebody: bool,
    needs_name: bool,
    onclick: Callback<MouseEvent>,
    oninput: Callback<InputEvent>,
) -> Html {
    let interval = tr!(language, "inspect.side_ms", count = grouped(language, view.interval_ms()));
    let going_on = view.is_running();
    let second = view.second(mono_us());
    let label =
        if going_on { tr!(language, "inspect.side_stop") } else { tr!(language, "inspect.side_start") };
    let stage = match view.stage {
        ComparisonStage::Preparing => tr!(language, "inspect.side_preparing"),
        ComparisonStage::Ending => tr!(language, "inspect.side_ending"),
        ComparisonStage::Over if view.fault.is_none() => over(language, view),
        _ => AttrValue::default(),
    };
    let fault = view.fault.map(|fault| match fault {
        ComparisonFault::SignedOut => error_text::of_code(language, ErrorCode::SignInRequired),
        ComparisonFault::Unreachable => error_text::of_code(language, ErrorCode::Internal),
        ComparisonFault::Room(code) => error_text::of_room(language, code),
    });
    let fault = fault.or((needs_name && !is_somebody).then(|| tr!(language, "inspect.side_nobody")));
    html! {
        <div key="controls" class="controls">
            <label key="label" for="interval">{ tr!(language, "inspect.side_interval") }</label>
            <div key="line" class="name_line">
                <input id="interval" type="range" min="0" max={(INTERVALS_MS.len() - 1).to_string()} step="1"
                    value={view.interval.to_string()} aria-valuetext={interval.clone()} disabled={going_on} {oninput} />
                <output id="interval_ms" for="interval">{ interval }</output>
            </div>
            <div key="go" class="name_line go">
                <button type="button" id="side_btn" class={if going_on { "plain" } else { "primary" }} {onclick}
                    aria-disabled={(!can_press(view, is_somebody)).to_string()}>{ label }</button>
                <progress max={COMPARE_S.to_string()} value={second.to_string()}
                    aria-label={tr!(language, "inspect.side")} />
                if view.stage == ComparisonStage::Going {
                    // Outside the status element, so that a screen reader does not announce each second.
                    <span id="side_second">{ tr!(language, "inspect.side_going", second = second, all = COMPARE_S) }</span>
                }
                <span id="side_stage" role="status">{ stage }</span>
            </div>
            { field_error("side_error", fault) }
        </div>
    }
}
