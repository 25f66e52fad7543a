//! Longest common subsequences of all pairs of a group, bit-parallel: one text against a lane's pattern each.
//!
//! Hyyrö (2004): a column of the table is one bit for each place of the pattern, and a token of the text changes it by
//! an addition and three logical steps. Patterns of up to 64 places need one word; longer ones are cut into strips,
//! whose carries are kept for each place of the text.

use super::lanes::in_lanes;
use super::sequences::Sequences;

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
    pub fn all_pairs(answers: &Sequences, lcs: &mut Lcs) = all_pairs_in_lanes;
}

#[inline(always)]
fn all_pairs_in_lanes<const L: usize, const H: usize>(answers: &Sequences, lcs: &mut Lcs) {
    let n_answers = answers.n_answers();
    lcs.lengths.clear();
    lcs.lengths.resize(n_answers * n_answers, 0);
    lcs.table.clear();
    lcs.table.resize(answers.n_ids * L, 0);
    for first in (0..n_answers.saturating_sub(1)).step_by(L) {
        let lanes = first..(first + L).min(n_answers);
        let longest = lanes.clone().map(|lane| answers.answer(lane).len()).max().unwrap_or(0);
        let n_strips = longest.div_ceil(64);
        for strip in 0..n_strips {
            one_strip::<L, H>(answers, lcs, lanes.clone(), (strip, n_strips));
        }
    }
}

/// Adds what rows `64 strip .. 64 strip + 64` of the patterns in `lanes` contribute to the lengths.
#[inline(always)]
fn one_strip<const L: usize, const H: usize>(
    answers: &Sequences,
    lcs: &mut Lcs,
    lanes: std::ops::Range<usize>,
    (strip, n_strips): (usize, usize),
) {
    let n_answers = answers.n_answers();
    let (table, _) = lcs.table.as_chunks_mut::<L>();
    let mut rows = [0; L];
    for lane in lanes.clone() {
        let pattern = answers.answer(lane);
        let part = &pattern[pattern.len().min(strip * 64)..pattern.len().min(strip * 64 + 64)];
        for (place, &id) in part.iter().enumerate() {
            table[id as usize][lane - lanes.start] |= 1 << place;
        }
        rows[lane - lanes.start] = if part.len() == 64 { !0 } else { (1 << part.len()) - 1 };
    }
    let mut at = 0;
    for i in lanes.start + 1..n_answers {
        let text = answers.answer(i);
        let column = if n_strips == 1 {
            column_alone::<L>(table, text)
        } else {
            lcs.carries.resize(lcs.carries.len().max((at + text.len()) * L), 0);
            let (carries, _) = lcs.carries[at * L..(at + text.len()) * L].as_chunks_mut::<L>();
            at += text.len();
            if strip == 0 {
                carries.fill([0; L]);
            }
            column_of_many::<L>(table, text, carries)
        };
        for lane in lanes.start..lanes.end.min(i) {
            let matched = !column[lane - lanes.start] & rows[lane - lanes.start];
            lcs.lengths[i * n_answers + lane] += matched.count_ones();
        }
    }
    table.fill([0; L]);
}

/// The last column, a zero for each row that lengthens the subsequence, where patterns have one strip.
#[inline(always)]
fn column_alone<const L: usize>(table: &[[u64; L]], text: &[u32]) -> [u64; L] {
    let mut column = [!0_u64; L];
    for &id in text {
        let matches = &table[id as usize];
        for lane in 0..L {
            let common = column[lane] & matches[lane];
            column[lane] = column[lane].wrapping_add(common) | (column[lane] & !matches[lane]);
        }
    }
    column
}

/// As `column_alone`, with a carry from the strip before and one to the strip behind for each place of the text.
#[inline(always)]
fn column_of_many<const L: usize>(table: &[[u64; L]], text: &[u32], carries: &mut [[u64; L]]) -> [u64; L] {
    let mut column = [!0_u64; L];
    for (&id, carry) in text.iter().zip(carries) {
        let matches = &table[id as usize];
        for lane in 0..L {
            let old = column[lane];
            let common = old & matches[lane];
            let sum = old.wrapping_add(common);
            let all = sum.wrapping_add(carry[lane]);
            carry[lane] = u64::from(sum < old) | u64::from(all < sum);
            column[lane] = all | (old & !matches[lane]);
        }
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::words::Words;
    use crate::text::Simd;
    use crate::consistency::testing::random_answers;

    fn by_hand(a: &[u32], b: &[u32]) -> u32 {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn lengths_are_those_of_the_plain_table() {
        for (seed, n_answers, most) in [(1, 1, 9), (2, 2, 70), (3, 10, 64), (4, 19, 20), (5, 11, 200), (6, 3, 900)] {
            let texts = random_answers(seed, n_answers, most);
            let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            let mut words = Words::default();
            words.read(Simd::best(), &bytes, 0).unwrap();
            for level in Simd::available() {
                let mut lcs = Lcs::default();
                all_pairs(level, &words.sequences, &mut lcs);
                for i in 0..n_answers {
                    for j in 0..i {
                        let wanted = by_hand(words.sequences.answer(i), words.sequences.answer(j));
                        assert_eq!(lcs.length(n_answers, i, j), wanted, "{level:?} {seed} {i} {j}");
                    }
                }
            }
        }
    }
}
