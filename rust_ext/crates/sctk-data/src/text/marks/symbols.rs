//! `#`, `@` and `\`: a number's sign (`#5` is no. 5), a name's or a place's (`@a`), a difference of sets (`A\B`).
//!
//! A heading (`# 5`), a tag (`#metoo`) and the commands of LaTeX (`\frac`, `\{`) are none of them.

use super::Marks;
use crate::text::fold::is_word;

impl Marks<'_> {
    /// Whether an `@` has something behind it, directly or between spaces.
    pub fn names(&self, at: usize) -> bool {
        let spaced = self.before(at) == ' ' && self.at(at + 1) == ' ';
        is_word(self.at(at + 1)) || spaced && is_word(self.at(at + 2))
    }

    /// Whether a backslash stands between a single letter or a bracket and a single letter or a set.
    pub fn is_difference(&self, at: usize) -> bool {
        let spaced = self.before(at) == ' ';
        if spaced != (self.at(at + 1) == ' ') {
            return false;
        }
        let end = at.saturating_sub(usize::from(spaced));
        let begin = at + 1 + usize::from(spaced);
        let left = self.before(end) == ')' || self.letters_before(end) == 1;
        left && (self.is_letter(begin) || self.begins_set(begin))
    }

    /// Whether a letter stands there alone, and no argument of a command behind it.
    fn is_letter(&self, at: usize) -> bool {
        self.at(at).is_alphabetic() && !is_word(self.at(at + 1)) && self.at(at + 1) != '{'
    }

    /// Whether a bracket opens there that is not LaTeX's `\{`, which ends with `\}`.
    fn begins_set(&self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        let end = rest.iter().position(|&c| c == '}');
        rest.first() == Some(&'{') && end.is_some_and(|end| rest[end - 1] != '\\')
    }
}
