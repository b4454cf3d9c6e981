//! An HTTP proxy like those of company networks, between a browser and the server. The proxy reads the
//! head of each request and can refuse upgrades, buffer event streams and cut requests.
//!
//! Each connection carries one request, because the proxy sends `Connection: close`.

use crate::{port, request_head::read_head, wait::TIMEOUT};
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

/// Bytes of an event stream that the proxy buffers. Beyond them the stream passes unbuffered.
const BUFFER_BYTES_MAX: usize = 8 << 20;

/// The proxy's treatment of an upgrade request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpgradePolicy {
    /// Forward the request.
    #[default]
    Pass,
    /// Answer 502 without forwarding the request.
    Refuse,
    /// Forward the request without the headers that ask for the upgrade.
    Strip,
}

/// The rules of a proxy; the default forwards everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProxyRules {
    /// Treatment of upgrade requests.
    pub upgrades: UpgradePolicy,
    /// Whether the proxy keeps the body of an event stream until its end.
    pub buffers_streams: bool,
    /// Time after which the proxy cuts every request, WebSockets included.
    pub cuts_after: Option<Duration>,
}

/// Numbers of requests for one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCount {
    /// Requests that the server is serving now.
    pub open: usize,
    /// Largest number of requests at the same time.
    pub max_open: usize,
    /// Number of requests in total.
    pub total: usize,
}

type RequestCounts = Arc<Mutex<BTreeMap<String, RequestCount>>>;

/// The path whose responses are held, and the number of held responses.
#[derive(Clone, Copy, Debug, Default)]
struct HeldResponses {
    path: Option<&'static str>,
    held: usize,
}

/// The proxy, stopped when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    counts: RequestCounts,
    hold: watch::Sender<HeldResponses>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Starts a proxy in front of the server at `server`.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(server: SocketAddr, rules: ProxyRules) -> Proxy {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let listener = TcpListener::bind(address).await;
        let listener = listener.unwrap_or_else(|error| panic!("{address}: {error}"));
        let counts = RequestCounts::default();
        let hold = watch::Sender::new(HeldResponses::default());
        let (counted, holding) = (Arc::clone(&counts), hold.clone());
        let task = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(serve(browser, server, rules, Arc::clone(&counted), holding.clone()));
            }
        });
        Proxy { address, counts, hold, task }
    }

    /// Returns the URL of the server behind the proxy.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the numbers of requests for a path, whatever their query.
    pub fn count(&self, path: &str) -> RequestCount {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied().unwrap_or_default()
    }

    /// Holds the responses to requests for a path, whatever their query. The server has already answered
    /// a held request; the browser does not receive the response.
    pub fn hold_responses(&self, path: &'static str) {
        self.hold.send_modify(|hold| *hold = HeldResponses { path: Some(path), held: 0 });
    }

    /// Waits until the proxy holds a response.
    pub async fn wait_for_held_response(&self) {
        let held = timeout(TIMEOUT, self.hold.subscribe().wait_for(|hold| hold.held > 0)).await.is_ok();
        assert!(held, "the server has not answered a request for the held path");
    }

    /// Sends all held responses to the browser.
    pub fn release_responses(&self) {
        self.hold.send_modify(|hold| hold.path = None);
    }

    /// Resets [`RequestCount::max_open`] of each path to the number that is open now.
    pub fn reset_max_open(&self) {
        for count in self.counts.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            count.max_open = count.open;
        }
    }
}

/// Counts a request as open until dropped.
struct OpenRequest(RequestCounts, String);

impl OpenRequest {
    fn new(counts: RequestCounts, path: &str) -> Self {
        let mut all = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(path.to_owned()).or_default();
        count.open += 1;
        count.total += 1;
        count.max_open = count.max_open.max(count.open);
        drop(all);
        OpenRequest(counts, path.to_owned())
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        if let Some(count) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&self.1) {
            count.open -= 1;
        }
    }
}

async fn serve(
    mut browser: TcpStream,
    server: SocketAddr,
    rules: ProxyRules,
    counts: RequestCounts,
    hold: watch::Sender<HeldResponses>,
) {
    let Some(head) = read_head(&mut browser).await else { return };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let is_upgrade = field(&head, "upgrade").is_some();
    if is_upgrade && rules.upgrades == UpgradePolicy::Refuse {
        let answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        // Ignore the error: the browser may have closed the connection.
        let _ = browser.write_all(answer.as_bytes()).await;
        return;
    }
    let forwards_upgrade = is_upgrade && rules.upgrades == UpgradePolicy::Pass;
    let head = if forwards_upgrade { head } else { for_one_request(&head) };
    let Ok(mut upstream) = TcpStream::connect(server).await else { return };
    let open = OpenRequest::new(counts, &path);
    let carried = async {
        upstream.write_all(head.as_bytes()).await.ok()?;
        if hold.borrow().path == Some(path.as_str()) {
            // Read to the end: each connection carries one response.
            let mut answer = Vec::new();
            upstream.read_to_end(&mut answer).await.ok()?;
            hold.send_modify(|hold| hold.held += 1);
            hold.subscribe().wait_for(|hold| hold.path != Some(path.as_str())).await.ok()?;
            return browser.write_all(&answer).await.ok();
        }
        carry(&mut browser, &mut upstream, rules.buffers_streams && !forwards_upgrade).await;
        Some(())
    };
    let is_cut = match rules.cuts_after {
        Some(time) => timeout(time, carried).await.is_err(),
        None => {
            carried.await;
            false
        }
    };
    if is_cut {
        for end in [&browser, &upstream] {
            // With a linger of zero the kernel sends RST instead of FIN.
            let _ = end.set_zero_linger();
        }
    }
    drop(upstream);
    drop(open);
}

