//! Runs of a script without spaces, cut into words by its dictionary.
//!
//! Nearly every character of a run is simple, and a run of these alone is copied word by word (`walk`). Any other is read and written
//! character by character.

use super::blocks::{character_at, length};
use super::walk::walk;
use super::{MOST, MOST_MARKS, OUT_OF_ORDER, Writer};
use crate::text::block::{Block, Scalar};
use crate::text::dictionary::{self, Dictionary};
use crate::text::unicode::Form;

/// A run of a script that is cut by dictionary.
#[derive(Default)]
pub struct Run {
    /// The characters as the dictionary wants them.
    symbols: Vec<u8>,
    forms: Vec<Form>,
    /// The combining classes of the marks at the end, or nothing yet where there is one.
    marks: Vec<u8>,
    /// Where each word ends, in characters.
    ends: Vec<u32>,
}

/// Where a mark stood among those before it.
#[derive(PartialEq)]
enum Sorted {
    InPlace,
    Moved,
    /// It stays where it is, behind more than `MOST_MARKS`.
    TooMany,
}

impl Run {
    /// Whether there was none that is not simple.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    fn clear(&mut self) {
        self.symbols.clear();
        self.forms.clear();
        self.marks.clear();
        self.ends.clear();
    }

    /// Moves the last character, a mark of this class, before the marks that should stand behind it.
    #[inline(always)]
    fn sort_mark(&mut self, class: u8) -> Sorted {
        if self.marks.last().is_none_or(|&last| last <= class) {
            self.marks.push(class);
            return Sorted::InPlace;
        }
        if self.marks.len() >= MOST_MARKS {
            return Sorted::TooMany;
        }
        let at = self.marks.partition_point(|&mark| mark <= class);
        let behind = self.marks.len() - at + 1;
        let n = self.symbols.len();
        self.symbols[n - behind..].rotate_right(1);
        self.forms[n - behind..].rotate_right(1);
        self.marks.insert(at, class);
        Sorted::Moved
    }
}

impl Writer<'_> {
    /// Writes the words of the run of characters that begins at `done`, spaces around each, and of those that follow closely.
    #[inline(never)]
    pub fn run(&mut self) {
        let first = character_at(self.text, self.done).0;
        let script = dictionary::script_of(first).expect("a run has a script");
        self.run_of(script);
        while self.is_at_next(script) {
            self.run_of(script);
        }
    }

    /// Writes the few characters of ASCII up to the next run of this script; false: there is something else, and nothing is written.
    #[inline(always)]
    fn is_at_next(&mut self, script: usize) -> bool {
        const FEW: usize = 4;
        let rest = &self.text[self.done..];
        let Some(n) = rest.iter().take(FEW + 1).position(|byte| !byte.is_ascii()) else {
            return false;
        };
        let c = character_at(rest, n).0;
        let heed = self.form(c).heed();
        if heed & Form::COMPLEX == 0 || !dictionary::is_of(script, c) {
            return false;
        }
        self.plain.push(&rest[..n]);
        self.plain.heed |= heed & !Form::JOINS; // the run knows whether it joins
        self.done += n;
        true
    }

    #[inline(always)]
    fn run_of(&mut self, script: usize) {
        if walk(self.simd, self, script) {
            return;
        }
        let mut run = std::mem::take(&mut self.plain.run);
        run.clear();
        let begin = self.done;
        let dictionary = dictionary::dictionary(script);
        let is_plain = self.collect(&mut run, dictionary, script);
        let n = run.symbols.len();
        run.symbols.push(dictionary::END);
        dictionary.cut(&run.symbols, &mut run.ends);
        // each character has at most 6 bytes and a space, and eight are written at a time
        self.plain.make_room(8 * n + MOST);
        self.plain.space();
        if is_plain {
            self.plain.n += write_run(&run, &mut self.plain.bytes[self.plain.n..]);
        } else {
            self.write_run_closely(&run, begin);
        }
        self.plain.run = run;
    }

    /// Whether no run goes on at `at`.
    pub fn is_end(&self, script: usize, at: usize) -> bool {
        if at == self.text.len() || self.text[at].is_ascii() {
            return true;
        }
        let c = character_at(self.text, at).0;
        let form = self.form(c);
        if form.heed() & Form::COMPLEX != 0 {
            return !dictionary::is_of(script, c);
        }
        form.n() > 0 || form.heed() & Form::LONG != 0
    }

    /// As `write_run`, character by character.
    fn write_run_closely(&mut self, run: &Run, begin: usize) {
        let mut at = begin;
        let mut ends = run.ends.iter().peekable();
        for (i, form) in (1..).zip(&run.forms) {
            let (mut c, mut n) = character_at(self.text, at);
            while self.form(c).heed() & Form::COMPLEX == 0 {
                at += n; // it is ignored
                (c, n) = character_at(self.text, at);
            }
            self.write(c, *form, at);
            at += n;
            if ends.next_if_eq(&&i).is_some() {
                self.plain.push(b" ");
            }
        }
    }

    /// Fills `run` with the characters of one script from `done` on, ignorable ones left out; moves behind them. Whether each is
    /// written by its form alone: then it is neither long, nor may its marks be out of order.
    fn collect(&mut self, run: &mut Run, dictionary: &Dictionary, script: usize) -> bool {
        let mut from = self.done;
        let (mut any, mut has_base, mut mark, mut is_sorted) = (0, false, None, true);
        while from < self.text.len() && !self.text[from].is_ascii() {
            let (c, n) = match self.text[from..].first_chunk() {
                // nearly every one; the shorter way to it
                Some(four) if length(four[0]) == 3 => {
                    let three = Scalar::code_point_of_three(u32::from_be_bytes(*four));
                    (three.into(), 3)
                }
                _ => character_at(self.text, from),
            };
            let form = self.form(c);
            let heed = form.heed();
            if heed & Form::COMPLEX != 0 {
                if !dictionary::is_of(script, c) {
                    break;
                }
                run.symbols.push(dictionary.symbol(c));
                run.forms.push(form);
                any |= heed & (Form::LONG | Form::ANSWER);
                if heed & Form::MARK == 0 {
                    has_base = true;
                    mark = None;
                } else if has_base && mark.is_none() {
                    mark = Some(c);
                    run.marks.clear();
                } else if let Some(first) = mark {
                    if run.marks.is_empty() {
                        run.marks.push(self.classes(first)[0]);
                    }
                    let sorted = run.sort_mark(self.classes(c)[0]);
                    is_sorted &= sorted == Sorted::InPlace;
                    any |= Form::MARK * u8::from(sorted == Sorted::TooMany);
                } else {
                    any |= Form::MARK; // what it belongs to is no part of the run
                }
                // ignorable characters at the end belong to what follows
                self.done = from + n;
            } else if form.n() > 0 || heed & Form::LONG != 0 {
                break; // it is written, so it is no part of the run
            }
            self.plain.heed |= self.heed_of(c, form, from) & Form::JOINS;
            from += n;
        }
        if any != 0 && !is_sorted {
            self.plain.heed |= OUT_OF_ORDER;
        }
        any == 0
    }
}

/// Writes the characters of a run by their forms, a space behind each word: how many bytes.
#[inline(always)]
fn write_run(run: &Run, room: &mut [u8]) -> usize {
    let (mut n, mut from) = (0, 0);
    for &end in &run.ends {
        for form in &run.forms[from..end as usize] {
            room[n..n + 8].copy_from_slice(&form.bytes());
            n += form.n();
        }
        room[n] = b' ';
        n += 1;
        from = end as usize;
    }
    n
}
