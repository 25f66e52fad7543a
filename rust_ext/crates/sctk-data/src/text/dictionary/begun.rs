//! What the walk through a dictionary has found after four characters, so that it need not be gone again.
//!
//! Most words are found, and end, within the first four characters from where they begin, and the same four come again and
//! again: what they lead to is kept in a table, at a place that they are hashed to, until others come to the same place. An
//! entry is one number, so threads share the table without waiting for one another; what it says follows from its four
//! symbols, whoever wrote it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::text::hash::GOLDEN;

/// The symbols that an entry is about.
pub const WINDOW: usize = 4;
const BITS: u32 = 13;

/// What has been found behind four symbols.
#[derive(Clone, Copy)]
pub struct Begun(u64);

impl Begun {
    const KNOWN: u64 = 1 << 63;
    const PLACE: u32 = 56;
    const NODE: u32 = 32;
    /// There are fewer nodes.
    pub const MOST_NODES: usize = 1 << (Self::PLACE - Self::NODE);

    /// `length`: of the longest word of fewer than four characters, or else of the first user-perceived character; 0: that has four
    /// or more. `node` is that of all four, 0 where no word begins so.
    pub fn new(window: [u8; WINDOW], node: u32, length: usize) -> Self {
        let node = u64::from(node) << Self::NODE;
        Self(Self::KNOWN | (length as u64) << Self::PLACE | node | u64::from(number(window)))
    }

    #[inline(always)]
    pub fn node(self) -> u32 {
        (self.0 >> Self::NODE) as u32 & (Self::MOST_NODES as u32 - 1)
    }

    #[inline(always)]
    pub fn length(self) -> usize {
        (self.0 >> Self::PLACE) as usize & (WINDOW - 1)
    }

    #[inline(always)]
    fn is_of(self, window: u32) -> bool {
        self.0 & (Self::KNOWN | u64::from(u32::MAX)) == Self::KNOWN | u64::from(window)
    }
}

#[inline(always)]
fn number(window: [u8; WINDOW]) -> u32 {
    u32::from_le_bytes(window)
}

/// The last windows that were met.
pub struct Met(Box<[AtomicU64; 1 << BITS]>);

impl Default for Met {
    fn default() -> Self {
        let all: Box<[AtomicU64]> = (0..1 << BITS).map(|_| AtomicU64::new(0)).collect();
        Self(all.try_into().unwrap_or_else(|_| unreachable!()))
    }
}

impl Met {
    /// What has been found behind a window: what `find` says, where it was not met, or others since.
    #[inline(always)]
    pub fn of(&self, window: [u8; WINDOW], find: impl FnOnce() -> Begun) -> Begun {
        let place = u64::from(number(window)).wrapping_mul(GOLDEN) >> (64 - BITS);
        let entry = &self.0[place as usize];
        let known = Begun(entry.load(Ordering::Relaxed));
        if known.is_of(number(window)) {
            return known;
        }
        let found = find();
        entry.store(found.0, Ordering::Relaxed);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_looked_for_once_until_others_take_its_place() {
        let met = Met::default();
        let of = |window: [u8; 4]| {
            let mut was_looked_for = false;
            let begun = met.of(window, || {
                was_looked_for = true;
                Begun::new(window, 0xff_ff00 | u32::from(window[0]), 3)
            });
            assert_eq!(
                (begun.node(), begun.length()),
                (0xff_ff00 | u32::from(window[0]), 3)
            );
            was_looked_for
        };
        let windows = (0..=255).flat_map(|a| (0..=255).map(move |b| [a, 0, b, 0x80]));
        assert!(of([0; 4])); // as an empty place
        assert!(!of([0; 4]));
        for window in windows {
            assert!(of(window) && !of(window)); // there are more than places
        }
        assert!(of([0; 4]));
    }
}
