//! What names the protocol, and the page that speaks it.

/// The subprotocol of the v1 dialect (RFC 6455 §1.9); `?v=1` in the URL says the same.
pub const SUBPROTOCOL: &str = "teahouse.v1";

/// Where the WebSocket is.
pub const WEBSOCKET_PATH: &str = "/conn_ws";

/// The build of a page or server that was not built for release: it is never
/// told that it is out of date.
pub const DEVELOPMENT_BUILD: &str = "dev";

/// Whether a page of build `page` should offer to load the page of build
/// `server` instead.
pub fn is_newer_page(page: &str, server: &str) -> bool {
    page != server && page != DEVELOPMENT_BUILD && server != DEVELOPMENT_BUILD
}

#[cfg(test)]
mod tests {
    use super::is_newer_page;

    #[test]
    fn only_two_released_builds_can_differ() {
        assert!(is_newer_page("a1", "b2"));
        assert!(!is_newer_page("a1", "a1"));
        assert!(!is_newer_page("dev", "b2"));
        assert!(!is_newer_page("a1", "dev"));
    }
}
