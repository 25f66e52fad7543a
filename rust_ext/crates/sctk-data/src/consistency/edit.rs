//! Levenshtein distances of all pairs of a group, bit-parallel: one text against a lane's pattern each.
//!
//! Myers (1999) in Hyyrö's form (2003): a column of the table is two bits for each place of the pattern, whether the
//! distance grows or falls there, and a symbol of the text changes a word of 64 places by some twelve steps. Up to 8
//! words of a pattern are done together in registers; what is longer is cut into strips, and what leaves a strip at
//! its lower edge is kept for each place of the text.

use super::lanes::in_lanes;
use super::sequences::Sequences;

const MOST_WORDS: usize = 8;
const WORD: usize = 64;

/// Reused memory, and the result: `distances[i * n_answers + j]` for each `j < i`.
#[derive(Default)]
pub struct Edits {
    table: Vec<u64>,
    carries: Vec<u64>,
    distances: Vec<u32>,
}

impl Edits {
    /// The number of symbols to insert, delete or replace between answers `i` and `j < i`.
    pub fn distance(&self, n_answers: usize, i: usize, j: usize) -> u32 {
        self.distances[i * n_answers + j]
    }
}

in_lanes! {
    /// Fills `edits` with the distances of all pairs of a group of answers.
    pub fn all_pairs(answers: &Sequences, edits: &mut Edits) = all_pairs_in_lanes;
}

#[inline(always)]
fn all_pairs_in_lanes<const L: usize, const H: usize>(answers: &Sequences, edits: &mut Edits) {
    let n_answers = answers.n_answers();
    edits.distances.clear();
    edits.distances.resize(n_answers * n_answers, 0);
    for first in (0..n_answers.saturating_sub(1)).step_by(L) {
        let end = (first + L).min(n_answers);
        let longest = (first..end).map(|lane| answers.answer(lane).len()).max().unwrap_or(0);
        let n_words = longest.div_ceil(WORD);
        let many = n_words > MOST_WORDS;
        if many {
            let n_places = answers.starts[n_answers] - answers.starts[first + 1];
            edits.carries.resize(edits.carries.len().max(n_places * 2 * L), 0);
        }
        for i in first + 1..n_answers {
            let n = answers.answer(i).len() as u32;
            edits.distances[i * n_answers + first..i * n_answers + end.min(i)].fill(n);
        }
        for from in (0..n_words).step_by(MOST_WORDS) {
            let strip = Strip { first, end, from, is_many: many };
            match (n_words - from).min(MOST_WORDS) {
                1 => one_strip::<L, H, 1>(answers, edits, strip),
                2 => one_strip::<L, H, 2>(answers, edits, strip),
                3 => one_strip::<L, H, 3>(answers, edits, strip),
                4 => one_strip::<L, H, 4>(answers, edits, strip),
                5 => one_strip::<L, H, 5>(answers, edits, strip),
                6 => one_strip::<L, H, 6>(answers, edits, strip),
                7 => one_strip::<L, H, 7>(answers, edits, strip),
                _ => one_strip::<L, H, 8>(answers, edits, strip),
            }
        }
    }
}

/// Words `from ..` of the patterns `first .. end`; `is_many`: there is a strip above or below it.
#[derive(Clone, Copy)]
struct Strip {
    first: usize,
    end: usize,
    from: usize,
    is_many: bool,
}

/// Adds what `W` words of the patterns contribute to the distances.
#[inline(always)]
fn one_strip<const L: usize, const H: usize, const W: usize>(answers: &Sequences, edits: &mut Edits, strip: Strip) {
    fill_table::<L, W>(answers, &mut edits.table, strip);
    let (rows, _) = edits.table.as_chunks::<L>();
    let (table, _) = rows.as_chunks::<W>();
    let n_answers = answers.n_answers();
    for i in strip.first + 1..n_answers {
        let text = answers.answer(i);
        let last = strip.end.min(i);
        let mut column = Column::<L, W>::new();
        if strip.is_many {
            let from = answers.starts[i] - answers.starts[strip.first + 1];
            let (carries, _) = edits.carries[from * 2 * L..(from + text.len()) * 2 * L].as_chunks_mut::<L>();
            let (carries, _) = carries.as_chunks_mut::<2>();
            if strip.from == 0 {
                carries.fill([[1; L], [0; L]]);
            }
            column.pass_with_carries(table, text, carries);
        } else if last - strip.first <= H {
            let half = narrow_pass::<L, H, W>(table, text);
            column.take_half(&half);
        } else {
            column.pass(table, text);
        }
        for lane in strip.first..last {
            let n_rows = answers.answer(lane).len().saturating_sub(strip.from * WORD);
            let distance = &mut edits.distances[i * n_answers + lane];
            *distance = distance.wrapping_add(column.rise(lane - strip.first, n_rows));
        }
    }
}

