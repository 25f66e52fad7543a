//! Wrapped rows that lie end to end already: no token moves, so all that is written is where sequences and bins end.
//!
//! The result is that of `in_order::wrapped` without a list of rows, of lengths or of cuts in between: each row's end is
//! read once, and becomes the end of a sequence. Where a piece starts in its row follows from the pieces before it.

#[cfg(target_arch = "x86_64")]
mod x86;

use std::mem::MaybeUninit;

use super::admit::{Loss, MOST_TOKENS, too_many};
use super::boundaries::Boundaries;
use super::{MOST_CAPACITY, Refusal};
use crate::buffer::{Buffer, Plain};
use crate::text::Simd;
use crate::text::simd::Level;

/// A number that says where a row ends.
pub trait Offset: Plain + Into<i64> {}

impl Offset for i32 {}
impl Offset for i64 {}

/// So many places more than there are pieces: what has no tokens is written, too, where the next piece will be.
const SLACK: usize = 16;

/// The pieces of wrapped rows, bin after bin; the pieces of one row follow one another.
pub struct EndToEnd {
    /// The row of each piece.
    pub rows: Buffer<u32>,
    pub boundaries: Boundaries,
    /// For each bin, 0 and the running sums of its sequences: one number more than sequences.
    pub sums: Buffer<i32>,
    pub loss: Loss,
}

/// Takes the ends of rows, chunk by chunk, and cuts at every `capacity` tokens.
pub struct Wrapping {
    capacity: u64,
    n_tokens: u64,
    n_rows: usize,
    rows: Buffer<u32>,
    lengths: Buffer<i32>,
    sums: Buffer<i32>,
    seq_offsets: Buffer<i64>,
    so_far: SoFar,
    rows_split: u64,
    simd: Simd,
}

/// Where pieces are written to.
struct Room<'a> {
    rows: &'a mut [MaybeUninit<u32>],
    lengths: &'a mut [MaybeUninit<i32>],
    sums: &'a mut [MaybeUninit<i32>],
    seq_offsets: &'a mut [MaybeUninit<i64>],
}

/// What was taken, and the pieces and bins that it has become: a bin begins with its first token.
#[derive(Clone, Copy, Default)]
struct SoFar {
    rows: usize,
    tokens: u64,
    pieces: usize,
    cuts: usize,
    bins: usize,
}

impl Wrapping {
    /// For `n_rows` rows of `n_tokens` tokens together.
    pub fn new(n_rows: usize, n_tokens: u64, capacity: usize, simd: Simd) -> Result<Self, Refusal> {
        if !(1..=MOST_CAPACITY).contains(&capacity) {
            return Err(Refusal::Capacity(capacity));
        }
        let capacity = capacity as u64;
        let n_bins = n_tokens.div_ceil(capacity);
        let most_pieces = (n_rows as u64).saturating_add(n_bins);
        too_many(most_pieces)?;
        let (most_pieces, n_bins) = (most_pieces as usize, n_bins as usize);
        Ok(Self {
            capacity,
            n_tokens,
            n_rows,
            rows: Buffer::with_capacity(most_pieces + SLACK),
            lengths: Buffer::with_capacity(most_pieces + SLACK),
            sums: Buffer::with_capacity(most_pieces + n_bins + SLACK),
            seq_offsets: Buffer::with_capacity(n_bins + 1),
            so_far: SoFar::default(),
            rows_split: 0,
            simd,
        })
    }

    /// Takes rows that end at `ends`, of which the first begins at `first`. Panics where one ends before it begins, or
    /// where there are more rows or tokens than were announced.
    pub fn take<T: Offset>(&mut self, first: T, ends: &[T]) -> Result<(), Refusal> {
        if self.n_tokens > u64::from(u32::MAX) {
            self.look_for_giants(first, ends)?;
        }
        assert!(
            ends.len() <= self.n_rows - self.so_far.rows,
            "as many rows as announced"
        );
        let last = ends.last().map_or(0, |&end| number(end));
        let whole = ends.len() == self.n_rows && last.wrapping_sub(number(first)) == self.n_tokens;
        let (capacity, n_tokens) = (self.capacity, self.n_tokens);
        let mut room = Room {
            rows: self.rows.room(),
            lengths: self.lengths.room(),
            sums: self.sums.room(),
            seq_offsets: self.seq_offsets.room(),
        };
        self.so_far = match self.simd.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if whole => {
                let bins = n_tokens.div_ceil(capacity) as usize;
                // SAFETY: a `Simd` of this level exists only where the processor has it.
                let written = unsafe { x86::write_ends(first, ends, (capacity, bins), &mut room) };
                let (rows, pieces, cuts) = written.expect("rows lie end to end");
                assert!(bins == 0 || rows == ends.len(), "rows lie end to end");
                SoFar {
                    rows: ends.len(),
                    tokens: n_tokens,
                    pieces,
                    cuts,
                    bins,
                }
            }
            _ => write_ends(first, ends, (capacity, n_tokens), self.so_far, &mut room),
        };
        Ok(())
    }

    /// Counts rows of 2^32 tokens or more, as split ones, and refuses lengths that no row can have.
    fn look_for_giants<T: Offset>(&mut self, first: T, ends: &[T]) -> Result<(), Refusal> {
        let mut from = number(first);
        for (row, &end) in ends.iter().enumerate() {
            let n_tokens = number(end).saturating_sub(from);
            if n_tokens > MOST_TOKENS {
                let row = self.so_far.rows + row;
                return Err(Refusal::Length { row });
            }
            self.rows_split += u64::from(n_tokens > u64::from(u32::MAX));
            from = number(end);
        }
        Ok(())
    }

    /// The pieces of all rows. Panics unless rows and tokens are those that were announced.
    pub fn finish(mut self) -> EndToEnd {
        let SoFar {
            rows,
            tokens,
            pieces,
            cuts,
            bins,
        } = self.so_far;
        assert_eq!(
            (rows, tokens),
            (self.n_rows, self.n_tokens),
            "all rows were taken"
        );
        self.seq_offsets.room()[bins].write(pieces as i64);
        // SAFETY: `take` went on to a place only when it had written the one before, so those before `pieces`, before
        // `pieces + bins` and before `bins` are written; the last offset is that of the line above.
        unsafe {
            self.rows.set_len(pieces);
            self.lengths.set_len(pieces);
            self.sums.set_len(pieces + bins);
            self.seq_offsets.set_len(bins + 1);
        }
        let end = |bin: usize| (bin as u64 * self.capacity).min(tokens) as i64;
        EndToEnd {
            rows: self.rows,
            boundaries: Boundaries {
                n_tokens: self.lengths,
                seq_offsets: self.seq_offsets,
                n_sides: 1,
                token_offsets: Buffer::from_fn(bins + 1, end),
            },
            sums: self.sums,
            loss: Loss {
                rows_empty: (rows - (pieces - cuts)) as u64,
                rows_split: self.rows_split,
                tokens_kept: tokens,
                ..Loss::default()
            },
        }
    }
}

