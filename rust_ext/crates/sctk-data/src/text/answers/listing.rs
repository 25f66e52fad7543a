//! The words of an answer whose numbers are in one spelling.

use std::ops::Range;

use super::spelling::{COMMA, write_with_numbers};
use crate::text::Simd;
use crate::text::dictionary::is_complex;
use crate::text::edges::Edges;
use crate::text::fold::is_word;
use crate::text::letters::{is_article, is_long, parts_an_article};
use crate::text::spans;
use crate::text::unicode::{Alphabet, written};
use crate::text::words::{Listed, list_plain};

/// Working memory, kept between answers.
#[derive(Default)]
pub struct Listing {
    plain: String,
    edges: Edges,
    listed: Listed,
    /// Where each word begins and ends.
    words: Vec<[usize; 2]>,
}

impl Listing {
    /// The words of a spelled text, numbers among them in one spelling.
    pub fn of(&mut self, simd: Simd, spelled: &str) -> impl ExactSizeIterator<Item = &str> {
        write_with_numbers(spelled, &mut self.plain);
        self.list(simd);
        let plain = &self.plain;
        let word = |&[begin, end]: &[usize; 2]| &plain[begin..end];
        self.words.iter().map(word)
    }

    /// Fills `words` from `plain`.
    fn list(&mut self, simd: Simd) {
        let Self {
            plain,
            edges,
            listed,
            words,
            ..
        } = self;
        listed.lower.clear();
        listed.places.clear();
        words.clear();
        if list_plain(simd, plain.as_bytes(), edges, listed).is_err() {
            words.push([0, plain.len()]); // gigabytes without a space
            return;
        }
        let pairs = listed.places.as_chunks::<2>().0.iter();
        let places = pairs.map(|&[begin, end]| [begin as usize, end as usize]);
        if !is_special(plain) {
            words.extend(places);
            return;
        }
        for [begin, end] in places {
            let mut from = begin;
            for piece in spans::cut(&plain[begin..end]) {
                words.push([from, from + piece.len()]);
                from += piece.len();
            }
        }
    }

    /// Appends the words of a spelled text, one space between two, without articles.
    pub fn write(&mut self, simd: Simd, spelled: &str, out: &mut Vec<u8>) {
        _ = self.of(simd, spelled);
        let bytes = self.plain.as_bytes();
        let start = out.len();
        // words with one space between them are written together
        let (mut from, mut to) = (0, 0);
        for (i, &[begin, end]) in self.words.iter().enumerate() {
            let next = self.words.get(i + 1).copied();
            let nothing = is_article(&bytes[begin..end]);
            if nothing && next.is_some_and(|next| self.stays_article(end, next)) {
                continue;
            }
            if from == to || begin != to + 1 || bytes[to] != b' ' {
                self.write_words(from..to, start, out);
                from = begin;
            }
            to = end;
        }
        self.write_words(from..to, start, out);
    }

    /// Appends what stands there of `plain`, behind a space where it is not the first.
    fn write_words(&self, place: Range<usize>, start: usize, out: &mut Vec<u8>) {
        if place.is_empty() {
            return;
        }
        if out.len() > start {
            out.push(b' ');
        }
        write_word(&self.plain[place], out);
    }

    /// Whether an article that ends at `end` is one of the next word.
    fn stays_article(&self, end: usize, [begin, next_end]: [usize; 2]) -> bool {
        let bytes = self.plain.as_bytes();
        // what a dictionary cut off is another word
        let is_cut = bytes.get(next_end).is_some_and(|&byte| byte >= 0x80);
        let seen = if is_cut { &bytes[..next_end] } else { bytes };
        self.plain[begin..].starts_with(is_word)
            && parts_an_article(&bytes[end..begin])
            && is_long(&seen[begin..])
    }
}

/// Whether a text may have characters that dictionaries cut, or `COMMA`: by the first bytes of such characters.
fn is_special(text: &str) -> bool {
    text.bytes()
        .fold(false, |any, byte| any | matches!(byte, 0xe0 | 0xe1 | 0xef))
}

/// Appends a word, folded.
pub fn write_word(word: &str, out: &mut Vec<u8>) {
    if !is_special(word) {
        return out.extend_from_slice(word.as_bytes());
    }
    for c in word.chars() {
        match c {
            COMMA => out.push(b','),
            _ if is_complex(c) => {
                out.extend_from_slice(written(c, Alphabet::UnicodeJoined).as_bytes());
            }
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}
