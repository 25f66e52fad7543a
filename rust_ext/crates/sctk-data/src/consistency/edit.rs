//! Levenshtein distances of all pairs of a group, bit-parallel: one text against a lane's pattern each.
//!
//! Myers (1999) in Hyyrö's form (2003): a column of the table is two bits for each place of the pattern, whether the
//! distance grows or falls there, and a symbol of the text changes a word of 64 places by some twelve steps.

use super::lanes::in_lanes;
use super::sequences::Sequences;
use super::strips::{Strip, half, row_mask, rows, with_words};
use crate::watch::{Patience, Pulse};

/// Reused memory, and the result: `distances[i * n_answers + j]` for each `j < i`.
#[derive(Default)]
pub struct Edits {
    pub(super) table: Vec<u64>,
    carries: Vec<u64>,
    pub(super) distances: Vec<u32>,
}

impl Edits {
    /// The number of symbols to insert, delete or replace between answers `i` and `j < i`.
    pub fn distance(&self, n_answers: usize, i: usize, j: usize) -> u32 {
        self.distances[i * n_answers + j]
    }
}

in_lanes! {
    /// Fills `edits` with the distances of all pairs of a group of answers.
    pub fn all_pairs(answers: &Sequences, edits: &mut Edits, pulse: &Pulse<'_>) = all_pairs_in_lanes;
}

#[inline(always)]
fn all_pairs_in_lanes<const L: usize, const H: usize>(
    answers: &Sequences,
    edits: &mut Edits,
    pulse: &Pulse<'_>,
) {
    let mut patience = Patience::new(pulse);
    let n_answers = answers.n_answers();
    edits.distances.clear();
    edits.distances.resize(n_answers * n_answers, 0);
    for first in (0..n_answers.saturating_sub(1)).step_by(L) {
        for i in first + 1..n_answers {
            let n = answers.answer(i).len() as u32;
            edits.distances[i * n_answers + first..i * n_answers + (first + L).min(i)].fill(n);
        }
        for (strip, n_words) in Strip::all(answers, first, L) {
            if !with_words!(
                n_words,
                one_strip::<L, H>(answers, edits, strip, &mut patience)
            ) {
                return;
            }
        }
    }
}

/// Adds what `W` words of the patterns contribute to the distances; false: nobody wants them any more.
#[inline(always)]
fn one_strip<const L: usize, const H: usize, const W: usize>(
    answers: &Sequences,
    edits: &mut Edits,
    strip: Strip,
    patience: &mut Patience<'_>,
) -> bool {
    strip.fill::<L>(answers, W, &mut edits.table);
    let table = rows::<L, W>(&edits.table);
    let n_answers = answers.n_answers();
    if strip.is_many {
        let n_places = answers.ids.len();
        edits
            .carries
            .resize(edits.carries.len().max(n_places * 2 * L), 0);
    }
    for i in strip.first + 1..n_answers {
        let text = answers.answer(i);
        let last = strip.end.min(i);
        if !patience.after(text.len() * W) {
            return false;
        }
        let mut column = Column::<L, W>::new();
        if strip.is_many {
            let from = answers.starts[i];
            let carries = &mut edits.carries[from * 2 * L..(from + text.len()) * 2 * L];
            let carries = carries.as_chunks_mut::<L>().0.as_chunks_mut::<2>().0;
            if strip.from == 0 {
                carries.fill([[1; L], [0; L]]);
            }
            column.pass_with_carries(table, text, carries);
        } else if last - strip.first <= H {
            column.narrow_pass::<H>(table, text);
        } else {
            column.pass(table, text);
        }
        for lane in strip.first..last {
            let rise = column.rise(lane - strip.first, strip.n_rows(answers.answer(lane).len()));
            let distance = &mut edits.distances[i * n_answers + lane];
            *distance = distance.wrapping_add(rise);
        }
    }
    true
}

/// A column of the table: at which places of the pattern the distance grows by one, and where it falls.
struct Column<const L: usize, const W: usize> {
    grows: [[u64; L]; W],
    falls: [[u64; L]; W],
}

impl<const L: usize, const W: usize> Column<L, W> {
    #[inline(always)]
    fn new() -> Self {
        Self {
            grows: [[!0; L]; W],
            falls: [[0; L]; W],
        }
    }

    /// Moves over the whole text, with the row above the first one growing by one at each symbol.
    #[inline(always)]
    fn pass(&mut self, table: &[[[u64; L]; W]], text: &[u32]) {
        for &id in text {
            self.step(&table[id as usize], [[1; L], [0; L]]);
        }
    }

    /// As `pass`; each carry says whether the row above grows, falls, and then whether the last row does.
    #[inline(always)]
    fn pass_with_carries(
        &mut self,
        table: &[[[u64; L]; W]],
        text: &[u32],
        carries: &mut [[[u64; L]; 2]],
    ) {
        for (&id, carry) in text.iter().zip(carries) {
            *carry = self.step(&table[id as usize], *carry);
        }
    }

    #[inline(always)]
    fn step(&mut self, matches: &[[u64; L]; W], mut carry: [[u64; L]; 2]) -> [[u64; L]; 2] {
        for (word, matches) in matches.iter().enumerate() {
            for lane in 0..L {
                let (grows, falls) = (self.grows[word][lane], self.falls[word][lane]);
                let (carry_up, carry_down) = (carry[0][lane], carry[1][lane]);
                let vertical = matches[lane] | falls;
                let equal = matches[lane] | carry_down;
                let sum = (equal & grows).wrapping_add(grows);
                let horizontal = (sum ^ grows) | equal;
                let up = falls | !(horizontal | grows);
                let down = grows & horizontal;
                carry[0][lane] = up >> 63;
                carry[1][lane] = down >> 63;
                let up = up << 1 | carry_up;
                let down = down << 1 | carry_down;
                self.grows[word][lane] = down | !(vertical | up);
                self.falls[word][lane] = up & vertical;
            }
        }
        carry
    }

    /// By how much the distance grows over the first `n_rows` rows of a lane (modulo 2^32, for it may fall).
    #[inline(always)]
    fn rise(&self, lane: usize, n_rows: usize) -> u32 {
        let mut rise = 0_u32;
        for word in 0..W {
            let rows = row_mask(n_rows, word);
            rise = rise.wrapping_add((self.grows[word][lane] & rows).count_ones());
            rise = rise.wrapping_sub((self.falls[word][lane] & rows).count_ones());
        }
        rise
    }

    /// A pass for the first `H` lanes alone, at half the cost.
    #[inline(always)]
    fn narrow_pass<const H: usize>(&mut self, table: &[[[u64; L]; W]], text: &[u32]) {
        let mut narrow = Column::<H, W>::new();
        for &id in text {
            narrow.step(&half(&table[id as usize]), [[1; H], [0; H]]);
        }
        for word in 0..W {
            self.grows[word][..H].copy_from_slice(&narrow.grows[word]);
            self.falls[word][..H].copy_from_slice(&narrow.falls[word]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::sequences::Characters;
    use crate::consistency::testing::random_answers;
    use crate::text::Simd;

    fn by_hand(a: &[u32], b: &[u32]) -> u32 {
        let mut row: Vec<u32> = (0..=b.len() as u32).collect();
        for (i, x) in a.iter().enumerate() {
            let mut diagonal = row[0];
            row[0] = i as u32 + 1;
            for (j, y) in b.iter().enumerate() {
                let replaced = diagonal + u32::from(x != y);
                diagonal = row[j + 1];
                row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
            }
        }
        row[b.len()]
    }

    #[test]
    fn distances_are_those_of_the_plain_table() {
        for (seed, n_answers, most) in [
            (1, 1, 9),
            (2, 2, 30),
            (3, 10, 40),
            (4, 19, 20),
            (5, 11, 130),
            (6, 3, 400),
        ] {
            let texts = random_answers(seed, n_answers, most);
            let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            let mut characters = Characters::default();
            characters.read(&bytes, 0).unwrap();
            let answers = &characters.sequences;
            for level in Simd::available() {
                let mut edits = Edits::default();
                all_pairs(level, answers, &mut edits, &Pulse::unwatched());
                for i in 0..n_answers {
                    for j in 0..i {
                        let wanted = by_hand(answers.answer(i), answers.answer(j));
                        assert_eq!(
                            edits.distance(n_answers, i, j),
                            wanted,
                            "{level:?} {seed} {i} {j}"
                        );
                    }
                }
            }
        }
    }
}
