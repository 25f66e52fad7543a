//! Primes and quotation marks, factorials and exclamations.

use super::{Marks, is_closing, is_spelled};
use crate::text::fold::is_word;

impl Marks<'_> {
    /// `n!` and `!p`, else an exclamation.
    pub fn exclamation(&mut self, at: usize, run: usize) -> usize {
        let (before, after) = (self.before(at), self.at(at + run));
        let small = self.letters_before(at) == 1 && before.is_lowercase();
        let factorial = before.is_ascii_digit() || before == ')' || small && !is_word(after);
        let denies = !is_word(before) && !is_closing(before) && (is_spelled(after) || after == '(');
        for _ in 0..run {
            match (factorial, denies) {
                (true, _) => self.sign("∏"),
                (_, true) => self.sign("¬"),
                _ => self.out.push('!'),
            }
        }
        run
    }

    /// A prime (`f'`, 5", 5'6) or a quotation mark, an apostrophe, a mark of thousands.
    pub fn quote(&mut self, at: usize, c: char) {
        let (before, after) = (self.before(at), self.at(at + 1));
        let kind = usize::from(c == '"');
        let letters = self.letters_before(at);
        // an opening mark behind a letter is no prime
        let behind_letter = (before == ')' || letters == 1) && c != '\u{2018}';
        let measured = before.is_ascii_digit() || behind_letter || c == '′';
        let thousands = (1..4).all(|n| self.at(at + n).is_ascii_digit());
        let ends =
            !is_word(after) || before.is_ascii_digit() && after.is_ascii_digit() && !thousands;
        let again = before == c && self.out.ends_with(&['′', ' ']);
        if self.quoted[kind] && ends && c != '′' {
            self.quoted[kind] = false;
            self.out.push(c);
        } else if ends && (measured || again) {
            self.sign(if c == '"' { "′ ′" } else { "′" });
        } else {
            self.quoted[kind] |= !is_word(before) && !after.is_whitespace();
            self.out.push(c);
        }
    }
}
