//! Several tabs of one window: one browser, one profile, one member.

use crate::{recorder, window::Window};
use fantoccini::wd::WindowHandle;
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// How long the driver may take to find that a tab is no more.
const CRASH: Duration = Duration::from_secs(10);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab(WindowHandle);

impl Window {
    /// The tab that commands go to.
    ///
    /// # Panics
    /// If the browser does not tell.
    pub async fn tab(&self) -> Tab {
        let handle = self.client().window().await;
        Tab(handle.unwrap_or_else(|error| panic!("{}: its tab: {error}", self.name())))
    }

    /// Opens another tab and goes to it.
    ///
    /// # Panics
    /// If the browser does not open one.
    pub async fn open_tab(&self) -> Tab {
        let opened = self.client().new_window(true).await;
        let opened = opened.unwrap_or_else(|error| panic!("{}: no other tab: {error}", self.name()));
        let tab = Tab(opened.handle);
        self.go_to(&tab).await;
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": recorder::SCRIPT })).await;
        tab
    }

    /// From now on commands go to this tab, and it is the one in sight.
    ///
    /// # Panics
    /// If it is no more.
    pub async fn go_to(&self, tab: &Tab) {
        let switched = self.client().switch_to_window(tab.0.clone()).await;
        switched.unwrap_or_else(|error| panic!("{}: to a tab: {error}", self.name()));
    }

    /// Closes the tab, as its cross does.
    ///
    /// # Panics
    /// If it stays.
    pub async fn close_tab(&self) {
        let closed = self.client().close_window().await;
        closed.unwrap_or_else(|error| panic!("{}: the tab stays: {error}", self.name()));
    }

    /// The process behind the tab is killed: nothing in it can say good-bye.
    pub async fn crash_tab(&self) {
        // Whom it is asked of cannot answer.
        let _ = timeout(CRASH, self.try_devtools("Page.crash", json!({}))).await;
    }
}
