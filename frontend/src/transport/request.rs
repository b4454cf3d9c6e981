//! One request over HTTP, which can be given up.

use crate::timeout::Timeout;
use gloo_net::http::{Request, Response};
use std::{cell::RefCell, rc::Rc};
use web_sys::AbortController;

/// Gives up the requests that are made with it, when it is told to or dropped.
#[derive(Clone, Debug)]
pub struct Cutter(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    controller: Option<AbortController>,
    patience: RefCell<Option<Timeout>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(controller) = &self.controller {
            controller.abort();
        }
    }
}

impl Cutter {
    /// One that cuts after so many milliseconds too, where there is such a time.
    pub fn new(patience_ms: Option<u64>) -> Self {
        // Every browser that runs the page's WebAssembly has it; without, a request takes its time.
        let controller = AbortController::new().ok();
        let cutter = Cutter(Rc::new(Inner { controller, patience: RefCell::default() }));
        if let (Some(ms), Some(controller)) = (patience_ms, cutter.0.controller.clone()) {
            *cutter.0.patience.borrow_mut() = Timeout::new(ms, move || controller.abort());
        }
        cutter
    }

    /// Gives up.
    pub fn cut(&self) {
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
