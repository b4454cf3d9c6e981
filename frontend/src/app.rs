//! Connects the page to its driver.

use crate::context::ViewRef;
use crate::driver::Driver;
use crate::page::{Page, PageProps};
use std::{cell::RefCell, rc::Rc};
use web_sys::Element;
use yew::prelude::*;

/// The page in the document, which shows the views of one driver.
pub struct App(Rc<RefCell<AppHandle<Page>>>);

impl App {
    /// Shows [`Page`] in `host` with the driver's newest view, again after each change. Every input of the page
    /// goes to [`Driver::handle`].
    pub fn show(driver: &Driver, host: Element) -> Self {
        let emit = {
            let driver = driver.clone();
            Callback::from(move |input| driver.handle(input))
        };
        let props = move |view| PageProps { view: ViewRef(view), emit: emit.clone() };
        let page = yew::Renderer::<Page>::with_root_and_props(host, props(driver.view())).render();
        let page = Rc::new(RefCell::new(page));
        let shown = page.clone();
        driver.watch(Callback::from(move |view| shown.borrow_mut().update(props(view))));
        App(page)
    }

    /// Removes the page from the document. The driver shows its views to nobody from now on.
    pub fn remove(self, driver: &Driver) {
        driver.watch(Callback::noop());
        // The driver had the only other reference.
        if let Some(page) = Rc::into_inner(self.0) {
            page.into_inner().destroy();
        }
    }
}
