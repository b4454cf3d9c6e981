//! Scenarios that hold on every transport: each is played on all of them. For another transport, add a line
//! here and an arm in [`client::Transport`].

pub(crate) mod client;
mod http_connection;
mod messages;
mod reader;
mod resume;
mod session_end;
mod switch;

use client::Transport;

macro_rules! suite {
    ($($module:ident = $transport:expr;)*) => {
        $(mod $module {
            use super::{Transport, messages, resume, session_end};

            play! { $transport;
                messages:
                    a_new_member_is_welcomed_and_gets_posts, a_post_stays_in_its_room,
                    history_is_read_page_by_page, two_sessions_of_a_member_get_the_same_events,
                    a_read_marker_is_told_to_every_session, presence_is_published, texts_and_names_are_refused_past_their_limits,
                    a_session_is_refused_past_the_limit_of_its_member;
                resume:
                    missed_events_come_once_and_in_order, several_rooms_are_resumed_by_one_cursor,
                    a_room_with_too_many_missed_events_is_reset,
                    a_cursor_of_another_log_gets_a_new_welcome, a_stalled_reader_loses_no_event;
                session_end:
                    a_session_ends_when_its_member_signs_out,
                    a_session_is_refused_without_a_valid_cookie,
                    a_session_is_resumed_after_each_restart;
            }
        })*
    };
}

macro_rules! play {
    ($transport:expr; $($part:ident: $($scenario:ident),*;)*) => {
        $($(
            #[tokio::test]
            async fn $scenario() {
                $part::$scenario($transport).await;
            }
        )*)*
    };
}

suite! {
    web_socket = Transport::WebSocket;
    events = Transport::Events;
    long_polls = Transport::LongPolls;
    polls = Transport::Polls;
}
