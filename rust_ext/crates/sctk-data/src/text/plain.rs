//! Any text into its plain form, the one that is cut into words: `unicode::form` of each character.
//!
//! A block of 64 bytes is looked at as two masks: which bytes are not ASCII, and which begin a character of several bytes. The
//! ASCII before such a character is copied, the character's form is read from a table of 512 KiB (made once, when the first
//! text that is not ASCII is met) and written, and the next one is found by its bit: no step waits for the one before, and
//! what follows what need not be guessed. The same pass checks that the text is UTF-8. Runs of a script without spaces go
//! to its dictionary; the few texts whose marks must be put in order, or whose letters must be joined, go the slow way.

use std::sync::OnceLock;

use super::block::Block;
use super::dictionary::{self, Dictionary};
use super::fold::{combining_class, folded, ordered};
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
}

/// A run of a script that is cut by dictionary.
#[derive(Default)]
struct Run {
    places: Vec<u8>,
    /// Where each character begins and ends in the text.
    spans: Vec<[usize; 2]>,
    ends: Vec<u32>,
}

impl Plain {
    /// The plain form of `text`; bytes above 127 in it belong to words.
    pub fn of(&mut self, simd: Simd, text: &[u8], alphabet: Alphabet) -> Result<&[u8], TextError> {
        if !pass(simd, self, text, alphabet, true) {
            match str::from_utf8(text) {
                Err(why) => {
                    return Err(TextError::NotUtf8 {
                        at: why.valid_up_to(),
                    });
                }
                Ok(text) => {
                    let ordered = ordered(text);
                    pass(simd, self, ordered.as_bytes(), alphabet, false);
                }
            }
        }
        Ok(&self.bytes[..self.n])
    }

    /// Whether a character of the last text was of this kind (`Form::COMPLEX` ...).
    pub fn met(&self, kind: u8) -> bool {
        self.heed & kind != 0
    }
}

fn forms(alphabet: Alphabet) -> &'static [Form] {
    static TABLES: [OnceLock<Vec<Form>>; 4] = [const { OnceLock::new() }; 4];
    TABLES[alphabet as usize].get_or_init(|| {
        let broken = Form([0, 0, 0, 0, 0, 0, Form::BROKEN, 0]);
        (0..0x1_0000)
            .map(|c| char::from_u32(c).map_or(broken, |c| form(c, alphabet)))
            .collect()
    })
}

per_level! {
    /// Fills `plain` from the text; false: it is not UTF-8 or, where `heeding`, it must be ordered first.
    fn pass(plain: &mut Plain, text: &[u8], alphabet: Alphabet, heeding: bool) -> bool = pass_kernel::<B>;
}

#[inline(always)]
fn pass_kernel<B: Block>(
    plain: &mut Plain,
    text: &[u8],
    alphabet: Alphabet,
    heeding: bool,
) -> bool {
    let mut writer = Writer {
        text,
        alphabet,
        forms: forms(alphabet),
        plain,
        n: 0,
        done: 0,
        uncovered: 0,
        wrong: false,
        heed: 0,
        last: Last::default(),
    };
    let mut at = 0;
    while at + BLOCK + MARGIN <= text.len() {
        let bytes = text[at..at + BLOCK + MARGIN]
            .first_chunk()
            .expect("as many were cut");
        writer.block::<B>(bytes, at, BLOCK);
        at += BLOCK;
    }
    while at < text.len() {
        // a character that the text breaks off goes on with zeros here, which makes it none
        let mut bytes = [0; BLOCK + MARGIN];
        let n = (text.len() - at).min(BLOCK + MARGIN);
        bytes[..n].copy_from_slice(&text[at..at + n]);
        writer.block::<B>(&bytes, at, n.min(BLOCK));
        at += BLOCK;
    }
    let valid = writer.uncovered == 0 && !writer.wrong && writer.done == text.len();
    let in_order = writer.heed & (Form::JOINS | OUT_OF_ORDER) == 0;
    let (n, heed) = (writer.n, writer.heed);
    plain.n = n;
    plain.heed = heed;
    valid && (in_order || !heeding)
}

/// A mark stands behind one that it should stand before.
const OUT_OF_ORDER: u8 = 64;

/// The last character that was written, where it ended with a mark.
#[derive(Default, Clone, Copy)]
struct Last {
    heed: u8,
    c: u32,
}

struct Writer<'a> {
    text: &'a [u8],
    alphabet: Alphabet,
    forms: &'static [Form],
    plain: &'a mut Plain,
    n: usize,
    /// The text is written up to here.
    done: usize,
    /// Bytes above 127, less those of the characters that were read.
    uncovered: i64,
    wrong: bool,
    heed: u8,
    last: Last,
}

