//! The frame editor: bytes on one side, fields on the other.

use crate::components::button::word_button;
use crate::components::inspect::field::field;
use crate::components::inspect::frame::{detail, faults, form_word, opcode_word};
use crate::components::refused::refused;
use crate::language::{Language, tr};
use client::inspect::Input;
use client::inspect::editor::{Edit, Editor, Example, FieldFault, Meaning};
use client::limits::INSPECT_EDIT_BYTES_MAX;
use shared::websocket::{LengthForm, Opcode, Side};
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

/// The editor.
pub fn editor(language: Language, editor: &Editor, emit: &Callback<Input>) -> Html {
    let edit = &emit.reform(Input::Edit);
    let oninput = edit
        .reform(|event: InputEvent| Edit::Hex(event.target_unchecked_into::<HtmlTextAreaElement>().value()));
    let examples = Example::ALL.map(|example| {
        let onclick = edit.reform(move |_: MouseEvent| Edit::Example(example));
        let key = format!("{example:?}");
        html! { <li {key}>{ word_button("plain", example_word(language, example), onclick) }</li> }
    });
    let wrong = match &editor.meaning {
        Meaning::NotHex(fault) => {
            let before = editor.hex.get(..fault.0).unwrap_or_default();
            Some(tr!(language, "inspect.not_hex", at = before.chars().count() + 1))
        }
        Meaning::TooLong(_) => Some(tr!(language, "inspect.too_long", max = INSPECT_EDIT_BYTES_MAX)),
        Meaning::Frames(..) => None,
    };
    let sides = [Side::Client, Side::Server].map(|side| {
        let (value, word) = match side {
            Side::Client => ("client", tr!(language, "inspect.from_client")),
            Side::Server => ("server", tr!(language, "inspect.from_server")),
        };
        let onchange = edit.reform(move |_: Event| Edit::From(side));
        html! {
            <label key={value}>
                <input type="radio" name="from" {value} checked={editor.from == side} {onchange} />
                <span>{ word }</span>
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
                { refused("hex_error", wrong) }
            </div>
            <fieldset key="from" class="choice">
                <legend>{ tr!(language, "inspect.from") }</legend>
                <div class="choice_words">{ for sides }</div>
            </fieldset>
            { fields(language, editor, edit) }
            { meaning(language, editor) }
        </div>
    }
}

fn fields(language: Language, editor: &Editor, edit: &Callback<Edit>) -> Html {
    let fields = &editor.fields;
    let tick = |id: &'static str, label: AttrValue, checked: bool, edited: fn(bool) -> Edit| {
        let onchange = edit
            .reform(move |event: Event| edited(event.target_unchecked_into::<HtmlInputElement>().checked()));
        html! {
            <label key={id} class="tick">
                <input {id} type="checkbox" {checked} {onchange} />
                <span>{ label }</span>
            </label>
        }
    };
    let choose = |chosen: fn(u8) -> Edit| {
        edit.reform(move |event: Event| {
            // The values are ours: each is a small number.
            let value = event.target_unchecked_into::<HtmlSelectElement>().value();
            chosen(value.parse().unwrap_or_default())
        })
    };
    let opcodes = (0..16).map(|bits| {
        let opcode = Opcode::of(bits);
        let selected = fields.opcode == opcode;
        let word = format!("0x{bits:x} {}", opcode_word(language, opcode));
        html! { <option key={bits} value={bits.to_string()} {selected}>{ word }</option> }
    });
    let forms = FORMS.iter().zip(0_u8..).map(|(form, number)| {
        let selected = fields.form == *form;
        html! {
            <option key={number} value={number.to_string()} {selected}>{ form_word(language, *form) }</option>
        }
    });
    let key_fault =
        (editor.field_fault == Some(FieldFault::Key)).then(|| tr!(language, "inspect.mask_key_bad"));
    let payload_fault = match editor.field_fault {
        Some(FieldFault::Payload(fault)) => Some(tr!(language, "inspect.not_hex", at = fault.0 + 1)),
        Some(FieldFault::TooLong(_)) => Some(tr!(language, "inspect.too_long", max = INSPECT_EDIT_BYTES_MAX)),
        _ => None,
    };
    html! {
        <fieldset key="fields" class="fields">
            <legend><h3>{ tr!(language, "inspect.fields") }</h3></legend>
            <div key="ticks" class="ticks">
                { tick("fin", "FIN".into(), fields.fin, Edit::Fin) }
                { tick("rsv1", "RSV1".into(), fields.rsv & 4 != 0, |_| Edit::Rsv(4)) }
                { tick("rsv2", "RSV2".into(), fields.rsv & 2 != 0, |_| Edit::Rsv(2)) }
                { tick("rsv3", "RSV3".into(), fields.rsv & 1 != 0, |_| Edit::Rsv(1)) }
                { tick("masked", tr!(language, "inspect.masked"), fields.masked, Edit::Masked) }
            </div>
            <div key="choices" class="field_grid form">
                <div key="opcode">
                    <label for="opcode">{ tr!(language, "inspect.opcode") }</label>
                    <select id="opcode" onchange={choose(|bits| Edit::Opcode(Opcode::of(bits)))}>{ for opcodes }</select>
                </div>
                <div key="form">
                    <label for="form">{ tr!(language, "inspect.form") }</label>
                    <select id="form" onchange={choose(|number| Edit::Form(FORMS[usize::from(number % 3)]))}>{ for forms }</select>
                </div>
                { field(("mask_str", "mask_error"), tr!(language, "inspect.mask_key"), &fields.key, fields.masked,
                    key_fault, edit.reform(Edit::Key)) }
            </div>
            { field(("payload_str", "payload_error"), tr!(language, "inspect.payload"), &fields.payload, true,
                payload_fault, edit.reform(Edit::Payload)) }
            { tick("as_hex", tr!(language, "inspect.as_hex"), fields.as_hex, Edit::AsHex) }
        </fieldset>
    }
}

const FORMS: [LengthForm; 3] = [LengthForm::Seven, LengthForm::Sixteen, LengthForm::SixtyFour];

/// More frames than these are counted and not taken apart.
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
            <ol key="frames">{ for shown }</ol>
            if let Some(rest) = rest {
                { faults(language, &[*rest]) }
            }
        </div>
    }
}

fn example_word(language: Language, example: Example) -> AttrValue {
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
