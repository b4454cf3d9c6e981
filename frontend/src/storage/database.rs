//! The browser's database: what is not sent and what is being written, for the next life of the
//! page.
//!
//! Three stores. `rows`: commands, under their `client_id` alone, for its 16 random bytes are one
//! row's in every log and under every author: who takes a row over stores it in the place of what
//! was. `leases`: until when a row belongs to a page, under the same key; apart from it, so that
//! one is written without reading: a page that is being closed gets no answers any more. `drafts`:
//! under log, member and room.
//!
//! Every access may fail (private windows, blocked storage, a full disk, a browser that never
//! answers). Then its answer says so, in bounded time, and the page works in memory.

use crate::timeout::Timeout;
use client::limits::{DRAFTS_MAX, FOREIGN_ROWS_MAX, OUTBOX_ROWS_MAX};
use client::persisted::{StoredDraft, StoredRow, StoredRows};
use client::view::RowKey;
use js_sys::{Array, Function};
use shared::json::from_str as read;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{
    Event, IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

/// The layout that is written here. An older one is brought to it when the database is opened.
const VERSION: u32 = 2;

const ROWS: &str = "rows";
const LEASES: &str = "leases";
const DRAFTS: &str = "drafts";

/// Milliseconds that the browser has to open the database, and to store a row. Past it: it is
/// taken as not stored.
const PATIENCE_MS: u64 = 3_000;

/// Entries of one store that are read. Past it: the rest stay stored.
const READ_MAX: u32 = 2 * (OUTBOX_ROWS_MAX + FOREIGN_ROWS_MAX + DRAFTS_MAX) as u32;

/// Accesses that wait for the database to open. Past it: they fail.
const WAITING_MAX: usize = 2 * OUTBOX_ROWS_MAX;

/// An access; it gets no database where there is none.
type Access = Box<dyn FnOnce(Option<&IdbDatabase>)>;

/// What a transaction writes.
type Fill = Box<dyn FnOnce(&IdbTransaction) -> Result<(), JsValue>>;

/// The database; clones are the same one. It is opened when it is first used.
#[derive(Clone)]
pub struct Database(Rc<DatabaseInner>);

struct DatabaseInner {
    name: String,
    state: RefCell<State>,
}

enum State {
    /// Not opened yet, or closed by the browser, or refused: the next access opens it.
    Closed {
        refused: bool,
    },
    Opening(Vec<Access>, Option<Timeout>),
    Open(IdbDatabase),
    /// The browser did not answer in time. It may do so later.
    Silent,
}

impl Database {
    /// The database of this name, which is the page's own if it is `teahouse`.
    pub fn new(name: &str) -> Self {
        let state = RefCell::new(State::Closed { refused: false });
        Database(Rc::new(DatabaseInner { name: name.to_owned(), state }))
    }

    /// False once it is known that nothing can be stored.
    pub fn is_usable(&self) -> bool {
        !matches!(*self.0.state.borrow(), State::Closed { refused: true } | State::Silent)
    }

    /// Reads all that is stored; none where nothing can be read.
    pub fn load(&self, done: impl FnOnce(Option<StoredRows>) + 'static) {
        let this = self.clone();
        self.with(Box::new(move |database| {
            let begun = database
                .and_then(|database| begin(database, &[ROWS, LEASES, DRAFTS], IdbTransactionMode::Readonly));
            let Some(transaction) = begun else { return done(None) };
            let all =
                |name| store(&transaction, name)?.get_all_with_key_and_limit(&JsValue::UNDEFINED, READ_MAX);
            let keys = |name| {
                store(&transaction, name)?.get_all_keys_with_key_and_limit(&JsValue::UNDEFINED, READ_MAX)
            };
            let asked = (|| Ok::<_, JsValue>([all(ROWS)?, all(LEASES)?, keys(LEASES)?, all(DRAFTS)?]))();
            let Ok(asked) = asked else { return done(None) };
            let tell = move |ok: bool| {
                let (stored, orphans) = stored(&asked);
                if !orphans.is_empty() {
                    this.forget_leases(orphans);
                }
                done(ok.then_some(stored));
            };
            when_over(&transaction, Box::new(tell));
        }));
    }

    /// Stores a row, and says whether it would survive a crash of the page. Not one of the machine:
    /// that would take a flush of the disk between Enter and sending.
    pub fn keep(&self, row: &StoredRow, done: impl FnOnce(bool) + 'static) {
        let (key, lease) = (key(row.key()), row.lease);
        let text = serde_json::to_string(row).unwrap_or_default();
        self.write(&[ROWS, LEASES], done, move |transaction| {
            store(transaction, ROWS)?.put_with_key(&text.into(), &key)?;
            store(transaction, LEASES)?.put_with_key(&time(lease), &key).map(drop)
        });
    }

    /// Forgets a row.
    pub fn drop_row(&self, row: RowKey) {
        self.write(&[ROWS, LEASES], drop, move |transaction| {
            store(transaction, ROWS)?.delete(&key(row))?;
            store(transaction, LEASES)?.delete(&key(row)).map(drop)
        });
    }

    /// Gives rows a lease, in milliseconds.
    pub fn lease(&self, rows: Vec<RowKey>, until: u64) {
        self.write(&[LEASES], drop, move |transaction| {
            let leases = store(transaction, LEASES)?;
            let put = |row| leases.put_with_key(&time(until), &key(row));
            rows.into_iter().try_for_each(|row| put(row).map(drop))
        });
    }

    /// A page that slept gave them to rows that another had sent meanwhile.
    fn forget_leases(&self, keys: Vec<String>) {
        self.write(&[LEASES], drop, move |transaction| {
            let leases = store(transaction, LEASES)?;
            keys.into_iter().try_for_each(|key| leases.delete(&key.into()).map(drop))
        });
    }

    /// Stores a draft, or forgets it if it is empty.
    pub fn keep_draft(&self, draft: &StoredDraft) {
        let log = draft.owner.epoch.map_or_else(String::new, |epoch| epoch.to_string());
        let key = JsValue::from(format!("{log}/{}/{}", draft.owner.member.0, draft.room.0));
        let text = (!draft.text.is_empty()).then(|| serde_json::to_string(draft).unwrap_or_default());
        self.write(&[DRAFTS], drop, move |transaction| match text {
            Some(text) => store(transaction, DRAFTS)?.put_with_key(&text.into(), &key).map(drop),
            None => store(transaction, DRAFTS)?.delete(&key).map(drop),
        });
    }

    /// Writes in one transaction.
    fn write(
        &self,
        stores: &'static [&'static str],
        done: impl FnOnce(bool) + 'static,
        fill: impl FnOnce(&IdbTransaction) -> Result<(), JsValue> + 'static,
    ) {
        self.write_boxed(stores, Box::new(done), Box::new(fill));
    }

    fn write_boxed(&self, stores: &'static [&'static str], done: Box<dyn FnOnce(bool)>, fill: Fill) {
        self.with(Box::new(move |database| {
            let begun = database.and_then(|database| begin(database, stores, IdbTransactionMode::Readwrite));
            let Some(transaction) = begun else { return done(false) };
            when_over(&transaction, done);
            #[expect(
                deprecated,
                reason = "a mark of an old draft that web-sys was made from; the standard has it"
            )]
            let over = match fill(&transaction) {
                // Said, not left to the browser: a page that is being closed gets no further.
                Ok(()) => transaction.commit(),
                Err(_) => transaction.abort(),
            };
            // A browser of before 2021 has no `commit`, and does it by itself.
            drop(over);
        }));
    }

    fn with(&self, access: Access) {
        let mut state = self.0.state.borrow_mut();
        match &mut *state {
            State::Opening(waiting, _) if waiting.len() < WAITING_MAX => waiting.push(access),
            State::Closed { .. } => {
                let database = self.clone();
                let patience = Timeout::new(PATIENCE_MS, move || database.opened(State::Silent));
                *state = State::Opening(vec![access], patience);
                drop(state);
                self.open();
            }
            State::Open(database) => {
                let database = database.clone();
                drop(state);
                access(Some(&database));
            }
            State::Opening(..) | State::Silent => {
                drop(state);
                access(None);
            }
        }
    }

    fn open(&self) {
        let refused = State::Closed { refused: true };
        let asked = factory().and_then(|factory| factory.open_with_u32(&self.0.name, VERSION).ok());
        let Some(request) = asked else { return self.opened(refused) };
        let lay_out = once(Box::new(|event| lay_out(&event).unwrap_or_default()));
        request.set_onupgradeneeded(Some(&lay_out));
        let over = {
            let (request, database) = (request.clone(), self.clone());
            once(Box::new(move |_| {
                let opened = request.result().ok().and_then(|result| result.dyn_into::<IdbDatabase>().ok());
                if let Some(opened) = &opened {
                    database.watch(opened);
                }
                database.opened(opened.map_or(refused, State::Open));
            }))
        };
        request.set_onsuccess(Some(&over));
        request.set_onerror(Some(&over));
    }

    /// The browser may take it away, and a newer page may want it to itself.
    fn watch(&self, opened: &IdbDatabase) {
        let (database, held) = (self.clone(), opened.clone());
        let over = Closure::<dyn FnMut()>::new(move || {
            held.close();
            database.0.state.replace(State::Closed { refused: false });
        });
        let over: Function = over.into_js_value().unchecked_into();
        opened.set_onversionchange(Some(&over));
        opened.set_onclose(Some(&over));
    }

    fn opened(&self, state: State) {
        let opened = if let State::Open(database) = &state { Some(database.clone()) } else { None };
        if let State::Opening(waiting, patience) = self.0.state.replace(state) {
            drop(patience);
            for access in waiting {
                access(opened.as_ref());
            }
        }
    }
}

