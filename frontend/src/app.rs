//! The root component of the chat, which connects the page to its driver.

use crate::context::ViewRef;
use crate::driver::Driver;
use crate::page::Page;
use yew::prelude::*;

/// Properties of [`App`].
#[derive(Clone, PartialEq, Properties)]
pub struct AppProps {
    /// The program's only driver, already started.
    pub driver: Driver,
}

/// Renders [`Page`] with the driver's newest view, again after each change. Every input of the page goes to
/// [`Driver::handle`].
#[component]
pub fn App(props: &AppProps) -> Html {
    let view = use_state(|| ViewRef(props.driver.view()));
    use_effect_with(props.driver.clone(), {
        let view = view.setter();
        move |driver| {
            let setter = view.clone();
            driver.watch(Callback::from(move |view| setter.set(ViewRef(view))));
            // The view may have changed between the first render and now.
            view.set(ViewRef(driver.view()));
        }
    });
    let emit = use_callback(props.driver.clone(), |input, driver| driver.handle(input));
    html! { <Page view={(*view).clone()} {emit} /> }
}
