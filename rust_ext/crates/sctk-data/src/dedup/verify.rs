//! Candidate pairs into pairs whose exact Jaccard similarity is known to reach the threshold.
//!
//! No shingle set is kept from the first pass (2.7 kB a row): the sets of the few rows that are candidates are made
//! again. Before that the marks of both rows are compared: with fewer equal ones than four standard
//! deviations below what the threshold promises, a pair is not worth the work. Where parts are known, each must reach the
//! threshold too.

use std::sync::OnceLock;

use super::criterion::Near;
use super::kept::Kept;
use super::parts::Parts;
use super::shingle::Shingler;
use super::sketch::{Marks, SLOTS, marks, n_equal, sketch};
use super::{DedupError, FirstFailure};
use crate::text::block::prefetch_text;
use crate::text::{Simd, TextError};
use crate::watch::{Patience, Watch, run_long_chunks};

/// Two rows, `left < right`, and the Jaccard similarity of their shingle sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub left: u32,
    pub right: u32,
    pub jaccard: f64,
}

/// Pairs that one thread takes at a time.
const PAIRS: usize = 256;

/// Below this many shingles the slots are too few draws to be judged by.
const FEW: u32 = 64;

/// What became of candidates: those whose similarity reaches the threshold, and how many were looked at and how.
#[derive(Default)]
pub struct Verified {
    pub pairs: Vec<Pair>,
    /// Compared exactly.
    pub n_checked: usize,
    /// Alike as whole texts, but not in some part.
    pub n_apart: usize,
}

/// What becomes of the candidates (sorted).
pub fn verify(
    candidates: &[u64],
    rows: &[&[u8]],
    parts: Option<&Parts>,
    kept: &Kept,
    near: &Near,
    watch: &dyn Watch,
) -> Result<Verified, DedupError> {
    let failure = FirstFailure::default();
    let chunks: Vec<_> = candidates.chunks(PAIRS).collect();
    let found: Vec<OnceLock<Verified>> = chunks.iter().map(|_| OnceLock::new()).collect();
    let least = least_equal(near.threshold);
    run_long_chunks(chunks.len(), near.threads, watch, |chunk, pulse| {
        let mut patience = Patience::new(pulse);
        let mut verifier = Verifier::new(near);
        let mut of_parts = Verifier {
            makes_marks: false,
            ..Verifier::new(near)
        };
        let mut done = Verified::default();
        for (i, &pair) in chunks[chunk].iter().enumerate() {
            let (left, right) = ((pair >> 32) as u32, pair as u32);
            if let Some(&next) = chunks[chunk].get(i + 1) {
                // candidates are anywhere in the corpus: their texts come while this pair is looked at
                prefetch_text(rows[next as u32 as usize]);
            }
            let few = kept.n_shingles(left).max(kept.n_shingles(right)) < FEW;
            let least = match (kept.marks(left), kept.marks(right)) {
                _ if few => None,
                (Some(a), Some(b)) if n_equal(near.simd, a, b) < least => continue,
                (Some(_), Some(_)) => None,
                _ => Some(least),
            };
            let jaccard = verifier.jaccard(rows, left, right, least);
            done.n_checked += usize::from(jaccard != Ok(None));
            match jaccard {
                Ok(Some(jaccard)) if jaccard >= near.threshold => {
                    let beside = parts.map(|parts| parts.beside(rows, left, right));
                    match beside.map_or(Ok(true), |pairs| of_parts.all_alike(pairs)) {
                        Ok(true) => done.pairs.push(Pair {
                            left,
                            right,
                            jaccard,
                        }),
                        Ok(false) => done.n_apart += 1,
                        Err(why) => failure.note(right as usize, why),
                    }
                }
                Ok(_) => (),
                Err(why) => failure.note(right as usize, why),
            }
            if !patience.after(rows[right as usize].len()) {
                return;
            }
        }
        found[chunk]
            .set(done)
            .unwrap_or_else(|_| unreachable!("each chunk is done once"));
    })?;
    failure.check()?;
    let mut all = Verified::default();
    for chunk in found {
        let some = chunk.into_inner().expect("all chunks were done");
        all.pairs.extend(some.pairs);
        all.n_checked += some.n_checked;
        all.n_apart += some.n_apart;
    }
    Ok(all)
}

/// How many of 128 marks must be equal: the threshold's share, less four standard deviations.
fn least_equal(threshold: f64) -> u32 {
    let deviation = (threshold * (1.0 - threshold) / SLOTS as f64).sqrt();
    ((threshold - 4.0 * deviation).max(0.0) * SLOTS as f64) as u32
}

fn marks_of(simd: Simd, shingles: &[u64]) -> Marks {
    let (mut slots, mut found) = ([0; SLOTS], [0; SLOTS]);
    sketch(simd, shingles, &mut slots);
    marks(simd, &slots, &mut found);
    found
}

struct Verifier {
    shingler: Shingler,
    simd: Simd,
    threshold: f64,
    left: Option<u32>,
    /// No marks were kept by the first pass.
    makes_marks: bool,
    left_marks: Marks,
    set: Set,
    rest: Set,
}

impl Verifier {
    fn new(near: &Near) -> Self {
        let shingler = Shingler::new(near.simd, near.shingle);
        Self {
            shingler,
            simd: near.simd,
            threshold: near.threshold,
            left: None,
            makes_marks: near.spill.is_some(),
            left_marks: [0; SLOTS],
            set: Set::default(),
            rest: Set::default(),
        }
    }

