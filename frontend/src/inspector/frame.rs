//! The details of one WebSocket frame: its bits, fields, payload and faults.

use crate::inspector::number::grouped;
use crate::language::{Language, tr};
use client::inspect::byte_layout::ByteLayout;
use shared::websocket::header::mask;
use shared::websocket::{Frame, FrameFault, LengthForm, Opcode, hex};
use yew::prelude::*;

/// Shows the first two bytes bit by bit, the faults, the fields of the header, and the payload. `untold` is
/// the number of payload bytes that the trace left out.
pub fn detail(language: Language, frame: &Frame, untold: u64) -> Html {
    let header = &frame.header;
    let fin = if header.fin { tr!(language, "inspect.fin_yes") } else { tr!(language, "inspect.fin_more") };
    let key = header.mask.map(|key| hex::write(&key));
    let on_wire = header.mask.map(|key| {
        let mut masked = frame.payload.clone();
        mask(&mut masked, key);
        hex::write(&masked)
    });
    let form = tr!(
        language,
        "inspect.form_value",
        length = tr!(language, "inspect.bytes", count = grouped(language, header.length)),
        form = form_label(language, header.form)
    );
    let rest = (untold > 0).then(|| tr!(language, "inspect.untold", count = grouped(language, untold)));
    let pair = |label: AttrValue, code: String, text: AttrValue| {
        html! {
            <div key={label.to_string()}>
                <dt>{ label }</dt>
                <dd><code>{ code }</code><small>{ text }</small></dd>
            </div>
        }
    };
    let mut pairs = vec![
        pair("FIN".into(), u8::from(header.fin).to_string(), fin),
        pair("RSV1–3".into(), format!("{:03b}", header.rsv), AttrValue::default()),
        pair(
            tr!(language, "inspect.opcode"),
            format!("0x{:x}", header.opcode.bits()),
            opcode_label(language, header.opcode),
        ),
        pair(
            tr!(language, "inspect.mask"),
            u8::from(key.is_some()).to_string(),
            key.map_or_else(|| tr!(language, "inspect.mask_no"), AttrValue::from),
        ),
        pair(tr!(language, "inspect.form"), String::new(), form),
        pair(tr!(language, "inspect.header_bytes"), hex::write(&header.write()), AttrValue::default()),
    ];
    if !frame.payload.is_empty() {
        pairs.extend(
            on_wire.map(|on_wire| pair(tr!(language, "inspect.payload_wire"), on_wire, AttrValue::default())),
        );
        let bytes = hex::write(&frame.payload);
        pairs.push(pair(tr!(language, "inspect.payload"), bytes, rest.unwrap_or_default()));
        pairs.push(pair(tr!(language, "inspect.payload_text"), as_text(frame), AttrValue::default()));
    }
    html! {
        <div class="frame_detail">
            { bits(frame) }
            { faults(language, &frame.faults) }
            { layout(language, &header.write()) }
            <dl key="pairs" class="pairs">{ for pairs }</dl>
        </div>
    }
}

/// Shows the first two bytes of the header bit by bit, each field above its name.
fn bits(frame: &Frame) -> Html {
    let header = &frame.header;
    let [first, second] = header.write()[..2] else { return Html::default() };
    let part = |name: &'static str, bits: String| {
        html! { <span key={name}><code>{ bits }</code><small>{ name }</small></span> }
    };
    html! {
        <div key="bits" class="bits" aria-hidden="true">
            { part("FIN", (first >> 7).to_string()) }
            { part("RSV", format!("{:03b}", first >> 4 & 7)) }
            { part("opcode", format!("{:04b}", first & 15)) }
            { part("MASK", (second >> 7).to_string()) }
            { part("length", format!("{:07b}", second & 127)) }
        </div>
    }
}

/// Rule by which the length of the payload is read.
pub(super) fn length_rule(language: Language) -> Html {
    html! { <p key="rule" class="hint">{ tr!(language, "inspect.length_rule") }</p> }
}

/// Lists the bytes of a frame header by position, with the arithmetic that gives the payload length.
pub(super) fn layout(language: Language, header: &[u8]) -> Html {
    let Some(layout) = ByteLayout::read(header) else { return Html::default() };
    let row = |(first, last): (u64, u64), code: String, text: AttrValue| {
        let range = if first == last {
            tr!(language, "inspect.byte", number = grouped(language, first))
        } else {
            tr!(
                language,
                "inspect.byte_range",
                first = grouped(language, first),
                last = grouped(language, last)
            )
        };
        html! {
            <div key={first.to_string()}>
                <dt>{ range }</dt>
                <dd><code>{ code }</code><small>{ text }</small></dd>
            </div>
        }
    };
    let second = match layout.form() {
        LengthForm::Seven => tr!(language, "inspect.length_7"),
        LengthForm::Sixteen => tr!(language, "inspect.length_16"),
        LengthForm::SixtyFour => tr!(language, "inspect.length_64"),
    };
    let length = layout.length.as_ref().map(|part| match layout.length_arithmetic() {
        Some(arithmetic) => row(part.range, arithmetic, tr!(language, "inspect.length_bytes")),
        None => row(part.range, hex::write(&part.bytes), tr!(language, "inspect.length_missing")),
    });
    let key = layout.key.as_ref().map(|part| {
        let text = if part.is_complete() {
            tr!(language, "inspect.mask_key")
        } else {
            tr!(language, "inspect.key_missing")
        };
        row(part.range, hex::write(&part.bytes), text)
    });
    let payload = layout.payload().map(|range| row(range, String::new(), tr!(language, "inspect.payload")));
    html! {
        <dl key="layout" class="pairs layout">
            { row((1, 1), format!("0x{:02x}", layout.first), tr!(language, "inspect.byte_1")) }
            { row((2, 2), layout.second_arithmetic(), second) }
            { for length }
            { for key }
            { for payload }
            if layout.payload_length == Some(0) {
                <div key="payload">
                    <dt>{ tr!(language, "inspect.payload") }</dt>
                    <dd><small>{ tr!(language, "inspect.payload_none", last = layout.payload_begin - 1) }</small></dd>
                </div>
            }
        </dl>
    }
}

