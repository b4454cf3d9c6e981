//! A burst: the frames that a round publishes to one list of connections, one after another.
//!
//! Short frames are copied together once, so that each connection of the list queues and writes them as one.

use super::ListKey;
use crate::limits::CHUNK_BYTES_MAX;
use bytes::{Bytes, BytesMut};

/// Frames for one list that are not queued yet.
#[derive(Debug)]
pub(super) struct Burst {
    /// List of the connections that the frames are for.
    pub(super) key: ListKey,
    /// The frames, in order.
    pub(super) frames: Vec<Bytes>,
}

impl Burst {
    /// The same bytes in fewer pieces: frames that fit together into [`CHUNK_BYTES_MAX`] are one.
    pub(super) fn joined(&self) -> Vec<Bytes> {
        let mut pieces = Vec::new();
        let mut rest = &self.frames[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |frame: &&Bytes| {
                bytes += frame.len();
                bytes <= CHUNK_BYTES_MAX
            };
            let (now, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
            rest = later;
            pieces.push(match now {
                [frame] => frame.clone(),
                frames => {
                    let mut piece = BytesMut::with_capacity(frames.iter().map(Bytes::len).sum());
                    frames.iter().for_each(|frame| piece.extend_from_slice(frame));
                    piece.freeze()
                }
            });
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_joined_up_to_the_length_of_a_chunk() {
        for (last, expected) in [
            (CHUNK_BYTES_MAX - 11, vec![3]),
            (CHUNK_BYTES_MAX - 10, vec![3]),
            (CHUNK_BYTES_MAX - 9, vec![2, 1]),
        ] {
            let frames: Vec<_> =
                [4, 6, last].into_iter().zip(1..).map(|(len, fill)| vec![fill; len].into()).collect();
            let pieces = Burst { key: ListKey::Text, frames: frames.clone() }.joined();
            let lengths = frames.iter().map(Bytes::len).collect::<Vec<_>>();
            let mut at = 0;
            for (piece, count) in pieces.iter().zip(&expected) {
                assert_eq!(piece.len(), lengths[at..at + count].iter().sum::<usize>(), "{last}");
                at += count;
            }
            assert_eq!(pieces.len(), expected.len());
            assert_eq!(pieces.concat(), frames.concat());
        }
        let long = Bytes::from(vec![1; CHUNK_BYTES_MAX + 1]);
        let pieces = Burst { key: ListKey::Text, frames: vec![long.clone(), long.clone()] }.joined();
        assert_eq!(pieces, [&long, &long]);
        assert_eq!(pieces[0].as_ptr(), long.as_ptr(), "a long frame is not copied");
    }
}
