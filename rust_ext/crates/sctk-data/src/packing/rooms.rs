//! The open bins by the room they have left: the fullest bin that still takes a row, in a few instructions.
//!
//! Bins with equal room form a stack. A bitmap marks the rooms that have a bin, one bit each, with a bit for every
//! 64 of them above it and a bit for every 64 of those on top: the next room at or above a length is found by three
//! counts of trailing zeros where a search tree takes log2(capacity) steps.

pub const NONE: u32 = u32::MAX;

/// Three levels of bits over 0 .. 2^24; the topmost is searched word by word (one word up to 2^18).
struct Bits {
    each: Vec<u64>,
    by_64: Vec<u64>,
    by_4096: Vec<u64>,
}

impl Bits {
    fn new(n: usize) -> Self {
        let words = n / 64 + 1;
        Self {
            each: vec![0; words],
            by_64: vec![0; words / 64 + 1],
            by_4096: vec![0; words / 4096 + 1],
        }
    }

    #[inline(always)]
    fn set(&mut self, i: usize) {
        self.each[i >> 6] |= 1 << (i & 63);
        self.by_64[i >> 12] |= 1 << (i >> 6 & 63);
        self.by_4096[i >> 18] |= 1 << (i >> 12 & 63);
    }

    #[inline(always)]
    fn clear(&mut self, i: usize) {
        self.each[i >> 6] &= !(1 << (i & 63));
        if self.each[i >> 6] == 0 {
            self.by_64[i >> 12] &= !(1 << (i >> 6 & 63));
            if self.by_64[i >> 12] == 0 {
                self.by_4096[i >> 18] &= !(1 << (i >> 12 & 63));
            }
        }
    }

    /// The smallest index at or above `i` that is set.
    #[inline(always)]
    fn next(&self, i: usize) -> Option<usize> {
        let word = i >> 6;
        let here = self.each[word] & (!0 << (i & 63));
        if here != 0 {
            return Some(word << 6 | here.trailing_zeros() as usize);
        }
        let group = word >> 6;
        let here = self.by_64[group] & above(word & 63);
        let word = if here != 0 {
            group << 6 | here.trailing_zeros() as usize
        } else {
            let group = self.next_group(group)?;
            group << 6 | self.by_64[group].trailing_zeros() as usize
        };
        Some(word << 6 | self.each[word].trailing_zeros() as usize)
    }

    fn next_group(&self, group: usize) -> Option<usize> {
        let mut top = group >> 6;
        let mut here = self.by_4096[top] & above(group & 63);
        while here == 0 {
            top += 1;
            here = *self.by_4096.get(top)?;
        }
        Some(top << 6 | here.trailing_zeros() as usize)
    }
}

/// The bits above bit `i`.
#[inline(always)]
fn above(i: usize) -> u64 {
    (!0 << i) << 1
}

/// Open bins, each known by its number, stacked by the room that they have left.
pub struct Rooms {
    bits: Bits,
    /// The topmost bin with each room.
    top: Vec<u32>,
    /// The bin below each bin.
    below: Vec<u32>,
}

impl Rooms {
    /// No bin yet; rooms go from 0 to `capacity`.
    pub fn new(capacity: usize) -> Self {
        Self {
            bits: Bits::new(capacity),
            top: vec![NONE; capacity + 1],
            below: Vec::new(),
        }
    }

    /// Takes out the bin with the least room at or above `n_tokens`, the last one put there first: (bin, room).
    #[inline(always)]
    pub fn take(&mut self, n_tokens: usize) -> Option<(u32, usize)> {
        let room = self.bits.next(n_tokens)?;
        let bin = self.top[room];
        let below = self.below[bin as usize];
        self.top[room] = below;
        if below == NONE {
            self.bits.clear(room);
        }
        Some((bin, room))
    }

    /// Numbers a new bin, which is not put anywhere yet.
    #[inline(always)]
    pub fn open(&mut self) -> u32 {
        self.below.push(NONE);
        self.below.len() as u32 - 1
    }

    /// Puts `bin` back with `room` tokens left.
    #[inline(always)]
    pub fn put(&mut self, bin: u32, room: usize) {
        let below = std::mem::replace(&mut self.top[room], bin);
        self.below[bin as usize] = below;
        if below == NONE {
            self.bits.set(room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn next_equals_a_sorted_set() {
        for n in [1, 63, 64, 4095, 4096, 300_000, 1 << 20] {
            let mut bits = Bits::new(n);
            let mut set = BTreeSet::new();
            let mut state = 12345u64;
            for _ in 0..20_000 {
                state = state
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                let i = (state >> 33) as usize % (n + 1);
                match state >> 20 & 3 {
                    0 => {
                        bits.set(i);
                        set.insert(i);
                    }
                    1 => {
                        bits.clear(i);
                        set.remove(&i);
                    }
                    _ => assert_eq!(bits.next(i), set.range(i..).next().copied()),
                }
            }
        }
    }
}
