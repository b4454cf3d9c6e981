//! The browser's database (IndexedDB): unsent commands and drafts, which survive a reload of the page.
//!
//! The database has these object stores:
//!
//! - `rows`: commands by their `client_id`, which is unique for every log and author. When a member adopts a
//!   row of another, the new row replaces the old one.
//! - `leases`: the end of each row's lease, by the same key. Leases are separate so that a page can write them
//!   without reading the row, because a page that is being closed gets no more answers.
//! - `drafts`: drafts by log, member and room, and by the root of the thread if there is one.
//! - `blobs`: the bytes of files that wait to be sent, by the key of their row. Nothing writes them yet.
//!
//! Every access may fail (private windows, blocked storage, a full disk, a browser that never answers). Then
//! its callback reports the failure within `DATABASE_TIMEOUT_MS`, and the page works in memory.

use crate::timeout::Timeout;
use client::limits::{DRAFTS_MAX, FOREIGN_ROWS_MAX, OUTBOX_ROWS_MAX};
use client::persisted::{StoredDraft, StoredRow, StoredRows};
use client::view::RowKey;
use js_sys::{Array, Function, Reflect};
use shared::json::from_str as read;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{
    Event, IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

/// A step to a layout; `None` if the browser refuses it.
type Migration = fn(&IdbDatabase) -> Option<()>;

/// The layouts with the steps to them, in their order. Opening a database executes the steps that it lacks. A step
/// keeps everything that is stored and every store, and is never changed once it has been released: tabs of earlier builds
/// open the newest layout too.
const MIGRATIONS: [(u32, Migration); 2] = [(2, create_rows_and_drafts), (3, create_blobs)];

/// Version of the newest layout.
const VERSION: u32 = MIGRATIONS[MIGRATIONS.len() - 1].0;

const ROWS: &str = "rows";
const LEASES: &str = "leases";
const DRAFTS: &str = "drafts";
const BLOBS: &str = "blobs";

/// Time that the browser has to open the database, and to complete a transaction, in milliseconds. Beyond
/// it, the access has failed.
const DATABASE_TIMEOUT_MS: u64 = 3_000;

/// Most entries of one object store that are read. The rest stay stored and unread.
const READ_MAX: u32 = 2 * (OUTBOX_ROWS_MAX + FOREIGN_ROWS_MAX + DRAFTS_MAX) as u32;

/// Most accesses that wait for the database to open. Further ones fail.
const WAITING_MAX: usize = 2 * OUTBOX_ROWS_MAX;

/// An access to the database; its argument is `None` if the database cannot be used.
type Access = Box<dyn FnOnce(Option<&IdbDatabase>)>;

/// Fills a transaction with requests.
type Fill = Box<dyn FnOnce(&IdbTransaction) -> Result<(), JsValue>>;

/// Handle of the database; clones refer to the same one. The first access opens it.
#[derive(Clone)]
pub struct Database(Rc<DatabaseInner>);

struct DatabaseInner {
    name: String,
    state: RefCell<State>,
}

enum State {
    /// Not opened yet, closed by the browser, or refused by it. The next access opens the database.
    Closed {
        refused: bool,
    },
    Opening(Vec<Access>, Option<Timeout>),
    Open(IdbDatabase),
    /// The browser did not answer in time. A late answer still opens the database.
    Silent,
}

impl Database {
    /// Creates a handle of the database with this name; the page's own is `teahouse`. Nothing is opened yet.
    pub fn new(name: &str) -> Self {
        let state = RefCell::new(State::Closed { refused: false });
        Database(Rc::new(DatabaseInner { name: name.to_owned(), state }))
    }

    /// Whether storing may succeed: false after the browser has refused to open the database or did not
    /// answer.
    pub fn is_usable(&self) -> bool {
        !matches!(*self.0.state.borrow(), State::Closed { refused: true } | State::Silent)
    }

    /// Reads all stored rows and drafts, up to the limits, and calls `done` with them; with `None` if reading
    /// fails.
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
            let requests = (|| Ok::<_, JsValue>([all(ROWS)?, all(LEASES)?, keys(LEASES)?, all(DRAFTS)?]))();
            let Ok(requests) = requests else { return done(None) };
            let pass_rows = move |ok: bool| {
                let (stored, orphans) = stored(&requests);
                if !orphans.is_empty() {
                    this.forget_leases(orphans);
                }
                done(ok.then_some(stored));
            };
            when_over(&transaction, Box::new(pass_rows));
        }));
    }

    /// Stores a row with its lease, and calls `done` with whether that succeeded. A stored row survives a
    /// crash of the page, but perhaps not one of the machine: that would need a flush of the disk before
    /// sending.
    pub fn keep(&self, row: &StoredRow, done: impl FnOnce(bool) + 'static) {
        let (key, lease) = (key(row.key()), row.lease);
        let text = serde_json::to_string(row).unwrap_or_default();
        self.write(&[ROWS, LEASES], done, move |transaction| {
            store(transaction, ROWS)?.put_with_key(&text.into(), &key)?;
            store(transaction, LEASES)?.put_with_key(&time(lease), &key).map(drop)
        });
    }

    /// Deletes a row and its lease. A failure is ignored.
    pub fn drop_row(&self, row: RowKey) {
        self.write(&[ROWS, LEASES], drop, move |transaction| {
            store(transaction, ROWS)?.delete(&key(row))?;
            store(transaction, LEASES)?.delete(&key(row)).map(drop)
        });
    }

    /// Stores the lease of rows, which ends at `until` (milliseconds since 1970). A failure is ignored.
    pub fn lease(&self, rows: Vec<RowKey>, until: u64) {
        self.write(&[LEASES], drop, move |transaction| {
            let leases = store(transaction, LEASES)?;
            let put = |row| leases.put_with_key(&time(until), &key(row));
            rows.into_iter().try_for_each(|row| put(row).map(drop))
        });
    }

    /// Deletes leases without a row. A suspended page leaves such leases if another tab sent its rows
    /// meanwhile.
    fn forget_leases(&self, keys: Vec<String>) {
        self.write(&[LEASES], drop, move |transaction| {
            let leases = store(transaction, LEASES)?;
            keys.into_iter().try_for_each(|key| leases.delete(&key.into()).map(drop))
        });
    }

    /// Stores a draft, or deletes it if its text is empty. Calls `done` with whether that succeeded.
    pub fn keep_draft(&self, draft: &StoredDraft, done: impl FnOnce(bool) + 'static) {
        let log = draft.owner.epoch.map_or_else(String::new, |epoch| epoch.to_string());
        let root = draft.root.map_or_else(String::new, |root| format!("/{root}"));
        let key = JsValue::from(format!("{log}/{}/{}{root}", draft.owner.member.0, draft.room.0));
        let text = (!draft.text.is_empty()).then(|| serde_json::to_string(draft).unwrap_or_default());
        self.write(&[DRAFTS], done, move |transaction| match text {
            Some(text) => store(transaction, DRAFTS)?.put_with_key(&text.into(), &key).map(drop),
            None => store(transaction, DRAFTS)?.delete(&key).map(drop),
        });
    }

    /// Writes in one transaction and calls `done` with whether it was committed.
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
                // Commit explicitly, because a page that is being closed may not live until the browser does
                // it.
                Ok(()) => transaction.commit(),
                Err(_) => transaction.abort(),
            };
            // Browsers from before 2021 have no `commit` and commit by themselves.
            drop(over);
        }));
    }

    fn with(&self, access: Access) {
        let mut state = self.0.state.borrow_mut();
        match &mut *state {
            State::Opening(waiting, _) if waiting.len() < WAITING_MAX => waiting.push(access),
            State::Closed { .. } => {
                let database = self.clone();
                let timeout = Timeout::new(DATABASE_TIMEOUT_MS, move || database.opened(State::Silent));
                *state = State::Opening(vec![access], timeout);
                drop(state);
                self.open(Some(VERSION));
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

    /// Opens the database in the newest layout, or as it is if `version` is `None`.
    ///
    /// A tab of another build may keep an older layout open. Until that tab closes, the browser does not answer.
    fn open(&self, version: Option<u32>) {
        let refused = State::Closed { refused: true };
        let (factory, name) = (factory(), &*self.0.name);
        let request = factory.and_then(|factory| match version {
            Some(version) => factory.open_with_u32(name, version).ok(),
            None => factory.open(name).ok(),
        });
        let Some(request) = request else { return self.opened(refused) };
        let on_upgrade = {
            let request = request.clone();
            once(Box::new(move |event| {
                if version.is_none() || migrate(&event).is_none() {
                    // The database keeps its layout and its content, and the page works without it.
                    drop(request.transaction().map(|transaction| transaction.abort()));
                }
            }))
        };
        request.set_onupgradeneeded(Some(&on_upgrade));
        let over = {
            let (request, database) = (request.clone(), self.clone());
            once(Box::new(move |_| {
                let opened = request.result().ok().and_then(|result| result.dyn_into::<IdbDatabase>().ok());
                match opened {
                    Some(opened) if version.is_some() || has_stores(&opened) => {
                        database.watch(&opened);
                        database.opened(State::Open(opened));
                    }
                    // A newer build has migrated the database, and keeps the stores that this build knows.
                    None if version.is_some() => database.open(None),
                    opened => {
                        if let Some(opened) = opened {
                            opened.close();
                        }
                        database.opened(refused);
                    }
                }
            }))
        };
        request.set_onsuccess(Some(&over));
        request.set_onerror(Some(&over));
    }

    /// Closes the handle when the browser closes the database, or when a newer build of the page converts it.
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
        if let State::Opening(waiting, timeout) = self.0.state.replace(state) {
            drop(timeout);
            for access in waiting {
                access(opened.as_ref());
            }
        }
    }
}

/// Entry point of IndexedDB; `None` in some embedded pages.
fn factory() -> Option<IdbFactory> {
    web_sys::window()?.indexed_db().ok().flatten()
}

/// Executes the steps from the database's layout to the newest one. A new database has the layout 0.
fn migrate(event: &Event) -> Option<()> {
    let from = Reflect::get(event, &"oldVersion".into()).ok()?.as_f64()?;
    let request: IdbOpenDbRequest = event.target()?.unchecked_into();
    let database: IdbDatabase = request.result().ok()?.unchecked_into();
    let mut missing = MIGRATIONS.iter().filter(|(layout, _)| from < f64::from(*layout));
    missing.try_for_each(|(_, step)| step(&database))
}

fn create_rows_and_drafts(database: &IdbDatabase) -> Option<()> {
    for name in [ROWS, LEASES, DRAFTS] {
        // Layout 1 was never released, so its content is discarded.
        let _ = database.delete_object_store(name);
        database.create_object_store(name).ok()?;
    }
    Some(())
}

fn create_blobs(database: &IdbDatabase) -> Option<()> {
    database.create_object_store(BLOBS).ok().map(drop)
}

/// Whether the database has the stores that this build reads and writes.
fn has_stores(database: &IdbDatabase) -> bool {
    begin(database, &[ROWS, LEASES, DRAFTS], IdbTransactionMode::Readonly).is_some()
}

fn begin(database: &IdbDatabase, stores: &[&str], mode: IdbTransactionMode) -> Option<IdbTransaction> {
    let stores: Array = stores.iter().map(|&name| JsValue::from(name)).collect();
    database.transaction_with_str_sequence_and_mode(&stores, mode).ok()
}

/// Calls `done` once, with whether the transaction was committed; with false after [`DATABASE_TIMEOUT_MS`].
fn when_over(transaction: &IdbTransaction, done: Box<dyn FnOnce(bool)>) {
    let done = Rc::new(RefCell::new(Some(done)));
    let report = move |ok| {
        let done = done.borrow_mut().take();
        if let Some(done) = done {
            done(ok);
        }
    };
    let timeout = Timeout::new(DATABASE_TIMEOUT_MS, {
        let report = report.clone();
        move || report(false)
    });
    let over = once(Box::new(move |event| {
        drop(timeout);
        report(event.type_() == "complete");
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

/// Time in milliseconds as a JavaScript number.
fn time(ms: u64) -> JsValue {
    (ms as f64).into()
}

/// Decodes the results of the four requests: the rows with their leases, the drafts, and the keys of leases
/// without a row. Entries that this build cannot decode are skipped and stay stored; a newer build may have
/// written them.
fn stored([rows, leases, held, drafts]: &[IdbRequest; 4]) -> (StoredRows, Vec<String>) {
    let list = |request: &IdbRequest| request.result().map(|found| Array::from(&found)).unwrap_or_default();
    let texts = |request| list(request).iter().filter_map(|value| value.as_string()).collect::<Vec<_>>();
    let mut rows: Vec<StoredRow> = texts(rows).iter().filter_map(|text| read(text).ok()).collect();
    // There are few rows, so this loop is cheap, and a map would make the page larger.
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
