//! A proxy as companies have them, between a browser and a house: it reads each
//! request's head, and does not let everything through.
//!
//! One request is one connection here: whoever is answered is told that it closes.

use crate::{port, shelf::read_head, wait::SOON};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

/// Bytes of an event stream that are held back. Past it: the connection ends.
const HELD_BYTES_MAX: usize = 8 << 20;

/// What becomes of a request for an upgrade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Upgrades {
    /// It passes.
    #[default]
    Pass,
    /// The proxy answers 502.
    Refused,
    /// It passes without the words that ask for it.
    Stripped,
}

/// What the proxy does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// With requests for an upgrade.
    pub upgrades: Upgrades,
    /// The body of an event stream is held back until its end.
    pub buffers_streams: bool,
    /// Every request is cut after so long, WebSockets included.
    pub cuts_after: Option<Duration>,
}

/// How many requests of one path there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Now, before the house.
    pub open: usize,
    /// At one time, at most.
    pub most: usize,
    /// In all.
    pub all: usize,
}

type Counts = Arc<Mutex<BTreeMap<String, Count>>>;

/// Of which path answers are kept from the browser, and how many are.
#[derive(Clone, Copy, Debug, Default)]
struct Hold {
    path: Option<&'static str>,
    held: usize,
}

/// The proxy; gone when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    counts: Counts,
    hold: watch::Sender<Hold>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// One before `house`.
    ///
    /// # Panics
    /// If the system gives no port.
    pub async fn before(house: SocketAddr, manners: Manners) -> Proxy {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let listener = TcpListener::bind(address).await;
        let listener = listener.unwrap_or_else(|error| panic!("{address}: {error}"));
        let counts = Counts::default();
        let hold = watch::Sender::new(Hold::default());
        let (counted, holding) = (Arc::clone(&counts), hold.clone());
        let task = tokio::spawn(async move {
            while let Ok((page, _)) = listener.accept().await {
                tokio::spawn(serve(page, house, manners, Arc::clone(&counted), holding.clone()));
            }
        });
        Proxy { address, counts, hold, task }
    }

    /// The address of the house behind it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests of this path (without its query) there were.
    pub fn count(&self, path: &str) -> Count {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied().unwrap_or_default()
    }

    /// Keeps the answers to requests of this path (without its query) from the browser, though the house
    /// has given them.
    pub fn hold(&self, path: &'static str) {
        self.hold.send_modify(|hold| *hold = Hold { path: Some(path), held: 0 });
    }

    /// Waits until an answer is held.
    pub async fn holds_one(&self) {
        let held = timeout(SOON, self.hold.subscribe().wait_for(|hold| hold.held > 0)).await.is_ok();
        assert!(held, "the house has answered nothing that is held");
    }

    /// Lets all that is held go.
    pub fn release(&self) {
        self.hold.send_modify(|hold| hold.path = None);
    }

    /// From now on the most at one time is counted anew.
    pub fn count_anew(&self) {
        for count in self.counts.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            count.most = count.open;
        }
    }
}

/// One request that is before the house.
struct Open(Counts, String);

impl Open {
    fn new(counts: Counts, path: &str) -> Self {
        let mut all = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(path.to_owned()).or_default();
        count.open += 1;
        count.all += 1;
        count.most = count.most.max(count.open);
        drop(all);
        Open(counts, path.to_owned())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(count) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&self.1) {
            count.open -= 1;
        }
    }
}

async fn serve(
    mut page: TcpStream,
    house: SocketAddr,
    manners: Manners,
    counts: Counts,
    hold: watch::Sender<Hold>,
) {
    let Some(head) = read_head(&mut page).await else { return };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let asks_for_upgrade = field(&head, "upgrade").is_some();
    if asks_for_upgrade && manners.upgrades == Upgrades::Refused {
        let answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        // A browser that went away wants no answer.
        let _ = page.write_all(answer.as_bytes()).await;
        return;
    }
    let keeps = asks_for_upgrade && manners.upgrades == Upgrades::Pass;
    let head = if keeps { head } else { for_one_request(&head) };
    let Ok(mut behind) = TcpStream::connect(house).await else { return };
    let open = Open::new(counts, &path);
    let carried = async {
        behind.write_all(head.as_bytes()).await.ok()?;
        if hold.borrow().path == Some(path.as_str()) {
            // All of it: each connection is for one request.
            let mut answer = Vec::new();
            behind.read_to_end(&mut answer).await.ok()?;
            hold.send_modify(|hold| hold.held += 1);
            hold.subscribe().wait_for(|hold| hold.path != Some(path.as_str())).await.ok()?;
            return page.write_all(&answer).await.ok();
        }
        carry(&mut page, &mut behind, manners.buffers_streams && !keeps).await;
        Some(())
    };
    let is_cut = match manners.cuts_after {
        Some(time) => timeout(time, carried).await.is_err(),
        None => {
            carried.await;
            false
        }
    };
    if is_cut {
        for end in [&page, &behind] {
            // With it the system sends a reset where it would say good-bye.
            let _ = end.set_zero_linger();
        }
    }
    drop(behind);
    drop(open);
}

