//! An answer in one spelling: folded, marks as signs, signs of money gone, numbers as `numbers` has them.

use super::ascii;
use crate::text::dictionary::is_complex;
use crate::text::fold::{is_currency, is_word, ordered};
use crate::text::marks::{first, is_kept, note, write_meant};
use crate::text::numbers;
use crate::text::plain;
use crate::text::unicode::{Alphabet, Form, written};

/// Stands for a comma between digits that are no thousands; no text has it, for its folded form is another.
pub const COMMA: char = '\u{ff0c}';

/// Working memory, kept between answers.
#[derive(Default)]
pub struct Spelling {
    letters: Vec<char>,
    noted: Vec<usize>,
    meant: Vec<char>,
    out: Vec<u8>,
}

/// The text folded, as far as numbers are concerned in ASCII: signs of money are gone, and so are spaces that set thousands apart.
pub fn spelled(text: &str) -> String {
    let mut spelling = Spelling::default();
    spelling.of(text).into()
}

impl Spelling {
    /// As `spelled`.
    pub fn of(&mut self, text: &str) -> &str {
        if text.is_ascii() {
            self.write_ascii(text.as_bytes());
        } else if let Some(narrow) = without_narrow_spaces(text) {
            return self.of(&narrow);
        } else {
            self.letters.clear();
            self.letters.extend(ordered(text).chars());
            if note(&self.letters, &mut self.noted) {
                self.write_meant();
            } else {
                write_letters(&self.letters, &mut self.out);
            }
        }
        simdutf8::basic::from_utf8(&self.out).expect("letters are text")
    }

    fn write_ascii(&mut self, text: &[u8]) {
        if note(text, &mut self.noted) {
            self.letters.clear();
            self.letters
                .extend(text.iter().map(|&byte| char::from(byte)));
            self.write_meant();
        } else {
            write_letters(text, &mut self.out);
        }
    }

    fn write_meant(&mut self) {
        write_meant(&self.letters, &self.noted, &mut self.meant);
        write_letters(&self.meant, &mut self.out);
    }
}

/// Writes the letters with their marks as signs in place of what `out` has.
fn write_letters<T: Copy + Into<char>>(letters: &[T], out: &mut Vec<u8>) {
    let at = |i: usize| letters.get(i).map(|&c| c.into());
    let is_digit = |i: usize| at(i).is_some_and(|c: char| c.is_numeric());
    let joins = |i: usize| at(i).is_some_and(is_word);
    let is_plain = |c: char| c.is_ascii() & (c != '$') & (c != '\'');
    out.clear();
    let mut i = 0;
    while i < letters.len() {
        let n = first(&letters[i..], |&c| !is_plain(c.into()));
        let plain = letters[i..i + n].iter();
        out.extend(plain.map(|&c| (c.into() as u8).to_ascii_lowercase()));
        i += n;
        let Some(c) = at(i) else { break };
        if let Some(form) = form_of_letter(c) {
            out.extend_from_slice(&form.bytes()[..form.n()]);
        } else if is_currency(c) {
            if c == '$' {
                numbers::drop_country(out);
            }
            if i > 0 && joins(i - 1) && joins(i + 1) {
                out.push(b' ');
            }
        } else if c == '\'' && i > 0 && is_digit(i - 1) && is_digit(i + 1) {
            out.push(b'\'');
        } else if matches!(c, '\'' | '\u{2019}') && i > 0 && joins(i - 1) && joins(i + 1) {
            // an apostrophe
        } else if c == '\'' {
            out.push(b'\'');
        } else if is_kept(c) {
            out.push(b' ');
            push(c, out);
            out.push(b' ');
        } else if is_complex(c) {
            push(c, out); // as the dictionaries have it: `listing` cuts, and then folds
        } else {
            out.extend_from_slice(
                written(c, Alphabet::Unicode)
                    .to_ascii_lowercase()
                    .as_bytes(),
            );
        }
        i += 1;
    }
}

/// The form of a letter that is no more to an answer than its form (`written`); None: it may be more.
fn form_of_letter(c: char) -> Option<Form> {
    const MORE: u8 = Form::ANSWER | Form::COMPLEX | Form::LONG;
    let form = plain::form_of(c, Alphabet::Unicode)?;
    let bytes = form.bytes();
    let is_small = !bytes[..form.n()].iter().any(u8::is_ascii_uppercase);
    (form.heed() & MORE == 0 && is_small && is_word(c) && !c.is_numeric()).then_some(form)
}

fn push(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Without the spaces that do not break between a digit and three more; None: there are none.
fn without_narrow_spaces(text: &str) -> Option<String> {
    let is_narrow = |c: char| matches!(c, '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}');
    if !text.contains(is_narrow) {
        return None;
    }
    let letters: Vec<char> = text.chars().collect();
    let is_digit = |i: usize| letters.get(i).is_some_and(char::is_ascii_digit);
    let sets_apart = |i: usize| {
        is_narrow(letters[i])
            && i > 0
            && is_digit(i - 1)
            && (1..4).all(|n| is_digit(i + n))
            && !is_digit(i + 4)
    };
    let kept = (0..letters.len()).filter(|&i| !sets_apart(i));
    let narrow: String = kept.map(|i| letters[i]).collect();
    (narrow.len() < text.len()).then_some(narrow)
}

/// Writes the text with each run of digits, points and commas as the number that it is in place of what `out` has; one that may
/// be two stays, its commas with it. A point between letters is nothing.
pub fn write_with_numbers(text: &str, out: &mut String) {
    let is_part = |&byte: &u8| {
        (byte.wrapping_sub(b'0') < 10) | (byte == b'.') | (byte == b',') | (byte == b'\'')
    };
    let is_letter = |c: char| is_word(c) && !c.is_numeric();
    out.clear();
    let mut rest = text;
    while !rest.is_empty() {
        let (between, tail) = rest.split_at(first(rest.as_bytes(), is_part));
        let n = tail.bytes().take_while(|byte| is_part(byte)).count();
        let (run, tail) = tail.split_at(n);
        out.push_str(between);
        if run != "." || !out.ends_with(is_letter) || !tail.starts_with(is_letter) {
            write_number(run, out);
        }
        rest = tail;
    }
}

/// Appends a run of digits, points and commas as the number that it is, if it is one and stands behind no word.
fn write_number(run: &str, out: &mut String) {
    let digits = run.trim_end_matches(['.', ',', '\'']);
    let alone = !out.ends_with(is_word) && !digits.starts_with([',', '\'']);
    if alone && ascii::is_integer(digits.as_bytes()) {
        out.push_str(run);
        return;
    }
    match alone.then(|| numbers::decimal(digits)).flatten() {
        Some(number) => out.push_str(&number),
        None => out.extend(digits.chars().map(|c| if c == ',' { COMMA } else { c })),
    }
    out.push_str(&run[digits.len()..]);
}
