//! What holds on one transport holds on each: every scenario is played on all of them. Another
//! transport is a line here, and its arm in [`client::By`].

mod back;
pub(crate) mod client;
mod end;
mod reader;
mod switch;
mod talk;
mod wire;

use client::By;

macro_rules! suite {
    ($($transport:ident = $by:expr;)*) => {
        $(mod $transport {
            use super::{By, back, end, talk};

            play! { $by;
                talk: who_joins_is_welcomed_and_hears, rooms_keep_what_is_said_in_them, history_goes_back,
                    two_tabs_of_one_member, presence_is_told, limits_hold, a_member_may_have_so_many_sessions;
                back: what_was_missed_comes_once_and_in_order, several_rooms_are_resumed,
                    too_much_of_one_room_resets_it, another_log_begins_anew, who_never_reads_loses_nothing;
                end: signing_out_ends_it, a_stranger_is_refused, a_restart_goes_on;
            }
        })*
    };
}

macro_rules! play {
    ($by:expr; $($part:ident: $($scenario:ident),*;)*) => {
        $($(
            #[tokio::test]
            async fn $scenario() {
                $part::$scenario($by).await;
            }
        )*)*
    };
}

suite! {
    web_socket = By::WebSocket;
    events = By::Events;
    long_polls = By::LongPolls;
    polls = By::Polls;
}
