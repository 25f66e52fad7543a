//! Which characters make words, and how each is written in the plain form of a text.
//!
//! A word is a longest run of letters, marks, numbers and `_` of the folded text (`fold`), with the signs that belong to it
//! (`signs`). Scripts that do not mark where words end are cut otherwise: each Han, Hiragana or Katakana character is a word,
//! and Thai, Lao, Khmer and Burmese are cut by dictionary (`dictionary`). Under `Ascii` words are `[a-z0-9]+` of the
//! lower-cased text, so U+0130 contributes an i and U+212A a k.

use super::dictionary;
pub use super::fold::is_word;
use super::fold::{combining_class, decomposed, folded, is_currency, is_symbol, joins};
use super::marks::is_kept;

/// How a text is cut into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// The words of every script.
    Unicode,
    /// As `Unicode`, but each character of Thai, Lao, Khmer and Burmese is a word too, as in Chinese: for shingles, which want
    /// small pieces.
    UnicodePieces,
    /// As `Unicode`, but scripts without spaces are not cut at all: for n-grams of characters.
    UnicodeJoined,
    /// `[a-z0-9]`.
    Ascii,
}

/// A character's plain form: up to 6 bytes of UTF-8; then what to heed (`Form::COMPLEX` ...); then how many bytes, and in the
/// three highest bits whether they are others than the character's own, whether they are more or fewer, and whether they are
/// its own with a space on both sides.
#[derive(Clone, Copy, Default, Debug)]
pub struct Form(u64);

impl Form {
    /// Its words are found by dictionary.
    pub const COMPLEX: u8 = 2;
    /// It may join the character before it.
    pub const JOINS: u8 = 4;
    /// It has more bytes than there is room for.
    pub const LONG: u8 = 8;
    /// It begins with a mark, so that its place among the marks before it may be another.
    pub const MARK: u8 = 16;
    /// It ends with a mark.
    pub const MARKED: u8 = 32;
    /// It is more to a whole answer than its words are (`answers`): money, a number, a symbol, a point, an apostrophe.
    pub const ANSWER: u8 = 128;

    /// In `bits`: what is to be heeded (of a form that ends with a mark only by what comes behind it); whether it is another than
    /// the character; whether it has another number of bytes.
    pub const HEED: u64 = (0xff & !(Self::MARKED as u64)) << 48;
    pub const CHANGED: u64 = 1 << 63;
    pub const RESIZED: u64 = 1 << 62;
    pub const CLOSER: u64 = Self::HEED | Self::RESIZED;
    /// In `bits`: it is the character itself, with a space on both sides, and nothing is to be heeded.
    pub const ALONE: u64 = 1 << 61;

    #[inline(always)]
    pub fn n(self) -> usize {
        (self.0 >> 56) as usize & 7
    }

    /// All of it, the first byte lowest.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// What is written, with two bytes behind that are not.
    #[inline(always)]
    pub fn bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    #[inline(always)]
    pub fn heed(self) -> u8 {
        (self.0 >> 48) as u8
    }
}

/// The form of a character in 8 bytes.
pub fn form(c: char, alphabet: Alphabet) -> Form {
    let written = written(c, alphabet);
    let mut form = [0; 8];
    if alphabet != Alphabet::Ascii {
        form[6] = heed(c, alphabet);
    }
    match form.get_mut(..written.len()) {
        Some(room) if written.len() <= 6 => room.copy_from_slice(written.as_bytes()),
        _ => {
            form[6] |= Form::LONG;
            return Form(u64::from_le_bytes(form));
        }
    }
    let changed = written != *c.encode_utf8(&mut [0; 4]);
    let resized = written.len() != c.len_utf8();
    let alone = form[6] == 0 && written == format!(" {c} ");
    let flags = u8::from(changed) << 7 | u8::from(resized) << 6 | u8::from(alone) << 5;
    form[7] = written.len() as u8 | flags;
    Form(u64::from_le_bytes(form))
}

fn heed(c: char, alphabet: Alphabet) -> u8 {
    let (folded, parts) = (folded(c), decomposed(c));
    let is_mark = |c: Option<char>| c.is_some_and(|c| combining_class(c) > 0);
    let mut heed = 0;
    heed |= Form::COMPLEX * u8::from(alphabet == Alphabet::Unicode && dictionary::is_complex(c));
    heed |= Form::JOINS * u8::from(joins(c));
    heed |= Form::MARK * u8::from(is_mark(parts.chars().next()));
    heed |= Form::MARKED * u8::from(is_mark(parts.chars().next_back()));
    heed |= Form::ANSWER * u8::from(alphabet == Alphabet::Unicode && tells_answers(c, &folded));
    heed
}

/// Whether a character means something in an answer (`answers`) beyond what it is written as.
fn tells_answers(c: char, folded: &str) -> bool {
    let alone = |c: char| is_currency(c) || is_kept(c) || !c.is_ascii() && c.is_numeric();
    let marks = folded.contains(['.', '\'']) && folded != "...";
    is_currency(c) || marks || folded.chars().any(alone)
}

/// What a character becomes: folded word characters, ASCII as it is (the next pass looks at it), a space for every other
/// character, spaces around what stands alone.
pub fn written(c: char, alphabet: Alphabet) -> String {
    if c.is_ascii() {
        return c.into(); // the next pass lower-cases what is ASCII
    }
    if alphabet == Alphabet::Ascii {
        return match c {
            '\u{130}' => "i ",
            '\u{212a}' => "k",
            _ => " ",
        }
        .into();
    }
    let mut out = String::new();
    for c in folded(c).chars() {
        let alone = match alphabet {
            Alphabet::UnicodeJoined => false,
            Alphabet::UnicodePieces => is_alone(c) || dictionary::is_complex(c),
            _ => is_alone(c),
        };
        if alone || is_symbol(c) {
            out.extend([' ', c, ' ']);
        } else if c.is_ascii() || is_word(c) {
            out.push(c);
        } else {
            out.push(' ');
        }
    }
    out
}

/// Whether a word character is a word by itself: Han, Hiragana, Katakana.
pub fn is_alone(c: char) -> bool {
    is_word(c)
        && matches!(c as u32,
        0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x3035 | 0x3038..=0x303c
        | 0x3041..=0x30ff | 0x31f0..=0x31ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff
        | 0xf900..=0xfaff | 0xff66..=0xff9f | 0x1_aff0..=0x1_b16f | 0x2_0000..=0x3_ffff)
}
