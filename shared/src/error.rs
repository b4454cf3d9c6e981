//! Codes of refusals. The number crosses the wire, and the page holds the sentence of each language.
//! [`ErrorCode::advice`] is the English sentence for people who read frames and logs.

use crate::json::{DecodeError, FromJson, Json};
use serde::{Serialize, Serializer};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $wire:literal, $temporary:literal, $advice:literal;)*) => {
        /// Code of a refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// Number of a newer build.
            Other(u16),
        }

        impl ErrorCode {
            /// Every code of this build, in the order of the numbers.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name),*];

            /// Returns the number on the wire.
            pub fn number(self) -> u16 {
                match self {
                    $(ErrorCode::$name => $number,)*
                    ErrorCode::Other(number) => number,
                }
            }

            /// Returns the code of a number; [`ErrorCode::Other`] if this build does not know it.
            pub fn from_number(number: u16) -> Self {
                match number {
                    $($number => ErrorCode::$name,)*
                    other => ErrorCode::Other(other),
                }
            }

            /// Returns the name in PROTOCOL.md; `other` for an unknown number.
            pub fn name(self) -> &'static str {
                match self {
                    $(ErrorCode::$name => $wire,)*
                    ErrorCode::Other(_) => "other",
                }
            }

            /// Whether the unchanged command may succeed later.
            pub fn is_temporary(self) -> bool {
                match self {
                    $(ErrorCode::$name => $temporary,)*
                    ErrorCode::Other(_) => false,
                }
            }

            /// Returns advice on what to do, in one English sentence.
            pub fn advice(self) -> &'static str {
                match self {
                    $(ErrorCode::$name => $advice,)*
                    ErrorCode::Other(_) => "See PROTOCOL.md of a newer build.",
                }
            }
        }
    };
}

