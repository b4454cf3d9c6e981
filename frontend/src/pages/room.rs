//! Behind the door: the rail, the open room, who is here.

use crate::components::brand::brand;
use crate::components::composer::Composer;
use crate::components::dialog::{Dialog, Place};
use crate::components::header::header;
use crate::components::message_list::MessageList;
use crate::components::notices::notices;
use crate::components::people::people;
use crate::components::pill::pill;
use crate::components::rail::rail;
use crate::components::settings::Settings;
use crate::context::{Seen, use_surroundings};
use crate::hooks::media::use_media;
use crate::language::tr;
use client::view::Identity;
use yew::prelude::*;

/// What [`Room`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct RoomProps {
    /// The view; its identity is somebody.
    pub view: Seen,
}

/// From here on the rail is beside the room (the stylesheet says the same).
const HAS_RAIL: &str = "(min-width: 720px)";

/// From here on the people are, too.
const HAS_PEOPLE: &str = "(min-width: 1040px)";

/// A dialog that is open or not, and the two ways to change it.
#[hook]
fn use_panel() -> (bool, Callback<()>, Callback<()>) {
    let open = use_state_eq(|| false);
    let (show, hide) = (open.setter(), open.setter());
    let show = use_callback((), move |(), ()| show.set(true));
    let hide = use_callback((), move |(), ()| hide.set(false));
    (*open, show, hide)
}

/// The screen.
#[component]
pub fn Room(props: &RoomProps) -> Html {
    let around = use_surroundings();
    let language = around.language();
    let (has_rail, has_people) = (use_media(HAS_RAIL), use_media(HAS_PEOPLE));
    let (menu, open_menu, close_menu) = use_panel();
    let (listed, open_people, close_people) = use_panel();
    let (settings, open_settings, close_settings) = use_panel();
    let field = use_node_ref();
    let view = &props.view;
    let Identity::Somebody { me, busy, refusal } = &view.identity else {
        return html! { <main></main> };
    };
    let rail = rail(language, me, &close_menu, &open_settings);
    let list = people(language, view);
    html! {
        <div class="house">
            if has_rail {
                <div key="rail" class="rail">
                    <div key="head" class="rail_head">{ brand(language) }{ pill(language, view.link.ready_state) }</div>
                    { rail.clone() }
                </div>
            }
            <main key="room" class="room">
                { header(language, view, (!has_rail).then_some(&open_menu), (!has_people).then_some(&open_people)) }
                <div key="talk" class="talk">
                    <MessageList key="list" view={view.clone()} />
                    { notices(&around, view, &field) }
                </div>
                <Composer key="composer" view={view.clone()} {field} />
            </main>
            if has_people {
                <aside key="people" class="people" aria-label={tr!(language, "people.title")}>
                    { list.clone() }
                </aside>
            }
            if !has_rail {
                <Dialog key="menu" id="menu_dialog" title={tr!(language, "house.name")} place={Place::Start}
                    open={menu} on_close={close_menu}>{ rail }</Dialog>
            }
            if !has_people {
                <Dialog key="people_dialog" id="people_dialog" title={tr!(language, "people.title")}
                    place={Place::End} open={listed} on_close={close_people}>{ list }</Dialog>
            }
            <Dialog key="settings" id="settings_dialog" title={tr!(language, "settings.title")}
                place={Place::Middle} open={settings} on_close={close_settings}>
                <Settings me={me.clone()} busy={*busy} refusal={refusal.clone()} />
            </Dialog>
        </div>
    }
}
