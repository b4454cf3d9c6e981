//! The list of the present members of the house: those who are here, and those who are away.

use crate::components::avatar::avatar;
use crate::components::memo::Draw;
use crate::context::AppContext;
use crate::language::{Language, tr};
use client::view::{People, Person, Slice};
use yew::prelude::*;

/// The people who are here and those who are away, and the number of those beyond the list. It emits no input.
#[derive(PartialEq)]
pub struct PeopleList {
    /// The view's `people`.
    pub people: Slice<People>,
    /// Whether the connection is unusable. Then the list is dimmed, and its title says that it shows the last
    /// known state.
    pub stale: bool,
}

impl Draw for PeopleList {
    fn draw(&self, context: &AppContext) -> Html {
        list(context.language(), self)
    }
}

fn list(language: Language, props: &PeopleList) -> Html {
    let (list, stale) = (&props.people.list, props.stale);
    let (away, here): (Vec<&Person>, Vec<&Person>) = list.iter().partition(|person| person.away);
    let named = u32::try_from(list.len()).unwrap_or(u32::MAX);
    let more = props.people.count.saturating_sub(named);
    let count = here.len();
    let title = match stale {
        false => tr!(language, "people.here", count = count),
        true => tr!(language, "people.last_seen", count = count),
    };
    html! {
        <div class={classes!("people_list", stale.then_some("stale"))}>
            <h3 key="here_title">{ title }</h3>
            <ul key="here">{ for here.into_iter().map(|person| entry(language, person)) }</ul>
            if !away.is_empty() {
                <h3 key="away_title">{ tr!(language, "people.away", count = away.len()) }</h3>
                <ul key="away">{ for away.into_iter().map(|person| entry(language, person)) }</ul>
            }
            if more > 0 {
                <div key="more" class="more">{ tr!(language, "people.more", count = more) }</div>
            }
        </div>
    }
}

fn entry(language: Language, person: &Person) -> Html {
    let name = AttrValue::from(person.name.clone());
    html! {
        <li key={person.id.0} class={person.away.then_some("is_away")}>
            <span class="avatar_presence">
                { avatar(person.id, &person.name, None, true) }
                <span class="dot" aria-hidden="true"></span>
            </span>
            <span class="name" dir="auto">{ name }</span>
            if person.me {
                <span class="tag">{ tr!(language, "people.you") }</span>
            }
        </li>
    }
}
