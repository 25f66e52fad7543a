//! What stands beside a mark.

use super::{Marks, is_spelled};
use crate::text::fold::{combining_class, is_currency, is_word};

impl Marks<'_> {
    /// Whether something stands behind a place that a sign may belong to.
    pub fn operand_after(&self, at: usize) -> bool {
        let after = self.text.get(at..).unwrap_or_default();
        let next = after.iter().find(|c| !c.is_whitespace());
        next.is_some_and(|&c| is_word(c) || is_currency(c) || matches!(c, '(' | '[' | '{' | '-'))
    }

    /// How many letters the word has that ends before a place; none where it has digits, or is joined to the one before it
    /// (`don't`, `U.S`).
    pub fn letters_before(&self, at: usize) -> usize {
        let word = self.text[..at].iter().rev().take_while(|&&c| is_word(c));
        let begin = at - word.clone().count();
        let joined = matches!(self.before(begin), '\'' | '\u{2019}' | '.')
            && is_word(self.before(begin.wrapping_sub(1)));
        if joined {
            return 0;
        }
        let bases = word.filter(|&&c| combining_class(c) == 0);
        bases
            .take(3)
            .try_fold(0, |n, &c| {
                (c.is_alphabetic() && is_spelled(c)).then_some(n + 1)
            })
            .unwrap_or(0)
    }
}
