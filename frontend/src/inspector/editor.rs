//! The frame editor: the bytes of frames as hexadecimal text, and the fields of the first frame. A change of
//! one changes the other.

use crate::components::button::text_button;
use crate::components::field_error::field_error;
use crate::inspector::field::field;
use crate::inspector::frame::{detail, faults, form_label, length_rule, opcode_label};
use crate::inspector::number::grouped;
use crate::inspector::select::Select;
use crate::language::{Language, tr};
use client::inspect::InspectorInput;
use client::inspect::editor::{Editor, EditorInput, Example, FieldFault, Meaning};
use client::limits::INSPECT_EDIT_BYTES_MAX;
use shared::websocket::{LengthForm, Opcode, Side};
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

/// Shows the examples, the bytes, the fields, and the meaning of each frame with its faults. It reads the
/// core's `editor` and emits [`InspectorInput::Edit`].
pub fn editor(language: Language, editor: &Editor, emit: &Callback<InspectorInput>) -> Html {
    let edit = &emit.reform(InspectorInput::Edit);
    let oninput = edit.reform(|event: InputEvent| {
        EditorInput::Hex(event.target_unchecked_into::<HtmlTextAreaElement>().value())
    });
    let examples = Example::ALL.map(|example| {
        let onclick = edit.reform(move |_: MouseEvent| EditorInput::Example(example));
        let key = format!("{example:?}");
        html! { <li {key}>{ text_button("plain", example_label(language, example), onclick) }</li> }
    });
    let wrong = match &editor.meaning {
        Meaning::NotHex(fault) => {
            let before = editor.hex.get(..fault.0).unwrap_or_default();
            Some(tr!(language, "inspect.not_hex", at = before.chars().count() + 1))
        }
        Meaning::TooLong(bytes) => Some(too_long(language, *bytes)),
        Meaning::Frames(..) => None,
    };
    let sides = [Side::Client, Side::Server].map(|side| {
        let (value, label) = match side {
            Side::Client => ("client", tr!(language, "inspect.from_client")),
            Side::Server => ("server", tr!(language, "inspect.from_server")),
        };
        let onchange = edit.reform(move |_: Event| EditorInput::From(side));
        html! {
            <label key={value}>
                <input type="radio" name="from" {value} checked={editor.from == side} {onchange} />
                <span>{ label }</span>
            </label>
        }
    });
    html! {
        <div key="editor" class="editor">
            <h3 key="examples_title">{ tr!(language, "inspect.examples") }</h3>
            <ul key="examples" class="answers">{ for examples }</ul>
            <div key="bytes" class="form">
                <label for="hex_str">{ tr!(language, "inspect.hex") }</label>
                <textarea id="hex_str" class="code" rows="3" value={editor.hex.clone()} autocomplete="off"
                    spellcheck="false" autocapitalize="off" aria-describedby="hex_error"
                    aria-invalid={wrong.is_some().to_string()} {oninput} />
                { field_error("hex_error", wrong) }
            </div>
            <fieldset key="from" class="segmented">
                <legend>{ tr!(language, "inspect.from") }</legend>
                <div class="segmented_options">{ for sides }</div>
            </fieldset>
            { fields(language, editor, edit) }
            { meaning(language, editor) }
        </div>
    }
}

