//! Patterns in lanes: the answers of a group that texts are compared with, as bits in a table by symbol.
//!
//! Patterns are cut into strips of up to 8 words of 64 places, which fit in registers; nearly all answers have one
//! strip. What leaves a strip at its lower edge is kept for each place of the text.

use super::sequences::Sequences;

pub const MOST_WORDS: usize = 8;
pub const WORD: usize = 64;

/// Words `from ..` of the patterns `first .. end`; `is_many`: there is a strip above or below it.
#[derive(Clone, Copy)]
pub struct Strip {
    pub first: usize,
    pub end: usize,
    pub from: usize,
    pub is_many: bool,
}

impl Strip {
    /// The strips of the answers `first .. first + n_lanes`, from above, and how many words each has.
    #[inline(always)]
    pub fn all(
        answers: &Sequences,
        first: usize,
        n_lanes: usize,
    ) -> impl Iterator<Item = (Self, usize)> {
        let end = (first + n_lanes).min(answers.n_answers());
        let longest = (first..end)
            .map(|lane| answers.answer(lane).len())
            .max()
            .unwrap_or(0);
        let n_words = longest.div_ceil(WORD);
        let is_many = n_words > MOST_WORDS;
        (0..n_words).step_by(MOST_WORDS).map(move |from| {
            (
                Self {
                    first,
                    end,
                    from,
                    is_many,
                },
                (n_words - from).min(MOST_WORDS),
            )
        })
    }

    /// The number of rows of this strip that a pattern of `n` symbols has (of more than all, where it goes on).
    #[inline(always)]
    pub fn n_rows(&self, n: usize) -> usize {
        n.saturating_sub(self.from * WORD)
    }

    /// Writes a bit for each place of each pattern, over `n_words` words: `table[symbol][word][lane]`.
    ///
    /// The table is as long as the group has symbols, so behind a whole strip only what that strip wrote is taken back.
    pub fn fill<const L: usize>(&self, answers: &Sequences, n_words: usize, table: &mut Vec<u64>) {
        if self.from > 0 && n_words == MOST_WORDS {
            let above = Self {
                from: self.from - MOST_WORDS,
                ..*self
            };
            above.write::<L, false>(answers, n_words, table);
        } else {
            table.clear();
            table.resize(answers.n_ids * n_words * L, 0);
        }
        self.write::<L, true>(answers, n_words, table);
    }

    /// Sets this strip's bits, or clears the words that they lie in.
    #[inline(always)]
    fn write<const L: usize, const SET: bool>(
        &self,
        answers: &Sequences,
        n_words: usize,
        table: &mut [u64],
    ) {
        for lane in self.first..self.end {
            let pattern = answers.answer(lane);
            let from = pattern.len().min(self.from * WORD);
            for (place, &id) in pattern[from..].iter().take(n_words * WORD).enumerate() {
                let at = (id as usize * n_words + place / WORD) * L + lane - self.first;
                table[at] = if SET {
                    table[at] | 1 << (place % WORD)
                } else {
                    0
                };
            }
        }
    }
}

/// A table as rows by symbol.
#[inline(always)]
pub fn rows<const L: usize, const W: usize>(table: &[u64]) -> &[[[u64; L]; W]] {
    table.as_chunks::<L>().0.as_chunks::<W>().0
}

/// The first `H` lanes of a row.
#[inline(always)]
pub fn half<const L: usize, const H: usize, const W: usize>(row: &[[u64; L]; W]) -> [[u64; H]; W] {
    let mut half = [[0; H]; W];
    for (narrow, wide) in half.iter_mut().zip(row) {
        narrow.copy_from_slice(&wide[..H]);
    }
    half
}

/// The first `n_rows` bits of word `word`.
#[inline(always)]
pub fn row_mask(n_rows: usize, word: usize) -> u64 {
    let n = n_rows.saturating_sub(word * WORD).min(WORD);
    if n == WORD { !0 } else { (1 << n) - 1 }
}

/// Calls `$function::<L, H, W>($args)` for the `W` that `$n_words` is.
macro_rules! with_words {
    ($n_words:expr, $function:ident::<$lanes:ident, $half:ident>($($arg:expr),*)) => {
        match $n_words {
            1 => $function::<$lanes, $half, 1>($($arg),*),
            2 => $function::<$lanes, $half, 2>($($arg),*),
            3 => $function::<$lanes, $half, 3>($($arg),*),
            4 => $function::<$lanes, $half, 4>($($arg),*),
            5 => $function::<$lanes, $half, 5>($($arg),*),
            6 => $function::<$lanes, $half, 6>($($arg),*),
            7 => $function::<$lanes, $half, 7>($($arg),*),
            _ => $function::<$lanes, $half, 8>($($arg),*),
        }
    };
}
pub(super) use with_words;
