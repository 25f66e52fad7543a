//! Near duplicates, from texts to clusters and verified pairs.

use std::sync::Mutex;

use super::criterion::Near;
use super::group::Grouper;
use super::kept::Kept;
use super::parts::Parts;
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
    /// Pairs that are alike as whole texts but not in some part, and so are no pairs.
    pub n_apart: usize,
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
    near_in_parts(rows, None, near, watch)
}

/// The same where rows have known parts: two rows are a pair where their whole texts and each of their parts are alike.
///
/// Rows with equal words are paired wherever their parts end.
pub fn near_in_parts(
    rows: &[&[u8]],
    parts: Option<&Parts>,
    near: &Near,
    watch: &dyn Watch,
) -> Result<Duplicates, DedupError> {
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
    let verified = verify(&candidates, rows, parts, &sketched, near, watch)?;
    for pair in &verified.pairs {
        unite.join(pair.left, pair.right);
    }
    pairs.extend(verified.pairs);
    pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
    let counts = Counts {
        n_equal_rows,
        n_candidates: candidates.len(),
        n_checked: verified.n_checked,
        n_apart: verified.n_apart,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Unwatched;

    /// The clusters of rows of parts, and how many pairs were kept apart.
    fn labels(rows: &[&[&str]], spill: bool) -> (Vec<u32>, usize) {
        let (mut texts, mut ends, mut offsets) = (Vec::new(), Vec::new(), vec![0]);
        for row in rows {
            let mut text = String::new();
            for part in *row {
                text += "\n";
                text += part;
                ends.push(text.len() as u32);
            }
            texts.push(text);
            offsets.push(ends.len());
        }
        let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        let parts = Parts::new(ends, offsets, &texts).unwrap();
        let how = Near {
            spill: spill.then(std::env::temp_dir),
            ..Near::default()
        };
        let found = near_in_parts(&texts, Some(&parts), &how, &Unwatched).unwrap();
        (found.labels, found.counts.n_apart)
    }

    #[test]
    fn each_part_must_be_alike() {
        let words: Vec<String> = (0..250).map(|i| format!("w{i}")).collect();
        let long = words.join(" ");
        let other = long.replace("w100 ", "v ");
        let rows: [&[&str]; 9] = [
            &[&long, "Who built it?"],
            &[&long, "When was it built?"],
            &[&long, "who built it"],
            &[&other, "Who built it?"],
            &[&long, "Who built it?", "Nobody."],
            &[&long, "👍"],
            &[&long, "👎"],
            &[&other, " 👍"],
            &[&other.replace("w7 ", "u "), "👎"],
        ];
        for spill in [false, true] {
            let (labels, n_apart) = labels(&rows, spill);
            // the words of rows 5 and 6 are equal: signs that mean nothing tell no rows apart, those of row 7 are compared
            assert_eq!(labels, [0, 1, 0, 0, 4, 5, 5, 5, 8]);
            assert!(n_apart > 0);
        }
    }
}
