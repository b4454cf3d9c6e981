//! The inspector's page: the lifecycle of a connection, its handshake, its frames, the frame editor, and the
//! comparison of the transports.

use crate::components::brand::brand;
use crate::components::connection_badge::connection_badge;
use crate::components::preference_switches::{language_switch, theme_switch};
use crate::context::AppContext;
use crate::inspector::comparison::Runner;
use crate::inspector::{
    calls::Calls, editor::editor, frames::frames, handshake, life, side_by_side::SideBySide,
};
use crate::language::{Language, tr};
use client::inspect::{Inspector, InspectorInput, SignedIn};
use client::transport::Transport;
use client::view::ConnectionStatus;
use shared::Member;
use yew::prelude::*;

/// Shows all sections of the inspector, the badge of its connection, and the switches for language and theme.
/// It reads the whole state `view` of the core. The sections emit inputs through `emit`, and control the
/// comparison through `runner`.
pub fn inspect(
    context: &AppContext,
    view: &Inspector,
    runner: &Runner,
    emit: &Callback<InspectorInput>,
) -> Html {
    let language = context.language();
    let link = ConnectionStatus::new(Transport::WebSocket, view.life.state());
    html! {
        <main key="inspect" class="inspect">
            <header key="head" class="inspect_head">
                <a href="/" title={tr!(language, "inspect.home")}>{ brand(language) }</a>
                { connection_badge(language, link) }
            </header>
            <h1 key="title">{ tr!(language, "inspect.title") }</h1>
            <p key="about" class="about_it">{ tr!(language, "inspect.about") }</p>
            { who(language, &view.signed_in) }
            { section("life", tr!(language, "inspect.life"), tr!(language, "inspect.life_about"), html! {
                <>
                    { life::states(language, &view.life) }
                    <Calls key="calls" {language} going_on={view.life.is_alive()} send_fault={view.send_fault}
                        close_fault={view.close_fault} emit={emit.clone()} />
                    { life::moments(language, &view.life) }
                </>
            }) }
            { section("handshake", tr!(language, "inspect.handshake"), tr!(language, "inspect.handshake_about"), html! {
                <>
                    { handshake::heads(language, view.handshake.as_deref()) }
                    { handshake::accept(language, view, emit) }
                    { handshake::location_note(language) }
                </>
            }) }
            { section("frames", tr!(language, "inspect.frames"), tr!(language, "inspect.frames_about"),
                frames(language, &view.frames, emit)) }
            { section("editor", tr!(language, "inspect.editor"), tr!(language, "inspect.editor_about"),
                editor(language, &view.editor, emit)) }
            { section("side", tr!(language, "inspect.side"), tr!(language, "inspect.side_about"), html! {
                <SideBySide key="side" {language} member={member(&view.signed_in)} runner={runner.clone()} />
            }) }
            <footer key="foot" class="inspect_foot">
                { language_switch(&context.preferences) }
                { theme_switch(&context.preferences) }
            </footer>
        </main>
    }
}

fn member(who: &SignedIn) -> Option<Member> {
    if let SignedIn::Somebody(member) = who { Some(member.clone()) } else { None }
}

fn who(language: Language, who: &SignedIn) -> Html {
    let content = match who {
        SignedIn::Unknown => return html! { <p key="who"></p> },
        SignedIn::Somebody(member) => html! { { tr!(language, "inspect.signed_in", name = member.name) } },
        SignedIn::Nobody => html! {
            <>
                { tr!(language, "inspect.nobody") }
                { " " }
                <a href="/">{ tr!(language, "join.action") }</a>
            </>
        },
    };
    html! { <p key="who" id="who" class="about_it">{ content }</p> }
}

fn section(id: &'static str, title: AttrValue, about: AttrValue, content: Html) -> Html {
    let heading = format!("{id}_title");
    html! {
        <section key={id} {id} class="panel" aria-labelledby={heading.clone()}>
            <h2 key="title" id={heading}>{ title }</h2>
            <p key="about" class="hint">{ about }</p>
            { content }
        </section>
    }
}