    /// Makes the set of the left row, unless it is there: candidates come sorted by their left row.
    fn take_left(&mut self, rows: &[&[u8]], left: u32) -> Result<(), TextError> {
        if self.left == Some(left) {
            return Ok(());
        }
        self.left = None;
        let shingles = self.shingler.shingles(rows[left as usize])?;
        self.set.renew(shingles.len());
        for &shingle in shingles {
            self.set.insert(shingle);
        }
        if self.makes_marks {
            self.left_marks = marks_of(self.simd, shingles);
        }
        self.left = Some(left);
        Ok(())
    }

    /// Whether every pair of parts reaches the threshold by itself; parts without a word must be the same. No pairs: they cannot.
    fn all_alike<'a>(
        &mut self,
        pairs: Option<impl Iterator<Item = (&'a [u8], &'a [u8])>>,
    ) -> Result<bool, TextError> {
        let Some(pairs) = pairs else {
            return Ok(false);
        };
        for (a, b) in pairs {
            if a == b {
                continue;
            }
            self.left = None; // the set is that of the pair before
            // of two parts without a word the similarity is no number, which reaches no threshold
            let jaccard = self.jaccard(&[a, b], 0, 1, None)?;
            if !jaccard.is_some_and(|jaccard| jaccard >= self.threshold) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The exact similarity, or some number below the threshold once it is known to be below.
    ///
    /// Where no marks were kept, they are made here: None when fewer than `least` are equal.
    fn jaccard(
        &mut self,
        rows: &[&[u8]],
        left: u32,
        right: u32,
        least: Option<u32>,
    ) -> Result<Option<f64>, TextError> {
        self.take_left(rows, left)?;
        let shingles = self.shingler.shingles(rows[right as usize])?;
        if let Some(least) = least
            && n_equal(self.simd, &self.left_marks, &marks_of(self.simd, shingles)) < least
        {
            return Ok(None);
        }
        self.set.forget();
        let most_strangers = most_strangers(self.threshold, self.set.len, shingles.len());
        self.rest.renew(shingles.len().min(most_strangers + 1));
        let mut n_shared = 0;
        for &shingle in shingles {
            match self.set.find(shingle) {
                Some(at) => n_shared += usize::from(self.set.mark(at)),
                None => {
                    self.rest.insert(shingle);
                    if self.rest.len > most_strangers {
                        return Ok(Some(0.0));
                    }
                }
            }
        }
        let n_either = self.set.len + self.rest.len;
        Ok(Some(n_shared as f64 / n_either as f64))
    }
}

/// With more shingles that only the right text has, the pair is below the threshold t.
///
/// J >= t means that at least t (|left| + |right|) / (1 + t) shingles are shared, so at most (|right| - t |left|) / (1 + t)
/// of the right are not; repeats among `right` only raise that bound. One more, for rounding.
fn most_strangers(threshold: f64, left: usize, right: usize) -> usize {
    ((right as f64 - threshold * left as f64) / (1.0 + threshold)).max(0.0) as usize + 1
}

/// A set of shingle hashes in an open-addressing table, a quarter full at most.
#[derive(Default)]
struct Set {
    cells: Vec<u64>,
    /// One bit a cell: met in the other text.
    marked: Vec<u64>,
    len: usize,
}

impl Set {
    fn renew(&mut self, most: usize) {
        let n = (most * 4).next_power_of_two().max(64);
        self.cells.clear();
        self.cells.resize(n, 0);
        self.len = 0;
    }

    fn forget(&mut self) {
        self.marked.clear();
        self.marked.resize(self.cells.len() / 64, 0);
    }

    #[inline(always)]
    fn insert(&mut self, shingle: u64) {
        let key = shingle.max(1); // 0 is an empty cell
        let mask = self.cells.len() - 1;
        let mut at = (key >> 20) as usize & mask;
        while self.cells[at] != key {
            if self.cells[at] == 0 {
                self.cells[at] = key;
                self.len += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    #[inline(always)]
    fn find(&self, shingle: u64) -> Option<usize> {
        let key = shingle.max(1);
        let mask = self.cells.len() - 1;
        let mut at = (key >> 20) as usize & mask;
        loop {
            match self.cells[at] {
                there if there == key => return Some(at),
                0 => return None,
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// True the first time.
    #[inline(always)]
    fn mark(&mut self, at: usize) -> bool {
        let (word, bit) = (&mut self.marked[at / 64], 1 << (at % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Shingle;
    use std::collections::HashSet;

    #[test]
    fn jaccard_is_that_of_the_sets() {
        let near = Near {
            threshold: 0.01,
            shingle: Shingle::Words(2),
            ..Near::default()
        };
        let texts = [
            "a b c d e f",
            "A, b; c d e f!",
            "a b a b a b",
            "a b x y b a b",
            "f e d c b a",
            "z",
            "a b a b c",
        ];
        let rows: Vec<&[u8]> = texts.iter().map(|t| t.as_bytes()).collect();
        let mut shingler = Shingler::new(near.simd, near.shingle);
        let sets: Vec<HashSet<u64>> = rows
            .iter()
            .map(|row| shingler.shingles(row).unwrap().iter().copied().collect())
            .collect();
        let mut verifier = Verifier::new(&near);
        for left in 0..rows.len() {
            for right in 0..rows.len() {
                let shared = sets[left].intersection(&sets[right]).count();
                let want = shared as f64 / sets[left].union(&sets[right]).count() as f64;
                let got = verifier.jaccard(&rows, left as u32, right as u32, None);
                assert_eq!(got, Ok(Some(want)), "{:?} {:?}", texts[left], texts[right]);
            }
        }
    }
}