/// Copies both directions until one end closes.
async fn carry(browser: &mut TcpStream, upstream: &mut TcpStream, buffers: bool) {
    let (mut browser_reader, mut browser_writer) = browser.split();
    let (mut server_reader, mut server_writer) = upstream.split();
    let up = tokio::io::copy(&mut browser_reader, &mut server_writer);
    let down = async {
        if buffers {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(server_reader.read_u8().await.ok()?);
            }
            browser_writer.write_all(&head).await.ok()?;
            let is_stream = field(&String::from_utf8_lossy(&head), "content-type")
                .is_some_and(|content_type| content_type.starts_with("text/event-stream"));
            if is_stream {
                let mut buffered = Vec::new();
                let limit = u64::try_from(BUFFER_BYTES_MAX).unwrap_or(u64::MAX);
                (&mut server_reader).take(limit).read_to_end(&mut buffered).await.ok()?;
                browser_writer.write_all(&buffered).await.ok()?;
            }
        }
        tokio::io::copy(&mut server_reader, &mut browser_writer).await.ok()
    };
    tokio::select! {
        _ = up => {}
        _ = down => {}
    }
}

/// Returns the head without its hop-by-hop headers and with `Connection: close` (RFC 9110 §7.6.1).
fn for_one_request(head: &str) -> String {
    let is_hop_by_hop = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        ["connection", "upgrade", "keep-alive"].iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    let mut lines: Vec<&str> = head.trim_end().split("\r\n").filter(|line| !is_hop_by_hop(line)).collect();
    lines.push("Connection: close");
    lines.join("\r\n") + "\r\n\r\n"
}

fn field<'h>(head: &'h str, wanted_name: &str) -> Option<&'h str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted_name)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_head_loses_only_its_hop_by_hop_headers() {
        let head = "GET /conn_ws?v=1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: Upgrade\r\n\
                    Upgrade: websocket\r\nOrigin: http://127.0.0.1:1\r\n\r\n";
        let expected = "GET /conn_ws?v=1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\
                        Origin: http://127.0.0.1:1\r\nConnection: close\r\n\r\n";
        assert_eq!(for_one_request(head), expected);
        assert_eq!(field(head, "origin"), Some("http://127.0.0.1:1"));
    }

    /// Sends a request through a proxy to a server that answers with `answer` and closes. Returns the
    /// response and the count while the server had not answered.
    async fn ask(rules: ProxyRules, request: &str, answer: &'static str) -> (String, RequestCount) {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = Proxy::start(server.local_addr().unwrap(), rules).await;
        let mut browser = TcpStream::connect(proxy.address).await.unwrap();
        browser.write_all(request.as_bytes()).await.unwrap();
        let reading = async {
            let mut received = Vec::new();
            // Ignore the error: a cut resets the connection.
            let _ = browser.read_to_end(&mut received).await;
            String::from_utf8(received).unwrap()
        };
        let answering = async {
            let (mut upstream, _) = server.accept().await.unwrap();
            read_head(&mut upstream).await.unwrap();
            let count = proxy.count("/x");
            upstream.write_all(answer.as_bytes()).await.unwrap();
            if rules.cuts_after.is_some() {
                let _ = upstream.read_u8().await;
            }
            count
        };
        let is_refused = rules.upgrades == UpgradePolicy::Refuse && request.contains("Upgrade");
        if is_refused { (reading.await, proxy.count("/x")) } else { tokio::join!(reading, answering) }
    }

    const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: tea\n\n";

    #[tokio::test]
    async fn a_proxy_follows_each_of_its_rules() {
        let plain = "GET /x?y HTTP/1.1\r\nHost: h\r\n\r\n";
        let upgrade = "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        let one = RequestCount { open: 1, max_open: 1, total: 1 };
        assert_eq!(ask(ProxyRules::default(), plain, STREAM).await, (STREAM.to_owned(), one));

        let refusing = ProxyRules { upgrades: UpgradePolicy::Refuse, ..ProxyRules::default() };
        let (response, count) = ask(refusing, upgrade, STREAM).await;
        assert!(response.starts_with("HTTP/1.1 502"), "{response}");
        assert_eq!(count, RequestCount::default(), "the request reached the server");
        assert_eq!(ask(refusing, plain, STREAM).await.0, STREAM);

        let buffering = ProxyRules { buffers_streams: true, ..ProxyRules::default() };
        assert_eq!(ask(buffering, plain, STREAM).await.0, STREAM, "the buffered stream passes at its end");
        let cutting = ProxyRules { cuts_after: Some(Duration::from_millis(300)), ..ProxyRules::default() };
        assert_eq!(ask(cutting, plain, STREAM).await.0, STREAM, "the stream passes until it is cut");
        let both = ProxyRules { buffers_streams: true, ..cutting };
        assert_eq!(
            ask(both, plain, STREAM).await.0,
            STREAM.split_once("data").unwrap().0,
            "a buffered stream is lost when it is cut"
        );
    }
}
