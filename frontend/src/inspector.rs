//! The connection inspector at `/inspect`: a program of its own, with [`client::inspect`] as its core.
//!
//! - [`shell`] performs the core's effects, with the WebSocket of `socket`
//! - [`page`] shows the core's state: [`life`], [`calls`], [`handshake`], [`frames`], [`editor`]
//! - [`frame`], `field`, `select`: the details of one frame, and the fields of the forms
//! - [`comparison`] runs the comparison of the transports, and [`side_by_side`] shows it

pub mod calls;
pub mod comparison;
pub mod editor;
mod field;
pub mod frame;
pub mod frames;
pub mod handshake;
pub mod life;
pub mod page;
mod select;
pub mod shell;
pub mod side_by_side;
mod socket;

use crate::components::focus::use_focus;
use crate::context::AppContext;
use crate::language::tr;
use crate::preferences::use_own_preferences;
use client::inspect::InspectorInput;
use page::inspect;
use shell::Shell;
use yew::prelude::*;

/// Properties of [`InspectorApp`].
#[derive(Clone, PartialEq, Properties)]
pub struct InspectorProps {
    /// The program's only shell, not yet started.
    pub shell: Shell,
}

/// Renders [`page::inspect`] with the shell's newest state, again after each change, and sets the title of
/// the document. It starts the shell with [`InspectorInput::Started`], and every input of the page goes to
/// [`Shell::handle`].
#[component]
pub fn InspectorApp(props: &InspectorProps) -> Html {
    let preferences = use_own_preferences();
    use_focus();
    let view = use_state(|| props.shell.view());
    use_effect_with(props.shell.clone(), {
        let view = view.setter();
        move |shell| {
            shell.watch(Callback::from(move |inspector| view.set(inspector)));
            let redrawn = shell.clone();
            shell.runner().watch_redraw(Callback::from(move |()| redrawn.show()));
            let signed_out = shell.clone();
            shell
                .runner()
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
    let context = AppContext { preferences, emit: Callback::noop() };
    let screen = inspect(&context, &view, props.shell.runner(), &emit);
    html! { <ContextProvider<AppContext> context={context}>{ screen }</ContextProvider<AppContext>> }
}
