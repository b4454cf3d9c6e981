//! What the page says about a refusal: numbers cross the wire, sentences stand
//! in the catalogues.

use crate::language::{Language, tr};
use client::persisted::MAY_HAVE_ARRIVED;
use shared::ErrorCode;
use shared::limits::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, TEXT_BYTES_MAX};
use yew::AttrValue;

/// What is wrong and what to do about it.
pub fn of_code(language: Language, code: ErrorCode) -> AttrValue {
    match code {
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
        ErrorCode::RoomsFull => tr!(language, "error.rooms_full"),
        ErrorCode::TooManyRooms => tr!(language, "error.too_many_rooms"),
        ErrorCode::SignInRequired => tr!(language, "error.sign_in_required"),
        ErrorCode::HouseFull => tr!(language, "error.house_full"),
        ErrorCode::StoreRefused => tr!(language, "error.store_refused"),
        ErrorCode::TooManyRequests => tr!(language, "error.too_many_requests"),
        ErrorCode::Internal => tr!(language, "error.unreachable"),
        // The rest are about frames and requests: the page makes none of those
        // mistakes, so the number is for whoever mends it.
        other => tr!(language, "error.other", number = other.number()),
    }
}

/// The same for what is asked of a room, where a name is the room's.
pub fn of_room(language: Language, code: ErrorCode) -> AttrValue {
    match code {
        ErrorCode::NameTaken => tr!(language, "error.room_name_taken"),
        ErrorCode::RoomUnknown => tr!(language, "error.room_left"),
        other => of_code(language, other),
    }
}
