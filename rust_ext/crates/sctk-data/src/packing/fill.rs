//! Tokens into their bins: one pass over the rows, any number of columns, on any number of threads.
//!
//! Where each sequence goes is known before the first token is copied, so columns are cut into runs of rows that
//! threads copy on their own, each sequence to a place that is its own: the bytes cannot depend on who copied what.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

use super::Plan;
use super::boundaries::Boundaries;
use super::copy::{Store, copy, count_up, expect_writes, fence};
use super::moves::{Move, in_source_order};
use crate::watch::{Stopped, Watch, run_chunks};

/// One column: the bytes of each row on each side, `width` bytes per token.
pub struct Column<'a> {
    pub width: usize,
    /// One side, or a pair's two.
    pub sides: Vec<Vec<&'a [u8]>>,
}

/// What is filled: every column's tokens and, where wanted, the position of each token in its sequence.
pub struct Output<'a> {
    /// One for each column, `width` bytes for each token of the plan.
    pub columns: Vec<&'a mut [MaybeUninit<u8>]>,
    pub position_ids: Option<&'a mut [MaybeUninit<i32>]>,
}

/// What is copied from where.
pub struct Job<'a> {
    /// None where nothing is copied.
    pub plan: Option<&'a Plan>,
    pub boundaries: &'a Boundaries,
    pub columns: &'a [Column<'a>],
    pub store: Store,
}

/// About this many tokens of a column are copied between two looks at the watch.
const CHUNK_TOKENS: usize = 1 << 18;
/// Positions are counted in longer runs: of two threads that touch one fresh huge page, each has it zeroed.
const COUNTED_TOKENS: usize = 1 << 20;
/// The lines where the fourth next row begins and ends are asked for while this one is copied.
const LOOK_AHEAD: usize = 4;

/// Fills the whole output, or stops. On success every element of `output` is written.
pub fn fill(
    job: &Job<'_>,
    output: Output<'_>,
    threads: usize,
    watch: &dyn Watch,
) -> Result<(), Stopped> {
    let n_pieces = job.plan.map(|plan| plan.rows.len());
    job.boundaries
        .check(n_pieces.unwrap_or(job.boundaries.n_tokens.len()));
    let n_tokens = job.boundaries.n_tokens();
    let moves = job
        .plan
        .map(|plan| in_source_order(plan, job.boundaries))
        .unwrap_or_default();
    let mut chunks = Vec::new();
    let positions = output.position_ids.map(Places::of);
    if let Some(positions) = &positions {
        assert_eq!(positions.len, n_tokens, "a position for each token");
        chunks.extend(runs_of_bins(job.boundaries).map(|bins| Chunk::Count { bins, positions }));
    }
    let targets: Vec<Places<'_, u8>> = output.columns.into_iter().map(Places::of).collect();
    assert_eq!(
        targets.len(),
        job.columns.len(),
        "an output for each column"
    );
    assert!(
        job.plan.is_some() || targets.is_empty(),
        "columns are copied by a plan"
    );
    for (column, target) in job.columns.iter().zip(&targets) {
        assert_eq!(
            target.len,
            n_tokens * column.width,
            "a place for each token"
        );
        for (rows, moves) in column.sides.iter().zip(&moves) {
            let width = column.width;
            chunks.extend(runs_of_moves(moves).map(|moves| Chunk::Copy {
                rows,
                moves,
                width,
                target,
            }));
        }
    }
    run_chunks(chunks.len(), threads, watch, |i| {
        match &chunks[i] {
            Chunk::Count { bins, positions } => count_bins(job, bins.clone(), positions),
            Chunk::Copy {
                rows,
                moves,
                width,
                target,
            } => copy_rows(rows, moves, (*width, job.store), target),
        }
        fence(job.store);
    })
}

/// A part of the work that one thread does.
enum Chunk<'a> {
    Count {
        bins: Range<usize>,
        positions: &'a Places<'a, i32>,
    },
    Copy {
        rows: &'a [&'a [u8]],
        moves: &'a [Move],
        width: usize,
        target: &'a Places<'a, u8>,
    },
}

