//! Rows that share a band into candidate pairs.
//!
//! The (key, row) entries of a band are dealt into parts by the high bits of the key, in row order, until a part fits
//! the first-level cache; within a part a small table finds equal keys. A pair is a number: the smaller row high, the
//! larger low.

use super::NEIGHBOURS;
use super::kept::{CHUNK, Entry, Kept};

const PART: usize = 4096;
const NONE: u32 = u32::MAX;

/// Working memory of one thread.
#[derive(Default)]
pub struct Grouper {
    entries: Vec<Entry>,
    starts: Vec<u32>,
    table: Vec<u32>,
    /// The member of the same bucket before this one.
    before: Vec<u32>,
    /// The first member of the bucket.
    head: Vec<u32>,
}

impl Grouper {
    /// Appends the candidates of one band of rows that are `alive`.
    pub fn band(&mut self, kept: &Kept, band: usize, alive: &[bool], pairs: &mut Vec<u64>) {
        let n_parts = (kept.n_rows / PART + 1).next_power_of_two().min(1 << 14);
        let shift = 32 - n_parts.trailing_zeros();
        let part = |key: u32| (u64::from(key) >> shift) as usize;
        self.starts.clear();
        self.starts.resize(n_parts + 1, 0);
        for_keys(kept, band, alive, |key, _| self.starts[part(key) + 1] += 1);
        for i in 0..n_parts {
            self.starts[i + 1] += self.starts[i];
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.resize(self.starts[n_parts] as usize, 0);
        for_keys(kept, band, alive, |key, row| {
            let at = &mut self.starts[part(key)];
            entries[*at as usize] = u64::from(key) << 32 | u64::from(row);
            *at += 1;
        });
        // each start has moved to the start of the next part
        let mut from = 0;
        for i in 0..n_parts {
            let to = self.starts[i] as usize;
            self.part(&entries[from..to], pairs);
            from = to;
        }
        self.entries = entries;
    }

    /// Appends the candidates among entries whose equal keys stand in row order.
    pub fn part(&mut self, part: &[Entry], pairs: &mut Vec<u64>) {
        let cells = (part.len() * 2).next_power_of_two().max(2);
        self.table.clear();
        self.table.resize(cells, NONE);
        self.before.clear();
        self.before.resize(part.len(), NONE);
        self.head.clear();
        self.head.extend(0..part.len() as u32);
        for (i, &entry) in part.iter().enumerate() {
            // the high bits are equal within a part: the low ones of the key choose the cell
            let mut at = (entry >> 32) as usize & (cells - 1);
            let newest = loop {
                let newest = self.table[at];
                if newest == NONE || part[newest as usize] >> 32 == entry >> 32 {
                    break newest;
                }
                at = (at + 1) & (cells - 1);
            };
            self.table[at] = i as u32;
            if newest != NONE {
                self.before[i] = newest;
                self.head[i] = self.head[newest as usize];
                self.pairs_of(part, i, pairs);
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn pairs_of(&self, part: &[Entry], i: usize, pairs: &mut Vec<u64>) {
        let row = part[i] & 0xffff_ffff;
        let head = self.head[i];
        let mut other = self.before[i];
        for _ in 0..NEIGHBOURS {
            if other == NONE {
                return;
            }
            pairs.push(part[other as usize] << 32 | row);
            if other == head {
                return;
            }
            other = self.before[other as usize];
        }
        pairs.push(part[head as usize] << 32 | row);
    }
}

fn for_keys(kept: &Kept, band: usize, alive: &[bool], mut each: impl FnMut(u32, u32)) {
    for (chunk, (sketches, alive)) in kept.chunks.iter().zip(alive.chunks(CHUNK)).enumerate() {
        let n = sketches.n_shingles.len();
        let keys = &sketches.keys[band * n..(band + 1) * n];
        for (i, (&key, &alive)) in keys.iter().zip(alive).enumerate() {
            if alive {
                each(key, (chunk * CHUNK + i) as u32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_yields_its_head_and_its_neighbours() {
        let mut grouper = Grouper::default();
        let rows = 30u64;
        // two keys that share a cell, rows alternating
        let part: Vec<Entry> = (0..rows)
            .map(|row| (if row % 2 == 0 { 64 } else { 64 << 8 }) << 32 | row)
            .collect();
        let mut pairs = Vec::new();
        grouper.part(&part, &mut pairs);
        let mut want = Vec::new();
        for b in 0..rows {
            let earlier: Vec<u64> = (0..b).filter(|a| a % 2 == b % 2).collect();
            let near = &earlier[earlier.len().saturating_sub(NEIGHBOURS)..];
            let mut partners: Vec<u64> = earlier.first().into_iter().chain(near).copied().collect();
            partners.sort_unstable();
            partners.dedup();
            want.extend(partners.into_iter().map(|a| a << 32 | b));
        }
        pairs.sort_unstable();
        want.sort_unstable();
        assert_eq!(pairs, want);
    }
}