/// There is none in some embedded pages.
fn factory() -> Option<IdbFactory> {
    web_sys::window()?.indexed_db().ok().flatten()
}

/// Makes the stores of a new database.
fn lay_out(event: &Event) -> Option<()> {
    let request: IdbOpenDbRequest = event.target()?.unchecked_into();
    let database: IdbDatabase = request.result().ok()?.unchecked_into();
    for name in [ROWS, LEASES, DRAFTS] {
        // The first layout was never released: what it had is let go of.
        let _ = database.delete_object_store(name);
        database.create_object_store(name).ok()?;
    }
    Some(())
}

fn begin(database: &IdbDatabase, stores: &[&str], mode: IdbTransactionMode) -> Option<IdbTransaction> {
    let stores: Array = stores.iter().map(|&name| JsValue::from(name)).collect();
    database.transaction_with_str_sequence_and_mode(&stores, mode).ok()
}

/// Tells whether the transaction is complete, once and in bounded time.
fn when_over(transaction: &IdbTransaction, done: Box<dyn FnOnce(bool)>) {
    let done = Rc::new(RefCell::new(Some(done)));
    let tell = move |ok| {
        let done = done.borrow_mut().take();
        if let Some(done) = done {
            done(ok);
        }
    };
    let patience = Timeout::new(PATIENCE_MS, {
        let tell = tell.clone();
        move || tell(false)
    });
    let over = once(Box::new(move |event| {
        drop(patience);
        tell(event.type_() == "complete");
    }));
    transaction.set_oncomplete(Some(&over));
    transaction.set_onabort(Some(&over));
}

