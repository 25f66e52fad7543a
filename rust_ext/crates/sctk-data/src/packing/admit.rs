//! What becomes of rows that are longer than a bin, and what that costs.

use super::{Cut, Overflow, Plan, Refusal};

/// A row cannot have more tokens than this; a negative number read as an unsigned one has.
pub(super) const MOST_TOKENS: u64 = 1 << 40;

/// From so many pieces on a plan is asked whether it fits into memory (1 GiB).
const MANY: u64 = 1 << 24;

/// What admission lost or left out. Tokens and rows are those of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loss {
    /// Rows without tokens: they lie in no bin.
    pub rows_empty: u64,
    pub rows_truncated: u64,
    pub rows_dropped: u64,
    pub rows_split: u64,
    pub tokens_lost: u64,
    pub tokens_kept: u64,
}

/// Rows, or pieces of rows, each at most as long as a bin.
pub struct Admitted {
    pub n_tokens: Vec<u32>,
    /// Which stretch of which row each piece is; None: piece i is the beginning of row i.
    pieces: Option<Vec<(u32, u64)>>,
    pub loss: Loss,
}

impl Admitted {
    /// Numbers the plan's pieces by the rows that they come from.
    pub(super) fn name_rows(&self, plan: &mut Plan) {
        let Some(pieces) = &self.pieces else { return };
        let n_pieces = plan.rows.len();
        let cut = |k: usize| {
            let piece = plan.rows[k] as usize;
            let inside = plan.cuts.as_ref().map(|cuts| cuts[k]);
            let whole = Cut {
                start: 0,
                n_tokens: self.n_tokens[piece],
            };
            let inside = inside.unwrap_or(whole);
            Cut {
                start: pieces[piece].1 + inside.start,
                ..inside
            }
        };
        plan.cuts = Some((0..n_pieces).map(cut).collect());
        let rows = crate::buffer::Buffer::from_fn(n_pieces, |k| pieces[plan.rows[k] as usize].0);
        plan.rows = rows;
    }

    /// The row that piece `i` belongs to, before planning.
    pub fn row_of(&self, i: usize) -> u32 {
        self.pieces.as_ref().map_or(i as u32, |pieces| pieces[i].0)
    }
}

/// The rows of `lengths` (tokens per row) under a rule for those longer than `capacity`, which is above 0.
pub(super) fn admit<L>(lengths: L, capacity: u32, overflow: Overflow) -> Result<Admitted, Refusal>
where
    L: ExactSizeIterator<Item = u64> + Clone,
{
    too_many(lengths.len() as u64)?;
    let (mut admitted, longest, total) = clip(lengths.clone(), capacity);
    if longest <= u64::from(capacity) {
        return Ok(admitted);
    }
    if longest > MOST_TOKENS {
        let row = lengths.clone().position(|n| n > MOST_TOKENS).unwrap_or(0);
        return Err(Refusal::Length { row });
    }
    match overflow {
        Overflow::Error => {
            let longer = lengths.enumerate().find(|&(_, n)| n > u64::from(capacity));
            let (row, n_tokens) = longer.unwrap_or_default();
            return Err(Refusal::TooLong { row, n_tokens });
        }
        Overflow::Split => return split(lengths, capacity, admitted.loss),
        Overflow::Truncate => {
            admitted.loss.rows_truncated =
                lengths.filter(|&n| n > u64::from(capacity)).count() as u64;
        }
        Overflow::Drop => {
            for (i, n_tokens) in lengths.enumerate() {
                if n_tokens > u64::from(capacity) {
                    admitted.n_tokens[i] = 0;
                    admitted.loss.rows_dropped += 1;
                    admitted.loss.tokens_kept -= u64::from(capacity);
                }
            }
        }
    }
    admitted.loss.tokens_lost = total - admitted.loss.tokens_kept;
    Ok(admitted)
}

/// Every row cut to `capacity`; the longest row; all tokens. One pass, which the compiler turns into vectors.
fn clip(lengths: impl ExactSizeIterator<Item = u64>, capacity: u32) -> (Admitted, u64, u64) {
    let (mut longest, mut total, mut kept, mut empty) = (0, 0u64, 0u64, 0);
    let mut n_tokens = Vec::with_capacity(lengths.len());
    n_tokens.extend(lengths.map(|n| {
        let cut = n.min(u64::from(capacity));
        longest = n.max(longest);
        total = total.wrapping_add(n);
        kept += cut;
        empty += u64::from(n == 0);
        cut as u32
    }));
    let loss = Loss {
        rows_empty: empty,
        tokens_kept: kept,
        ..Loss::default()
    };
    (
        Admitted {
            n_tokens,
            pieces: None,
            loss,
        },
        longest,
        total,
    )
}

fn split(
    lengths: impl ExactSizeIterator<Item = u64> + Clone,
    capacity: u32,
    loss: Loss,
) -> Result<Admitted, Refusal> {
    let step = u64::from(capacity);
    let n_pieces = lengths
        .clone()
        .fold(0u64, |sum, n| sum.saturating_add(n.div_ceil(step).max(1)));
    too_many(n_pieces)?;
    let mut n_tokens = Vec::with_capacity(n_pieces as usize);
    let mut pieces = Vec::with_capacity(n_pieces as usize);
    let mut loss = Loss {
        tokens_kept: 0,
        ..loss
    };
    for (row, n) in lengths.enumerate() {
        loss.rows_split += u64::from(n > step);
        loss.tokens_kept += n;
        for piece in 0..n.div_ceil(step).max(1) {
            n_tokens.push((n - piece * step).min(step) as u32);
            pieces.push((row as u32, piece * step));
        }
    }
    Ok(Admitted {
        n_tokens,
        pieces: Some(pieces),
        loss,
    })
}

