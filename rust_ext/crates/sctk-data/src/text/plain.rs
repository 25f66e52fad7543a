//! Any text into its plain form, the one that is cut into words: `unicode::form` of each character.
//!
//! A block of 64 bytes is looked at as two masks: which bytes are not ASCII, and which begin a character of several bytes. The
//! ASCII before such a character is copied, the character's form is read from a table of 512 KiB (made once, when the first
//! text that is not ASCII is met) and written, and the next one is found by its bit: no step waits for the one before, and
//! what follows what need not be guessed. Two kinds of block are common enough to have a shorter way: all of its characters
//! are written with as many bytes as they have (letters), or all of them have three bytes (Han, kana, Thai). Runs of a script
//! without spaces go to its dictionary; the few texts whose marks must be put in order, or whose letters must be joined, go
//! the slow way.

mod begun;
mod blocks;
mod characters;
pub mod pages;
mod runs;
mod walk;

use std::sync::OnceLock;

use self::blocks::{Way, character_at, copy_ascii, length, write_common, write_known, write_some};
use self::pages::{Pages, Recent, UNSURE};
use self::runs::Run;
use super::block::Block;
use super::fold::{combining_class, decomposed, joined_by, ordered};
use super::simd::{Simd, per_level};
use super::unicode::{Alphabet, Form, form, written};
use super::words::TextError;

const BLOCK: usize = 64;
/// This many bytes must lie behind a block that is read in place.
const MARGIN: usize = 16;
/// What one block may become: 2 bytes at most 6, eight written at a time, and the ASCII of a block.
const MOST: usize = 4 * BLOCK + 32;

/// The plain form of texts; its memory is kept between them.
#[derive(Default)]
pub struct Plain {
    bytes: Vec<u8>,
    n: usize,
    /// What was to be heeded in the last text (`Form`).
    heed: u8,
    run: Run,
    recent: Recent,
}

/// The first character of a text that is not ASCII.
pub fn first_character(text: &[u8]) -> u32 {
    character_at(text, 0).0
}

/// So many marks are put in order where they stand; texts with more upon one letter go the slow way.
const MOST_MARKS: usize = 8;

impl Plain {
    /// One that knows of each text whether it `met` a `Form::ANSWER`.
    pub fn of_answers() -> Self {
        let mut plain = Self::default();
        plain.recent.is_asked = true;
        plain
    }

    /// The plain form of `text`; bytes above 127 in it belong to words.
    pub fn of(&mut self, simd: Simd, text: &[u8], alphabet: Alphabet) -> Result<&[u8], TextError> {
        let text = simdutf8::compat::from_utf8(text).map_err(|why| TextError::NotUtf8 {
            at: why.valid_up_to(),
        })?;
        if !pass(simd, simd, self, text, alphabet) {
            pass(simd, simd, self, &ordered(text), alphabet);
        }
        Ok(&self.bytes[..self.n])
    }

    /// The last plain form, as long as it is, and how much of that it is; at least `behind` bytes lie behind it.
    pub fn with_margin(&mut self, behind: usize) -> (&[u8], usize) {
        self.make_room(behind);
        (&self.bytes, self.n)
    }

    /// Whether a character of the last text was of this kind (`Form::COMPLEX`; `Form::ANSWER`, if `of_answers`).
    pub fn met(&self, kind: u8) -> bool {
        self.heed & kind != 0
    }

    /// Room for what a block may become, behind what is written.
    #[inline(always)]
    fn room(&mut self) -> &mut [u8; MOST] {
        self.make_room(MOST);
        let room = &mut self.bytes[self.n..self.n + MOST];
        room.first_chunk_mut().expect("as many were cut")
    }

    #[inline(always)]
    fn make_room(&mut self, n: usize) {
        let wanted = self.n + n;
        if self.bytes.len() < wanted {
            self.bytes.resize((2 * wanted).next_power_of_two(), 0);
        }
    }

    /// Appends a space; there must be room.
    #[inline(always)]
    fn space(&mut self) {
        self.bytes[self.n] = b' ';
        self.n += 1;
    }

    fn push(&mut self, written: &[u8]) {
        self.make_room(written.len());
        self.bytes[self.n..self.n + written.len()].copy_from_slice(written);
        self.n += written.len();
    }
}

/// The forms of 65,536 characters.
struct Table {
    forms: [Form; 0x1_0000],
    /// Which of the first 2,048 are written as they are (`Block::known_twos`).
    straight: [u8; 256],
    /// What the characters are written as that have `Form::LONG`, by their code points, which rise.
    long: Vec<(u32, String)>,
    /// Of plane 0.
    pages: Option<Pages>,
}

