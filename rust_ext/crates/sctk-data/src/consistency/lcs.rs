//! Longest common subsequences of all pairs of a group, bit-parallel: one text against a lane's pattern each.
//!
//! Hyyrö (2004): a column of the table is one bit for each place of the pattern, and a token of the text changes it by
//! an addition and three logical steps.

use super::lanes::{advance, in_lanes};
use super::sequences::Sequences;
use super::strips::{Strip, half, row_mask, rows, with_words};
use crate::watch::{Patience, Pulse};

/// Reused memory, and the result: `lengths[i * n_answers + j]` for each `j < i`.
#[derive(Default)]
pub struct Lcs {
    table: Vec<u64>,
    carries: Vec<u64>,
    lengths: Vec<u32>,
}

impl Lcs {
    /// The length of the longest common subsequence of answers `i` and `j < i`.
    pub fn length(&self, n_answers: usize, i: usize, j: usize) -> u32 {
        self.lengths[i * n_answers + j]
    }
}

in_lanes! {
    /// Fills `lcs` with the lengths for all pairs of a group of answers.
    pub fn all_pairs(answers: &Sequences, lcs: &mut Lcs, pulse: &Pulse<'_>) = all_pairs_in_lanes;
}

#[inline(always)]
fn all_pairs_in_lanes<const L: usize, const H: usize>(
    answers: &Sequences,
    lcs: &mut Lcs,
    pulse: &Pulse<'_>,
) {
    let mut patience = Patience::new(pulse);
    let n_answers = answers.n_answers();
    lcs.lengths.clear();
    lcs.lengths.resize(n_answers * n_answers, 0);
    for first in (0..n_answers.saturating_sub(1)).step_by(L) {
        for (strip, n_words) in Strip::all(answers, first, L) {
            if !with_words!(
                n_words,
                one_strip::<L, H>(answers, lcs, strip, &mut patience)
            ) {
                return;
            }
        }
    }
}

/// Adds what `W` words of the patterns contribute to the lengths; false: nobody wants them any more.
#[inline(always)]
fn one_strip<const L: usize, const H: usize, const W: usize>(
    answers: &Sequences,
    lcs: &mut Lcs,
    strip: Strip,
    patience: &mut Patience<'_>,
) -> bool {
    strip.fill::<L>(answers, W, &mut lcs.table);
    let table = rows::<L, W>(&lcs.table);
    let n_answers = answers.n_answers();
    if strip.is_many {
        lcs.carries
            .resize(lcs.carries.len().max(answers.ids.len() * L), 0);
    }
    for i in strip.first + 1..n_answers {
        let text = answers.answer(i);
        let last = strip.end.min(i);
        if !patience.after(text.len() * W) {
            return false;
        }
        let column = if strip.is_many {
            let from = answers.starts[i];
            let (carries, _) = lcs.carries[from * L..(from + text.len()) * L].as_chunks_mut::<L>();
            if strip.from == 0 {
                carries.fill([0; L]);
            }
            pass_with_carries(table, text, carries)
        } else if last - strip.first <= H {
            narrow_pass::<L, H, W>(table, text)
        } else {
            pass(table, text)
        };
        for lane in strip.first..last {
            let n_rows = strip.n_rows(answers.answer(lane).len());
            let mut matched = 0;
            for (word, bits) in column.iter().enumerate() {
                matched += (!bits[lane - strip.first] & row_mask(n_rows, word)).count_ones();
            }
            lcs.lengths[i * n_answers + lane] += matched;
        }
    }
    true
}

/// The column behind the last token of a text.
#[inline(always)]
fn pass<const L: usize, const W: usize>(table: &[[[u64; L]; W]], text: &[u32]) -> [[u64; L]; W] {
    let mut column = [[!0; L]; W];
    for &id in text {
        step(&mut column, &table[id as usize], [0; L]);
    }
    column
}

/// As `pass`; for each token a carry comes from the strip above, and what is left for the one below is put in its place.
#[inline(always)]
fn pass_with_carries<const L: usize, const W: usize>(
    table: &[[[u64; L]; W]],
    text: &[u32],
    carries: &mut [[u64; L]],
) -> [[u64; L]; W] {
    let mut column = [[!0; L]; W];
    for (&id, carry) in text.iter().zip(carries) {
        *carry = step(&mut column, &table[id as usize], *carry);
    }
    column
}

/// A pass for the first `H` lanes alone, at half the cost.
#[inline(always)]
fn narrow_pass<const L: usize, const H: usize, const W: usize>(
    table: &[[[u64; L]; W]],
    text: &[u32],
) -> [[u64; L]; W] {
    let mut narrow = [[!0; H]; W];
    for &id in text {
        step(&mut narrow, &half(&table[id as usize]), [0; H]);
    }
    let mut column = [[!0; L]; W];
    for (wide, narrow) in column.iter_mut().zip(&narrow) {
        wide[..H].copy_from_slice(narrow);
    }
    column
}

/// Moves a column (a zero for each row that lengthens the subsequence) over a token of the text. `carry` comes from
/// the strip above; what is returned goes to the one below.
#[inline(always)]
fn step<const L: usize, const W: usize>(
    column: &mut [[u64; L]; W],
    matches: &[[u64; L]; W],
    mut carry: [u64; L],
) -> [u64; L] {
    for (column, matches) in column.iter_mut().zip(matches) {
        // SAFETY: `in_lanes` gives a level as many lanes as it has registers for.
        unsafe { advance(column, matches, &mut carry) };
    }
    carry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::testing::random_answers;
    use crate::consistency::words::Words;
    use crate::text::{Alphabet, Simd};

    fn by_hand(a: &[u32], b: &[u32]) -> u32 {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y {
                    diagonal + 1
                } else {
                    above.max(row[j])
                };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn lengths_are_those_of_the_plain_table() {
        for (seed, n_answers, most) in [
            (1, 1, 9),
            (2, 2, 70),
            (3, 10, 64),
            (4, 19, 20),
            (5, 11, 200),
            (6, 3, 900),
        ] {
            let texts = random_answers(seed, n_answers, most);
            let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            let mut words = Words::default();
            words
                .read(Simd::best(), &bytes, Alphabet::Ascii, 0)
                .unwrap();
            for level in Simd::available() {
                let mut lcs = Lcs::default();
                all_pairs(level, &words.sequences, &mut lcs, &Pulse::unwatched());
                for i in 0..n_answers {
                    for j in 0..i {
                        let wanted = by_hand(words.sequences.answer(i), words.sequences.answer(j));
                        assert_eq!(
                            lcs.length(n_answers, i, j),
                            wanted,
                            "{level:?} {seed} {i} {j}"
                        );
                    }
                }
            }
        }
    }
}