impl Writer<'_> {
    /// Writes what begins in the first `n` bytes of the block, which lies at `at` in the text.
    #[inline(always)]
    fn block<B: Block>(&mut self, bytes: &[u8; BLOCK + MARGIN], at: usize, n: usize) {
        let wanted = self.n + MOST;
        if self.plain.bytes.len() < wanted {
            self.plain.bytes.resize((2 * wanted).next_power_of_two(), 0);
        }
        let [above, mut leads] = B::leads(bytes.first_chunk().expect("a block is shorter"));
        self.uncovered += i64::from(above.count_ones());
        if self.done > at {
            let skip = self.done - at;
            leads &= if skip < BLOCK { !0 << skip } else { 0 };
        }
        while leads != 0 {
            let place = leads.trailing_zeros() as usize;
            leads &= leads - 1;
            self.copy_ascii(bytes, at, at + place);
            let four: &[u8; 4] = bytes[place..place + 4].first_chunk().expect("4 were cut");
            let complex = self.character(u32::from_be_bytes(*four), at + place);
            if complex {
                self.run(at + place);
                let skip = self.done - at;
                leads &= if skip < BLOCK { !0 << skip } else { 0 };
            }
        }
        self.copy_ascii(bytes, at, at + n);
    }

    /// Copies what lies between what is written and `to`: all of it is ASCII, or the text is broken.
    #[inline(always)]
    fn copy_ascii(&mut self, bytes: &[u8; BLOCK + MARGIN], at: usize, to: usize) {
        if to <= self.done {
            return;
        }
        let (from, n) = (self.done - at, to - self.done);
        if n <= 16 {
            // sixteen whatever is wanted: what is too much is written over
            let piece: &[u8; 16] = bytes[from..from + 16].first_chunk().expect("16 were cut");
            self.plain.bytes[self.n..self.n + 16].copy_from_slice(piece);
        } else {
            self.plain.bytes[self.n..self.n + n].copy_from_slice(&bytes[from..from + n]);
        }
        self.n += n;
        self.done = to;
        self.last.heed = 0;
    }

    /// Writes the form of the character of the four bytes (the first one highest); true: its run wants the dictionary.
    #[inline(always)]
    fn character(&mut self, four: u32, at: usize) -> bool {
        let kind = &KINDS[(four >> 27) as usize];
        let c = kind.code_point(four);
        self.wrong |= four & kind.fixed[0] != kind.fixed[1] || c < kind.least;
        let form = match self.forms.get(c as usize) {
            Some(form) => *form,
            None => self.high(c),
        };
        let heed = form.heed();
        if heed != 0 {
            if heed & Form::COMPLEX != 0 {
                self.heed |= heed;
                return true;
            }
            self.heeded(c, heed);
        }
        if form.n() > 0 || heed != 0 {
            self.last = Last { heed, c };
        }
        self.plain.bytes[self.n..self.n + 8].copy_from_slice(&form.0);
        self.n += form.n();
        self.uncovered -= i64::from(kind.n);
        self.done = at + usize::from(kind.n);
        false
    }

    /// The form of a character beyond the table.
    #[cold]
    fn high(&mut self, c: u32) -> Form {
        char::from_u32(c).map_or(Form([0, 0, 0, 0, 0, 0, Form::BROKEN, 0]), |c| {
            form(c, self.alphabet)
        })
    }

    fn heeded(&mut self, c: u32, heed: u8) {
        self.wrong |= heed & Form::BROKEN != 0;
        self.heed |= heed;
        if heed & Form::MARK != 0 && self.last.heed & Form::MARKED != 0 {
            self.heed |= self.order(c);
        }
        if heed & Form::LONG != 0
            && let Some(c) = char::from_u32(c)
        {
            self.long(&written(c, self.alphabet));
        }
    }

    /// `OUT_OF_ORDER` where the mark `c` should stand before the last one.
    fn order(&self, c: u32) -> u8 {
        let class = |c: Option<char>| c.map_or(0, combining_class);
        let last = char::from_u32(self.last.c).map(folded);
        let this = char::from_u32(c).map(folded);
        let last = class(last.and_then(|last| last.chars().next_back()));
        let this = class(this.and_then(|this| this.chars().next()));
        OUT_OF_ORDER * u8::from(this < last)
    }

    #[cold]
    fn long(&mut self, written: &str) {
        let n = written.len();
        if self.plain.bytes.len() < self.n + n + MOST {
            self.plain
                .bytes
                .resize((2 * (self.n + n + MOST)).next_power_of_two(), 0);
        }
        self.plain.bytes[self.n..self.n + n].copy_from_slice(written.as_bytes());
        self.n += n;
    }

    /// Writes the words of the run of characters that begins at `at`, spaces around each.
    #[inline(never)]
    fn run(&mut self, at: usize) {
        let mut run = std::mem::take(&mut self.plain.run);
        let Some(dictionary) = self.collect(at, &mut run) else {
            self.wrong = true;
            self.done = at + 1;
            self.uncovered -= 1;
            self.plain.run = run;
            return;
        };
        run.ends.clear();
        dictionary.cut(&run.places, &mut run.ends);
        let wanted = self.n + 4 * 3 * run.spans.len() + MOST;
        if self.plain.bytes.len() < wanted {
            self.plain.bytes.resize((2 * wanted).next_power_of_two(), 0);
        }
        let mut from = 0;
        for &end in &run.ends {
            self.space();
            for &[begin, _] in &run.spans[from..end as usize] {
                let four = self.text.get(begin..begin + 3);
                let four = four.map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], 0]));
                let form = self.forms[KINDS[(four >> 27) as usize].code_point(four) as usize];
                let c = KINDS[(four >> 27) as usize].code_point(four);
                let heed = form.heed();
                if heed & (Form::MARK | Form::LONG) != 0 {
                    self.heeded(c, heed);
                }
                self.last = Last { heed, c };
                self.plain.bytes[self.n..self.n + 8].copy_from_slice(&form.0);
                self.n += form.n();
            }
            from = end as usize;
        }
        self.space();
        self.plain.run = run;
    }

    fn space(&mut self) {
        self.plain.bytes[self.n] = b' ';
        self.n += 1;
    }

    /// Fills `run` with the characters of one script from `at` on, ignorable ones left out; moves behind them.
    fn collect(&mut self, at: usize, run: &mut Run) -> Option<&'static Dictionary> {
        run.places.clear();
        run.spans.clear();
        let mut from = at;
        let mut script = None;
        while let Some((c, n)) = character_at(self.text, from) {
            let form = self.forms.get(c as usize).copied().unwrap_or_default();
            if form.heed() & Form::COMPLEX != 0 {
                let own = dictionary::script_of(c);
                if *script.get_or_insert(own) != own {
                    break;
                }
                run.places.push(dictionary::dictionary(own?).place(c));
                run.spans.push([from, from + n]);
            } else if form.n() > 0
                || form.heed() & !Form::JOINS != 0
                || c as usize >= self.forms.len()
            {
                break;
            }
            self.heed |= form.heed() & Form::JOINS;
            from += n;
        }
        // ignorable characters at the end belong to what follows
        let end = run.spans.last()?[1];
        self.uncovered -= (end - at) as i64;
        self.done = end;
        Some(dictionary::dictionary(script??))
    }
}