impl Table {
    /// What a character with `Form::LONG` is written as.
    fn long(&self, c: u32) -> Option<&str> {
        let place = self.long.binary_search_by_key(&c, |of| of.0).ok()?;
        Some(&self.long[place].1)
    }
}

/// The forms of the characters `0x1_0000 * plane ..`; made when they are first wanted. Halves of surrogate pairs have none.
fn forms(alphabet: Alphabet, plane: usize) -> &'static Table {
    static TABLES: [[OnceLock<Box<Table>>; 4]; 2] = [const { [const { OnceLock::new() }; 4] }; 2];
    TABLES[plane][alphabet as usize].get_or_init(|| {
        let of = |c: u32| char::from_u32(c).map_or(Form::default(), |c| form(c, alphabet));
        let mut table = Box::new(Table {
            forms: [Form::default(); 0x1_0000],
            straight: [0; 256],
            long: vec![],
            pages: None,
        });
        for (c, form) in (0..).zip(&mut table.forms) {
            let c = (plane as u32) << 16 | c;
            *form = of(c);
            if form.heed() & Form::LONG != 0
                && let Some(spelled) = char::from_u32(c)
            {
                table.long.push((c, written(spelled, alphabet)));
            }
        }
        for (c, form) in table.forms[..0x800].iter().enumerate() {
            let is_straight = form.bits() & (Form::CLOSER | Form::CHANGED) == 0;
            table.straight[c >> 3] |= u8::from(is_straight) << (c & 7);
        }
        if plane == 0 {
            table.pages = Some(Pages::new(&table.forms));
        }
        table
    })
}

/// The form of a character of the first 65,536.
#[inline]
pub fn form_of(c: char, alphabet: Alphabet) -> Option<Form> {
    forms(alphabet, 0).forms.get(c as usize).copied()
}

per_level! {
    /// Fills `plain` from the text; false: it must be ordered first.
    fn pass(simd: Simd, plain: &mut Plain, text: &str, alphabet: Alphabet) -> bool = pass_kernel::<B>;
}

#[inline(always)]
fn pass_kernel<B: Block>(simd: Simd, plain: &mut Plain, text: &str, alphabet: Alphabet) -> bool {
    let text = text.as_bytes();
    plain.n = 0;
    plain.heed = 0;
    plain.recent.begin(alphabet);
    let mut writer = Writer {
        simd,
        text,
        alphabet,
        forms: forms(alphabet, 0),
        plain,
        done: 0,
        class: 0,
    };
    // its end with zeros behind; copied now, for a register that is read at once waits for what is copied byte by byte
    let tail_from = text.len().saturating_sub(BLOCK + MARGIN - 1);
    let mut tail = [0; 2 * (BLOCK + MARGIN)];
    tail[..text.len() - tail_from].copy_from_slice(&text[tail_from..]);
    let mut at = 0;
    while at + BLOCK + MARGIN <= text.len() {
        let bytes = text[at..at + BLOCK + MARGIN].first_chunk();
        at = writer.one::<B>(bytes.expect("as many were cut"), at, BLOCK);
    }
    while at < text.len() {
        let bytes = tail[at - tail_from..].first_chunk();
        let n = (text.len() - at).min(BLOCK);
        at = writer.one::<B>(bytes.expect("there are zeros behind"), at, n);
    }
    plain.heed & (Form::JOINS | OUT_OF_ORDER) == 0
}

/// A mark stands behind one that it should stand before.
const OUT_OF_ORDER: u8 = 64;

struct Writer<'a> {
    simd: Simd,
    text: &'a [u8],
    alphabet: Alphabet,
    forms: &'static Table,
    plain: &'a mut Plain,
    /// The text is written up to here.
    done: usize,
    /// The combining class of what was written last, or `UNSURE`; kept where there are pages.
    class: u8,
}

