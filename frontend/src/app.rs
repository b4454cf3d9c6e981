//! The page, bound to its driver.

use crate::context::ViewRef;
use crate::driver::Driver;
use crate::page::Page;
use yew::prelude::*;

/// What [`App`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct AppProps {
    /// The one driver.
    pub driver: Driver,
}

/// Shows the driver's view, and emits to the driver.
#[component]
pub fn App(props: &AppProps) -> Html {
    let view = use_state(|| ViewRef(props.driver.view()));
    use_effect_with(props.driver.clone(), {
        let view = view.setter();
        move |driver| {
            let setter = view.clone();
            driver.watch(Callback::from(move |view| setter.set(ViewRef(view))));
            // It may have changed between the first render and now.
            view.set(ViewRef(driver.view()));
        }
    });
    let emit = use_callback(props.driver.clone(), |input, driver| driver.handle(input));
    html! { <Page view={(*view).clone()} {emit} /> }
}
