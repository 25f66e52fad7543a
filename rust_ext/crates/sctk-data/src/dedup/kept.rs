//! What the one pass over all texts keeps of each row, for the passes after it.

use super::sketch::{Banding, Marks, SLOTS};

/// Rows whose sketches are kept together.
pub const CHUNK: usize = 1024;

/// A band's entry: the key high, the row low.
pub type Entry = u64;

/// What is kept of `CHUNK` rows (fewer in the last chunk).
pub struct Sketches {
    /// The low bytes of each row's slots; empty when the keys are spilled, for then memory is what counts.
    pub marks: Vec<Marks>,
    /// The band keys, band after band; empty when they were spilled.
    pub keys: Vec<u32>,
    /// How many shingles each row has, 0 where it was not sketched (no words, or known as a duplicate).
    pub n_shingles: Vec<u32>,
    /// A row of the same fingerprint, or the row itself.
    pub twin: Vec<u32>,
}

impl Sketches {
    /// Of `n` rows from row `first` on, none of them sketched yet.
    pub fn new(n: usize, first: usize, banding: Banding) -> Self {
        Self {
            marks: vec![[0; SLOTS]; n],
            keys: vec![0; n * banding.n_bands],
            n_shingles: vec![0; n],
            twin: (first..first + n).map(|row| row as u32).collect(),
        }
    }
}

/// All chunks.
pub struct Kept {
    pub chunks: Vec<Sketches>,
    pub n_rows: usize,
}

impl Kept {
    /// None: they were not kept.
    pub fn marks(&self, row: u32) -> Option<&Marks> {
        self.chunks[row as usize / CHUNK]
            .marks
            .get(row as usize % CHUNK)
    }

    pub fn n_shingles(&self, row: u32) -> u32 {
        self.chunks[row as usize / CHUNK].n_shingles[row as usize % CHUNK]
    }
}