fn once(listener: Box<dyn FnOnce(Event)>) -> Function {
    Closure::once_into_js(listener).unchecked_into()
}

fn store(transaction: &IdbTransaction, name: &str) -> Result<IdbObjectStore, JsValue> {
    transaction.object_store(name)
}

fn key(row: RowKey) -> JsValue {
    row.client_id.to_string().into()
}

/// Milliseconds, as the browser counts them.
fn time(ms: u64) -> JsValue {
    (ms as f64).into()
}

/// What was read, and the leases of rows that are not there. What a newer page wrote and this one
/// cannot read stays where it is.
fn stored([rows, leases, held, drafts]: &[IdbRequest; 4]) -> (StoredRows, Vec<String>) {
    let list = |request: &IdbRequest| request.result().map(|found| Array::from(&found)).unwrap_or_default();
    let texts = |request| list(request).iter().filter_map(|value| value.as_string()).collect::<Vec<_>>();
    let mut rows: Vec<StoredRow> = texts(rows).iter().filter_map(|text| read(text).ok()).collect();
    // A map would weigh more than this loop costs: few rows are stored.
    let mut leases: Vec<(String, u64)> = {
        let until =
            list(leases).iter().map(|until| until.as_f64().unwrap_or_default() as u64).collect::<Vec<_>>();
        texts(held).into_iter().zip(until).collect()
    };
    for row in &mut rows {
        let key = row.client_id.to_string();
        if let Some(found) = leases.iter().position(|(held, _)| *held == key) {
            row.lease = leases.swap_remove(found).1;
        }
    }
    let drafts = texts(drafts).iter().filter_map(|text| read(text).ok()).collect();
    (StoredRows { rows, drafts }, leases.into_iter().map(|(key, _)| key).collect())
}
