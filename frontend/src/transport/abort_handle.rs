//! A request over HTTP that can be given up.

use crate::timeout::Timeout;
use gloo_net::http::{Request, Response};
use std::{cell::RefCell, rc::Rc};
use web_sys::AbortController;

/// Gives up the request that is made with it: when told to, after its timeout, or when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct AbortHandle(Rc<AbortHandleInner>);

#[derive(Debug)]
struct AbortHandleInner {
    controller: Option<AbortController>,
    timeout: RefCell<Option<Timeout>>,
}

impl Drop for AbortHandleInner {
    fn drop(&mut self) {
        if let Some(controller) = &self.controller {
            controller.abort();
        }
    }
}

impl AbortHandle {
    /// A handle that gives up after so many milliseconds, where there is such a time.
    pub fn new(timeout_ms: Option<u64>) -> Self {
        // Every browser that runs the page's WebAssembly has it; without, a request takes its time.
        let controller = AbortController::new().ok();
        let handle = AbortHandle(Rc::new(AbortHandleInner { controller, timeout: RefCell::default() }));
        if let (Some(ms), Some(controller)) = (timeout_ms, handle.0.controller.clone()) {
            *handle.0.timeout.borrow_mut() = Timeout::new(ms, move || controller.abort());
        }
        handle
    }

    /// Gives up.
    pub fn abort(&self) {
        if let Some(controller) = &self.0.controller {
            controller.abort();
        }
    }

    /// `GET` of this path. None where no answer came.
    pub async fn get(&self, path: &str) -> Option<Response> {
        let signal = self.0.controller.as_ref().map(AbortController::signal);
        Request::get(path).abort_signal(signal.as_ref()).send().await.ok()
    }

    /// `POST` of this JSON to this path. None where no answer came.
    pub async fn post(&self, path: &str, json: &str) -> Option<Response> {
        let signal = self.0.controller.as_ref().map(AbortController::signal);
        let request =
            Request::post(path).header("content-type", "application/json").abort_signal(signal.as_ref());
        request.body(json).ok()?.send().await.ok()
    }
}