/// Writes the sequences of rows that follow on `so_far`, and adds them to it.
fn write_ends<T: Offset>(
    first: T,
    ends: &[T],
    (capacity, n_tokens): (u64, u64),
    so_far: SoFar,
    room: &mut Room<'_>,
) -> SoFar {
    let SoFar {
        rows: n_taken,
        tokens: mut at,
        pieces: mut piece,
        mut cuts,
        mut bins,
    } = so_far;
    let shift = at.wrapping_sub(number(first));
    let mut sum = piece + bins;
    let mut bin_end = bins as u64 * capacity;
    let Room {
        rows,
        lengths,
        sums,
        seq_offsets,
    } = room;
    for (row, &end) in (n_taken as u32..).zip(ends) {
        let end = number(end).wrapping_add(shift);
        assert!(at <= end && end <= n_tokens, "rows lie end to end");
        while end > bin_end {
            if at < bin_end {
                rows[piece].write(row);
                lengths[piece].write((bin_end - at) as i32);
                sums[sum].write(capacity as i32);
                (piece, sum, cuts, at) = (piece + 1, sum + 1, cuts + 1, bin_end);
            }
            seq_offsets[bins].write(piece as i64);
            sums[sum].write(0);
            (bins, sum, bin_end) = (bins + 1, sum + 1, bin_end + capacity);
        }
        rows[piece].write(row);
        lengths[piece].write((end - at) as i32);
        sums[sum].write((capacity - (bin_end - end)) as i32);
        let some = usize::from(end > at);
        (piece, sum, at) = (piece + some, sum + some, end);
    }
    SoFar {
        rows: n_taken + ends.len(),
        tokens: at,
        pieces: piece,
        cuts,
        bins,
    }
}

fn number(offset: impl Into<i64>) -> u64 {
    offset.into() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_more_than_two_to_the_32_tokens_are_counted_and_cut_at_bins_alone() {
        let long = 5 << 32;
        for simd in Simd::available() {
            let mut wrapping = Wrapping::new(3, long + 7, MOST_CAPACITY, simd).unwrap();
            wrapping
                .take(0, &[3, 3 + long as i64, 7 + long as i64])
                .unwrap();
            let got = wrapping.finish();
            let want = Loss {
                rows_split: 1,
                tokens_kept: long + 7,
                ..Loss::default()
            };
            assert_eq!(got.loss, want);
            let n_bins = (long as usize + 7).div_ceil(MOST_CAPACITY);
            assert_eq!(got.boundaries.n_bins(), n_bins);
            assert_eq!(got.rows.len(), n_bins + 2);
            assert_eq!(
                got.boundaries.n_tokens[..3],
                [3, MOST_CAPACITY as i32 - 3, MOST_CAPACITY as i32]
            );
        }
        let simd = Simd::best();
        let refused = Wrapping::new(1, 1 << 41, 1, simd).err();
        assert!(matches!(refused, Some(Refusal::TooMany(_))));
        let mut wrapping = Wrapping::new(1, 1 << 41, MOST_CAPACITY, simd).unwrap();
        let refused = wrapping.take(0, &[1i64 << 41]);
        assert_eq!(refused, Err(Refusal::Length { row: 0 }));
    }

    #[test]
    fn an_end_before_its_beginning_is_a_defect() {
        for simd in Simd::available() {
            for ends in [[3, 2, 5], [3, 6, 5], [-1, 3, 5]] {
                let taken = std::panic::catch_unwind(|| {
                    let mut wrapping = Wrapping::new(3, 5, 4, simd).unwrap();
                    wrapping.take(0, &ends).unwrap();
                    wrapping.finish();
                });
                assert!(taken.is_err(), "{ends:?} at {}", simd.name());
            }
        }
    }
}
