//! The frame editor: a frame as bytes and as fields.
//!
//! Whichever of the two the person changes, the other follows. Wrong bytes are explained; fields
//! that cannot be read leave the bytes as they are.

use crate::limits::INSPECT_EDIT_BYTES_MAX;
use shared::websocket::hex::{self, NotHex};
use shared::websocket::{Frame, FrameFault, FrameHeader, LengthForm, Opcode, Sequence, Side, header};

/// The state of the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    /// The bytes in hexadecimal, as typed or written.
    pub hex: String,
    /// The side that is assumed to send the bytes.
    pub from: Side,
    /// The fields of the first frame as they could last be read.
    pub fields: EditorFields,
    /// The meaning of the bytes.
    pub meaning: Meaning,
    /// The fault of a field that cannot be written.
    pub field_fault: Option<FieldFault>,
    /// The fault of a form of the length that was just chosen and is too short.
    pub form_fault: Option<FormFault>,
}

/// The fields of a frame as the person types them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditorFields {
    /// Whether the frame is the last of its message.
    pub fin: bool,
    /// The reserved bits; RSV1 is the highest (4).
    pub rsv: u8,
    /// Opcode of the frame; any of the sixteen, reserved ones included.
    pub opcode: Opcode,
    /// Whether the frame is masked.
    pub masked: bool,
    /// The masking key in hexadecimal.
    pub key: String,
    /// The form of the payload length.
    pub form: LengthForm,
    /// The shortest form that the length may have. A longer form stays when the payload changes.
    least: LengthForm,
    /// The unmasked payload, as text or in hexadecimal.
    pub payload: String,
    /// Whether the payload is in hexadecimal.
    pub as_hex: bool,
    /// The length that the header declares, if the payload is shorter.
    declared: Option<u64>,
}

/// The reason why a field cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldFault {
    /// The key does not have four bytes.
    Key,
    /// The payload is not valid hexadecimal.
    Payload(NotHex),
    /// The frame would have this many bytes, which are too many.
    TooLong(usize),
}

/// The reason why a form of the length cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormFault {
    /// The length of the payload.
    pub length: u64,
    /// The form that was chosen.
    pub form: LengthForm,
}

/// The meaning of the bytes in the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The text is not hexadecimal.
    NotHex(NotHex),
    /// The text has this many bytes, more than [`INSPECT_EDIT_BYTES_MAX`].
    TooLong(usize),
    /// The frames in order, and the fault of the rest.
    Frames(Vec<Frame>, Option<FrameFault>),
}

/// A change in the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditorInput {
    /// Replaces all bytes by this hexadecimal text, from which the fields follow if it can be read.
    Hex(String),
    /// Sets the side that is assumed to send the bytes, which decides whether a mask is a fault.
    From(Side),
    /// Sets or clears the FIN bit.
    Fin(bool),
    /// Flips one reserved bit: 4, 2 or 1.
    Rsv(u8),
    /// Sets the opcode of the first frame.
    Opcode(Opcode),
    /// Sets or clears the MASK bit. A frame without a valid key gets the example key of RFC 6455.
    Masked(bool),
    /// Sets the masking key, four bytes in hexadecimal. Anything else is a fault, and the bytes stay.
    Key(String),
    /// Sets the form of the length. A form that is too short is a fault, and the bytes stay.
    Form(LengthForm),
    /// Sets the payload, as text or in hexadecimal, whichever is chosen. The length follows.
    Payload(String),
    /// Shows the payload in hexadecimal (true) or as text (false), if it can be converted.
    AsHex(bool),
    /// Replaces all bytes, and the side that sends them, by those of an example.
    Example(Example),
}

/// The example frames: those of RFC 6455 §5.7, and a broken one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// A text in one frame.
    Text,
    /// The same text, masked.
    MaskedText,
    /// The same text in two fragments.
    Parts,
    /// A ping with the payload `Hello`, not masked.
    Ping,
    /// The pong that answers the ping.
    Pong,
    /// 256 bytes, for the second form of the length.
    Bytes256,
    /// 64 KiB, for the third form of the length; only the header.
    Bytes64K,
    /// A frame with many faults.
    Broken,
}

