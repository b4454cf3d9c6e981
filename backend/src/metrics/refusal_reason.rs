//! The reasons for which the server refuses: most are a limit that was reached.

use shared::ErrorCode;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $label:literal, $is_logged:literal;)*) => {
        /// Why something was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum RefusalReason {
            $($(#[$doc])* $name,)*
        }

        impl RefusalReason {
            /// Contains every reason once.
            pub const ALL: &'static [RefusalReason] = &[$(RefusalReason::$name),*];

            /// The reason as a label.
            pub fn label(self) -> &'static str {
                match self {
                    $(RefusalReason::$name => $label,)*
                }
            }

            /// Whether the log tells of it. The operator may have to act on these: to raise a limit, or to find
            /// out who it is. A malformed request is no news.
            pub fn is_logged(self) -> bool {
                match self {
                    $(RefusalReason::$name => $is_logged,)*
                }
            }
        }
    };
}

reasons! {
    /// The process has as many connections as its file descriptors allow.
    Connections = "connections", true;
    /// An IP address has too many TCP connections.
    AddressConnections = "address_connections", true;
    /// An IP address has too many WebSockets.
    AddressSockets = "address_sockets", true;
    /// An IP address has too many streams.
    AddressStreams = "address_streams", true;
    /// An IP address has too many polls and commands.
    AddressPolls = "address_polls", true;
    /// An IP address makes too many handshakes.
    Handshakes = "handshakes", true;
    /// An IP address asks for too many names.
    NameAttempts = "name_attempts", true;
    /// Too many join from one IP address.
    Joins = "joins", true;
    /// Too many renames come from one IP address.
    Renames = "renames", true;
    /// Too many rooms are made from one IP address.
    RoomsMade = "rooms_made", true;
    /// The house has too many members.
    Members = "members", true;
    /// The house has too many rooms.
    Rooms = "rooms", true;
    /// A member is in too many rooms, or has made too many.
    MemberRooms = "member_rooms", false;
    /// A session has too many reads under way.
    SessionReads = "session_reads", false;
    /// A message is too long.
    TextBytes = "text_bytes", false;
    /// The store takes no changes.
    Store = "store", false;
    /// The host is not the house's. The host policy logs it with its advice.
    Host = "host", false;
    /// The origin is not allowed. The host policy logs it with its advice.
    Origin = "origin", false;
    /// A request is not HTTP, or breaks its rules.
    Malformed = "malformed", false;
    /// A head is too long.
    HeadBytes = "head_bytes", false;
    /// A head came too late.
    HeadTimeout = "head_timeout", false;
    /// A body is too long.
    BodyBytes = "body_bytes", false;
    /// A body came too late.
    BodyTimeout = "body_timeout", false;
}

impl RefusalReason {
    /// The reason of a refusal by the hub or the store; none if it is not about a limit.
    pub fn of_error(code: ErrorCode) -> Option<Self> {
        Some(match code {
            ErrorCode::HouseFull => RefusalReason::Members,
            ErrorCode::RoomsFull => RefusalReason::Rooms,
            ErrorCode::TooManyRooms | ErrorCode::TooManyRoomsMade => RefusalReason::MemberRooms,
            ErrorCode::TooManyRequests => RefusalReason::SessionReads,
            ErrorCode::TextTooLong => RefusalReason::TextBytes,
            ErrorCode::StoreRefused => RefusalReason::Store,
            _ => return None,
        })
    }
}
