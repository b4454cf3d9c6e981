//! The page's sentences about errors. The server sends numbers; the catalogues contain the sentences.

use crate::language::{Language, tr};
use client::persisted::MAY_HAVE_ARRIVED;
use client::view::COOKIES_BLOCKED;
use shared::ErrorCode;
use shared::limits::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, TEXT_BYTES_MAX};
use yew::AttrValue;

/// Sentence about an error that says what happened and what to do. An error that the page cannot cause gets a
/// general sentence with its number.
pub fn of_code(language: Language, code: ErrorCode) -> AttrValue {
    match code {
        COOKIES_BLOCKED => tr!(language, "error.cookies_blocked"),
        MAY_HAVE_ARRIVED => tr!(language, "error.may_have_arrived"),
        ErrorCode::TextEmpty => tr!(language, "error.text_empty"),
        ErrorCode::TextTooLong => tr!(language, "error.text_too_long", max = TEXT_BYTES_MAX),
        ErrorCode::RoomUnknown => tr!(language, "error.room_unknown"),
        ErrorCode::NameEmpty => tr!(language, "error.name_empty"),
        ErrorCode::NameTooLong => tr!(language, "error.name_too_long", max = NAME_CHARS_MAX),
        ErrorCode::NameBadCharacter => tr!(language, "error.name_bad_character"),
        ErrorCode::NameTaken => tr!(language, "error.name_taken"),
        ErrorCode::DescriptionRefused => {
            tr!(language, "error.description_refused", max = DESCRIPTION_CHARS_MAX)
        }
        ErrorCode::RoomArchived => tr!(language, "error.room_archived"),
        ErrorCode::RoomsFull | ErrorCode::TooManyRoomsMade => tr!(language, "error.rooms_full"),
        ErrorCode::TooManyRooms => tr!(language, "error.too_many_rooms"),
        ErrorCode::SignInRequired => tr!(language, "error.sign_in_required"),
        ErrorCode::HouseFull => tr!(language, "error.house_full"),
        ErrorCode::StoreRefused => tr!(language, "error.store_refused"),
        ErrorCode::TooManyRequests => tr!(language, "error.too_many_requests"),
        ErrorCode::Internal => tr!(language, "error.unreachable"),
        // The other errors are about malformed frames and requests, which the page does not send. Their
        // number helps the person who looks for the cause.
        other => tr!(language, "error.other", number = other.number()),
    }
}

/// Sentence about an error of a command on a room. It is that of [`of_code`], except for an
/// unknown room, which means something else here.
pub fn of_room(language: Language, code: ErrorCode) -> AttrValue {
    match code {
        ErrorCode::RoomUnknown => tr!(language, "error.room_left"),
        other => of_code(language, other),
    }
}