fn fill_table<const L: usize, const W: usize>(answers: &Sequences, table: &mut Vec<u64>, strip: Strip) {
    table.clear();
    table.resize(answers.n_ids * W * L, 0);
    for lane in strip.first..strip.end {
        let pattern = answers.answer(lane);
        let from = pattern.len().min(strip.from * WORD);
        for (place, &id) in pattern[from..].iter().take(W * WORD).enumerate() {
            table[(id as usize * W + place / WORD) * L + lane - strip.first] |= 1 << (place % WORD);
        }
    }
}

/// A column of the table: at which places of the pattern the distance grows by one, and where it falls.
struct Column<const L: usize, const W: usize> {
    grows: [[u64; L]; W],
    falls: [[u64; L]; W],
}

impl<const L: usize, const W: usize> Column<L, W> {
    #[inline(always)]
    fn new() -> Self {
        Self { grows: [[!0; L]; W], falls: [[0; L]; W] }
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
    fn pass_with_carries(&mut self, table: &[[[u64; L]; W]], text: &[u32], carries: &mut [[[u64; L]; 2]]) {
        for (&id, carry) in text.iter().zip(carries) {
            *carry = self.step(&table[id as usize], *carry);
        }
    }

    #[inline(always)]
    fn step(&mut self, matches: &[[u64; L]; W], mut carry: [[u64; L]; 2]) -> [[u64; L]; 2] {
        for word in 0..W {
            for lane in 0..L {
                let (grows, falls) = (self.grows[word][lane], self.falls[word][lane]);
                let (carry_up, carry_down) = (carry[0][lane], carry[1][lane]);
                let vertical = matches[word][lane] | falls;
                let equal = matches[word][lane] | carry_down;
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
            let n = n_rows.saturating_sub(word * WORD).min(WORD);
            let rows = if n == WORD { !0 } else { (1 << n) - 1 };
            rise = rise.wrapping_add((self.grows[word][lane] & rows).count_ones());
            rise = rise.wrapping_sub((self.falls[word][lane] & rows).count_ones());
        }
        rise
    }

    #[inline(always)]
    fn take_half<const H: usize>(&mut self, half: &Column<H, W>) {
        for word in 0..W {
            self.grows[word][..H].copy_from_slice(&half.grows[word]);
            self.falls[word][..H].copy_from_slice(&half.falls[word]);
        }
    }
}

/// A pass for the first `H` lanes alone, at half the cost.
#[inline(always)]
fn narrow_pass<const L: usize, const H: usize, const W: usize>(table: &[[[u64; L]; W]], text: &[u32]) -> Column<H, W> {
    let mut column = Column::<H, W>::new();
    for &id in text {
        let row = &table[id as usize];
        let mut matches = [[0; H]; W];
        for word in 0..W {
            matches[word].copy_from_slice(&row[word][..H]);
        }
        column.step(&matches, [[1; H], [0; H]]);
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Simd;
    use crate::consistency::sequences::Characters;
    use crate::consistency::testing::random_answers;

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
        for (seed, n_answers, most) in [(1, 1, 9), (2, 2, 30), (3, 10, 40), (4, 19, 20), (5, 11, 130), (6, 3, 400)] {
            let texts = random_answers(seed, n_answers, most);
            let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            let mut characters = Characters::default();
            characters.read(&bytes, 0).unwrap();
            let answers = &characters.sequences;
            for level in Simd::available() {
                let mut edits = Edits::default();
                all_pairs(level, answers, &mut edits);
                for i in 0..n_answers {
                    for j in 0..i {
                        let wanted = by_hand(answers.answer(i), answers.answer(j));
                        assert_eq!(edits.distance(n_answers, i, j), wanted, "{level:?} {seed} {i} {j}");
                    }
                }
            }
        }
    }
}
