//! Runs of a script without spaces, cut into words by its dictionary.
//!
//! Nearly every character of a run has three bytes and is written as it is, or as its form says by itself, and its marks stand
//! in order: a run of these alone is read by a table of its script, and copied word by word. Any other is read and
//! written character by character.

use std::sync::OnceLock;

use super::blocks::{character_at, length};
use super::{MOST, MOST_MARKS, OUT_OF_ORDER, Writer, forms};
use crate::text::block::{Block, Scalar};
use crate::text::dictionary::{self, Dictionary};
use crate::text::fold::joined_by;
use crate::text::unicode::{Alphabet, Form};

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
    /// Which characters are written as others than they are; of runs of simple characters alone.
    changed: Vec<u32>,
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
    fn clear(&mut self) {
        self.symbols.clear();
        self.forms.clear();
        self.marks.clear();
        self.ends.clear();
        self.changed.clear();
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

/// What is to be known of a character of a script.
#[derive(Clone, Copy, Default)]
#[repr(C, align(4))]
struct Known {
    /// What the dictionary wants.
    symbol: u8,
    /// One less than its combining class: `u8::MAX` where it is no mark.
    class: u8,
    /// The same, 0 where it is no mark: a mark of a lower `class` should not stand behind it.
    least: u8,
    kind: Kind,
}

/// How a character is written.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    /// Another script's, or something is to be heeded of it.
    #[default]
    Other,
    /// As it is.
    Straight,
    /// As its form says.
    Changed,
    /// As it is, unless a certain character is the next one.
    Joins,
}

/// The characters of three bytes that share all bits but the last two of their second byte and the last six of their third; those
/// of a script among them are known.
struct Characters {
    /// The first two bytes; where they count.
    lead: u16,
    known: [Known; 256],
}

/// Which bits of the first two bytes all characters of a script have in common.
const LEAD: u16 = u16::from_be_bytes([0xff, 0xfc]);

impl Characters {
    fn new(script: usize) -> Self {
        const MARKS: u8 = Form::MARK | Form::MARKED;
        const JOINS: u8 = Form::COMPLEX | Form::JOINS;
        let table = forms(Alphabet::Unicode, 0);
        let pages = table.pages.as_ref().expect("plane 0 has pages");
        let first = dictionary::first_of(script) & !0xff;
        let known = std::array::from_fn(|i| {
            let c = first + i as u32;
            if !dictionary::is_of(script, c) {
                return Known::default();
            }
            let form = table.forms[c as usize];
            let marks = form.heed() & MARKS;
            let classes = match marks {
                0 => [0; 2],
                _ => pages.classes(c),
            };
            let is_mark = marks == MARKS && classes[0] == classes[1];
            let is_in_order = is_mark || marks == 0;
            let kind = match (form.heed() & !MARKS, form.bits() & Form::CHANGED) {
                _ if !is_in_order || form.n() == 0 => Kind::Other,
                (Form::COMPLEX, 0) => Kind::Straight,
                (Form::COMPLEX, _) => Kind::Changed,
                (JOINS, 0) if joined_by(c).is_some() => Kind::Joins,
                _ => Kind::Other,
            };
            Known {
                symbol: dictionary::dictionary(script).symbol(c),
                class: classes[0].wrapping_sub(1),
                least: classes[0].saturating_sub(1),
                kind,
            }
        });
        let lead = 0xe080 | (first >> 12 << 8 | first >> 6 & 0x3f) as u16;
        Self { lead, known }
    }

