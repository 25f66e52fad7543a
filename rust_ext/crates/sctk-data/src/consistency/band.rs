//! Levenshtein distances of the pairs that are like enough, and no more work than that takes.
//!
//! With a cut-off a pair may differ in d places at most, so only d + 1 diagonals of the table matter (Ukkonen 1985).
//! They are held in a window of one to eight words that slides down with the text, one row for each symbol (Hyyro 2003),
//! instead of all words of the pattern. A text is given up when none of its lanes can come back below its limit.

use super::edit::Edits;
use super::lanes::in_lanes;
use super::sequences::Sequences;
use super::strips::{WORD, row_mask};
use crate::text::Simd;
use crate::watch::{Patience, Pulse};

/// The widest window; pairs that may differ more are compared in full.
const MOST_WORDS: usize = 8;
/// A table larger than this many words is not made; its answers are compared in full.
const MOST_TABLE: usize = 8 << 20;
/// The distance of a pair that is not like enough.
pub const TOO_FAR: u32 = u32::MAX;
/// From its first look on a window is looked at for hope once in so many columns: a look costs as much as three steps.
const LOOK_EVERY: usize = 32;

/// Fills `edits` with the distances of all pairs that score `cut_off` or more, and `TOO_FAR` for the others.
/// False: the answers are too long, or may differ too much, and nothing was done.
pub fn pairs_within(
    level: Simd,
    answers: &Sequences,
    cut_off: f64,
    edits: &mut Edits,
    pulse: &Pulse<'_>,
) -> bool {
    let longest = (0..answers.n_answers())
        .map(|i| answers.answer(i).len())
        .max()
        .unwrap_or(0);
    let most = limit(cut_off, longest).unwrap_or(0);
    let shape = Shape {
        pad: most / WORD + 1,
        n_words: most / WORD + longest / WORD + MOST_WORDS + 3,
    };
    let fits = most < MOST_WORDS * WORD - WORD && shape.n_words * answers.n_ids < MOST_TABLE;
    if fits {
        fill(level, answers, cut_off, shape, edits, pulse);
    }
    fits
}

/// The largest distance at which two answers, the longer one of `longer` symbols, score `cut_off` or more.
fn limit(cut_off: f64, longer: usize) -> Option<usize> {
    let scores = |distance: usize| 1.0 - distance as f64 / longer.max(1) as f64 >= cut_off;
    let mut distance = (((1.0 - cut_off) * longer as f64) as usize + 1).min(longer);
    while !scores(distance) {
        distance = distance.checked_sub(1)?;
    }
    Some(distance)
}

/// A row of the table has `n_words` words, and the pattern starts at word `pad`: zeros stand around it, so that a window
/// may hang over at both ends.
#[derive(Clone, Copy)]
struct Shape {
    pad: usize,
    n_words: usize,
}

