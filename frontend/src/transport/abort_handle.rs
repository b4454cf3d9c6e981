//! HTTP requests that can be aborted.

use crate::timeout::Timeout;
use gloo_net::http::{Request, Response};
use std::{cell::RefCell, rc::Rc};
use web_sys::AbortController;

/// Handle that aborts the requests made with it: on [`AbortHandle::abort`], after its timeout, or when the
/// last clone is dropped. An aborted request has no response, and a body that is still being read ends with
/// an error.
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
    /// Creates a handle that aborts after `timeout_ms` milliseconds; with `None`, it has no timeout.
    pub fn new(timeout_ms: Option<u64>) -> Self {
        // Every browser that runs the page's WebAssembly has AbortController. Without it, nothing is aborted.
        let controller = AbortController::new().ok();
        let handle = AbortHandle(Rc::new(AbortHandleInner { controller, timeout: RefCell::default() }));
        if let (Some(ms), Some(controller)) = (timeout_ms, handle.0.controller.clone()) {
            *handle.0.timeout.borrow_mut() = Timeout::new(ms, move || controller.abort());
        }
        handle
    }

    /// Aborts all requests that were made with this handle, at once. Requests made with it afterwards fail
    /// too.
    pub fn abort(&self) {
        if let Some(controller) = &self.0.controller {
            controller.abort();
        }
    }

    /// Sends `POST` with a JSON body to a path, or `GET` if there is no body. Returns `None` if the request
    /// failed or was aborted before the response's headers came.
    pub async fn fetch(&self, path: &str, json: Option<&str>) -> Option<Response> {
        match json {
            Some(json) => self.post(path, json).await,
            None => self.get(path).await,
        }
    }

    async fn get(&self, path: &str) -> Option<Response> {
        let signal = self.0.controller.as_ref().map(AbortController::signal);
        Request::get(path).abort_signal(signal.as_ref()).send().await.ok()
    }

    async fn post(&self, path: &str, json: &str) -> Option<Response> {
        let signal = self.0.controller.as_ref().map(AbortController::signal);
        let request =
            Request::post(path).header("content-type", "application/json").abort_signal(signal.as_ref());
        request.body(json).ok()?.send().await.ok()
    }
}
