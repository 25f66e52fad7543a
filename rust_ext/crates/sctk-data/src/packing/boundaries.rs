//! Where the sequences of each bin begin and end: what attention needs so that none sees its neighbour.

use super::Plan;
use super::admit::Admitted;
use crate::buffer::Buffer;

/// The sequences of all bins, end to end. A bin's piece has one sequence, or two where rows are pairs.
pub struct Boundaries {
    /// Tokens of each sequence: `seq_lengths`.
    pub n_tokens: Buffer<i32>,
    /// Bin b has sequences `seq_offsets[b] .. seq_offsets[b + 1]`.
    pub seq_offsets: Buffer<i64>,
    /// Sequences per piece: 1, or 2 where rows are pairs.
    pub n_sides: usize,
    /// Bin b has tokens `token_offsets[b] .. token_offsets[b + 1]` of the output.
    pub token_offsets: Buffer<i64>,
}

/// The tokens that each row gives to each sequence of its unit: one side, or a pair's two.
#[derive(Clone, Copy)]
pub enum Sides<'a> {
    One(&'a Admitted),
    /// Tokens of the first and of the second side of each row.
    Two([&'a [u32]; 2]),
}

impl Sides<'_> {
    pub fn n_sides(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Two(_) => 2,
        }
    }
}

impl Boundaries {
    pub fn of(plan: &Plan, sides: Sides<'_>) -> Self {
        let n_bins = plan.n_bins();
        let mut n_tokens = Buffer::with_capacity(plan.rows.len() * sides.n_sides());
        let mut room = n_tokens.room().iter_mut();
        let mut total = 0i64;
        let mut push = |n: u32| {
            total += i64::from(n);
            if let Some(slot) = room.next() {
                slot.write(n as i32);
            }
            total
        };
        let token_offsets = Buffer::from_fn(n_bins + 1, |end| {
            let Some(bin) = end.checked_sub(1) else {
                return 0;
            };
            let mut sum = 0;
            for k in plan.bin_offsets[bin] as usize..plan.bin_offsets[end] as usize {
                sum = match sides {
                    Sides::One(admitted) => push(plan.cut(k, admitted).n_tokens),
                    Sides::Two([first, second]) => {
                        let row = plan.rows[k] as usize;
                        push(first[row]);
                        push(second[row])
                    }
                };
            }
            sum
        });
        assert_eq!(room.len(), 0, "the bins of a plan hold all its pieces");
        let n_sequences = plan.rows.len() * sides.n_sides();
        // SAFETY: there was room for one number for each side of each piece, and none is left.
        unsafe { n_tokens.set_len(n_sequences) };
        let n_sides = sides.n_sides();
        let seq_offsets = Buffer::from_fn(n_bins + 1, |b| n_sides as i64 * plan.bin_offsets[b]);
        Self {
            n_tokens,
            seq_offsets,
            n_sides,
            token_offsets,
        }
    }

    /// Panics unless these are of a plan of `n_pieces`, and sequences and bins fill the tokens: what `fill` writes by.
    pub(super) fn check(&self, n_pieces: usize) {
        let n_sequences = n_pieces * self.n_sides;
        assert_eq!(self.n_tokens.len(), n_sequences, "boundaries of this plan");
        let sum: u64 = self.n_tokens.iter().map(|&n| u64::from(n as u32)).sum();
        assert_eq!(sum, self.n_tokens() as u64, "a bin for each token");
        let bins = &self.token_offsets;
        assert!(bins[0] == 0 && bins.is_sorted(), "bins follow one another");
    }

    pub fn n_bins(&self) -> usize {
        self.seq_offsets.len() - 1
    }

    pub fn n_tokens(&self) -> usize {
        self.token_offsets[self.n_bins()] as usize
    }
}

/// For each bin, 0 and the running sums of its sequences: one number more than sequences. Bin b has the sequences
/// `seq_offsets[b] .. seq_offsets[b + 1]` of those of `n_tokens`.
pub fn cumulative(seq_offsets: &[i64], n_tokens: &[i32]) -> Buffer<i32> {
    let n_bins = seq_offsets.len() - 1;
    let mut sums = Buffer::with_capacity(n_tokens.len() + n_bins);
    let mut room = sums.room().iter_mut();
    for bin in seq_offsets.windows(2) {
        let mut sum = 0;
        let ends = n_tokens[bin[0] as usize..bin[1] as usize].iter().map(|&n| {
            sum += n;
            sum
        });
        for (end, slot) in std::iter::once(0).chain(ends).zip(room.by_ref()) {
            slot.write(end);
        }
    }
    assert_eq!(room.len(), 0, "bins hold all sequences");
    // SAFETY: there was room for a number for each sequence and bin, and none is left.
    unsafe { sums.set_len(n_tokens.len() + n_bins) };
    sums
}

/// Where the running sums of each bin begin.
pub fn sum_offsets(seq_offsets: &[i64]) -> Buffer<i64> {
    Buffer::from_fn(seq_offsets.len(), |b| seq_offsets[b] + b as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_begin_anew_in_each_bin() {
        let sums = cumulative(&[0, 2, 2, 5], &[3, 1, 2, 2, 7]);
        assert_eq!(*sums, [0, 3, 4, 0, 0, 2, 4, 11]);
        assert_eq!(*sum_offsets(&[0, 2, 2, 5]), [0, 3, 4, 8]);
        assert!(cumulative(&[0], &[]).is_empty());
    }
}
