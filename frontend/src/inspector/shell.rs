//! The inspector's shell: it performs the effects of [`client::inspect`]. It has a WebSocket of its own and no
//! [`crate::driver::Driver`], so that only the person's own calls happen on the connection.

use super::comparison::Runner;
use super::socket::Socket;
use crate::clock;
use crate::transport::http;
use client::inspect::{Inspector, InspectorEffect, InspectorInput, SocketEvent};
use client::view::ReadyState;
use std::{cell::RefCell, collections::VecDeque, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::Callback;

/// Handle of the shell; clones refer to the same shell.
#[derive(Clone, Default)]
pub struct Shell(Rc<ShellInner>);

impl PartialEq for Shell {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Default)]
struct ShellInner {
    inspector: RefCell<Rc<Inspector>>,
    socket: RefCell<Option<(u32, Socket)>>,
    watcher: RefCell<Callback<Rc<Inspector>>>,
    runner: Runner,
}

impl Shell {
    /// Returns the runner of the comparison, which the page controls directly.
    pub fn runner(&self) -> &Runner {
        &self.0.runner
    }

    /// Calls `watcher` with every new state from now on. It replaces the watcher before it.
    pub fn watch(&self, watcher: Callback<Rc<Inspector>>) {
        self.0.watcher.replace(watcher);
    }

    /// Returns the current state of the inspector's core.
    pub fn view(&self) -> Rc<Inspector> {
        self.0.inspector.borrow().clone()
    }

    /// Lets the core handle an input, performs the effects, and passes the state to the watcher. While a
    /// comparison measures latencies, the watcher is not called.
    pub fn handle(&self, input: InspectorInput) {
        let (mut inputs, mut effects) = (VecDeque::from([input]), Vec::new());
        while let Some(input) = inputs.pop_front() {
            Rc::make_mut(&mut self.0.inspector.borrow_mut()).handle(input, clock::mono_ms(), &mut effects);
            inputs.extend(effects.drain(..).filter_map(|effect| self.perform(effect)));
        }
        // The messages of a comparison arrive on this connection too, and drawing them would delay
        // the connections that are compared.
        if !self.0.runner.measures() {
            self.show();
        }
    }

    /// Passes the current state to the watcher.
    pub fn show(&self) {
        let watcher = self.0.watcher.borrow().clone();
        watcher.emit(self.view());
    }

    /// Performs an effect, and returns the input that follows from it at once, if there is one.
    fn perform(&self, effect: InspectorEffect) -> Option<InspectorInput> {
        let number = match effect {
            InspectorEffect::FetchIdentity => {
                let shell = self.clone();
                spawn_local(async move { shell.handle(InspectorInput::IdentityFetched(http::me().await)) });
                return None;
            }
            InspectorEffect::Open(number) => {
                let shell = self.clone();
                let opened = Socket::open(move |event| shell.handle_socket_event(number, event));
                // Replacing drops the socket before it, with its listeners.
                self.0.socket.replace(opened.ok().map(|socket| (number, socket)));
                number
            }
            InspectorEffect::Transmit(number, text) => {
                self.with_socket(|socket| socket.send(&text));
                number
            }
            InspectorEffect::Close(number, code, reason) => {
                self.with_socket(|socket| socket.close(code, &reason));
                number
            }
        };
        Some(InspectorInput::StateRead(number, self.ready_state()))
    }

    fn handle_socket_event(&self, number: u32, event: SocketEvent) {
        self.handle(InspectorInput::StateRead(number, self.ready_state()));
        self.handle(InspectorInput::EventReceived(number, event));
    }

    fn with_socket(&self, act: impl FnOnce(&Socket)) {
        if let Some((_, socket)) = &*self.0.socket.borrow() {
            act(socket);
        }
    }

    /// The socket's own `readyState`; closed if the browser has refused to create the socket.
    fn ready_state(&self) -> ReadyState {
        self.0.socket.borrow().as_ref().map_or(ReadyState::Closed, |(_, socket)| socket.ready_state())
    }
}
