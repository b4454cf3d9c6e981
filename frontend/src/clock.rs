//! The browser's two clocks, and its formats of times and dates. Times that people read are milliseconds since
//! 1970, UTC.

use crate::language::Language;
use js_sys::{Array, Date, Function, Intl::DateTimeFormat, Object, Reflect};
use shared::Now;
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsValue;

/// Reads both clocks, for a core.
pub fn now() -> Now {
    Now { mono: mono_ms(), wall: wall_ms() }
}

/// Milliseconds since the page was loaded (`performance.now()`), so they mean nothing to another page. They
/// never step. In some browsers they stand still while the device sleeps.
pub fn mono_ms() -> u64 {
    mono_us() / 1_000
}

/// [`mono_ms`] in microseconds, as far as the browser tells them.
pub fn mono_us() -> u64 {
    let clock = web_sys::window().and_then(|window| window.performance());
    clock.map_or(0, |clock| (clock.now() * 1_000.0) as u64)
}

/// Milliseconds since 1970 by the device's clock. It may be wrong, and it steps when it is set.
pub fn wall_ms() -> u64 {
    Date::now() as u64
}

/// Minutes by which the person's time zone is behind UTC at `at`, as `Date.getTimezoneOffset` returns them;
/// negative east of Greenwich.
pub fn minutes_behind_utc(at: u64) -> i32 {
    // Ask for that time and not for now, because daylight saving time changes the offset.
    date_of(at).get_timezone_offset() as i32
}

/// Hour and minute of `at` in the person's time zone, as the person's language writes them.
pub fn time_of_day(language: Language, at: u64) -> String {
    format(Form::Time, language, at)
}

/// Weekday, month and day of `at` in the person's time zone, as the person's language writes them; with the year
/// if `has_year`.
pub fn date(language: Language, at: u64, has_year: bool) -> String {
    format(if has_year { Form::DateWithYear } else { Form::Date }, language, at)
}

/// Year in which a day falls, counted as [`crate::calendar::day_number`] does.
pub fn year_of_day(day: i64) -> u32 {
    Date::new(&JsValue::from_f64(day as f64 * 86_400_000.0)).get_utc_full_year()
}

/// Returns a number that is another one in another time zone. After a change, the formats of times and dates use
/// the new zone too.
pub fn time_zone() -> i32 {
    thread_local! {
        static LAST: Cell<i32> = const { Cell::new(0) };
    }
    // Zones that agree in summer and in winter show the same times.
    let now = wall_ms();
    let zone = minutes_behind_utc(now) * 2_000 + minutes_behind_utc(now.saturating_sub(HALF_A_YEAR_MS));
    if LAST.replace(zone) != zone {
        FORMATTERS.take();
    }
    zone
}

const HALF_A_YEAR_MS: u64 = 182 * 86_400_000;

/// Time at which a date such as `2026-01-31` begins in the person's time zone; `None` if the text is no date
/// after 1970.
pub fn day_start(date: &str) -> Option<u64> {
    // A time without a zone is local time.
    let at = Date::parse(&format!("{date}T00:00"));
    (date.len() == 10 && at >= 0.0).then_some(at as u64)
}

/// Current date in the person's time zone, in the form of a date field: `2026-01-31`.
pub fn date_of_today() -> String {
    let now = date_of(wall_ms());
    format!("{:04}-{:02}-{:02}", now.get_full_year(), now.get_month() + 1, now.get_date())
}

/// Text of a time for the `datetime` attribute (ISO 8601, UTC).
pub fn iso(at: u64) -> String {
    String::from(date_of(at).to_iso_string())
}

fn date_of(at: u64) -> Date {
    Date::new(&JsValue::from_f64(at as f64))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Time,
    Date,
    DateWithYear,
}

impl Form {
    fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Form::Time => &[("hour", "2-digit"), ("minute", "2-digit")],
            Form::Date => &[("weekday", "long"), ("month", "long"), ("day", "numeric")],
            Form::DateWithYear => {
                &[("weekday", "long"), ("month", "long"), ("day", "numeric"), ("year", "numeric")]
            }
        }
    }
}

thread_local! {
    /// Formatters in use, at most one for each language and form. Making one costs more than all its uses.
    static FORMATTERS: RefCell<Vec<(Language, Form, Function)>> = const { RefCell::new(Vec::new()) };
}

fn format(form: Form, language: Language, at: u64) -> String {
    let formatter = FORMATTERS.with_borrow_mut(|held| {
        if let Some((.., formatter)) = held.iter().find(|(l, f, _)| (*l, *f) == (language, form)) {
            return formatter.clone();
        }
        let formatter = formatter(form, language);
        held.push((language, form, formatter.clone()));
        formatter
    });
    let text = formatter.call1(&JsValue::UNDEFINED, &JsValue::from_f64(at as f64));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn formatter(form: Form, language: Language) -> Function {
    let options = Object::new();
    for (name, value) in form.options() {
        // The call fails only on frozen objects and proxies.
        drop(Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(value)));
    }
    let locales = Array::of1(&JsValue::from_str(&locale(language)));
    DateTimeFormat::new(&locales, &options).format()
}

/// The person's own variant of the language, such as `en-GB`, which decides whether an hour is written 21 or
/// 9 PM. If the browser names none, the language's tag.
pub fn locale(language: Language) -> String {
    let spoken = crate::preferences::browser_languages();
    spoken.into_iter().find(|tag| language.covers(tag)).unwrap_or_else(|| language.tag().to_owned())
}
