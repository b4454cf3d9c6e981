//! The logo and the name of the house.

use crate::language::{Language, tr};
use yew::prelude::*;

/// Draws the logo: a cup with steam. A screen reader skips it.
pub fn cup() -> Html {
    html! {
        <svg key="cup" class="cup" viewBox="0 0 32 32" aria-hidden="true">
            <path d="M5 14h19v5a8 8 0 0 1-8 8h-3a8 8 0 0 1-8-8z" />
            <path d="M24 16h1.5a3.5 3.5 0 0 1 0 7H23" />
            <path d="M11 10c-1.5-2 1.5-3 0-5.5M17 10c-1.5-2 1.5-3 0-5.5" />
        </svg>
    }
}

/// Shows the logo and the house's name in the person's language. It reads no view and emits no input.
pub fn brand(language: Language) -> Html {
    html! {
        <span key="brand" class="brand">
            { cup() }
            <span key="name" class="brand_name">{ tr!(language, "house.name") }</span>
        </span>
    }
}
