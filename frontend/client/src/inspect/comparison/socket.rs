//! The bytes of a WebSocket, from the server's trace: both heads of the handshake, and each frame
//! with its header.
//!
//! The frames that carry the trace are not counted.

use super::TransferCost;
use shared::event::trace::{ByteCounts, Handshake, HeaderField, TraceItem};
use shared::websocket::Side;

/// The sums of one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketTotals {
    heads: (u64, u64),
    frames: (u64, u64),
}

impl SocketTotals {
    /// Adds an item of the trace.
    pub fn add(&mut self, item: &TraceItem) {
        match item {
            TraceItem::Handshake(handshake) => self.heads = heads(handshake),
            TraceItem::Frame(frame) => {
                // A frame with an incomplete header ends there.
                let bytes = frame.read().map_or(frame.header.0.len() as u64, |read| {
                    (read.header.bytes() as u64).saturating_add(read.header.length)
                });
                match frame.from {
                    Side::Client => self.frames.0 += bytes,
                    Side::Server => self.frames.1 += bytes,
                }
            }
            // The count covers all frames so far.
            TraceItem::Counted(ByteCounts { client, server }) => self.frames = (client.bytes, server.bytes),
            _ => {}
        }
    }

    /// All bytes, and one request: the one that opened the connection.
    pub fn cost(&self) -> TransferCost {
        let requests = u64::from(self.heads != (0, 0));
        TransferCost { requests, up: self.heads.0 + self.frames.0, down: self.heads.1 + self.frames.1 }
    }
}

/// The bytes of both heads on the wire. A line end has two bytes, and so have the colon and the
/// space after a name.
fn heads(handshake: &Handshake) -> (u64, u64) {
    let request = &handshake.request;
    let line = request.method.len() + 1 + request.target.len() + 1 + request.version.len() + 2;
    let answer = "HTTP/1.1 101 Switching Protocols\r\n".len();
    (line as u64 + headers(&request.headers), answer as u64 + headers(&handshake.response.headers))
}

fn headers(headers: &[HeaderField]) -> u64 {
    headers.iter().map(|header| header.name.len() as u64 + header.length + 4).sum::<u64>() + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::event::trace::{DirectionCount, HexBytes, RequestHead, ResponseHead, TracedFrame};
    use shared::websocket::{Frame, Opcode};

    fn header(name: &str, value: &str) -> HeaderField {
        HeaderField { name: name.into(), sent_name: None, value: None, length: value.len() as u64 }
    }

    fn frame(from: Side, length: usize, reported: usize) -> TraceItem {
        let mask = (from == Side::Client).then_some([1, 2, 3, 4]);
        let whole = Frame::write(Opcode::Text, &vec![b'x'; length], mask);
        let (header, payload) = whole.split_at(whole.len() - length);
        let payload = payload[..length.min(reported)].to_vec();
        TraceItem::Frame(TracedFrame { from, header: HexBytes(header.to_vec()), payload: HexBytes(payload) })
    }

    #[test]
    fn heads_and_frames_are_as_long_as_on_the_wire() {
        let mut sums = SocketTotals::default();
        assert_eq!(sums.cost(), TransferCost::default());
        let sent = "GET /conn_ws?v=1&trace=1 HTTP/1.1\r\nhost: 127.0.0.1\r\nx-tea: green\r\n\r\n";
        let got = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";
        sums.add(&TraceItem::Handshake(Box::new(Handshake {
            request: RequestHead {
                method: "GET".into(),
                target: "/conn_ws?v=1&trace=1".into(),
                version: "HTTP/1.1".into(),
                headers: vec![header("host", "127.0.0.1"), header("x-tea", "green")],
            },
            response: ResponseHead { status: 101, headers: vec![header("upgrade", "websocket")] },
        })));
        let heads = TransferCost::request(sent.len() as u64, got.len() as u64);
        assert_eq!(sums.cost(), heads);
        // Header, mask and payload; the trace holds only the start of a long payload.
        for (length, up, down) in [(5, 11, 7), (125, 131, 127), (126, 134, 130), (65_536, 65_550, 65_546)] {
            let before = sums.cost();
            sums.add(&frame(Side::Client, length, 64));
            sums.add(&frame(Side::Server, length, 64));
            assert_eq!(sums.cost().since(before), TransferCost { requests: 0, up, down }, "{length}");
        }
        let half =
            TracedFrame { from: Side::Client, header: HexBytes(vec![0x81]), payload: HexBytes(vec![]) };
        let before = sums.cost();
        sums.add(&TraceItem::Frame(half));
        assert_eq!(sums.cost().since(before), TransferCost { requests: 0, up: 1, down: 0 });
        // A count covers all frames.
        let count = |bytes| DirectionCount { frames: 9, bytes };
        sums.add(&TraceItem::Counted(ByteCounts { client: count(70), server: count(900) }));
        assert_eq!(sums.cost().since(heads), TransferCost { requests: 0, up: 70, down: 900 });
    }
}
