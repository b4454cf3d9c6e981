//! The frames of the connection; one of them can be opened.

use crate::components::inspect::frame::{as_text, detail, faults, opcode_word};
use crate::components::inspect::life::milliseconds;
use crate::inspector::Seen;
use crate::language::{Language, tr};
use client::inspect::frames::FrameRow;
use shared::limits::TRACE_BYTES_MAX;
use shared::websocket::Side;
use yew::prelude::*;

/// What [`FrameList`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct FrameListProps {
    /// The language to speak.
    pub language: Language,
    /// The inspector.
    pub view: Seen,
}

/// The list.
#[component]
pub fn FrameList(props: &FrameListProps) -> Html {
    let language = props.language;
    let open = use_state_eq(|| None::<u32>);
    let frames = &props.view.0.frames;
    let rows = frames.rows.iter().map(|frame| row(language, frame, &open));
    let counted = frames.counted.map(|counted| {
        tr!(
            language,
            "inspect.counted",
            max = TRACE_BYTES_MAX,
            client = counted.client.frames,
            client_bytes = counted.client.bytes,
            server = counted.server.frames,
            server_bytes = counted.server.bytes
        )
    });
    html! {
        <div class="frames">
            if frames.rows.is_empty() {
                <p key="none">{ tr!(language, "inspect.frames_none") }</p>
            }
            if frames.dropped > 0 {
                <p key="dropped" class="hint">{ tr!(language, "inspect.dropped", count = frames.dropped) }</p>
            }
            <ol key="rows" id="frame_rows">{ for rows }</ol>
            if let Some(counted) = counted {
                <p key="counted" class="hint">{ counted }</p>
            }
        </div>
    }
}

fn row(language: Language, row: &FrameRow, open: &UseStateHandle<Option<u32>>) -> Html {
    let number = row.number;
    let is_open = **open == Some(number);
    let onclick = {
        let open = open.setter();
        Callback::from(move |_: MouseEvent| open.set((!is_open).then_some(number)))
    };
    let (class, from) = match row.seen.from {
        Side::Client => ("from_client", tr!(language, "inspect.from_client")),
        Side::Server => ("from_server", tr!(language, "inspect.from_server")),
    };
    let (opcode, length, text, content) = match &row.read {
        Ok(frame) => (
            opcode_word(language, frame.header.opcode),
            tr!(language, "inspect.bytes", count = frame.header.length),
            as_text(frame),
            detail(language, frame, row.untold),
        ),
        Err(fault) => {
            (AttrValue::default(), AttrValue::default(), String::new(), faults(language, &[*fault]))
        }
    };
    html! {
        <li key={number} {class}>
            <button key="row" type="button" class="frame_row" aria-expanded={is_open.to_string()} {onclick}>
                <small class="when">{ milliseconds(row.at) }</small>
                <b>{ from }</b>
                <span>{ opcode }</span>
                <span class="length">{ length }</span>
                <code>{ text }</code>
            </button>
            if is_open {
                <div key="detail">{ content }</div>
            }
        </li>
    }
}
