//! The list of the connection's frames, of which one at a time can be expanded.

use crate::inspector::frame::{as_text, detail, faults, layout, length_rule, opcode_label};
use crate::inspector::life::milliseconds;
use crate::inspector::number::grouped;
use crate::language::{Language, tr};
use client::inspect::InspectorInput;
use client::inspect::frames::{FrameRow, FrameTable};
use shared::limits::TRACE_BYTES_MAX;
use shared::websocket::Side;
use yew::prelude::*;

/// Shows the frames that the server's trace reported, with the details of the expanded one, and how many
/// frames were only counted. It reads the core's `frames` and emits [`InspectorInput::ToggleFrame`].
pub fn frames(language: Language, frames: &FrameTable, emit: &Callback<InspectorInput>) -> Html {
    let rows = frames.rows.iter().map(|frame| row(language, frame, frames.expanded, emit));
    let counted = frames.counts.map(|counted| {
        tr!(
            language,
            "inspect.counted",
            max = grouped(language, TRACE_BYTES_MAX as u64),
            client = grouped(language, counted.client.frames),
            client_bytes = grouped(language, counted.client.bytes),
            server = grouped(language, counted.server.frames),
            server_bytes = grouped(language, counted.server.bytes)
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

fn row(language: Language, row: &FrameRow, open: Option<u32>, emit: &Callback<InspectorInput>) -> Html {
    let number = row.number;
    let is_open = open == Some(number);
    let onclick = emit.reform(move |_: MouseEvent| InspectorInput::ToggleFrame(number));
    let (class, from) = match row.traced.from {
        Side::Client => ("from_client", tr!(language, "inspect.from_client")),
        Side::Server => ("from_server", tr!(language, "inspect.from_server")),
    };
    let (opcode, length, text) = match &row.decoded {
        Ok(frame) => (
            opcode_label(language, frame.header.opcode),
            tr!(language, "inspect.bytes", count = grouped(language, frame.header.length)),
            as_text(frame),
        ),
        Err(_) => Default::default(),
    };
    let content = || match &row.decoded {
        Ok(frame) => detail(language, frame, row.omitted),
        Err(fault) => html! {
            <div class="frame_detail">
                { faults(language, &[*fault]) }
                { layout(language, &row.traced.header.0) }
            </div>
        },
    };
    html! {
        <li key={number} {class}>
            <button key="row" type="button" class="frame_row" aria-expanded={is_open.to_string()} {onclick}>
                <small class="when">{ milliseconds(language, row.at) }</small>
                <b>{ from }</b>
                <span>{ opcode }</span>
                <span class="length">{ length }</span>
                <code>{ text }</code>
            </button>
            if is_open {
                <div key="detail">{ length_rule(language) }{ content() }</div>
            }
        </li>
    }
}
