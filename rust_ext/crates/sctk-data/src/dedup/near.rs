//! Near duplicates, from texts to clusters and verified pairs.

use std::sync::Mutex;

use super::criterion::Near;
use super::group::Grouper;
use super::kept::Kept;
use super::pass::pass;
use super::sketch::Banding;
use super::spill::Spill;
use super::unite::Unite;
use super::verify::{Pair, verify};
use super::{DedupError, MOST_ROWS};
use crate::watch::{Watch, run_chunks};

/// The clusters of N rows and the pairs that they stand on.
#[derive(Debug, PartialEq)]
pub struct Duplicates {
    /// The smallest row of each row's cluster.
    pub labels: Vec<u32>,
    /// Sorted by (left, right). Rows with equal words are paired with the first of them, at 1.
    pub pairs: Vec<Pair>,
    pub counts: Counts,
}

/// How many rows and pairs each step left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Rows whose words (bytes, where there is no word) equal an earlier row's.
    pub n_equal_rows: usize,
    /// Pairs with a band in common.
    pub n_candidates: usize,
    /// Candidates whose similarity was computed exactly.
    pub n_checked: usize,
}

/// The near duplicates among `rows` (UTF-8).
///
/// ```
/// use sctk_data::dedup::{near, Near};
/// use sctk_data::watch::Unwatched;
/// let rows: [&[u8]; 3] = [b"to be or not to be", b"something else", b"To be, or NOT to be!"];
/// assert_eq!(near(&rows, &Near::default(), &Unwatched).unwrap().labels, [0, 1, 0]);
/// ```
pub fn near(rows: &[&[u8]], near: &Near, watch: &dyn Watch) -> Result<Duplicates, DedupError> {
    if rows.len() > MOST_ROWS {
        return Err(DedupError::TooManyRows { n_rows: rows.len() });
    }
    let banding = Banding::for_threshold(near.threshold);
    let spill = near
        .spill
        .as_ref()
        .map(|below| Spill::open(below, rows.len(), banding.n_bands))
        .transpose()?;
    let sketched = pass(rows, near, banding, spill.as_ref(), watch)?;
    let mut unite = Unite::new(rows.len());
    let mut pairs = twins(&sketched, &mut unite);
    let n_equal_rows = pairs.len();
    let alive: Vec<bool> = (0..rows.len() as u32)
        .map(|row| sketched.n_shingles(row) > 0 && unite.find(row) == row)
        .collect();
    let candidates = match &spill {
        None => candidates(&sketched, banding, &alive, near.threads, watch)?,
        Some(spill) => spilled_candidates(spill, &alive, near.threads, watch)?,
    };
    drop(spill);
    let (verified, n_checked) = verify(&candidates, rows, &sketched, near, watch)?;
    for pair in &verified {
        unite.join(pair.left, pair.right);
    }
    pairs.extend(verified);
    pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
    let counts = Counts {
        n_equal_rows,
        n_candidates: candidates.len(),
        n_checked,
    };
    Ok(Duplicates {
        labels: unite.labels(),
        pairs,
        counts,
    })
}

/// Joins rows of equal fingerprint; their pairs, each with the first row of its kind.
fn twins(sketched: &Kept, unite: &mut Unite) -> Vec<Pair> {
    let mut row = 0;
    let mut twins = Vec::new();
    for chunk in &sketched.chunks {
        for &twin in &chunk.twin {
            if twin != row {
                unite.join(row, twin);
                twins.extend([row, twin]);
            }
            row += 1;
        }
    }
    twins.sort_unstable();
    twins.dedup();
    let pair = |right| Pair {
        left: unite.find(right),
        right,
        jaccard: 1.0,
    };
    twins
        .into_iter()
        .map(pair)
        .filter(|pair| pair.left != pair.right)
        .collect()
}

fn candidates(
    sketched: &Kept,
    banding: Banding,
    alive: &[bool],
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<u64>, DedupError> {
    let all = Mutex::new(Vec::new());
    let groupers = Mutex::new(Vec::new());
    run_chunks(banding.n_bands, threads, watch, |band| {
        let mut grouper: Grouper = lock(&groupers).pop().unwrap_or_default();
        let mut pairs = Vec::new();
        grouper.band(sketched, band, alive, &mut pairs);
        lock(&all).append(&mut pairs);
        lock(&groupers).push(grouper);
    })?;
    Ok(distinct(all))
}

fn spilled_candidates(
    spill: &Spill,
    alive: &[bool],
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<u64>, DedupError> {
    spill.check()?;
    let all = Mutex::new(Vec::new());
    let failure = Mutex::new(None);
    run_chunks(spill.n_files(), threads, watch, |file| {
        match spill.read(file, alive) {
            Ok(entries) => {
                let mut pairs = Vec::new();
                Grouper::default().part(&entries, &mut pairs);
                pairs.sort_unstable();
                pairs.dedup();
                lock(&all).append(&mut pairs);
            }
            Err(why) => *lock(&failure) = Some(why),
        }
    })?;
    if let Some(why) = failure
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
    {
        return Err(why);
    }
    Ok(distinct(all))
}

/// Sorted, each once: the order in which threads came by leaves no trace.
fn distinct(pairs: Mutex<Vec<u64>>) -> Vec<u64> {
    let mut pairs = pairs
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