    /// Those of a script.
    fn of(script: usize) -> &'static Self {
        static MADE: [OnceLock<Characters>; 4] = [const { OnceLock::new() }; 4];
        MADE[script].get_or_init(|| Self::new(script))
    }

    /// What is known of the first character of a text, where it is one of these.
    #[inline(always)]
    fn get(&self, [a, b, c]: [u8; 3]) -> Option<Known> {
        let is_own = u16::from_be_bytes([a, b]) & LEAD == self.lead;
        is_own.then(|| self.known[usize::from(b & 3) << 6 | usize::from(c & 63)])
    }

    /// Whether the first of these is written as it is: the next one is known, and does not join it.
    #[inline(never)]
    fn stands_alone(&self, first: [u8; 3], next: Option<&[u8; 3]>) -> bool {
        let is_simple = |next: [u8; 3]| self.get(next).is_some_and(|next| next.kind != Kind::Other);
        let next = next.copied().filter(|&next| is_simple(next));
        let second = joined_by(character_at(&first, 0).0);
        next.is_some_and(|next| Some(character_at(&next, 0).0) != second.map(u32::from))
    }

    /// Adds the simple characters that `text` begins with to `run`, up to a mark that should stand before another: how many
    /// bytes they have.
    #[inline(always)]
    fn collect(&self, text: &[u8], run: &mut Run) -> usize {
        let mut least = u8::MAX;
        let characters = text.as_chunks().0;
        for (i, &character) in characters.iter().enumerate() {
            let known = self.get(character).unwrap_or_default();
            if (known.kind == Kind::Other) | (known.class < least) {
                break;
            }
            match known.kind {
                Kind::Changed => run.changed.push(i as u32),
                Kind::Joins if !self.stands_alone(character, characters.get(i + 1)) => break,
                _ => (),
            }
            least = known.least;
            run.symbols.push(known.symbol);
        }
        3 * run.symbols.len()
    }
}

impl Writer<'_> {
    /// Writes the words of the run of characters that begins at `done`, spaces around each.
    #[inline(never)]
    pub fn run(&mut self) {
        let mut run = std::mem::take(&mut self.plain.run);
        run.clear();
        let begin = self.done;
        let first = character_at(self.text, begin).0;
        let script = dictionary::script_of(first).expect("a run has a script");
        let dictionary = dictionary::dictionary(script);
        let end = begin + Characters::of(script).collect(&self.text[begin..], &mut run);
        let is_simple = end > begin && self.is_end(script, end);
        let mut is_plain = false;
        if is_simple {
            self.done = end;
        } else {
            run.clear();
            is_plain = self.collect(&mut run, script);
        }
        let n = run.symbols.len();
        run.symbols.push(dictionary::END);
        dictionary::cut(self.simd, dictionary, &run.symbols, &mut run.ends);
        // each character has at most 6 bytes and a space, and up to 32 are written at a time
        self.plain.make_room(8 * n + MOST);
        self.plain.space();
        if is_simple {
            self.write_simply(&run, begin);
        } else if is_plain {
            self.plain.n += write_run(&run, &mut self.plain.bytes[self.plain.n..]);
        } else {
            self.write_run_closely(&run, begin);
        }
        self.plain.run = run;
    }

    /// Whether no run goes on at `at`.
    fn is_end(&self, script: usize, at: usize) -> bool {
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

    /// Writes a run of simple characters, which begins at `begin`, word by word, a space behind each.
    #[inline(always)]
    fn write_simply(&mut self, run: &Run, begin: usize) {
        const MANY: usize = 32;
        let (text, bytes) = (self.text, &mut self.plain.bytes);
        let mut changed = run.changed.iter().copied().peekable();
        let (mut n, mut from) = (self.plain.n, 0);
        for &end in &run.ends {
            let (at, size) = (begin + 3 * from as usize, 3 * (end - from) as usize);
            if changed.peek().is_some_and(|&next| next < end) {
                while changed.next_if(|&next| next < end).is_some() {}
                for at in (at..at + size).step_by(3) {
                    let form = self.forms.forms[character_at(text, at).0 as usize];
                    bytes[n..n + 8].copy_from_slice(&form.bytes());
                    n += form.n();
                }
            } else if let Some(many) = text[at..].first_chunk::<MANY>()
                && size <= MANY
            {
                bytes[n..n + MANY].copy_from_slice(many);
                n += size;
            } else {
                bytes[n..n + size].copy_from_slice(&text[at..at + size]);
                n += size;
            }
            bytes[n] = b' ';
            n += 1;
            from = end;
        }
        self.plain.n = n;
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
    fn collect(&mut self, run: &mut Run, script: usize) -> bool {
        let dictionary: &Dictionary = dictionary::dictionary(script);
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