/// The character of several bytes at this place, and how many they are; None where there is none.
#[inline(always)]
fn character_at(text: &[u8], at: usize) -> Option<(char, usize)> {
    let mut four = [0; 4];
    let rest = text.get(at..)?;
    let n = rest.len().min(4);
    four[..n].copy_from_slice(&rest[..n]);
    let four = u32::from_be_bytes(four);
    let kind = &KINDS[(four >> 27) as usize];
    let c = kind.code_point(four);
    let valid = four & kind.fixed[0] == kind.fixed[1] && c >= kind.least && kind.n > 1;
    Some((char::from_u32(c).filter(|_| valid)?, usize::from(kind.n)))
}

/// What the high five bits of a character's first byte say about its four bytes (the first one highest).
struct Kind {
    /// How many of them are the character's.
    n: u8,
    /// How far its bits lie above the lowest, when all four are read as one character.
    above: u8,
    /// Which bits of the first byte count.
    first: u8,
    /// The least code point that may be written in so many bytes.
    least: u32,
    /// The bits that are fixed, and their values.
    fixed: [u32; 2],
}

impl Kind {
    #[inline(always)]
    fn code_point(&self, four: u32) -> u32 {
        let all = (four >> 24 & u32::from(self.first)) << 18
            | (four >> 4 & 0x3f000)
            | (four >> 2 & 0xfc0)
            | (four & 0x3f);
        all >> self.above
    }
}

const KINDS: [Kind; 32] = {
    const fn kind(n: u8, first: u8, least: u32, fixed: [u32; 2]) -> Kind {
        let above = 6 * (4 - n);
        Kind {
            n,
            above,
            first,
            least,
            fixed,
        }
    }
    let mut kinds = [const { kind(1, 0x7f, 0, [0, 0]) }; 32];
    let mut high = 0b10000;
    while high < 32 {
        kinds[high] = match high {
            0b11000..0b11100 => kind(2, 0x1f, 0x80, [0x00c0_0000, 0x0080_0000]),
            0b11100..0b11110 => kind(3, 0x0f, 0x800, [0x00c0_c000, 0x0080_8000]),
            0b11110 => kind(4, 0x07, 0x1_0000, [0x00c0_c0c0, 0x0080_8080]),
            // no first byte: bits that are 0 cannot be 1
            _ => kind(1, 0, 0, [0, 1]),
        };
        high += 1;
    }
    kinds
};
