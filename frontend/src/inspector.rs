//! The connection inspector at `/inspect`: its mind is [`client::inspect`], this is its hands. It has a WebSocket of its
//! own and no [`crate::driver::Driver`], so that nothing but what the person does happens on it.

pub mod comparison;
mod socket;

use crate::clock;
use crate::context::Surroundings;
use crate::language::tr;
use crate::pages::inspect::inspect;
use crate::preferences::use_own_preferences;
use crate::transport::http;
use client::inspect::{Inspector, InspectorEffect, InspectorInput, SocketEvent};
use client::view::ReadyState;
use socket::Socket;
use std::{cell::RefCell, collections::VecDeque, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// The handle; clones are the same shell.
#[derive(Clone, Default)]
pub struct Shell(Rc<Inner>);

impl PartialEq for Shell {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Default)]
struct Inner {
    inspector: RefCell<Rc<Inspector>>,
    socket: RefCell<Option<(u32, Socket)>>,
    watcher: RefCell<Callback<Rc<Inspector>>>,
    runner: comparison::Runner,
}

impl Shell {
    /// What the inspector holds now.
    pub fn view(&self) -> Rc<Inspector> {
        self.0.inspector.borrow().clone()
    }

    /// Lets the inspector handle one input, and shows what came of it.
    pub fn handle(&self, input: InspectorInput) {
        let (mut inputs, mut effects) = (VecDeque::from([input]), Vec::new());
        while let Some(input) = inputs.pop_front() {
            Rc::make_mut(&mut self.0.inspector.borrow_mut()).handle(input, clock::now(), &mut effects);
            inputs.extend(effects.drain(..).filter_map(|effect| self.perform(effect)));
        }
        // Its messages come on this connection too, and drawing that would make them late.
        if !self.0.runner.measures() {
            self.show();
        }
    }

    fn show(&self) {
        let watcher = self.0.watcher.borrow().clone();
        watcher.emit(self.view());
    }

    /// What became of it at once, if anything.
    fn perform(&self, effect: InspectorEffect) -> Option<InspectorInput> {
        let number = match effect {
            InspectorEffect::AskMe => {
                let shell = self.clone();
                spawn_local(async move { shell.handle(InspectorInput::Me(http::me().await)) });
                return None;
            }
            InspectorEffect::Open(number) => {
                let shell = self.clone();
                let opened = Socket::open(move |told| shell.hear(number, told));
                // The one before goes with its listeners.
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
        Some(InspectorInput::State(number, self.ready_state()))
    }

    fn hear(&self, number: u32, told: SocketEvent) {
        self.handle(InspectorInput::State(number, self.ready_state()));
        self.handle(InspectorInput::Told(number, told));
    }

    fn with_socket(&self, act: impl FnOnce(&Socket)) {
        if let Some((_, socket)) = &*self.0.socket.borrow() {
            act(socket);
        }
    }

    /// The real one; closed where the browser has forbidden the address.
    fn ready_state(&self) -> ReadyState {
        self.0.socket.borrow().as_ref().map_or(ReadyState::Closed, |(_, socket)| socket.ready_state())
    }
}

/// What [`InspectorApp`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct InspectorProps {
    /// The one shell.
    pub shell: Shell,
}

/// Shows the inspector, and emits to it.
#[component]
pub fn InspectorApp(props: &InspectorProps) -> Html {
    let preferences = use_own_preferences();
    let view = use_state(|| props.shell.view());
    use_effect_with(props.shell.clone(), {
        let view = view.setter();
        move |shell| {
            shell.0.watcher.replace(Callback::from(move |inspector| view.set(inspector)));
            let beside = shell.clone();
            shell.0.runner.watch_beside(Callback::from(move |()| beside.show()));
            let signed_out = shell.clone();
            shell
                .0
                .runner
                .watch_signed_out(Callback::from(move |()| signed_out.handle(InspectorInput::SignedOut)));
            shell.handle(InspectorInput::Started);
        }
    });
    use_effect_with(preferences.language, |language| {
        let (title, house) = (tr!(*language, "inspect.title"), tr!(*language, "house.name"));
        if let Some(page) = web_sys::window().and_then(|window| window.document()) {
            page.set_title(&tr!(*language, "house.title", room = title, house = house));
        }
    });
    let emit = use_callback(props.shell.clone(), |input, shell| shell.handle(input));
    let around = Surroundings { preferences, emit: Callback::noop() };
    let screen = inspect(&around, &view, &props.shell.0.runner, &emit);
    html! { <ContextProvider<Surroundings> context={around}>{ screen }</ContextProvider<Surroundings>> }
}