impl Example {
    /// All examples, in their order.
    pub const ALL: [Example; 8] = [
        Example::Text,
        Example::MaskedText,
        Example::Parts,
        Example::Ping,
        Example::Pong,
        Example::Bytes256,
        Example::Bytes64K,
        Example::Broken,
    ];

    /// The bytes of the example, and the side that sends them.
    pub fn bytes(self) -> (Vec<u8>, Side) {
        const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
        let side = match self {
            Example::MaskedText | Example::Pong | Example::Broken => Side::Client,
            _ => Side::Server,
        };
        let bytes = match self {
            Example::Text => Frame::write(Opcode::Text, b"Hello", None),
            Example::MaskedText => Frame::write(Opcode::Text, b"Hello", Some(KEY)),
            Example::Parts => b"\x01\x03Hel\x80\x02lo".to_vec(),
            Example::Ping => Frame::write(Opcode::Ping, b"Hello", None),
            Example::Pong => Frame::write(Opcode::Pong, b"Hello", Some(KEY)),
            Example::Bytes256 => Frame::write(Opcode::Binary, &[0; 256], None),
            Example::Bytes64K => FrameHeader::of(Opcode::Binary, None, 65_536).write(),
            Example::Broken => b"\x59\x7e\x00\x05Hello".to_vec(),
        };
        (bytes, side)
    }
}

impl Default for Editor {
    fn default() -> Self {
        let mut editor = Editor {
            hex: String::new(),
            from: Side::Client,
            fields: EditorFields {
                fin: true,
                rsv: 0,
                opcode: Opcode::Text,
                masked: false,
                key: String::new(),
                form: LengthForm::Seven,
                least: LengthForm::Seven,
                payload: String::new(),
                as_hex: false,
                declared: None,
            },
            meaning: Meaning::Frames(Vec::new(), None),
            field_fault: None,
            form_fault: None,
        };
        editor.edit(EditorInput::Example(Example::MaskedText));
        editor
    }
}

impl Editor {
    /// Applies one change.
    pub fn edit(&mut self, edit: EditorInput) {
        self.form_fault = None;
        let fields = &mut self.fields;
        match edit {
            EditorInput::Hex(text) => {
                self.hex = text;
                return self.read();
            }
            EditorInput::From(side) => {
                self.from = side;
                return self.read();
            }
            EditorInput::Example(example) => {
                let (bytes, side) = example.bytes();
                (self.hex, self.from) = (hex::write(&bytes), side);
                return self.read();
            }
            EditorInput::AsHex(as_hex) => {
                // Convert the payload to the other notation, if possible.
                let bytes = fields.payload_bytes().ok();
                let text = bytes.and_then(|bytes| {
                    if as_hex { Some(hex::write(&bytes)) } else { String::from_utf8(bytes).ok() }
                });
                if let Some(text) = text {
                    (fields.payload, fields.as_hex) = (text, as_hex);
                }
            }
            EditorInput::Fin(fin) => fields.fin = fin,
            EditorInput::Rsv(bit) => fields.rsv ^= bit & 0x07,
            EditorInput::Opcode(opcode) => fields.opcode = opcode,
            EditorInput::Masked(masked) => {
                fields.masked = masked;
                if masked && fields.key().is_none() {
                    fields.key = "37 fa 21 3d".to_owned();
                }
            }
            EditorInput::Key(key) => fields.key = key,
            EditorInput::Form(form) => match fields.length() {
                Ok(length) if form < LengthForm::shortest(length) => {
                    // The bytes keep their form.
                    self.form_fault = Some(FormFault { length, form });
                    return;
                }
                _ => (fields.form, fields.least) = (form, form),
            },
            EditorInput::Payload(payload) => {
                (fields.payload, fields.declared) = (payload, None);
                fields.form = fields.least;
            }
        }
        self.write();
    }

    /// Updates the fields from the bytes.
    fn read(&mut self) {
        self.field_fault = None;
        // A byte has two digits and a space, and perhaps more white space. Longer texts are not
        // read.
        if self.hex.len() > 8 * INSPECT_EDIT_BYTES_MAX {
            self.meaning = Meaning::TooLong(self.hex.len() / 2);
            return;
        }
        let bytes = match hex::read(&self.hex) {
            Ok(bytes) => bytes,
            Err(fault) => return self.meaning = Meaning::NotHex(fault),
        };
        if bytes.len() > INSPECT_EDIT_BYTES_MAX {
            self.meaning = Meaning::TooLong(bytes.len());
            return;
        }
        let meaning = meaning_of(&bytes, self.from);
        if let Meaning::Frames(frames, _) = &meaning
            && let Some(first) = frames.first()
        {
            self.fields.follow(first);
        }
        self.meaning = meaning;
    }

