//! Tokens into their bins: one pass over the output, any number of columns, on any number of threads.
//!
//! Where each bin's tokens go is known before the first is copied, so the output is cut into stretches of whole bins
//! that threads fill on their own: the bytes cannot depend on who filled what.

use std::mem::MaybeUninit;
use std::sync::Mutex;

use super::boundaries::Boundaries;
use super::copy::{Store, copy, count_up, fence, prefetch};
use super::{Cut, Plan};
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
    pub plan: &'a Plan,
    pub boundaries: &'a Boundaries,
    pub columns: &'a [Column<'a>],
    pub store: Store,
}

/// About this many tokens are filled between two looks at the watch.
const CHUNK_TOKENS: usize = 1 << 18;
const LOOK_AHEAD: usize = 4;

/// Fills the whole output, or stops. On success every element of `output` is written.
pub fn fill(
    job: &Job<'_>,
    output: Output<'_>,
    threads: usize,
    watch: &dyn Watch,
) -> Result<(), Stopped> {
    let chunks = cut_output(job, output);
    run_chunks(chunks.len(), threads, watch, |i| {
        let mut chunk = chunks[i]
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(chunk) = chunk.take() {
            fill_chunk(job, chunk);
        }
    })
}

/// Bins `bins` and the stretch of the output that is theirs.
struct Chunk<'a> {
    bins: std::ops::Range<usize>,
    output: Output<'a>,
}

fn cut_output<'a>(job: &Job<'_>, mut output: Output<'a>) -> Vec<Mutex<Option<Chunk<'a>>>> {
    let offsets = &job.boundaries.token_offsets;
    let n_bins = job.boundaries.n_bins();
    let mut chunks = Vec::new();
    let mut first = 0;
    while first < n_bins {
        let end = offsets[first] + CHUNK_TOKENS as i64;
        let last = offsets[first + 1..].partition_point(|&offset| offset < end) + first + 1;
        let last = last.min(n_bins);
        let n_tokens = (offsets[last] - offsets[first]) as usize;
        let columns = output.columns.iter_mut().zip(job.columns);
        let columns = columns
            .map(|(rest, column)| split_front(rest, n_tokens * column.width))
            .collect();
        let position_ids = output
            .position_ids
            .as_mut()
            .map(|rest| split_front(rest, n_tokens));
        chunks.push(Mutex::new(Some(Chunk {
            bins: first..last,
            output: Output {
                columns,
                position_ids,
            },
        })));
        first = last;
    }
    let rest = output.columns.iter().map(|rest| rest.len()).sum::<usize>();
    assert_eq!(
        rest + output.position_ids.map_or(0, |rest| rest.len()),
        0,
        "the output is as long as the plan"
    );
    chunks
}

/// Takes the first `n` elements off `rest`.
fn split_front<'a, T>(rest: &mut &'a mut [T], n: usize) -> &'a mut [T] {
    let (front, back) = std::mem::take(rest).split_at_mut(n);
    *rest = back;
    front
}

fn fill_chunk(job: &Job<'_>, chunk: Chunk<'_>) {
    let Chunk { bins, mut output } = chunk;
    let pieces = job.plan.bin_offsets[bins.start] as usize..job.plan.bin_offsets[bins.end] as usize;
    let n_sides = job.boundaries.n_sides;
    let n_pieces = job.plan.rows.len();
    for k in pieces {
        let row = job.plan.rows[k] as usize;
        if k + LOOK_AHEAD < n_pieces {
            let next = job.plan.rows[k + LOOK_AHEAD] as usize;
            job.columns
                .iter()
                .flat_map(|column| &column.sides)
                .for_each(|rows| prefetch(rows[next]));
        }
        for side in 0..n_sides {
            let n_tokens = job.boundaries.n_tokens[k * n_sides + side] as usize;
            let start = job
                .plan
                .cuts
                .as_ref()
                .map_or(0, |cuts: &Vec<Cut>| cuts[k].start as usize);
            for (column, rest) in job.columns.iter().zip(&mut output.columns) {
                let (from, n_bytes) = (start * column.width, n_tokens * column.width);
                let target = split_front(rest, n_bytes);
                copy(
                    &column.sides[side][row][from..from + n_bytes],
                    target,
                    job.store,
                );
            }
            if let Some(rest) = &mut output.position_ids {
                count_up(split_front(rest, n_tokens), job.store);
            }
        }
    }
    fence(job.store);
    let rest = output.columns.iter().map(|rest| rest.len()).sum::<usize>();
    assert_eq!(
        rest + output.position_ids.map_or(0, |rest| rest.len()),
        0,
        "every token of the chunk is written"
    );
}
