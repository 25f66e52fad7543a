//! Where words begin and end in a segment of text, found 64 bytes at a time.
//!
//! Each block is lower-cased into a copy and classified; a bit that differs from its neighbour is an edge, and the
//! places of all edges go into one list, where begins and ends alternate. The copy is padded, so that every word in it
//! can be read as 16 bytes.

use super::block::Block;

/// A word's 16 bytes may be read from the last byte on, and a block writes 64.
const PADDING: usize = 128;

/// A segment's lower-cased copy and the places of its edges; kept between segments.
#[derive(Default)]
pub struct Edges {
    pub lower: Vec<u8>,
    pub places: Vec<u32>,
    /// Where signs may stand.
    pub signs: Vec<u32>,
    pub spare: Vec<u32>,
}

impl Edges {
    #[inline(always)]
    fn make_room(&mut self, n: usize) {
        if self.lower.len() < n + PADDING {
            self.lower.resize(n + PADDING, 0);
            // a segment of n bytes has at most n + 1 edges, and two a byte with its signs; 64 are written at a time
            self.places.resize(2 * n + PADDING, 0);
        }
    }
}

/// How many edges the segment has (an odd number: its last word is still open); None: it is not ASCII and not `plain`.
#[inline(always)]
///
/// `ALL`: `_` belongs to words, and `edges.signs` says where signs may stand; else words are `[a-z0-9]`.
pub fn find<B: Block, const ALL: bool>(
    segment: &[u8],
    plain: bool,
    edges: &mut Edges,
) -> Option<usize> {
    edges.make_room(segment.len());
    let (blocks, tail) = segment.as_chunks::<64>();
    edges.signs.clear();
    let mut list = EdgeList {
        n: 0,
        inside: 0,
        plain,
    };
    let lower = edges.lower.as_chunks_mut::<64>().0;
    for (i, (block, to)) in blocks.iter().zip(lower.iter_mut()).enumerate() {
        if !list.note::<B>(B::classify::<ALL>(block, to), 64 * i, &mut edges.places) {
            return None;
        }
        if ALL {
            note_signs(B::signs(block), 64 * i, &mut edges.signs);
        }
    }
    if !tail.is_empty() {
        let found = B::classify_tail::<ALL>(tail, &mut lower[blocks.len()]);
        if !list.note::<B>(found, 64 * blocks.len(), &mut edges.places) {
            return None;
        }
        if ALL {
            // the copy, which has zeros behind: signs have no small letters
            let signs = B::signs(&lower[blocks.len()]);
            note_signs(signs, 64 * blocks.len(), &mut edges.signs);
        }
    }
    Some(list.n)
}

/// Appends the places of the bits; most blocks have none.
#[inline(always)]
pub fn note_signs(mut bits: u64, base: usize, signs: &mut Vec<u32>) {
    while bits != 0 {
        signs.push(base as u32 + bits.trailing_zeros());
        bits &= bits - 1;
    }
}

struct EdgeList {
    n: usize,
    /// 1 while the block before ended within a word
    inside: u64,
    plain: bool,
}

impl EdgeList {
    /// Adds the edges of the block at `base`; false: it is not ASCII, and was not expected to be otherwise.
    #[inline(always)]
    fn note<B: Block>(&mut self, [word, above]: [u64; 2], base: usize, places: &mut [u32]) -> bool {
        if above != 0 && !self.plain {
            return false;
        }
        let word = word | above;
        let bits = word ^ (word << 1 | self.inside);
        self.inside = word >> 63;
        let to = places[self.n..self.n + 64]
            .first_chunk_mut()
            .expect("64 were cut");
        B::positions(bits, base as u32, to);
        self.n += bits.count_ones() as usize;
        true
    }
}
