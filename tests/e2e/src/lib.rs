//! End-to-end tests: real browsers against the release program.
//!
//! Each test calls [`fixture::run`], which gives it a [`fixture::Fixture`] with a temporary folder and
//! a ChromeDriver. The test starts servers and browsers through the fixture and checks the page. At
//! the end the fixture reads the errors of each browser; an error that the test did not allow fails
//! the test. Everything that a test starts ends with the test, also after a panic.
//!
//! No test sleeps until something has probably happened. [`wait::until`] repeats a check until it
//! succeeds, or fails at a deadline with the last observation.
//!
//! - [`fixture`]: a test's servers, browsers and temporary folder; [`folder`]: paths; [`port`]: free ports
//! - [`server`]: the server under test; [`static_server`]: pages of another origin
//! - [`relay`]: a TCP relay that cuts connections; [`proxy`]: an HTTP proxy that refuses, buffers and
//!   cuts; [`old_build_proxy`]: an HTTP proxy that serves the page of another build;
//!   `request_head`: reads the head of a request for these and for the static server
//! - [`chromedriver`], [`browser`], [`tab`], [`keyboard`], [`renderer`]: a Chromium with a profile of its
//!   own, its tabs, its input and its processes
//! - [`page`], [`room`], [`history`]: the chat page as people see it; [`catalogue`]: the page's texts
//! - [`text_page`], [`text_client`]: clients of the text dialect
//! - [`recorder`], [`page_error`]: events and errors in a page; [`wait`]: waiting for a condition
//!
//! The environment can name other programs:
//!
//! | variable | default |
//! |---|---|
//! | `TEAHOUSE_BIN` | the release build of this workspace |
//! | `CHROMEDRIVER` | `chromedriver` on PATH |
//! | `CHROME` | the browser that ChromeDriver finds |

pub mod browser;
pub mod catalogue;
pub mod chromedriver;
pub mod fixture;
pub mod folder;
pub mod history;
pub mod keyboard;
pub mod old_build_proxy;
pub mod page;
pub mod page_error;
pub mod port;
pub mod proxy;
pub mod recorder;
pub mod relay;
#[cfg(target_os = "linux")]
pub mod renderer;
mod request_head;
pub mod room;
pub mod server;
pub mod static_server;
pub mod tab;
pub mod text_client;
pub mod text_page;
pub mod wait;
