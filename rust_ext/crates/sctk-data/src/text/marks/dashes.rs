//! Minus signs and arrows.

use super::{Marks, is_kept};
use crate::text::fold::is_word;

impl Marks<'_> {
    /// The arrow that begins at a place, and how many characters it has.
    pub fn arrow(&self, at: usize) -> Option<(&'static str, usize)> {
        let next = |n: usize| self.at(at + n);
        match (self.at(at), next(1), next(2)) {
            ('-', '>', _) => Some(("→", 2)),
            ('-', '-', '>') => Some(("→", 3)),
            ('<', '-', '>') => Some(("↔", 3)),
            ('<', '-', c) if c == ' ' || c.is_alphabetic() => Some(("←", 2)),
            _ => None,
        }
    }

    /// A grade or a charge (`A-`, `Cl-`, `C--`), the minus of a letter or a symbol (`-x`, `-∞`), else a hyphen.
    pub fn minus(&mut self, at: usize, run: usize) -> usize {
        let after = self.at(at + run);
        let graded = (1..3).contains(&self.letters_before(at)) && !is_word(after) && after != '-';
        let rest = self.text.get(at + 1..).unwrap_or_default();
        let charged =
            self.before(at).is_ascii_digit() && !rest.iter().any(|&c| is_word(c) || is_kept(c));
        if graded || charged || run == 1 && self.negates(at) {
            for _ in 0..run {
                self.sign("⊖");
            }
        } else {
            self.out.extend(std::iter::repeat_n('-', run));
        }
        run
    }

    fn negates(&self, at: usize) -> bool {
        let begins = match self.text[..at].iter().rfind(|c| !c.is_whitespace()) {
            None => true,
            Some(&c) => "([{=<>*/^+,;:|".contains(c),
        };
        let after = self.at(at + 1);
        let end = (at + 1..)
            .find(|&place| !is_word(self.at(place)))
            .unwrap_or(at);
        let letter = after.is_alphabetic() && self.letters_before(end) == 1;
        begins && (letter || is_kept(after))
    }
}