    /// Updates the bytes from the fields.
    fn write(&mut self) {
        let frame = match self.fields.bytes() {
            Ok(frame) => frame,
            Err(fault) => return self.field_fault = Some(fault),
        };
        self.field_fault = None;
        let bytes = [frame, self.behind_the_first()].concat();
        if bytes.len() > INSPECT_EDIT_BYTES_MAX {
            self.field_fault = Some(FieldFault::TooLong(bytes.len()));
            // The frame of the bytes would be taken for that of the fields.
            return self.meaning = Meaning::TooLong(bytes.len());
        }
        self.hex = hex::write(&bytes);
        self.meaning = meaning_of(&bytes, self.from);
    }

    fn behind_the_first(&self) -> Vec<u8> {
        let Ok(bytes) = hex::read(&self.hex) else { return Vec::new() };
        let first = Frame::read(&bytes, self.from).map_or(bytes.len(), |frame| frame.bytes);
        bytes.get(first..).unwrap_or_default().to_vec()
    }
}

impl EditorFields {
    fn follow(&mut self, frame: &Frame) {
        let FrameHeader { fin, rsv, opcode, mask, form, length } = frame.header;
        let is_text = !matches!(opcode, Opcode::Binary | Opcode::Close);
        let text = std::str::from_utf8(&frame.payload).ok().filter(|_| is_text);
        let payload = text.map_or_else(|| hex::write(&frame.payload), str::to_owned);
        *self = EditorFields {
            fin,
            rsv,
            opcode,
            masked: mask.is_some(),
            // Keep an unused key for later.
            key: mask.map_or_else(|| std::mem::take(&mut self.key), |key| hex::write(&key)),
            form,
            // The shortest form was not chosen on purpose.
            least: if form == LengthForm::shortest(length) { LengthForm::Seven } else { form },
            payload,
            as_hex: text.is_none(),
            declared: Some(length).filter(|length| *length > frame.payload.len() as u64),
        };
    }

    fn key(&self) -> Option<[u8; 4]> {
        hex::read(&self.key).ok()?.try_into().ok()
    }

    fn payload_bytes(&self) -> Result<Vec<u8>, NotHex> {
        if self.as_hex { hex::read(&self.payload) } else { Ok(self.payload.clone().into_bytes()) }
    }

    /// The length in the header.
    fn length(&self) -> Result<u64, NotHex> {
        self.declared.map_or_else(|| Ok(self.payload_bytes()?.len() as u64), Ok)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, FieldFault> {
        let mut payload = self.payload_bytes().map_err(FieldFault::Payload)?;
        let key = match (self.masked, self.key()) {
            (true, None) => return Err(FieldFault::Key),
            (masked, key) => key.filter(|_| masked),
        };
        let length = self.declared.unwrap_or(payload.len() as u64);
        // A form that is too short would declare another length.
        self.form = self.form.max(LengthForm::shortest(length));
        let (fin, rsv, opcode, form) = (self.fin, self.rsv, self.opcode, self.form);
        let mut bytes = FrameHeader { fin, rsv, opcode, mask: key, form, length }.write();
        if let Some(key) = key {
            header::mask(&mut payload, key);
        }
        bytes.append(&mut payload);
        Ok(bytes)
    }
}

fn meaning_of(bytes: &[u8], from: Side) -> Meaning {
    let (mut frames, mut rest, mut sequence) = (Vec::new(), bytes, Sequence::default());
    // Each frame has at least two bytes, which bounds their number.
    while !rest.is_empty() {
        match Frame::read(rest, from) {
            Ok(mut frame) => {
                rest = &rest[frame.bytes..];
                sequence.check(&mut frame);
                frames.push(frame);
            }
            Err(fault) => return Meaning::Frames(frames, Some(fault)),
        }
    }
    Meaning::Frames(frames, None)
}

#[cfg(test)]
mod tests;
