//! What counts as a near duplicate, and what the search for it may use.

use std::path::PathBuf;

use super::shingle::Shingle;
use crate::text::Simd;

/// What counts as a near duplicate, and how to look for it.
#[derive(Debug, Clone)]
pub struct Near {
    /// Jaccard similarity of the shingle sets, above 0 and at most 1.
    pub threshold: f64,
    pub shingle: Shingle,
    pub threads: usize,
    pub simd: Simd,
    /// Band keys go to files below this directory, 8 bytes for each row and band, instead of staying in memory,
    /// and no marks are kept (`verify` makes them again).
    pub spill: Option<PathBuf>,
}

impl Default for Near {
    fn default() -> Self {
        Self {
            threshold: 0.8,
            shingle: Shingle::Words(5),
            threads: 1,
            simd: Simd::best(),
            spill: None,
        }
    }
}
