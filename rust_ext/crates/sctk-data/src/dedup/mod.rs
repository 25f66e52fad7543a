//! Exact, normalised and near duplicates, and what a corpus shares with held-out texts.
//!
//! `near` sketches every row once (`pass`: words, fingerprint, shingles, 128-slot one-permutation MinHash), lets rows
//! whose bands agree become candidates (`group`), and keeps the pairs whose *exact* Jaccard similarity reaches the
//! threshold (`verify`), whole and, where they are known, in each of their parts (`parts`). Candidates are a function of the data alone: a bucket yields its head and up to
//! `NEIGHBOURS` preceding members for every member, whatever was found before. So the result is the same for any
//! number of threads, any chunking, any SIMD level, in memory or spilled.

mod criterion;
mod exact;
mod group;
mod kept;
mod near;
mod overlap;
mod parts;
mod pass;
mod seen;
mod shingle;
mod sketch;
mod spill;
mod unite;
mod verify;

use std::path::PathBuf;

use crate::text::TextError;
use crate::watch::Stopped;

pub use criterion::Near;
pub use exact::{first_rows, first_rows_normalised};
pub use near::{Counts, Duplicates, near, near_in_parts};
pub use overlap::{HeldOut, Overlap, overlaps};
pub use parts::Parts;
pub use shingle::{Shingle, Shingler};
pub use sketch::{Banding, SLOTS, sketch_flat};
pub use verify::Pair;

/// For every member of a bucket, its candidates are the bucket's first row and this many rows before it.
pub const NEIGHBOURS: usize = 8;

/// The most rows that one call takes: row numbers are 32 bits wide.
pub const MOST_ROWS: usize = u32::MAX as usize - 1;

/// Why there is no result.
#[derive(Debug)]
pub enum DedupError {
    Stopped,
    /// The first row (of those looked at) that is no text.
    Text {
        row: usize,
        why: TextError,
    },
    TooManyRows {
        n_rows: usize,
    },
    /// The parts are no parts of the rows.
    Parts {
        why: String,
    },
    Spill {
        path: PathBuf,
        why: std::io::Error,
    },
}

impl From<Stopped> for DedupError {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl std::fmt::Display for DedupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stopped => Stopped.fmt(f),
            Self::Text { row, why } => write!(f, "row {row}: {why}"),
            Self::TooManyRows { n_rows } => {
                write!(f, "got {n_rows} rows, wanted at most {MOST_ROWS}")
            }
            Self::Parts { why } => write!(f, "parts: {why}"),
            Self::Spill { path, why } => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl std::error::Error for DedupError {}

/// The first failure by row number, among all that the threads met.
#[derive(Default)]
struct FirstFailure(std::sync::Mutex<Option<(usize, TextError)>>);

impl FirstFailure {
    fn note(&self, row: usize, why: TextError) {
        let mut first = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if first.is_none_or(|(earlier, _)| row < earlier) {
            *first = Some((row, why));
        }
    }

    fn check(self) -> Result<(), DedupError> {
        match self
            .0
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
        {
            None => Ok(()),
            Some((row, why)) => Err(DedupError::Text { row, why }),
        }
    }
}