/// Pairs whose two sides must share a bin, and what each side keeps.
///
/// A pair that is too long is cut so that each side keeps up to half a bin, and what the other leaves free of its half.
pub fn admit_pairs(
    mut sides: [Vec<u32>; 2],
    capacity: u32,
    overflow: Overflow,
) -> Result<(Admitted, [Vec<u32>; 2]), Refusal> {
    too_many(sides[0].len() as u64)?;
    let mut loss = Loss::default();
    let [first, second] = &mut sides;
    let half = capacity / 2;
    for (row, (a, b)) in first.iter_mut().zip(second).enumerate() {
        let n_tokens = u64::from(*a) + u64::from(*b);
        loss.rows_empty += u64::from(n_tokens == 0);
        if n_tokens > u64::from(capacity) {
            match overflow {
                Overflow::Error | Overflow::Split => {
                    return Err(Refusal::TooLong { row, n_tokens });
                }
                Overflow::Drop => {
                    (*a, *b) = (0, 0);
                    loss.rows_dropped += 1;
                }
                Overflow::Truncate => {
                    let keep = (*b).min(half);
                    *a = (*a).min(capacity - keep);
                    *b = capacity - *a;
                    loss.rows_truncated += 1;
                }
            }
        }
        loss.tokens_kept += u64::from(*a) + u64::from(*b);
        loss.tokens_lost += n_tokens - u64::from(*a) - u64::from(*b);
    }
    let n_tokens = sides[0].iter().zip(&sides[1]).map(|(a, b)| a + b).collect();
    Ok((
        Admitted {
            n_tokens,
            pieces: None,
            loss,
        },
        sides,
    ))
}

/// Refuses more pieces than a u32 can number, or than there is memory for: to run out later ends the process. A plan
/// takes about 64 bytes for each piece while it is made; asking touches nothing, so it costs nothing.
pub(super) fn too_many(n_pieces: u64) -> Result<(), Refusal> {
    if n_pieces >= u64::from(u32::MAX) {
        return Err(Refusal::TooMany(n_pieces));
    }
    if n_pieces < MANY {
        return Ok(());
    }
    let mut probe = Vec::<[u64; 8]>::new();
    let answer = probe.try_reserve_exact(n_pieces as usize);
    std::hint::black_box(&probe); // nobody uses the room, so the compiler might not ask for it
    answer.map_err(|_| Refusal::Memory { n_pieces })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(lengths: &[u64], overflow: Overflow) -> Result<(Vec<u32>, Loss), Refusal> {
        admit(lengths.iter().copied(), 10, overflow).map(|a| (a.n_tokens, a.loss))
    }

    #[test]
    fn each_rule_counts_what_it_costs() {
        let lengths = [3, 0, 25, 10, 11];
        assert_eq!(
            admitted(&lengths, Overflow::Error),
            Err(Refusal::TooLong {
                row: 2,
                n_tokens: 25
            })
        );
        let (n, loss) = admitted(&lengths, Overflow::Truncate).unwrap();
        assert_eq!(n, [3, 0, 10, 10, 10]);
        assert_eq!(
            (
                loss.tokens_lost,
                loss.tokens_kept,
                loss.rows_truncated,
                loss.rows_empty
            ),
            (16, 33, 2, 1)
        );
        let (n, loss) = admitted(&lengths, Overflow::Drop).unwrap();
        assert_eq!(n, [3, 0, 0, 10, 0]);
        assert_eq!(
            (loss.tokens_lost, loss.tokens_kept, loss.rows_dropped),
            (36, 13, 2)
        );
        let (n, loss) = admitted(&lengths, Overflow::Split).unwrap();
        assert_eq!(n, [3, 0, 10, 10, 5, 10, 10, 1]);
        assert_eq!(
            (loss.tokens_lost, loss.tokens_kept, loss.rows_split),
            (0, 49, 2)
        );
    }

    #[test]
    fn a_pair_keeps_both_sides_in_one_bin() {
        let sides = [vec![3, 9, 1, 8, 0], vec![4, 1, 30, 7, 0]];
        let (admitted, [first, second]) =
            admit_pairs(sides.clone(), 10, Overflow::Truncate).unwrap();
        assert_eq!((first, second), (vec![3, 9, 1, 5, 0], vec![4, 1, 9, 5, 0]));
        assert_eq!(admitted.n_tokens, [7, 10, 10, 10, 0]);
        assert_eq!(
            (
                admitted.loss.tokens_lost,
                admitted.loss.rows_truncated,
                admitted.loss.rows_empty
            ),
            (26, 2, 1)
        );
        let (admitted, [first, _]) = admit_pairs(sides.clone(), 10, Overflow::Drop).unwrap();
        assert_eq!(
            (first, admitted.loss.tokens_lost),
            (vec![3, 9, 0, 0, 0], 46)
        );
        let refusal = admit_pairs(sides, 10, Overflow::Error)
            .map(|_| ())
            .unwrap_err();
        assert_eq!(
            refusal,
            Refusal::TooLong {
                row: 2,
                n_tokens: 31
            }
        );
    }

    #[test]
    fn a_giant_row_is_refused_or_cut_but_never_overflows() {
        let giant = [1 << 40];
        assert_eq!(admitted(&giant, Overflow::Truncate).unwrap().0, [10]);
        assert_eq!(admitted(&giant, Overflow::Drop).unwrap().0, [0]);
        assert!(matches!(
            admitted(&giant, Overflow::Split),
            Err(Refusal::TooMany(_))
        ));
    }
}