/// Passes both ways on until one end closes.
async fn carry(page: &mut TcpStream, behind: &mut TcpStream, buffers: bool) {
    let (mut page_reads, mut page_writes) = page.split();
    let (mut house_reads, mut house_writes) = behind.split();
    let up = tokio::io::copy(&mut page_reads, &mut house_writes);
    let down = async {
        if buffers {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(house_reads.read_u8().await.ok()?);
            }
            page_writes.write_all(&head).await.ok()?;
            let is_stream = field(&String::from_utf8_lossy(&head), "content-type")
                .is_some_and(|kind| kind.starts_with("text/event-stream"));
            if is_stream {
                let mut held = Vec::new();
                let most = u64::try_from(HELD_BYTES_MAX).unwrap_or(u64::MAX);
                (&mut house_reads).take(most).read_to_end(&mut held).await.ok()?;
                page_writes.write_all(&held).await.ok()?;
            }
        }
        tokio::io::copy(&mut house_reads, &mut page_writes).await.ok()
    };
    tokio::select! {
        _ = up => {}
        _ = down => {}
    }
}

/// The head of a request that is the only one of its connection and asks for no upgrade.
fn for_one_request(head: &str) -> String {
    let of_this_hop = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        ["connection", "upgrade", "keep-alive"].iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    let mut lines: Vec<&str> = head.trim_end().split("\r\n").filter(|line| !of_this_hop(line)).collect();
    lines.push("Connection: close");
    lines.join("\r\n") + "\r\n\r\n"
}

fn field<'h>(head: &'h str, wanted: &str) -> Option<&'h str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_loses_what_is_of_its_hop_only() {
        let head = "GET /conn_ws?v=1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: Upgrade\r\n\
                    Upgrade: websocket\r\nOrigin: http://127.0.0.1:1\r\n\r\n";
        let expected = "GET /conn_ws?v=1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\
                        Origin: http://127.0.0.1:1\r\nConnection: close\r\n\r\n";
        assert_eq!(for_one_request(head), expected);
        assert_eq!(field(head, "origin"), Some("http://127.0.0.1:1"));
    }

    /// What a request through a proxy brings from a house that answers so and closes; and the count of
    /// it while the house has not answered.
    async fn ask(manners: Manners, request: &str, answer: &'static str) -> (String, Count) {
        let house = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = Proxy::before(house.local_addr().unwrap(), manners).await;
        let mut page = TcpStream::connect(proxy.address).await.unwrap();
        page.write_all(request.as_bytes()).await.unwrap();
        let reading = async {
            let mut came = Vec::new();
            // A cut is a reset.
            let _ = page.read_to_end(&mut came).await;
            String::from_utf8(came).unwrap()
        };
        let answering = async {
            let (mut asked, _) = house.accept().await.unwrap();
            read_head(&mut asked).await.unwrap();
            let count = proxy.count("/x");
            asked.write_all(answer.as_bytes()).await.unwrap();
            if manners.cuts_after.is_some() {
                let _ = asked.read_u8().await;
            }
            count
        };
        let is_refused = manners.upgrades == Upgrades::Refused && request.contains("Upgrade");
        if is_refused { (reading.await, proxy.count("/x")) } else { tokio::join!(reading, answering) }
    }

    const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: tea\n\n";

    #[tokio::test]
    async fn each_manner_does_what_it_says() {
        let plain = "GET /x?y HTTP/1.1\r\nHost: h\r\n\r\n";
        let upgrade = "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        let one = Count { open: 1, most: 1, all: 1 };
        assert_eq!(ask(Manners::default(), plain, STREAM).await, (STREAM.to_owned(), one));

        let refuses = Manners { upgrades: Upgrades::Refused, ..Manners::default() };
        let (came, count) = ask(refuses, upgrade, STREAM).await;
        assert!(came.starts_with("HTTP/1.1 502"), "{came}");
        assert_eq!(count, Count::default(), "the house never saw it");
        assert_eq!(ask(refuses, plain, STREAM).await.0, STREAM);

        let buffers = Manners { buffers_streams: true, ..Manners::default() };
        assert_eq!(ask(buffers, plain, STREAM).await.0, STREAM, "all of it, at its end");
        let cuts = Manners { cuts_after: Some(Duration::from_millis(300)), ..Manners::default() };
        assert_eq!(ask(cuts, plain, STREAM).await.0, STREAM, "and then the end");
        let both = Manners { buffers_streams: true, ..cuts };
        assert_eq!(ask(both, plain, STREAM).await.0, STREAM.split_once("data").unwrap().0, "cut before it");
    }
}
