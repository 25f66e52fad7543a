//! What a corpus shares with held-out texts: runs of n words that stand in both, and where.
//!
//! The n-grams of the held-out texts (few) go into a table with a bit filter before it; the corpus streams by, one
//! probe for each of its n-grams. A row that has any is looked at again: how much of the held-out text it contains,
//! and the longest run of words all of whose n-grams are shared, as bytes of the row.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

use super::shingle::Shingler;
use super::{DedupError, FirstFailure};
use crate::text::{Alphabet, Simd, spans::spans};
use crate::watch::{Patience, Watch, check, run_long_chunks};

/// Rows between two looks at the watch.
const ROWS_PER_CHUNK: usize = 512;

/// The n-grams of held-out texts, by their hashes: the texts themselves are not kept.
pub struct HeldOut {
    n: usize,
    simd: Simd,
    /// Which held-out rows have this n-gram.
    rows_of: HashMap<u64, Vec<u32>>,
    filter: Vec<u64>,
    /// How many different n-grams each held-out row has.
    n_grams: Vec<u32>,
    /// Held-out rows with fewer than n words: nothing can be found of them.
    pub too_short: Vec<u32>,
}

/// A row of the corpus and a held-out row that share n-grams.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    pub row: u32,
    pub held_out: u32,
    /// How many different n-grams are shared.
    pub n_shared: u32,
    /// The share of the held-out row's different n-grams that the row contains.
    pub share: f64,
    /// The bytes of the row's longest run of words all of whose n-grams are shared (the first of equal ones).
    pub span: Range<usize>,
}

impl HeldOut {
    /// Collects the n-grams of `texts` (UTF-8).
    pub fn new(
        texts: &[&[u8]],
        n: usize,
        simd: Simd,
        watch: &dyn Watch,
    ) -> Result<Self, DedupError> {
        let mut held = Self {
            n,
            simd,
            rows_of: HashMap::new(),
            filter: Vec::new(),
            n_grams: Vec::new(),
            too_short: Vec::new(),
        };
        let mut shingler = Shingler::of_words(simd, n);
        let mut all = 0;
        for (row, text) in texts.iter().enumerate() {
            if row % ROWS_PER_CHUNK == 0 {
                check(watch, row as u64, texts.len() as u64)?;
            }
            let fail = |why| DedupError::Text { row, why };
            let mut grams = shingler.whole_shingles(text).map_err(fail)?.to_vec();
            if grams.is_empty() {
                held.too_short.push(row as u32);
            }
            grams.sort_unstable();
            grams.dedup();
            held.n_grams.push(grams.len() as u32);
            all += grams.len();
            for gram in grams {
                held.rows_of.entry(gram).or_default().push(row as u32);
            }
        }
        held.filter = vec![0; (all * 16).next_power_of_two().max(1024) / 64];
        for &gram in held.rows_of.keys() {
            let bit = held.bit(gram);
            held.filter[bit / 64] |= 1 << (bit % 64);
        }
        Ok(held)
    }

    #[inline(always)]
    fn bit(&self, gram: u64) -> usize {
        (gram >> 20) as usize & (self.filter.len() * 64 - 1)
    }

    #[inline(always)]
    fn holders(&self, gram: u64) -> &[u32] {
        let bit = self.bit(gram);
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 {
            return &[];
        }
        self.rows_of.get(&gram).map_or(&[], Vec::as_slice)
    }

    /// What one text shares, as overlaps of row `row`.
    fn look(
        &self,
        shingler: &mut Shingler,
        row: u32,
        text: &[u8],
    ) -> Result<Vec<Overlap>, crate::text::TextError> {
        let grams = shingler.whole_shingles(text)?;
        let n_words = grams.len() + self.n - 1;
        let mut hits: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, &gram) in grams.iter().enumerate() {
            for &holder in self.holders(gram) {
                hits.entry(holder).or_default().push(place);
            }
        }
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let spans = spans(
            str::from_utf8(text).expect("the shingler has read it"),
            Alphabet::Unicode,
        );
        let overlap = |(held_out, places): (u32, Vec<usize>)| {
            let n_shared = places
                .iter()
                .map(|&place| grams[place])
                .collect::<HashSet<_>>()
                .len() as u32;
            let run = longest_run(&places, self.n);
            let span = match spans.get(run) {
                Some([first, .., last]) if spans.len() == n_words => first.start..last.end,
                Some([only]) if spans.len() == n_words => only.clone(),
                _ => 0..text.len(), // marks that change places parted words that the text has not
            };
            let share = f64::from(n_shared) / f64::from(self.n_grams[held_out as usize]);
            Overlap {
                row,
                held_out,
                n_shared,
                share,
                span,
            }
        };
        Ok(hits.into_iter().map(overlap).collect())
    }
}