in_lanes! {
    fn fill(answers: &Sequences, cut_off: f64, shape: Shape, edits: &mut Edits, pulse: &Pulse<'_>) = fill_in_lanes;
}

#[inline(always)]
fn fill_in_lanes<const L: usize, const H: usize>(
    answers: &Sequences,
    cut_off: f64,
    shape: Shape,
    edits: &mut Edits,
    pulse: &Pulse<'_>,
) {
    let mut patience = Patience::new(pulse);
    let n_answers = answers.n_answers();
    edits.distances.clear();
    edits.distances.resize(n_answers * n_answers, TOO_FAR);
    for first in (0..n_answers.saturating_sub(1)).step_by(L) {
        let end = (first + L).min(n_answers);
        fill_table::<L>(answers, first..end, shape, &mut edits.table);
        let (rows, _) = edits.table.as_chunks::<L>();
        for i in first + 1..n_answers {
            let last = end.min(i);
            if !patience.after(answers.answer(i).len() * MOST_WORDS) {
                return;
            }
            let out = &mut edits.distances[i * n_answers + first..i * n_answers + last];
            if last - first <= H {
                one_text::<L, H>(answers, rows, shape, (first, i), cut_off, out);
            } else {
                one_text::<L, L>(answers, rows, shape, (first, i), cut_off, out);
            }
        }
    }
}

fn fill_table<const L: usize>(
    answers: &Sequences,
    lanes: std::ops::Range<usize>,
    shape: Shape,
    table: &mut Vec<u64>,
) {
    table.clear();
    table.resize(answers.n_ids * shape.n_words * L, 0);
    for (lane, i) in lanes.enumerate() {
        for (place, &id) in answers.answer(i).iter().enumerate() {
            let word = id as usize * shape.n_words + shape.pad + place / WORD;
            table[word * L + lane] |= 1 << (place % WORD);
        }
    }
}

/// What may be said of a text and its patterns before any symbol is compared.
struct Band<const N: usize> {
    /// A lane's largest distance; -1 where the pair cannot be like enough.
    limits: [i64; N],
    /// Column minus row lies between these, for all lanes that may be like enough.
    lowest: i64,
    highest: i64,
}

impl<const N: usize> Band<N> {
    fn new(
        answers: &Sequences,
        (first, i): (usize, usize),
        n_lanes: usize,
        cut_off: f64,
    ) -> Option<Self> {
        let n = answers.answer(i).len();
        let mut band = Self {
            limits: [-1; N],
            lowest: i64::MAX,
            highest: i64::MIN,
        };
        for lane in 0..n_lanes {
            let m = answers.answer(first + lane).len();
            let Some(limit) = limit(cut_off, m.max(n)).filter(|&limit| m.abs_diff(n) <= limit)
            else {
                continue;
            };
            let (limit, longer_by) = (limit as i64, n as i64 - m as i64);
            band.limits[lane] = limit;
            band.lowest = band.lowest.min((longer_by - limit).div_euclid(2));
            band.highest = band.highest.max((longer_by + limit).div_euclid(2));
        }
        (band.lowest <= band.highest).then_some(band)
    }

    /// The column at which a first look for hope pays. Before as many columns as the largest limit no distance can be
    /// above it, and answers that differ in more than every second symbol are rare.
    fn first_look(&self) -> usize {
        let largest = self.limits.iter().fold(0, |most, &limit| most.max(limit));
        2 * largest as usize
    }

    fn n_words(&self) -> usize {
        ((self.highest - self.lowest) as usize + 1).div_ceil(WORD)
    }
}

#[inline(always)]
fn one_text<const L: usize, const N: usize>(
    answers: &Sequences,
    rows: &[[u64; L]],
    shape: Shape,
    (first, i): (usize, usize),
    cut_off: f64,
    out: &mut [u32],
) {
    let Some(band) = Band::<N>::new(answers, (first, i), out.len(), cut_off) else {
        return;
    };
    let text = answers.answer(i);
    let found = match band.n_words() {
        1 => slide::<L, N, 1>(rows, shape, text, &band),
        2 => slide::<L, N, 2>(rows, shape, text, &band),
        3 => slide::<L, N, 3>(rows, shape, text, &band),
        4 => slide::<L, N, 4>(rows, shape, text, &band),
        5 => slide::<L, N, 5>(rows, shape, text, &band),
        6 => slide::<L, N, 6>(rows, shape, text, &band),
        7 => slide::<L, N, 7>(rows, shape, text, &band),
        _ => slide::<L, N, 8>(rows, shape, text, &band),
    };
    let Some(found) = found else { return };
    for (lane, out) in out.iter_mut().enumerate() {
        // the pattern's last row lies so many rows below the window's first one
        let below = band.highest - (text.len() as i64 - answers.answer(first + lane).len() as i64);
        if band.limits[lane] >= 0 && found.distance(lane, below as usize) <= band.limits[lane] {
            *out = found.distance(lane, below as usize) as u32;
        }
    }
}

/// Both bits of `W` words and the distance in the row above them, for any `W`.
struct Found<const N: usize> {
    base: [i64; N],
    grows: [[u64; N]; MOST_WORDS],
    falls: [[u64; N]; MOST_WORDS],
}

impl<const N: usize> Found<N> {
    /// The distance `below` rows below the row above the window.
    fn distance(&self, lane: usize, below: usize) -> i64 {
        let mut distance = self.base[lane];
        for word in 0..MOST_WORDS {
            let rows = row_mask(below, word);
            distance += i64::from((self.grows[word][lane] & rows).count_ones());
            distance -= i64::from((self.falls[word][lane] & rows).count_ones());
        }
        distance
    }
}

/// The window behind the last symbol, or None where no lane can be like enough.
#[inline(always)]
fn slide<const L: usize, const N: usize, const W: usize>(
    rows: &[[u64; L]],
    shape: Shape,
    text: &[u32],
    band: &Band<N>,
) -> Option<Found<N>> {
    let mut window = Window::<N, W>::new(band.highest);
    let mut next_look = band.first_look();
    // the bit of the window's first row in a row of the table
    let first_bit = ((shape.pad * WORD) as i64 - band.highest) as usize;
    for (at, &id) in text.iter().enumerate() {
        let bit = first_bit + at;
        let from = id as usize * shape.n_words + bit / WORD;
        window.step(&rows[from..from + W + 1], (bit % WORD) as u32);
        if at == next_look {
            if window.is_hopeless(&band.limits) {
                return None;
            }
            next_look += LOOK_EVERY;
        }
    }
    let mut found = Found {
        base: window.base,
        grows: [[0; N]; MOST_WORDS],
        falls: [[0; N]; MOST_WORDS],
    };
    found.grows[..W].copy_from_slice(&window.grows);
    found.falls[..W].copy_from_slice(&window.falls);
    Some(found)
}

/// A stretch of a column: for each row whether the distance grows or falls there, and the distance in the row above.
struct Window<const N: usize, const W: usize> {
    base: [i64; N],
    grows: [[u64; N]; W],
    falls: [[u64; N]; W],
}

impl<const N: usize, const W: usize> Window<N, W> {
    /// Before the first symbol, from row 1 - `highest` on: above row 1 nothing grows.
    #[inline(always)]
    fn new(highest: i64) -> Self {
        let above = highest.max(0) as usize;
        let mut grows = [[0; N]; W];
        for (word, grows) in grows.iter_mut().enumerate() {
            *grows = [!row_mask(above, word); N];
        }
        Self {
            base: [(-highest).max(0); N],
            grows,
            falls: [[0; N]; W],
        }
    }

    /// Moves over a symbol and down by a row. What comes in from outside the window is taken for one more than its
    /// neighbour, which is never less than the truth.
    #[inline(always)]
    #[allow(
        clippy::needless_range_loop,
        reason = "the same lane of many arrays: one vector instruction each"
    )]
    fn step<const L: usize>(&mut self, rows: &[[u64; L]], shift: u32) {
        let mut same = [[0; N]; W];
        let mut carry = [0; N];
        for word in 0..W {
            for lane in 0..N {
                let (grows, falls) = (self.grows[word][lane], self.falls[word][lane]);
                let matches =
                    rows[word][lane] >> shift | (rows[word + 1][lane] << 1) << (63 - shift);
                let sum = (matches & grows).wrapping_add(grows);
                let all = sum.wrapping_add(carry[lane]);
                carry[lane] = u64::from(sum < grows) | u64::from(all < sum);
                same[word][lane] = (all ^ grows) | matches | falls;
            }
        }
        for word in 0..W {
            for lane in 0..N {
                let (grows, falls) = (self.grows[word][lane], self.falls[word][lane]);
                let right = falls | !(same[word][lane] | grows);
                let left = same[word][lane] & grows;
                let next = if word + 1 < W {
                    same[word + 1][lane] << 63
                } else {
                    0
                };
                let below = same[word][lane] >> 1 | next;
                self.grows[word][lane] = left | !(below | right);
                self.falls[word][lane] = below & right;
            }
        }
        for lane in 0..N {
            self.base[lane] += 1 - (same[0][lane] & 1) as i64;
        }
    }

    /// Whether no lane can end below its limit: between two places 8 rows apart with distances a and b the distance is
    /// nowhere below (a + b - 8) / 2, and on the way to the end of the table it never falls again.
    #[inline(always)]
    fn is_hopeless(&self, limits: &[i64; N]) -> bool {
        let mut at = self.base;
        let mut least = at;
        for word in 0..W {
            for part in 0..8 {
                let rows = 0xFF << (8 * part);
                for lane in 0..N {
                    let grows = (self.grows[word][lane] & rows).count_ones();
                    let next = at[lane] + i64::from(grows)
                        - i64::from((self.falls[word][lane] & rows).count_ones());
                    least[lane] = least[lane].min((at[lane] + next - 8) >> 1);
                    at[lane] = next;
                }
            }
        }
        let mut hope = false;
        for lane in 0..N {
            hope |= least[lane] <= limits[lane];
        }
        !hope
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::edit;
    use crate::consistency::sequences::Characters;
    use crate::consistency::testing::random_answers;

    #[test]
    fn what_scores_the_cut_off_is_exact_and_nothing_else_does() {
        let mut n_banded = 0;
        for (seed, n_answers, most) in [
            (1, 2, 3),
            (2, 3, 30),
            (3, 10, 40),
            (4, 19, 60),
            (5, 9, 300),
            (6, 4, 900),
        ] {
            let texts = random_answers(seed, n_answers, most);
            let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            let mut characters = Characters::default();
            characters.read(&bytes, 0).unwrap();
            let answers = &characters.sequences;
            let (mut full, mut banded) = (Edits::default(), Edits::default());
            edit::all_pairs(Simd::best(), answers, &mut full, &Pulse::unwatched());
            for cut_off in [0.1, 0.3, 0.5, 0.62, 0.8, 0.9, 1.0, 1.5] {
                for level in Simd::available() {
                    if !pairs_within(level, answers, cut_off, &mut banded, &Pulse::unwatched()) {
                        continue;
                    }
                    n_banded += 1;
                    for (i, j) in (0..n_answers).flat_map(|i| (0..i).map(move |j| (i, j))) {
                        let longer = answers.answer(i).len().max(answers.answer(j).len()).max(1);
                        let truth = full.distance(n_answers, i, j);
                        let is_like = 1.0 - f64::from(truth) / longer as f64 >= cut_off;
                        let wanted = if is_like { truth } else { TOO_FAR };
                        assert_eq!(
                            banded.distance(n_answers, i, j),
                            wanted,
                            "{level:?} {seed} {cut_off} {i} {j}"
                        );
                    }
                }
            }
        }
        assert!(n_banded > 60, "{n_banded}");
    }
}
