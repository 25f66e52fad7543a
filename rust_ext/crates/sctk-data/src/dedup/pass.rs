//! The one pass over all texts.

use std::sync::OnceLock;

use super::criterion::Near;
use super::kept::{CHUNK, Kept, Sketches};
use super::seen::{Met, Seen};
use super::shingle::Shingler;
use super::sketch::{Banding, SLOTS, band_keys, marks, sketch};
use super::spill::Spill;
use super::{DedupError, FirstFailure};
use crate::text::TextError;
use crate::text::block::prefetch_text;
use crate::watch::{Patience, Watch, run_long_chunks};

/// Sketches every row; band keys go to `spill` where there is one.
pub fn pass(
    rows: &[&[u8]],
    near: &Near,
    banding: Banding,
    spill: Option<&Spill>,
    watch: &dyn Watch,
) -> Result<Kept, DedupError> {
    let seen = Seen::new(rows.len());
    let failure = FirstFailure::default();
    let n_chunks = rows.len().div_ceil(CHUNK);
    let chunks: Vec<OnceLock<Sketches>> = (0..n_chunks).map(|_| OnceLock::new()).collect();
    run_long_chunks(n_chunks, near.threads, watch, |chunk, pulse| {
        let mut patience = Patience::new(pulse);
        let first = chunk * CHUNK;
        let texts = &rows[first..rows.len().min(first + CHUNK)];
        let mut sketches = Sketches::new(texts.len(), first, banding);
        let mut one = OneRow {
            shingler: Shingler::new(near.simd, near.shingle),
            near,
            banding,
            seen: &seen,
        };
        for (i, text) in texts.iter().enumerate() {
            if let Some(next) = texts.get(i + 1) {
                prefetch_text(next);
            }
            if let Err(why) = one.add(text, first, i, &mut sketches) {
                failure.note(first + i, why);
            }
            if !patience.after(text.len()) {
                return;
            }
        }
        if let Some(spill) = spill {
            spill.take(first as u32, &mut sketches, banding);
        }
        chunks[chunk]
            .set(sketches)
            .unwrap_or_else(|_| unreachable!("each chunk is made once"));
    })?;
    failure.check()?;
    let chunks = chunks
        .into_iter()
        .map(|c| c.into_inner().expect("all chunks were made"))
        .collect();
    Ok(Kept {
        chunks,
        n_rows: rows.len(),
    })
}

struct OneRow<'a> {
    shingler: Shingler,
    near: &'a Near,
    banding: Banding,
    seen: &'a Seen,
}

impl OneRow<'_> {
    fn add(
        &mut self,
        text: &[u8],
        first: usize,
        i: usize,
        to: &mut Sketches,
    ) -> Result<(), TextError> {
        let row = (first + i) as u32;
        let (print, shingles) = self
            .shingler
            .fingerprint_and_shingles(text, |print| self.seen.expect(print))?;
        let met = self.seen.meet(row, print);
        if let Met::Earlier(other) | Met::Later(other) = met {
            to.twin[i] = other;
        }
        if shingles.is_empty() || matches!(met, Met::Earlier(_)) {
            return Ok(());
        }
        to.n_shingles[i] = u32::try_from(shingles.len()).unwrap_or(u32::MAX);
        let mut slots = [0; SLOTS];
        sketch(self.near.simd, shingles, &mut slots);
        marks(self.near.simd, &slots, &mut to.marks[i]);
        let mut keys = [0; SLOTS];
        band_keys(self.near.simd, &slots, self.banding, &mut keys);
        let n = to.n_shingles.len();
        for (band, &key) in keys[..self.banding.n_bands].iter().enumerate() {
            to.keys[band * n + i] = key;
        }
        Ok(())
    }
}
