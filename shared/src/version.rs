//! Names of the protocol and of builds.

/// Subprotocol of the v1 dialect (RFC 6455 §1.9). `?v=1` in the URL selects the same dialect.
pub const SUBPROTOCOL: &str = "teahouse.v1";

/// Path of the WebSocket.
pub const WEBSOCKET_PATH: &str = "/conn_ws";

/// Build of a page or server that was not built for release. Such a page never offers an update.
pub const DEVELOPMENT_BUILD: &str = "dev";

/// Whether a page of build `page` should offer to load the page of build `server`.
pub fn is_newer_page(page: &str, server: &str) -> bool {
    page != server && page != DEVELOPMENT_BUILD && server != DEVELOPMENT_BUILD
}

#[cfg(test)]
mod tests {
    use super::is_newer_page;

    #[test]
    fn a_development_build_is_never_out_of_date() {
        assert!(is_newer_page("a1", "b2"));
        assert!(!is_newer_page("a1", "a1"));
        assert!(!is_newer_page("dev", "b2"));
        assert!(!is_newer_page("a1", "dev"));
    }
}
