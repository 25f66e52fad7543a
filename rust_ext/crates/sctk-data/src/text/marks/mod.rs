//! The marks that mean something in an answer, though nothing in prose: `5!`, `O-`, `x'`, `[1, 2)`, `a & b`, `A -> B`, `-x`,
//! `#5`, `A\B`.
//!
//! Each becomes a sign of its own, which is a word (`is_kept`). What dresses an answer stays nothing: quotes around it, emphasis,
//! an exclamation, round brackets, bullets, headings, ticks and faces.

mod beside;
mod brackets;
mod dashes;
mod kept;
mod look;
mod note;
mod quotes;
mod symbols;

use super::dictionary::is_complex;
use super::fold::is_word;
use super::unicode::is_alone;
use brackets::brackets;
pub use kept::is_kept;
pub use look::may_mean;
pub use note::{first, note};

/// Writes the characters of an answer (in order, `fold::ordered`) with its marks as signs in place of what `out` has; `noted` are
/// the places that `note` found.
pub fn write_meant(text: &[char], noted: &[usize], out: &mut Vec<char>) {
    out.clear();
    let mut marks = Marks {
        text,
        out,
        quoted: [false; 2],
    };
    let brackets = brackets(text, noted);
    let mut brackets = brackets.iter().peekable();
    let mut noted = noted.iter().copied().peekable();
    let mut at = 0;
    while at < text.len() {
        while noted.next_if(|&place| place < at).is_some() {}
        let bracket = brackets.peek().map_or(text.len(), |&&(place, _)| place);
        let next = noted.peek().map_or(bracket, |&place| place.min(bracket));
        if next > at {
            marks.out.extend_from_slice(&text[at..next]);
            at = next;
        } else if let Some(&(_, sign)) = brackets.next_if(|_| bracket == at) {
            marks.out.extend([' ', sign, ' ']);
            at += 1;
        } else {
            at += marks.take(at);
        }
    }
}

struct Marks<'a> {
    text: &'a [char],
    out: &'a mut Vec<char>,
    /// Whether a quotation is open, in single and in double marks.
    quoted: [bool; 2],
}

impl Marks<'_> {
    /// The character at a place; a space beyond both ends.
    fn at(&self, place: usize) -> char {
        self.text.get(place).copied().unwrap_or(' ')
    }

    fn before(&self, place: usize) -> char {
        self.at(place.wrapping_sub(1))
    }

    fn sign(&mut self, sign: &str) {
        self.out.push(' ');
        self.out.extend(sign.chars());
        self.out.push(' ');
    }

    /// Writes what begins at a place, a mark; how many characters that were.
    fn take(&mut self, at: usize) -> usize {
        let c = self.at(at);
        let rest = &self.text[at..];
        let run = rest.iter().take_while(|&&next| next == c).count();
        let (before, after) = (self.before(at), self.at(at + run));
        let digits = before.is_ascii_digit() && after.is_ascii_digit();
        if matches!(c, '-' | '<')
            && let Some((sign, length)) = self.arrow(at)
        {
            self.sign(sign);
            return length;
        }
        match c {
            '|' => self.sign("∣"),
            '~' if run == 1 && self.operand_after(at + 1) => self.sign("∼"),
            '&' if run == 2 => {
                self.sign("∧");
                return 2;
            }
            '&' if run == 1 => self.sign("and"),
            '#' if run == 1 && !is_word(before) && after.is_ascii_digit() => self.sign("no"),
            '@' if run == 1 && self.names(at) => self.sign("⊚"),
            '\\' if run == 1 && self.is_difference(at) => self.sign("∖"),
            ':' if run == 1 && digits => self.sign("∶"),
            '!' if run < 3 && after != '=' => return self.exclamation(at, run),
            '\'' | '\u{2018}' | '\u{2019}' | '′' | '"' => self.quote(at, c),
            '-' if run < 3 => return self.minus(at, run),
            _ => self.out.push(c),
        }
        1
    }
}

/// Whether a character is of a script that parts its words by spaces.
fn is_spelled(c: char) -> bool {
    is_word(c) && !is_alone(c) && !is_complex(c)
}

fn is_closing(c: char) -> bool {
    matches!(c, ')' | ']' | '}')
}
