//! Rows with equal fingerprints, found while many threads read rows in any order.
//!
//! An open-addressing table of atomic words (32 bits of the fingerprint, the row). A later row that meets an earlier
//! one of its fingerprint need not be sketched; an earlier one that comes later takes the place over. Every meeting links
//! two rows; the links of one fingerprint always connect all its rows, in whatever order the threads came by.

use crate::text::block::prefetch;
use std::sync::atomic::{AtomicU64, Ordering};

pub struct Seen {
    table: Vec<AtomicU64>,
    prints: Vec<[AtomicU64; 2]>,
}

/// What a row met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// Nobody with this fingerprint yet.
    Nobody,
    /// This earlier row: the caller is a duplicate.
    Earlier(u32),
    /// This later row, which was taken for the first until now.
    Later(u32),
}

impl Seen {
    pub fn new(n_rows: usize) -> Self {
        let cells = (n_rows * 2).next_power_of_two().max(2);
        Self {
            table: (0..cells).map(|_| AtomicU64::new(0)).collect(),
            prints: (0..n_rows)
                .map(|_| [AtomicU64::new(0), AtomicU64::new(0)])
                .collect(),
        }
    }

    /// Asks for the memory that `meet` will read: the table is larger than any cache.
    #[inline(always)]
    pub fn expect(&self, print: [u64; 2]) {
        let at = print[0] as usize & (self.table.len() - 1);
        prefetch((&raw const self.table[at]).cast(), 1);
    }

    /// Enters a row (each once) and tells whom it met.
    pub fn meet(&self, row: u32, print: [u64; 2]) -> Met {
        let mine = &self.prints[row as usize];
        // published by the exchange on the table below
        mine[0].store(print[0], Ordering::Relaxed);
        mine[1].store(print[1], Ordering::Relaxed);
        let entry = print[0] & !0xffff_ffff | u64::from(row + 1);
        let mask = self.table.len() - 1;
        let mut at = print[0] as usize & mask;
        loop {
            let cell = &self.table[at];
            let there = cell.load(Ordering::Acquire);
            if there == 0 {
                if cell
                    .compare_exchange(0, entry, Ordering::AcqRel, Ordering::Acquire)
                    .is_ok()
                {
                    return Met::Nobody;
                }
                continue;
            }
            let other = there as u32 - 1;
            if there >> 32 == entry >> 32 && self.print(other) == print {
                if other < row {
                    return Met::Earlier(other);
                }
                if cell
                    .compare_exchange(there, entry, Ordering::AcqRel, Ordering::Acquire)
                    .is_ok()
                {
                    return Met::Later(other);
                }
                continue;
            }
            at = (at + 1) & mask;
        }
    }

    fn print(&self, row: u32) -> [u64; 2] {
        let [first, second] = &self.prints[row as usize];
        [
            first.load(Ordering::Relaxed),
            second.load(Ordering::Relaxed),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_connect_all_rows_of_a_fingerprint_in_any_order() {
        let n = 200u32;
        let print = |row: u32| [u64::from(row % 7) << 33 | 5, u64::from(row % 7)];
        for step in [1, 3, 77, 199] {
            let seen = Seen::new(n as usize);
            let mut unite = crate::dedup::unite::Unite::new(n as usize);
            for i in 0..n {
                let row = (i * step) % n;
                match seen.meet(row, print(row)) {
                    Met::Nobody => (),
                    Met::Earlier(other) => {
                        assert!(other < row);
                        unite.join(row, other);
                    }
                    Met::Later(other) => unite.join(row, other),
                }
            }
            let want: Vec<u32> = (0..n).map(|row| row % 7).collect();
            assert_eq!(unite.labels(), want);
        }
    }
}