impl Writer<'_> {
    /// Writes the block at `at`: where the next one lies.
    #[inline(always)]
    fn one<B: Block>(&mut self, bytes: &[u8; BLOCK + MARGIN], at: usize, n: usize) -> usize {
        if B::HAS_PAGES {
            self.paged::<B>(bytes, at, n);
            return self.done;
        }
        self.block::<B>(bytes, at, n);
        at + BLOCK
    }

    /// As `block`, by pages; `at` is `done`. A character that reaches out of the block is left to the next one.
    #[inline(always)]
    fn paged<B: Block>(&mut self, bytes: &[u8; BLOCK + MARGIN], at: usize, n: usize) {
        let table = self.forms;
        if let Some(end) = write_known::<B>(table, bytes, n, self.plain.room()) {
            self.plain.n += end;
            self.done = at + end;
            self.class = 0;
            return;
        }
        let pages = table.pages.as_ref().expect("plane 0 has pages");
        while self.done < at + n {
            let part = (self.done - at, n);
            self.plain.make_room(MOST);
            let Plain {
                bytes: written,
                n: begin,
                recent,
                ..
            } = &mut *self.plain;
            let room = written[*begin..].first_chunk_mut();
            let room = room.expect("room was made");
            let step = B::write_pages(pages, recent, bytes, part, self.class, room);
            let step = step.expect("the level has pages");
            self.plain.n += step.written;
            self.plain.heed |= Form::ANSWER * u8::from(step.tells);
            self.done = at + step.end;
            self.class = step.class;
            if !step.closer {
                return;
            }
            self.closer(character_at(bytes, step.end));
        }
    }

    /// Writes what begins in the first `n` bytes of the block, which lies at `at` in the text.
    #[inline(always)]
    fn block<B: Block>(&mut self, bytes: &[u8; BLOCK + MARGIN], at: usize, n: usize) {
        let from = self.done - at;
        if from >= n {
            return; // a run went beyond it
        }
        let [above, leads] = B::leads(bytes.first_chunk().expect("a block is shorter"));
        let leads = leads & (!0 << from);
        let mut way = Way { from, leads };
        let room = self.plain.room();
        let short = write_common::<B>(self.forms, bytes, above, way, n, room);
        if let Some((written, end)) = short {
            self.plain.n += written;
            self.done = at + end;
            return;
        }
        loop {
            let (written, stop) = write_some::<B>(self.forms, bytes, &mut way, self.plain.room());
            self.plain.n += written;
            let Some(place) = stop else { break };
            self.done = at + place;
            self.closer(character_at(bytes, place));
            way.from = self.done - at;
            way.leads &= if way.from < BLOCK { !0 << way.from } else { 0 };
        }
        if way.from < n {
            self.plain.n += copy_ascii(bytes, way.from, n, self.plain.room(), 0);
        }
        self.done = at + way.from.max(n);
    }

    /// Writes a character that something is to be heeded about, the one at `done`; or the run that it begins.
    #[inline(never)]
    fn closer(&mut self, (c, n): (u32, usize)) {
        let form = self.form(c);
        if form.heed() & Form::COMPLEX != 0 {
            self.plain.heed |= form.heed() & !Form::JOINS; // the run knows whether it joins
            self.class = UNSURE;
            return self.run();
        }
        self.write(c, form, self.done);
        self.done += n;
        let is_marked = form.heed() & Form::MARKED != 0 || form.n() == 0;
        self.class = if is_marked { UNSURE } else { 0 };
    }

    /// Writes the form of a character, which lies at `at`.
    #[inline(always)]
    fn write(&mut self, c: u32, form: Form, at: usize) {
        let heed = form.heed();
        self.plain.heed |= self.heed_of(c, form, at);
        if heed & Form::MARK != 0 && self.is_out_of_order(c, at) {
            if self.sort_mark(c, at) {
                return;
            }
            self.plain.heed |= OUT_OF_ORDER;
        }
        if heed & Form::LONG != 0
            && let Some(c) = char::from_u32(c)
        {
            let table = if (c as u32) < 0x1_0000 {
                self.forms
            } else {
                forms(self.alphabet, 1)
            };
            return match table.long(c as u32) {
                Some(long) => self.plain.push(long.as_bytes()),
                None => self.plain.push(written(c, self.alphabet).as_bytes()),
            };
        }
        self.plain.push(&form.bytes()[..form.n()]);
    }

    /// What is to be heeded of a character, which lies at `at`: that it joins another one only where that one is there.
    #[inline(always)]
    fn heed_of(&self, c: u32, form: Form, at: usize) -> u8 {
        let heed = form.heed();
        if heed & Form::JOINS == 0 {
            return heed;
        }
        match joined_by(c) {
            Some(second) if !self.is_next(second, at) => heed & !Form::JOINS,
            _ => heed,
        }
    }

    /// Whether `second` is the next character behind the one at `at` that is not ignored.
    #[inline(never)]
    fn is_next(&self, second: char, at: usize) -> bool {
        let mut from = at + length(self.text[at]);
        while from < self.text.len() && !self.text[from].is_ascii() {
            let (c, n) = character_at(self.text, from);
            let form = self.form(c);
            if form.n() > 0 || form.heed() != 0 {
                return c == second as u32;
            }
            from += n;
        }
        false
    }

    /// The form of a character.
    #[inline(always)]
    fn form(&self, c: u32) -> Form {
        let form = self.forms.forms.get(c as usize).copied();
        form.unwrap_or_else(|| self.high(c))
    }

    /// The form of a character beyond the first table.
    fn high(&self, c: u32) -> Form {
        if c < 0x2_0000 {
            return forms(self.alphabet, 1).forms[c as usize & 0xffff];
        }
        char::from_u32(c).map_or(Form::default(), |c| form(c, self.alphabet))
    }

    /// Whether the mark `c`, which lies at `at`, should stand before one of those before it, or there are too many to see.
    fn is_out_of_order(&self, c: u32, at: usize) -> bool {
        let class = self.classes(c)[0];
        let mut marks = self.marks_before(at);
        for _ in 0..MOST_MARKS {
            match marks.next() {
                Some(last) if class < self.classes(last)[1] => return true,
                Some(_) => (),
                None => return false,
            }
        }
        true
    }

    /// The characters before `at` that end with a mark, from the last one on, up to the first that does not begin with one too;
    /// ignorable ones are left out.
    fn marks_before(&self, at: usize) -> impl Iterator<Item = u32> {
        let (mut begin, mut is_done) = (at, false);
        std::iter::from_fn(move || {
            while begin > 0 && !is_done {
                begin -= 1;
                if self.text[begin].is_ascii() {
                    return None;
                }
                if self.text[begin] < 0xc0 {
                    continue;
                }
                let last = character_at(self.text, begin).0;
                let form = self.form(last);
                if form.heed() & Form::MARKED != 0 {
                    is_done = form.heed() & Form::MARK == 0;
                    return Some(last);
                }
                if form.n() > 0 || form.heed() != 0 {
                    return None;
                }
            }
            None
        })
    }

    /// Writes the mark `c`, which lies at `at`, among the marks before it, where it belongs; false: it cannot be done here, and
    /// nothing was written.
    #[inline(never)]
    fn sort_mark(&mut self, c: u32, at: usize) -> bool {
        const PLAIN: u8 = Form::MARK | Form::MARKED;
        let mut marks: Vec<(u8, Form)> = Vec::with_capacity(MOST_MARKS);
        for mark in self.marks_before(at).take(MOST_MARKS) {
            marks.push((self.classes(mark)[1], self.form(mark)));
        }
        marks.reverse();
        let own = self.form(c);
        // a space before one of them may be that of the letter: then it must not be lost
        let has_space = own.bytes()[0] == b' ';
        let is_plain = |form: &Form| {
            let heed = form.heed() & !Form::COMPLEX;
            heed == PLAIN && form.n() > 0 && (form.bytes()[0] == b' ') == has_space
        };
        if marks.len() == MOST_MARKS
            || !marks.iter().all(|(_, form)| is_plain(form))
            || !is_plain(&own)
        {
            return false;
        }
        marks.sort_by_key(|mark| mark.0);
        let mut end = self.plain.n;
        for (_, form) in marks.iter().rev() {
            let bytes = &form.bytes()[..form.n()];
            let written = &self.plain.bytes[..end];
            end -= match bytes {
                all if written.ends_with(all) => all.len(),
                [b' ', all @ ..] if written.ends_with(all) => all.len(), // one space was enough
                _ => return false,
            };
        }
        let place = marks.partition_point(|mark| mark.0 <= self.classes(c)[0]);
        marks.insert(place, (0, own));
        self.plain.n = end;
        for (_, form) in marks {
            self.plain.push(&form.bytes()[..form.n()]);
        }
        true
    }

    /// The combining classes of the first and the last part of a character that is a mark, or ends with one.
    fn classes(&self, c: u32) -> [u8; 2] {
        match self.forms.pages.as_ref() {
            Some(pages) if c < 0x1_0000 => pages.classes(c),
            _ => [
                class(c, |parts| parts.next()),
                class(c, |parts| parts.next_back()),
            ],
        }
    }
}

/// The combining class of the first or the last part of `c`: of what it is before it is folded, for a mark may be folded to a
/// letter (the iota below one).
fn class(c: u32, which: impl Fn(&mut std::str::Chars<'_>) -> Option<char>) -> u8 {
    let parts = char::from_u32(c).map(decomposed).unwrap_or_default();
    which(&mut parts.chars()).map_or(0, combining_class)
}
