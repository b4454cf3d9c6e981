//! Several tabs of one browser, which share its profile and its member.

use crate::{browser::Browser, recorder};
use fantoccini::wd::WindowHandle;
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// Deadline for ChromeDriver to notice that a tab has crashed.
const CRASH_TIMEOUT: Duration = Duration::from_secs(10);

/// One tab of a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab(WindowHandle);

impl Browser {
    /// Returns the tab that receives commands.
    ///
    /// # Panics
    /// If the browser refuses.
    pub async fn current_tab(&self) -> Tab {
        let handle = self.client().window().await;
        Tab(handle.unwrap_or_else(|error| panic!("{}: no current tab: {error}", self.name())))
    }

    /// Opens another tab and switches to it.
    ///
    /// # Panics
    /// If the browser refuses.
    pub async fn open_tab(&self) -> Tab {
        let opened = self.client().new_window(true).await;
        let opened = opened.unwrap_or_else(|error| panic!("{}: cannot open a tab: {error}", self.name()));
        let tab = Tab(opened.handle);
        self.switch_to(&tab).await;
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": recorder::SCRIPT })).await;
        tab
    }

    /// Switches to a tab, which becomes visible and receives all commands.
    ///
    /// # Panics
    /// If the tab is closed.
    pub async fn switch_to(&self, tab: &Tab) {
        let switched = self.client().switch_to_window(tab.0.clone()).await;
        switched.unwrap_or_else(|error| panic!("{}: cannot switch to a tab: {error}", self.name()));
    }

    /// Closes the current tab, as its close button does.
    ///
    /// # Panics
    /// If the browser refuses.
    pub async fn close_tab(&self) {
        let closed = self.client().close_window().await;
        closed.unwrap_or_else(|error| panic!("{}: cannot close a tab: {error}", self.name()));
    }

    /// Crashes the process of the current tab. No handler in the tab runs.
    pub async fn crash_tab(&self) {
        // Ignore the error: a crashed tab cannot answer the command.
        let _ = timeout(CRASH_TIMEOUT, self.try_devtools("Page.crash", json!({}))).await;
    }
}