/// Payload as text, with U+FFFD for bytes that are no UTF-8. For a close frame, the close code comes as a
/// number before the reason.
pub(super) fn as_text(frame: &Frame) -> String {
    match (frame.header.opcode, &frame.payload[..]) {
        (Opcode::Close, &[high, low, ref reason @ ..]) => {
            format!("{} {}", u16::from_be_bytes([high, low]), String::from_utf8_lossy(reason))
        }
        (_, payload) => String::from_utf8_lossy(payload).into_owned(),
    }
}

/// Name of an opcode (RFC 6455 §5.2), in the person's language.
pub(super) fn opcode_label(language: Language, opcode: Opcode) -> AttrValue {
    match opcode {
        Opcode::Continuation => tr!(language, "inspect.op_continuation"),
        Opcode::Text => tr!(language, "inspect.op_text"),
        Opcode::Binary => tr!(language, "inspect.op_binary"),
        Opcode::Close => tr!(language, "inspect.op_close"),
        Opcode::Ping => "ping".into(),
        Opcode::Pong => "pong".into(),
        Opcode::Reserved(_) => tr!(language, "inspect.op_reserved"),
    }
}

/// Name of a form of the payload length (RFC 6455 §5.2), in the person's language.
pub(super) fn form_label(language: Language, form: LengthForm) -> AttrValue {
    match form {
        LengthForm::Seven => tr!(language, "inspect.form_7"),
        LengthForm::Sixteen => tr!(language, "inspect.form_16"),
        LengthForm::SixtyFour => tr!(language, "inspect.form_64"),
    }
}

/// Shows each fault with its section of RFC 6455 and its close code, or a sentence that there is no fault.
pub(super) fn faults(language: Language, faults: &[FrameFault]) -> Html {
    let rows = faults.iter().map(|fault| {
        let text = fault_text(language, *fault);
        let section = fault.section();
        let text = match fault.close_code() {
            Some(code) => {
                tr!(language, "inspect.fault_why_code", fault = text, section = section, code = code.number())
            }
            None => tr!(language, "inspect.fault_why", fault = text, section = section),
        };
        html! { <li key={text.to_string()} class="refused">{ text }</li> }
    });
    let rows: Vec<Html> = rows.collect();
    if rows.is_empty() {
        return html! { <p key="faults" class="hint">{ tr!(language, "inspect.well") }</p> };
    }
    html! { <ul key="faults" class="faults">{ for rows }</ul> }
}

fn fault_text(language: Language, fault: FrameFault) -> AttrValue {
    match fault {
        FrameFault::Short(count) => tr!(language, "inspect.fault_short", count = count),
        FrameFault::ReservedBit => tr!(language, "inspect.fault_rsv"),
        FrameFault::ReservedOpcode(bits) => {
            tr!(language, "inspect.fault_opcode", opcode = format!("0x{bits:x}"))
        }
        FrameFault::ControlInParts => tr!(language, "inspect.fault_parts"),
        FrameFault::ControlTooLong => tr!(language, "inspect.fault_long"),
        FrameFault::LengthNotShortest => tr!(language, "inspect.fault_length"),
        FrameFault::LengthTooGreat => tr!(language, "inspect.fault_length_top"),
        FrameFault::Unmasked => tr!(language, "inspect.fault_unmasked"),
        FrameFault::Masked => tr!(language, "inspect.fault_masked"),
        FrameFault::ContinuesNothing => tr!(language, "inspect.fault_continues"),
        FrameFault::InsideMessage => tr!(language, "inspect.fault_inside"),
        FrameFault::AfterClose => tr!(language, "inspect.fault_after"),
        FrameFault::PartsNotUtf8 => tr!(language, "inspect.fault_utf8_parts"),
        FrameFault::NotUtf8(at) => tr!(language, "inspect.fault_utf8", at = at + 1),
        FrameFault::HalfCode => tr!(language, "inspect.fault_half"),
        FrameFault::CodeRefused(code) => tr!(language, "inspect.fault_code", code = code),
    }
}
