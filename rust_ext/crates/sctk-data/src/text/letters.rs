//! The comparable form of answers (`answers`) that are words alone, in any script: the short way to it.
//!
//! The words are those of `words`; here they are written one after another, joined where an apostrophe or a point stands
//! between two letters, without articles. An answer that may have a number, a sign or money in it takes the long way.

use super::marks::may_mean;
use super::simd::Simd;
use super::unicode::Form;
use super::words::{Listed, WordHasher};

/// Memory that is kept between answers.
#[derive(Default)]
pub struct Letters {
    hasher: Option<(Simd, WordHasher)>,
    listed: Listed,
    straight: Vec<u8>,
}

impl Letters {
    /// Appends the form of an answer that is not ASCII; false: it needs a closer look, and nothing was appended.
    pub fn write(&mut self, simd: Simd, text: &str, out: &mut Vec<u8>) -> bool {
        let Self {
            hasher,
            listed,
            straight,
        } = self;
        let hasher = match hasher {
            Some((level, hasher)) if *level == simd => hasher,
            other => &mut other.insert((simd, WordHasher::of_answers(simd))).1,
        };
        let is_curly = text.contains(APOSTROPHE);
        let text = if is_curly {
            straighten(text, straight)
        } else {
            text.as_bytes()
        };
        listed.lower.clear();
        listed.places.clear();
        if hasher.list(text, listed).is_err() || hasher.met(Form::ANSWER) {
            return false;
        }
        let is_complex = hasher.met(Form::COMPLEX);
        let found = Found::of(&listed.lower);
        let unsure = found.any || found.hyphen && (is_curly || is_complex);
        if unsure
            || found.sign && may_mean(&listed.lower)
            || is_complex && found.mark && joins_two(text)
        {
            return false;
        }
        write_listed(listed, out)
    }
}

const APOSTROPHE: char = '\u{2019}';

/// The text with straight apostrophes.
fn straighten<'a>(text: &str, straight: &'a mut Vec<u8>) -> &'a [u8] {
    straight.clear();
    for (i, part) in text.split(APOSTROPHE).enumerate() {
        if i > 0 {
            straight.push(b'\'');
        }
        straight.extend_from_slice(part.as_bytes());
    }
    straight
}

/// What a plain form has beside letters.
#[derive(Default)]
struct Found {
    /// A digit, a sign, or money.
    any: bool,
    hyphen: bool,
    /// A point or an apostrophe.
    mark: bool,
    /// What may be a sign.
    sign: bool,
}

impl Found {
    fn of(plain: &[u8]) -> Self {
        let mut found = Self::default();
        // pieces that the compiler looks at in vectors, without a branch
        for piece in plain.chunks(64) {
            for &byte in piece {
                found.any |= byte.is_ascii_digit()
                    | matches!(byte, b'#'..=b'%' | b'*' | b'+' | b'/' | b'<'..=b'>' | b'^');
                found.hyphen |= byte == b'-';
                found.mark |= byte == b'.' || byte == b'\'';
            }
            let mut sign = 0_u8;
            for &byte in piece {
                let low = byte.wrapping_sub(b'!') < 2; // ! and "
                let pair = byte & !1 == b'&'; // & and '
                let curly = byte.wrapping_sub(b'{') < 4;
                let square = byte.wrapping_sub(b'[') < 3;
                sign |= u8::from(low | pair | curly | square | (byte == b'-') | (byte == b'@'));
            }
            found.sign |= sign != 0;
        }
        found
    }
}

/// Whether a point or an apostrophe stands between two letters that are not both of ASCII.
fn joins_two(text: &[u8]) -> bool {
    let is_mark = |byte: u8| matches!(byte, b'.' | b'\'');
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    text.windows(3).any(|three| {
        let [before, mark, behind] = [three[0], three[1], three[2]];
        is_mark(mark)
            && is_letter(before)
            && is_letter(behind)
            && !(before.is_ascii() && behind.is_ascii())
    })
}

/// Appends the listed words, one space between two; false: one of them is a sign.
fn write_listed(listed: &Listed, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let (mut word, mut last) = (start, u32::MAX);
    for &[begin, end] in listed.places.as_chunks::<2>().0 {
        let piece = &listed.lower[begin as usize..end as usize];
        if piece[0] == b'-' {
            out.truncate(start);
            return false;
        }
        let joined = begin.checked_sub(1) == Some(last)
            && matches!(listed.lower[last as usize], b'.' | b'\'');
        if !joined {
            if is_article(&out[word..]) && stays_article(listed, last, begin) {
                out.truncate(word.saturating_sub(1).max(start));
            }
            if out.len() > start {
                out.push(b' ');
            }
            word = out.len();
        }
        out.extend_from_slice(piece);
        last = end;
    }
    true
}

/// Whether the word that ends at `last` may be an article of the one that begins at `begin`.
#[cold]
fn stays_article(listed: &Listed, last: u32, begin: u32) -> bool {
    let (last, begin) = (last as usize, begin as usize);
    parts_an_article(&listed.lower[last..begin]) && is_long(&listed.lower[begin..])
}

/// Whether a word is nothing before another word, with no more than spaces and quotation marks between them.
pub fn is_article(word: &[u8]) -> bool {
    matches!(word, b"a" | b"an" | b"the")
}

/// Whether what stands between an article and a word leaves it one: `A, B` and `A. Rome` name a choice.
pub fn parts_an_article(gap: &[u8]) -> bool {
    gap.iter()
        .all(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'*' | b'`'))
}

/// Whether a word begins there that is no single letter: `a B` are two, and `a U.S.` is one with an article.
pub fn is_long(rest: &[u8]) -> bool {
    let is_word = |i: usize| {
        rest.get(i)
            .is_some_and(|&b: &u8| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80)
    };
    is_word(1)
        || matches!(rest.get(1), Some(b'.' | b'\'')) && is_word(2)
        || !rest[0].is_ascii_alphabetic()
}