fn fields(language: Language, editor: &Editor, edit: &Callback<EditorInput>) -> Html {
    let fields = &editor.fields;
    let tick = |id: &'static str, label: AttrValue, checked: bool, edited: fn(bool) -> EditorInput| {
        let onchange = edit
            .reform(move |event: Event| edited(event.target_unchecked_into::<HtmlInputElement>().checked()));
        html! {
            <label key={id} class="tick">
                <input {id} type="checkbox" {checked} {onchange} />
                <span>{ label }</span>
            </label>
        }
    };
    let opcodes: Vec<AttrValue> = (0..16)
        .map(|bits| format!("0x{bits:x} {}", opcode_label(language, Opcode::of(bits))).into())
        .collect();
    let forms: Vec<AttrValue> = FORMS.into_iter().map(|form| form_label(language, form)).collect();
    let form_fault = editor.form_fault.map(|fault| {
        let bits = match fault.form {
            LengthForm::Seven => 7,
            LengthForm::Sixteen => 16,
            LengthForm::SixtyFour => 64,
        };
        tr!(language, "inspect.form_small", count = grouped(language, fault.length), bits = bits)
    });
    let key_fault =
        (editor.field_fault == Some(FieldFault::Key)).then(|| tr!(language, "inspect.mask_key_bad"));
    let payload_fault = match editor.field_fault {
        Some(FieldFault::Payload(fault)) => Some(tr!(language, "inspect.not_hex", at = fault.0 + 1)),
        Some(FieldFault::TooLong(bytes)) => Some(too_long(language, bytes)),
        _ => None,
    };
    html! {
        <fieldset key="fields" class="fields">
            <legend><h3>{ tr!(language, "inspect.fields") }</h3></legend>
            <div key="ticks" class="ticks">
                { tick("fin", "FIN".into(), fields.fin, EditorInput::Fin) }
                { tick("rsv1", "RSV1".into(), fields.rsv & 4 != 0, |_| EditorInput::Rsv(4)) }
                { tick("rsv2", "RSV2".into(), fields.rsv & 2 != 0, |_| EditorInput::Rsv(2)) }
                { tick("rsv3", "RSV3".into(), fields.rsv & 1 != 0, |_| EditorInput::Rsv(1)) }
                { tick("masked", tr!(language, "inspect.masked"), fields.masked, EditorInput::Masked) }
            </div>
            <div key="choices" class="field_grid form">
                <Select key="opcode" id="opcode" label={tr!(language, "inspect.opcode")} labels={opcodes}
                    chosen={usize::from(fields.opcode.bits())} choose={edit.reform(|index: usize| {
                        // The list has sixteen options, so the index fits.
                        EditorInput::Opcode(Opcode::of(u8::try_from(index).unwrap_or_default()))
                    })} />
                <Select key="form" id="form" error="form_error" label={tr!(language, "inspect.form")} labels={forms}
                    chosen={fields.form as usize} fault={form_fault}
                    choose={edit.reform(|index: usize| EditorInput::Form(FORMS[index % FORMS.len()]))} />
                { field(("mask_str", "mask_error"), tr!(language, "inspect.mask_key"), &fields.key, fields.masked,
                    key_fault, edit.reform(EditorInput::Key)) }
            </div>
            { field(("payload_str", "payload_error"), tr!(language, "inspect.payload"), &fields.payload, true,
                payload_fault, edit.reform(EditorInput::Payload)) }
            { tick("as_hex", tr!(language, "inspect.as_hex"), fields.as_hex, EditorInput::AsHex) }
        </fieldset>
    }
}

fn too_long(language: Language, bytes: usize) -> AttrValue {
    let (bytes, max) = (grouped(language, bytes as u64), grouped(language, INSPECT_EDIT_BYTES_MAX as u64));
    tr!(language, "inspect.too_long", bytes = bytes, max = max)
}

/// Forms of the length, each at the index that is its number as a [`LengthForm`].
const FORMS: [LengthForm; 3] = [LengthForm::Seven, LengthForm::Sixteen, LengthForm::SixtyFour];

/// Frames whose details are shown. Further frames of the bytes are not shown.
const SHOWN_MAX: usize = 8;

fn meaning(language: Language, editor: &Editor) -> Html {
    let Meaning::Frames(frames, rest) = &editor.meaning else { return html! { <div key="meaning"></div> } };
    let shown = frames.iter().take(SHOWN_MAX).enumerate().map(|(at, frame)| {
        html! {
            <li key={at}>
                <h3>{ tr!(language, "inspect.frame", number = at + 1) }</h3>
                { detail(language, frame, 0) }
            </li>
        }
    });
    html! {
        <div key="meaning" id="meaning">
            if !frames.is_empty() {
                { length_rule(language) }
            }
            <ol key="frames">{ for shown }</ol>
            if let Some(rest) = rest {
                { faults(language, &[*rest]) }
            }
        </div>
    }
}

fn example_label(language: Language, example: Example) -> AttrValue {
    match example {
        Example::Text => tr!(language, "inspect.example_text"),
        Example::MaskedText => tr!(language, "inspect.example_masked"),
        Example::Parts => tr!(language, "inspect.example_parts"),
        Example::Ping => "ping".into(),
        Example::Pong => "pong".into(),
        Example::Bytes256 => tr!(language, "inspect.example_bytes"),
        Example::Bytes64K => tr!(language, "inspect.example_64k"),
        Example::Broken => tr!(language, "inspect.example_broken"),
    }
}
