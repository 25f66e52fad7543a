//! What the walk through a dictionary has found after four characters, so that it need not be gone again.
//!
//! Most words are found, and end, within the first four characters from where they begin, and the same four come again and
//! again: what they lead to is kept in a table, at a place that they are hashed to, until others come to the same place. An
//! entry is one number, so threads share the table without waiting for one another; what it says follows from its four
//! characters, whoever wrote it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::text::dictionary::MOST_NODES;
use crate::text::hash::GOLDEN;

/// What has been found behind four characters, given by their places, and a node of the dictionary that was behind those before.
#[derive(Clone, Copy)]
pub struct Begun(u64);

/// Where a word goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// It has ended.
    Nowhere,
    Node(u32),
    /// What follows is to be known first.
    Unsure,
    /// There is none: a run ends before it.
    End,
    /// One of them is no simple character.
    Closer,
}

impl Begun {
    const KNOWN: u64 = 1 << 63;
    const CHANGED: u64 = 1 << 62;
    const SIZE: u32 = 58;
    const NODE: u32 = TAG_BITS;
    const UNSURE: u32 = MOST_NODES - 1;
    const END: u32 = MOST_NODES - 2;
    const CLOSER: u32 = MOST_NODES - 3;

    /// `size`: the bytes that those of the four have that belong to the longest word which ends before the last one of them does, or what
    /// says that none does. Whether one of the four is written as another.
    pub fn new(behind: Behind, size: usize, is_changed: bool) -> Self {
        let node = match behind {
            Behind::Nowhere => 0,
            Behind::Node(node) => node,
            Behind::Unsure => Self::UNSURE,
            Behind::End => Self::END,
            Behind::Closer => Self::CLOSER,
        };
        let node = u64::from(node) << Self::NODE;
        let changed = Self::CHANGED * u64::from(is_changed);
        Self(Self::KNOWN | changed | (size as u64) << Self::SIZE | node)
    }

    #[inline(always)]
    pub fn behind(self) -> Behind {
        match (self.0 >> Self::NODE) as u32 & (MOST_NODES - 1) {
            0 => Behind::Nowhere,
            Self::UNSURE => Behind::Unsure,
            Self::END => Behind::End,
            Self::CLOSER => Behind::Closer,
            node => Behind::Node(node),
        }
    }

    #[inline(always)]
    pub fn size(self) -> usize {
        (self.0 >> Self::SIZE) as usize & 15
    }

    #[inline(always)]
    pub fn is_changed(self) -> bool {
        self.0 & Self::CHANGED != 0
    }
}

/// An entry is at one of so many places, and says by so many bits what it is of: no two of one place have the same.
const BITS: u32 = 13;
const TAG_BITS: u32 = KEY_BITS - BITS;
const KEY_BITS: u32 = MOST_NODES.ilog2() + 32;
const _: () = assert!(Begun::NODE + MOST_NODES.ilog2() <= Begun::SIZE);

/// The last ones that were met.
pub struct Met(Box<[AtomicU64; 1 << BITS]>);

impl Default for Met {
    fn default() -> Self {
        let all: Box<[AtomicU64]> = (0..1 << BITS).map(|_| AtomicU64::new(0)).collect();
        Self(all.try_into().unwrap_or_else(|_| unreachable!()))
    }
}

impl Met {
    /// The entry of four places behind a node, and its tag.
    #[inline(always)]
    fn entry(&self, node: u32, places: u32) -> (&AtomicU64, u64) {
        // an odd factor: no two keys become the same
        let key = (u64::from(node) << 32 | u64::from(places)).wrapping_mul(GOLDEN);
        let place = key << (64 - KEY_BITS) >> (64 - BITS);
        (&self.0[place as usize], key & TAG)
    }

    #[inline(always)]
    pub fn get(&self, node: u32, places: u32) -> Option<Begun> {
        let (entry, tag) = self.entry(node, places);
        let known = entry.load(Ordering::Relaxed);
        (known & (Begun::KNOWN | TAG) == Begun::KNOWN | tag).then_some(Begun(known))
    }

    #[inline(always)]
    pub fn put(&self, node: u32, places: u32, begun: Begun) {
        let (entry, tag) = self.entry(node, places);
        entry.store(begun.0 | tag, Ordering::Relaxed);
    }
}

const TAG: u64 = (1 << TAG_BITS) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_there_until_others_take_its_place() {
        let met = Met::default();
        let mut n_kept = 0;
        for round in 0..2_u32 {
            for places in 0..40_000_u32 {
                let node = places % 7 * 70_000;
                let places = places.wrapping_mul(0x0101_0081);
                let wanted = (Behind::Node(places % 500_000 + 1), 3, places % 5 == 0);
                let check = |found: Option<Begun>| {
                    let all = |found: Begun| (found.behind(), found.size(), found.is_changed());
                    assert!(found.is_none_or(|found| all(found) == wanted));
                    usize::from(found.is_some())
                };
                let found = check(met.get(node, places));
                n_kept += found;
                assert!(round > 0 || found == 0); // each is another, the first one too, which is all zeros
                met.put(node, places, Begun::new(wanted.0, wanted.1, wanted.2));
                assert_eq!(check(met.get(node, places)), 1);
            }
        }
        assert!(n_kept < 8192, "{n_kept}: the table has no more places");
    }

    #[test]
    fn every_end_comes_out_as_it_went_in() {
        for behind in [
            Behind::Nowhere,
            Behind::Node(1),
            Behind::Node(MOST_NODES - 4),
            Behind::Unsure,
            Behind::End,
            Behind::Closer,
        ] {
            for (size, is_changed) in [(0, true), (12, false), (9, true)] {
                let met = Met::default();
                met.put(5, u32::MAX, Begun::new(behind, size, is_changed));
                let begun = met.get(5, u32::MAX).unwrap();
                let found = (begun.behind(), begun.size(), begun.is_changed());
                assert_eq!(found, (behind, size, is_changed));
            }
        }
    }
}