error_codes! {
    /// A frame is not a JSON object with a `type`.
    Unparsable = 1001, "unparsable", false, "Send one JSON object with a \"type\".";
    /// The server does not know the `type`.
    UnknownCommand = 1002, "unknown_command", false, "See PROTOCOL.md for the commands that this server knows.";
    /// A field is missing, of the wrong type or out of its range.
    BadField = 1003, "bad_field", false, "Check the fields of this command or address in PROTOCOL.md.";
    /// The text is empty or only white space.
    TextEmpty = 1004, "text_empty", false, "Write something before you send.";
    /// The text is longer than [`crate::limits::TEXT_BYTES_MAX`].
    TextTooLong = 1005, "text_too_long", false, "Shorten the text, or send it as several messages.";
    /// A command came before `hello`.
    HelloExpected = 1006, "hello_expected", false, "Send \"hello\" first.";
    /// The room does not exist, or the member is not in it.
    RoomUnknown = 1007, "room_unknown", false, "Post to a room that you are in.";
    /// A v1 client sent a binary frame.
    BinaryRefused = 1008, "binary_refused", false, "Send commands as text frames.";
    /// A name is empty or only white space.
    NameEmpty = 1101, "name_empty", false, "Choose a name of at least one character.";
    /// A name is longer than [`crate::limits::NAME_CHARS_MAX`].
    NameTooLong = 1102, "name_too_long", false, "Choose a name of at most 32 characters.";
    /// A name has control or invisible characters.
    NameBadCharacter = 1103, "name_bad_character", false, "Leave out control and invisible characters.";
    /// A name is taken, or looks like a taken one.
    NameTaken = 1104, "name_taken", false, "Choose another name; a free one is suggested.";
    /// A description is longer than [`crate::limits::DESCRIPTION_CHARS_MAX`], or has control characters.
    DescriptionRefused = 1105, "description_refused", false, "Describe it in at most 300 characters, without control characters.";
    /// Nobody is signed in.
    SignInRequired = 1201, "sign_in_required", false, "Join with a name first.";
    /// A member is signed in on this device already.
    AlreadySignedIn = 1202, "already_signed_in", false, "Sign out first, or continue as the current member.";
    /// The house has as many members as it can hold.
    HouseFull = 1203, "house_full", true, "Try again later, or ask the admin to raise the limit.";
    /// The house has as many rooms as it can hold.
    RoomsFull = 1204, "rooms_full", false, "Use an existing room.";
    /// The member is in as many rooms as a member may be.
    TooManyRooms = 1205, "too_many_rooms", false, "Leave a room first.";
    /// The lobby cannot be left or changed.
    LobbyStays = 1206, "lobby_stays", false, "Choose another room; everyone is in the lobby.";
    /// The room is archived: it can be read and left, and nothing else.
    RoomArchived = 1207, "room_archived", false, "Choose another room, or ask the person who made this one to restore it.";
    /// Only the member who made the room can do this.
    NotTheMaker = 1208, "not_the_maker", false, "Ask the person who made the room.";
    /// The member has made as many rooms as a member may.
    TooManyRoomsMade = 1209, "too_many_rooms_made", false, "Archive a room that you made first.";
    /// The store cannot accept changes at the moment.
    StoreRefused = 1301, "store_refused", true, "Send it again in a moment.";
    /// Too many requests came from this address or member.
    TooManyRequests = 1302, "too_many_requests", true, "Wait a little and try again.";
    /// The server holds as many connections as it can.
    Full = 1303, "full", true, "Try again in a moment, or ask the admin to raise the limit.";
    /// The server restarts.
    Restarting = 1304, "restarting", true, "The server is restarting. Try again in a moment.";
    /// `Host` is not one of the house's names, as in a DNS rebinding attack.
    HostRefused = 1401, "host_refused", false, "Open the house by its own address, or set --public-url.";
    /// `Origin` is neither the house's own nor an allowed one.
    OriginRefused = 1402, "origin_refused", false, "Use the house's own page, or start it with --allow-origin.";
    /// No resource has this path.
    NotFound = 1403, "not_found", false, "Check the address.";
    /// The resource does not allow this method.
    MethodNotAllowed = 1404, "method_not_allowed", false, "Use a method that the Allow header names.";
    /// The body is not `application/json`.
    WrongMediaType = 1405, "wrong_media_type", false, "Send the body as application/json.";
    /// The body is longer than its limit.
    BodyTooLarge = 1406, "body_too_large", false, "Send a shorter body.";
    /// A request for `/conn_ws` does not ask for an upgrade.
    UpgradeRequired = 1407, "upgrade_required", false, "Open this address as a WebSocket.";
    /// The client offers only subprotocols that the server does not know.
    SubprotocolUnknown = 1408, "subprotocol_unknown", false, "Offer teahouse.v1, or no subprotocol.";
    /// The WebSocket handshake is not valid.
    BadHandshake = 1409, "bad_handshake", false, "Send a version 13 handshake with a 16-byte Sec-WebSocket-Key.";
    /// The text dialect is switched off.
    PlainOff = 1410, "plain_off", false, "Ask for ?v=1, or start the house with --plain on.";
    /// The body did not arrive in time.
    BodyTimeout = 1411, "body_timeout", true, "Send the whole body at once.";
    /// The command has no effect in a request of its own.
    NotByRequest = 1412, "not_by_request", false, "Send this command on a WebSocket only.";
    /// The server has a fault.
    Internal = 1500, "internal", true, "Try again; if it happens again, tell the server's admin.";
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.number())
    }
}

impl FromJson for ErrorCode {
    fn read(json: Json) -> Result<Self, DecodeError> {
        u16::read(json).map(Self::from_number)
    }
}

crate::read!(@serde ErrorCode);

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn numbers_are_unique_ascending_and_read_back() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number(), "{pair:?}");
        }
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_number(code.number()), *code);
        }
        assert_eq!(ErrorCode::from_number(9), ErrorCode::Other(9));
    }
}
