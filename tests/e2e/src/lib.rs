//! Real browsers against the real binary.
//!
//! A test is one [`stage::play`]: it gets a [`stage::Stage`] with a folder and
//! a ChromeDriver of its own, opens houses ([`house::House`]) and windows
//! ([`window::Window`], each a Chromium with its own profile) on it, and looks
//! at what people would see ([`page::Page`]). When the scene is over each
//! window is asked what went wrong in it ([`fault`]): a content security policy
//! violation, an error or anything red in the console fails the test.
//!
//! Nothing waits by sleeping: [`wait::until`] looks again until what is awaited
//! is there or the deadline has passed, and then tells what it saw last.
//!
//! Everything that a test starts ends with it, also when it panics.
//!
//! | variable | default |
//! |---|---|
//! | `TEAHOUSE_BIN` | the release build of this workspace |
//! | `CHROMEDRIVER` | `chromedriver` on PATH |
//! | `CHROME` | what ChromeDriver finds |

pub mod catalogue;
pub mod driver;
pub mod fault;
pub mod folder;
pub mod house;
pub mod keyboard;
pub mod older_page;
pub mod page;
pub mod passer_by;
pub mod past;
pub mod plain;
pub mod port;
pub mod proxy;
pub mod recorder;
pub mod relay;
#[cfg(target_os = "linux")]
pub mod renderer;
pub mod room;
pub mod shelf;
pub mod stage;
pub mod tab;
pub mod wait;
pub mod window;