/// The longest run of words whose n-grams all begin at `places` (rising), the first of equal ones.
fn longest_run(places: &[usize], n: usize) -> Range<usize> {
    let mut best = 0..0;
    for neighbours in places.chunk_by(|a, b| a + 1 == *b) {
        let run = neighbours[0]..neighbours[neighbours.len() - 1] + n;
        if run.len() > best.len() {
            best = run;
        }
    }
    best
}

/// Every (row, held-out row) that share at least one n-gram and at least `min_share` of the held-out row's, sorted.
pub fn overlaps(
    rows: &[&[u8]],
    held: &HeldOut,
    min_share: f64,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<Overlap>, DedupError> {
    let failure = FirstFailure::default();
    let chunks: Vec<_> = rows.chunks(ROWS_PER_CHUNK).collect();
    let found: Vec<OnceLock<Vec<Overlap>>> = chunks.iter().map(|_| OnceLock::new()).collect();
    run_long_chunks(chunks.len(), threads, watch, |chunk, pulse| {
        let mut patience = Patience::new(pulse);
        let mut shingler = Shingler::of_words(held.simd, held.n);
        let mut some = Vec::new();
        for (i, text) in chunks[chunk].iter().enumerate() {
            let row = chunk * ROWS_PER_CHUNK + i;
            match held.look(&mut shingler, row as u32, text) {
                Ok(overlaps) => some.extend(overlaps.into_iter().filter(|o| o.share >= min_share)),
                Err(why) => failure.note(row, why),
            }
            if !patience.after(text.len()) {
                return;
            }
        }
        found[chunk]
            .set(some)
            .unwrap_or_else(|_| unreachable!("each chunk is done once"));
    })?;
    failure.check()?;
    Ok(found
        .into_iter()
        .flat_map(|chunk| chunk.into_inner().expect("all chunks were done"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Unwatched;

    fn find(rows: &[&str], held: &[&str], n: usize) -> (Vec<Overlap>, Vec<u32>) {
        let bytes = |texts: &[&str]| {
            texts
                .iter()
                .map(|t| t.as_bytes().to_vec())
                .collect::<Vec<_>>()
        };
        let (rows, held) = (bytes(rows), bytes(held));
        let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
        let held: Vec<&[u8]> = held.iter().map(Vec::as_slice).collect();
        let held = HeldOut::new(&held, n, Simd::best(), &Unwatched).unwrap();
        (
            overlaps(&rows, &held, 0.0, 2, &Unwatched).unwrap(),
            held.too_short,
        )
    }

    #[test]
    fn the_span_is_where_the_words_stand() {
        let rows = [
            "nothing here",
            "Lo — THE quick, brown FOX jumps; over? and the quick brown",
            "x y z",
        ];
        let (found, too_short) = find(
            &rows,
            &[
                "the quick brown fox jumps",
                "too short",
                "brown fox jumps over",
            ],
            3,
        );
        assert_eq!(too_short, [1]);
        let texts: Vec<_> = found
            .iter()
            .map(|o| &rows[o.row as usize][o.span.clone()])
            .collect();
        assert_eq!(
            texts,
            ["THE quick, brown FOX jumps", "brown FOX jumps; over"]
        );
        let shares: Vec<_> = found
            .iter()
            .map(|o| (o.row, o.held_out, o.n_shared, o.share))
            .collect();
        assert_eq!(shares, [(1, 0, 3, 1.0), (1, 2, 2, 1.0)]);
    }

    #[test]
    fn spans_are_right_beyond_ascii() {
        let rows = ["Ünïcode: ΟΔΟΣ ΣΑΣ — 漢字です、İx end"];
        let (found, _) = find(&rows, &["οδος σας 漢字"], 4);
        assert_eq!(&rows[0][found[0].span.clone()], "ΟΔΟΣ ΣΑΣ — 漢字");
    }
}
