//! Exact duplicates: the same bytes, or the same words.

use std::sync::OnceLock;

use super::shingle::{Shingle, Shingler};
use super::{DedupError, FirstFailure, MOST_ROWS};
use crate::text::block::prefetch;
use crate::text::{Simd, hash};
use crate::watch::{Watch, check, run_chunks};

const ROWS_PER_CHUNK: usize = 1024;
/// How far ahead the table is asked for: about the time that memory takes to answer.
const AHEAD: usize = 16;
const NONE: u32 = u32::MAX;

/// The first row with the same bytes, for every row. Bytes are compared, so no two different rows are ever equal.
pub fn first_rows(
    rows: &[&[u8]],
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<u32>, DedupError> {
    let prints = prints(rows, threads, watch, |_, rows| {
        rows.iter().map(|row| hash::bytes(row)[0]).collect()
    })?;
    let first = first_of(
        &prints,
        watch,
        |hash, a, b| hash[a] == hash[b] && rows[a] == rows[b],
        |hash| *hash,
    )?;
    Ok(first)
}

/// The first row with the same words (case and punctuation aside), for every row: equal 128-bit fingerprints.
///
/// Rows without a word are equal when their bytes are.
pub fn first_rows_normalised(
    rows: &[&[u8]],
    simd: Simd,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<u32>, DedupError> {
    let failure = FirstFailure::default();
    let prints = prints(rows, threads, watch, |first, rows| {
        let mut shingler = Shingler::new(simd, Shingle::Words(1));
        let mut prints = Vec::with_capacity(rows.len());
        for (i, row) in rows.iter().enumerate() {
            prints.push(shingler.print(row).unwrap_or_else(|why| {
                failure.note(first + i, why);
                [0; 2]
            }));
        }
        prints
    })?;
    failure.check()?;
    let first = first_of(
        &prints,
        watch,
        |prints, a, b| prints[a] == prints[b],
        |print| print[0],
    )?;
    Ok(first)
}

fn prints<T: Send + Sync>(
    rows: &[&[u8]],
    threads: usize,
    watch: &dyn Watch,
    of: impl Fn(usize, &[&[u8]]) -> Vec<T> + Sync,
) -> Result<Vec<T>, DedupError> {
    if rows.len() > MOST_ROWS {
        return Err(DedupError::TooManyRows { n_rows: rows.len() });
    }
    let chunks: Vec<_> = rows.chunks(ROWS_PER_CHUNK).collect();
    let made: Vec<OnceLock<Vec<T>>> = chunks.iter().map(|_| OnceLock::new()).collect();
    run_chunks(chunks.len(), threads, watch, |chunk| {
        made[chunk]
            .set(of(chunk * ROWS_PER_CHUNK, chunks[chunk]))
            .unwrap_or_else(|_| unreachable!("each chunk is done once"));
    })?;
    let mut prints = Vec::with_capacity(rows.len());
    for chunk in made {
        prints.extend(chunk.into_inner().expect("all chunks were done"));
    }
    Ok(prints)
}

/// For every row the first that is `same`; `key` must be equal for those that are.
fn first_of<T>(
    prints: &[T],
    watch: &dyn Watch,
    same: impl Fn(&[T], usize, usize) -> bool,
    key: impl Fn(&T) -> u64,
) -> Result<Vec<u32>, DedupError> {
    let cells = (prints.len() * 2).next_power_of_two().max(2);
    let mask = cells - 1;
    // 32 bits of the key beside the row: most strangers are told apart without a look at their rows
    let mut table = vec![(0u32, NONE); cells];
    let mut first = Vec::with_capacity(prints.len());
    for (row, print) in prints.iter().enumerate() {
        if row % (64 << 10) == 0 {
            check(watch, row as u64, prints.len() as u64)?;
        }
        if let Some(later) = prints.get(row + AHEAD) {
            prefetch(
                std::ptr::from_ref(&table[key(later) as usize & mask]).cast(),
                1,
            );
        }
        let key = key(print);
        let tag = (key >> 32) as u32;
        let mut at = key as usize & mask;
        let found = loop {
            let (there, other) = table[at];
            if other == NONE {
                table[at] = (tag, row as u32);
                break row as u32;
            }
            if there == tag && same(prints, row, other as usize) {
                break other;
            }
            at = (at + 1) & mask;
        };
        first.push(found);
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Unwatched;

    #[test]
    fn rows_are_named_after_the_first_like_them() {
        let rows: [&[u8]; 9] = [
            b"a b",
            b"A, b!",
            b"",
            b"a b",
            b"...",
            b"",
            b"\xf0\x9f\x99\x82",
            b"...",
            b"b a",
        ];
        assert_eq!(
            first_rows(&rows, 2, &Unwatched).unwrap(),
            [0, 1, 2, 0, 4, 2, 6, 4, 8]
        );
        let normalised = first_rows_normalised(&rows, Simd::best(), 2, &Unwatched).unwrap();
        assert_eq!(normalised, [0, 0, 2, 0, 4, 2, 6, 4, 8]);
    }

    #[test]
    fn equal_hashes_are_not_enough() {
        // all keys collide: only `same` tells them apart
        let rows: Vec<u64> = (0..500).map(|i| i % 100).collect();
        let first = first_of(&rows, &Unwatched, |rows, a, b| rows[a] == rows[b], |_| 7).unwrap();
        assert!(
            first
                .iter()
                .enumerate()
                .all(|(i, &f)| f as usize == i % 100)
        );
    }

    #[test]
    fn broken_text_is_named() {
        let rows: [&[u8]; 3] = [b"fine", b"\xff", b"\xfe"];
        let error = first_rows_normalised(&rows, Simd::best(), 1, &Unwatched).unwrap_err();
        assert_eq!(error.to_string(), "row 1: not UTF-8 from byte 0 on");
    }
}