/// Bins of about `COUNTED_TOKENS` tokens together, in order.
fn runs_of_bins(boundaries: &Boundaries) -> impl Iterator<Item = Range<usize>> {
    let offsets = &boundaries.token_offsets;
    let mut first = 0;
    std::iter::from_fn(move || {
        let start = first;
        let end = offsets[start] + COUNTED_TOKENS as i64;
        first = start + offsets[start + 1..].partition_point(|&offset| offset < end) + 1;
        first = first.min(boundaries.n_bins());
        (start < first).then_some(start..first)
    })
}

/// Moves of about `CHUNK_TOKENS` tokens together, in order.
fn runs_of_moves(moves: &[Move]) -> impl Iterator<Item = &[Move]> {
    let mut n_tokens = 0;
    moves.chunk_by(move |step, _| {
        n_tokens += step.n_tokens as usize;
        if n_tokens < CHUNK_TOKENS {
            return true;
        }
        n_tokens = 0;
        false
    })
}

/// Copies each row's tokens to their place in `target`; `width` bytes per token.
fn copy_rows(
    rows: &[&[u8]],
    moves: &[Move],
    (width, store): (usize, Store),
    target: &Places<'_, u8>,
) {
    for (i, step) in moves.iter().enumerate() {
        if let Some(ahead) = moves.get(i + LOOK_AHEAD) {
            let (to, n_tokens) = (ahead.to as usize, ahead.n_tokens as usize);
            expect_writes(target.at(to * width));
            expect_writes(target.at((to + n_tokens) * width));
        }
        let n_bytes = step.n_tokens as usize * width;
        let from = &rows[step.row as usize][step.start as usize * width..][..n_bytes];
        // SAFETY: the targets of moves tile the output, and each move is in one chunk, which one thread takes once.
        let to = unsafe { target.stretch(step.to as usize * width, n_bytes) };
        copy(from, to, store);
    }
}

/// Numbers the tokens of each sequence of `bins` from 0.
fn count_bins(job: &Job<'_>, bins: Range<usize>, positions: &Places<'_, i32>) {
    let Boundaries {
        n_tokens,
        seq_offsets,
        token_offsets,
        ..
    } = job.boundaries;
    let [start, end] = [bins.start, bins.end].map(|bin| token_offsets[bin] as usize);
    // SAFETY: bins follow one another (checked in `fill`), and each is in one chunk, which one thread takes once.
    let mut rest = unsafe { positions.stretch(start, end - start) };
    for &n in &n_tokens[seq_offsets[bins.start] as usize..seq_offsets[bins.end] as usize] {
        let sequence = rest.split_off_mut(..n as usize);
        count_up(sequence.expect("bins hold their sequences"), job.store);
    }
    assert!(rest.is_empty(), "sequences fill their bins");
}

/// Memory that several threads fill, each at places that no other thread has.
struct Places<'a, T> {
    start: *mut MaybeUninit<T>,
    len: usize,
    borrowed: PhantomData<&'a mut [MaybeUninit<T>]>,
}

// SAFETY: shared, it only gives out what `stretch` gives, whose callers promise to be alone there.
unsafe impl<T: Send> Sync for Places<'_, T> {}

impl<'a, T> Places<'a, T> {
    fn of(memory: &'a mut [MaybeUninit<T>]) -> Self {
        Self {
            start: memory.as_mut_ptr(),
            len: memory.len(),
            borrowed: PhantomData,
        }
    }

    /// The address of element `i`, which may lie past the end.
    fn at(&self, i: usize) -> *const T {
        self.start.wrapping_add(i).cast()
    }

    /// Elements `at .. at + n`.
    ///
    /// # Safety
    /// Nobody else holds any of them.
    #[allow(clippy::mut_from_ref)]
    unsafe fn stretch(&self, at: usize, n: usize) -> &mut [MaybeUninit<T>] {
        assert!(at <= self.len && n <= self.len - at, "within the output");
        // SAFETY: the stretch lies in the slice that `of` borrowed, and the caller is alone there.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(at), n) }
    }
}
