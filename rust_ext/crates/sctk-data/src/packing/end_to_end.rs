//! Wrapped rows that lie end to end already: no token moves, so all that is written is where sequences and bins end.
//!
//! The result is that of `in_order::wrapped` without a list of lengths or of cuts in between: each row's end is read
//! once, and becomes the end of a sequence. Which row a piece is of, and where in it the piece starts, follow from the
//! pieces before it: they are listed where somebody asks for them.

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
    pub turns: Turns,
    pub boundaries: Boundaries,
    pub loss: Loss,
}

/// Which rows have the pieces: in each bin they are of one row after the other, from its first on, without the empty ones.
pub struct Turns {
    /// A row for each bin: that of its first piece, or an empty one of those just before it.
    firsts: Buffer<u32>,
    /// The rows without tokens, in order.
    empty: Vec<u32>,
}

impl Turns {
    /// The row of each piece, of bins that have the pieces `seq_offsets[b] .. seq_offsets[b + 1]`.
    pub fn rows(&self, seq_offsets: &[i64]) -> Buffer<u32> {
        let n_pieces = seq_offsets.last().map_or(0, |&n| n as usize);
        let mut rows = Buffer::with_capacity(n_pieces);
        let (mut left, mut room) = (self.empty.as_slice(), rows.room().iter_mut());
        for (&first, pieces) in self.firsts.iter().zip(seq_offsets.windows(2)) {
            let mut row = first;
            left = &left[left.partition_point(|&empty| empty < row)..];
            for slot in room.by_ref().take((pieces[1] - pieces[0]) as usize) {
                while left.first() == Some(&row) {
                    (row, left) = (row + 1, &left[1..]);
                }
                slot.write(row);
                row += 1;
            }
        }
        assert_eq!(room.len(), 0, "bins hold all pieces");
        // SAFETY: there was room for one row for each piece, and none is left.
        unsafe { rows.set_len(n_pieces) };
        rows
    }
}

/// Takes the ends of rows, chunk by chunk, and cuts at every `capacity` tokens.
pub struct Wrapping {
    capacity: u64,
    n_tokens: u64,
    n_rows: usize,
    turns: Turns,
    lengths: Buffer<i32>,
    seq_offsets: Buffer<i64>,
    so_far: SoFar,
    rows_split: u64,
    simd: Simd,
}

/// Where pieces are written to.
struct Room<'a> {
    lengths: &'a mut [MaybeUninit<i32>],
    /// For each bin its first row, and how many pieces were before it.
    firsts: &'a mut [MaybeUninit<u32>],
    seq_offsets: &'a mut [MaybeUninit<i64>],
    /// Takes the rows without tokens.
    empty: &'a mut Vec<u32>,
}

/// What was taken, and the pieces and bins that it has become: a bin begins with its first token.
#[derive(Clone, Copy, Default)]
struct SoFar {
    rows: usize,
    tokens: u64,
    pieces: usize,
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
            turns: Turns {
                firsts: Buffer::with_capacity(n_bins),
                empty: Vec::new(),
            },
            lengths: Buffer::with_capacity(most_pieces + SLACK),
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
            lengths: self.lengths.room(),
            firsts: self.turns.firsts.room(),
            seq_offsets: self.seq_offsets.room(),
            empty: &mut self.turns.empty,
        };
        #[cfg(target_arch = "x86_64")]
        if whole && n_tokens > 0 && self.simd.0 == Level::Avx512 {
            let bins = n_tokens.div_ceil(capacity) as usize;
            // SAFETY: a `Simd` of this level exists only where the processor has it.
            let pieces = unsafe { x86::write_ends(first, ends, (capacity, bins), &mut room) };
            if let Some(pieces) = pieces {
                self.so_far = SoFar {
                    rows: ends.len(),
                    tokens: n_tokens,
                    pieces,
                    bins,
                };
                return Ok(());
            }
        }
        self.so_far = write_ends(first, ends, (capacity, n_tokens), self.so_far, &mut room);
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
            bins,
        } = self.so_far;
        assert_eq!(
            (rows, tokens),
            (self.n_rows, self.n_tokens),
            "all rows were taken"
        );
        self.seq_offsets.room()[bins].write(pieces as i64);
        // SAFETY: `take` went on to a place only when it had written the one before, so those before `pieces` and before
        // `bins` are written; the last offset is that of the line above.
        unsafe {
            self.lengths.set_len(pieces);
            self.turns.firsts.set_len(bins);
            self.seq_offsets.set_len(bins + 1);
        }
        let end = |bin: usize| (bin as u64 * self.capacity).min(tokens) as i64;
        EndToEnd {
            loss: Loss {
                rows_empty: self.turns.empty.len() as u64,
                rows_split: self.rows_split,
                tokens_kept: tokens,
                ..Loss::default()
            },
            turns: self.turns,
            boundaries: Boundaries {
                n_tokens: self.lengths,
                seq_offsets: self.seq_offsets,
                n_sides: 1,
                token_offsets: Buffer::from_fn(bins + 1, end),
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
        mut bins,
    } = so_far;
    let shift = at.wrapping_sub(number(first));
    let mut bin_end = bins as u64 * capacity;
    for (row, &end) in (n_taken as u32..).zip(ends) {
        let end = number(end).wrapping_add(shift);
        assert!(at <= end && end <= n_tokens, "rows lie end to end");
        if at == end {
            room.empty.push(row);
            continue;
        }
        while end > bin_end {
            if at < bin_end {
                room.lengths[piece].write((bin_end - at) as i32);
                (piece, at) = (piece + 1, bin_end);
            }
            room.firsts[bins].write(row);
            room.seq_offsets[bins].write(piece as i64);
            (bins, bin_end) = (bins + 1, bin_end + capacity);
        }
        room.lengths[piece].write((end - at) as i32);
        (piece, at) = (piece + 1, end);
    }
    SoFar {
        rows: n_taken + ends.len(),
        tokens: at,
        pieces: piece,
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
            let rows = got.turns.rows(&got.boundaries.seq_offsets);
            assert_eq!(rows.len(), n_bins + 2);
            assert_eq!((rows[0], rows[1], rows[n_bins + 1]), (0, 1, 2));
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

    #[test]
    fn an_end_far_before_its_beginning_is_a_defect_wherever_it_stands() {
        fn taken<T: Offset + std::panic::RefUnwindSafe>(ends: &[T], simd: Simd) -> bool {
            let taken = || {
                let mut wrapping = Wrapping::new(ends.len() - 1, 40, 4, simd).unwrap();
                wrapping.take(ends[0], &ends[1..]).unwrap();
                wrapping.finish();
            };
            std::panic::catch_unwind(taken).is_ok()
        }
        for simd in Simd::available() {
            let ends: Vec<i32> = (0..=40).collect();
            assert!(taken(&ends, simd));
            for (place, far) in (1..=40).flat_map(|place| [(place, i32::MIN), (place, i32::MAX)]) {
                let mut ends = ends.clone();
                ends[place] = far;
                let wide: Vec<i64> = ends.iter().map(|&end| end.into()).collect();
                assert!(!taken(&ends, simd), "{place} {far} at {}", simd.name());
                assert!(!taken(&wide, simd), "{place} {far} at {}", simd.name());
            }
        }
    }
}
