//! The hashes of a text's words, in order.
//!
//! A segment of the text (8 KiB, so that everything stays in the first-level cache) is lower-cased, and the places where
//! its words begin and end are listed (`edges`); then one plain loop hashes the words out of the lower-cased copy.

use super::block::Block;
use super::edges::{self, Edges};
use super::hash;
use super::plain::plain;
use super::simd::{Simd, per_level};
use super::unicode::Alphabet;

const SEGMENT: usize = 8 << 10;

/// Why a text has no words to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextError {
    /// Not UTF-8 from this byte on.
    NotUtf8 { at: usize },
    /// A single word of more than 2^31 bytes.
    EndlessWord,
}

impl std::fmt::Display for TextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotUtf8 { at } => write!(f, "not UTF-8 from byte {at} on"),
            Self::EndlessWord => f.write_str("one word of more than 2 GiB"),
        }
    }
}

impl std::error::Error for TextError {}

/// Hashes words; keeps its working memory between texts, so one per thread.
///
/// ```
/// use sctk_data::text::{Alphabet, Simd, WordHasher, hash};
/// let mut hasher = WordHasher::new(Simd::best(), Alphabet::Unicode);
/// assert_eq!(hasher.words(b"Die STRASSE, die").unwrap(), [b"die" as &[u8], b"strasse", b"die"].map(hash::word));
/// ```
pub struct WordHasher {
    simd: Simd,
    alphabet: Alphabet,
    edges: Edges,
    plain: Vec<u8>,
    hashes: Vec<u64>,
}

impl WordHasher {
    pub fn new(simd: Simd, alphabet: Alphabet) -> Self {
        Self {
            simd,
            alphabet,
            edges: Edges::default(),
            plain: Vec::new(),
            hashes: Vec::new(),
        }
    }

    /// The hash of every word of `text` (UTF-8), in order: `hash::word` of the word's lower-cased UTF-8.
    #[inline]
    pub fn words(&mut self, text: &[u8]) -> Result<&[u64], TextError> {
        self.hashes.clear();
        self.each_word(text, WordKind::Words)?;
        Ok(&self.hashes)
    }

    /// The hash of every character of the words of `text`, with one space between two words.
    ///
    /// Wants `Alphabet::UnicodeJoined` where scripts without spaces should keep their neighbours.
    pub fn characters(&mut self, text: &[u8]) -> Result<&[u64], TextError> {
        self.hashes.clear();
        self.each_word(text, WordKind::Characters)?;
        Ok(&self.hashes)
    }

    fn each_word(&mut self, text: &[u8], kind: WordKind) -> Result<(), TextError> {
        let ascii = Source {
            text,
            plain: false,
            underscore: self.alphabet != Alphabet::Ascii,
            kind,
        };
        match scan(self.simd, ascii, &mut self.edges, &mut self.hashes)? {
            Scan::Done => Ok(()),
            Scan::NotAscii => {
                self.hashes.clear();
                let n = plain(text, self.alphabet, &mut self.plain)?;
                let source = Source {
                    text: &self.plain[..n],
                    plain: true,
                    ..ascii
                };
                scan(self.simd, source, &mut self.edges, &mut self.hashes).map(drop)
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WordKind {
    Words,
    Characters,
}

#[derive(Clone, Copy)]
struct Source<'a> {
    text: &'a [u8],
    /// It is a plain form: bytes above 127 belong to words.
    plain: bool,
    underscore: bool,
    kind: WordKind,
}

enum Scan {
    Done,
    NotAscii,
}

per_level! {
    fn scan(source: Source<'_>, edges: &mut Edges, hashes: &mut Vec<u64>) -> Result<Scan, TextError> = scan_kernel::<B>;
}

#[inline(always)]
fn scan_kernel<B: Block>(
    source: Source<'_>,
    edges: &mut Edges,
    hashes: &mut Vec<u64>,
) -> Result<Scan, TextError> {
    let mut size = SEGMENT;
    let mut at = 0;
    while at < source.text.len() {
        let end = source.text.len().min(at + size);
        let segment = &source.text[at..end];
        let found = if source.underscore {
            edges::find::<B, true>(segment, source.plain, edges)
        } else {
            edges::find::<B, false>(segment, source.plain, edges)
        };
        let Some(mut n_edges) = found else {
            return Ok(Scan::NotAscii);
        };
        at = end;
        if n_edges % 2 == 1 {
            // the last word is still open
            if end == source.text.len() {
                edges.places[n_edges] = segment.len() as u32;
                n_edges += 1;
            } else {
                n_edges -= 1;
                let begin = edges.places[n_edges] as usize;
                at -= segment.len() - begin;
                if begin == 0 {
                    size = size
                        .checked_mul(2)
                        .filter(|&n| n <= 1 << 31)
                        .ok_or(TextError::EndlessWord)?;
                    continue;
                }
            }
        }
        size = SEGMENT;
        let ends = &edges.places[..n_edges];
        match source.kind {
            WordKind::Words => hash_words::<B>(&edges.lower, ends, hashes),
            WordKind::Characters => hash_characters(&edges.lower, ends, hashes),
        }
    }
    Ok(Scan::Done)
}

#[inline(always)]
fn hash_words<B: Block>(lower: &[u8], edges: &[u32], hashes: &mut Vec<u64>) {
    let words = edges.as_chunks::<2>().0;
    let first = hashes.len();
    hashes.reserve(words.len());
    let mut longest = 0;
    for (slot, &[begin, end]) in hashes.spare_capacity_mut().iter_mut().zip(words) {
        longest = longest.max(end - begin);
        slot.write(hash_short::<B>(
            lower,
            begin as usize,
            (end - begin) as usize,
        ));
    }
    // SAFETY: `reserve` made room for all words, so the loop wrote one hash for each of them behind the old end.
    unsafe { hashes.set_len(first + words.len()) };
    if longest > 16 {
        hash_long(lower, words, &mut hashes[first..]);
    }
}

/// The hash of a word of at most 16 bytes; some number for a longer one, so that the loop need not branch.
#[inline(always)]
fn hash_short<B: Block>(lower: &[u8], begin: usize, n: usize) -> u64 {
    let [low, high] = B::first_bytes(
        lower[begin..begin + 16].first_chunk().expect("16 were cut"),
        n,
    );
    hash::short_word(low, high, n)
}

/// Puts the hashes of the words beyond 16 bytes in their places.
#[cold]
#[inline(never)]
fn hash_long(lower: &[u8], words: &[[u32; 2]], hashes: &mut [u64]) {
    for (hash, &[begin, end]) in hashes.iter_mut().zip(words) {
        if end - begin > 16 {
            *hash = hash::word(&lower[begin as usize..end as usize]);
        }
    }
}

fn hash_characters(lower: &[u8], edges: &[u32], hashes: &mut Vec<u64>) {
    for &[begin, end] in edges.as_chunks::<2>().0 {
        if !hashes.is_empty() {
            hashes.push(hash::word(b" "));
        }
        for character in lower[begin as usize..end as usize].chunk_by(|_, next| next & 0xc0 == 0x80)
        {
            hashes.push(hash::word(character));
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::text::unicode;

    fn oracle(text: &str, alphabet: Alphabet) -> Vec<u64> {
        let lower = text.to_lowercase();
        let spaced: String = lower
            .chars()
            .map(|c| match alphabet {
                Alphabet::Ascii if !c.is_ascii_alphanumeric() => " ".to_string(),
                Alphabet::Ascii => c.to_string(),
                _ if !unicode::is_word(c) => " ".to_string(),
                Alphabet::Unicode if unicode::is_alone(c) => format!(" {c} "),
                _ => c.to_string(),
            })
            .collect();
        spaced
            .split(' ')
            .filter(|w| !w.is_empty())
            .map(|w| hash::word(w.as_bytes()))
            .collect()
    }

    pub fn random_text(seed: u64, n: usize, letters: &[&str]) -> String {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = hash::mix_raw(state.wrapping_add(1));
                letters[(state >> 33) as usize % letters.len()]
            })
            .collect()
    }

    #[test]
    fn words_are_those_of_the_definition_on_every_level() {
        let ascii = [
            "a",
            "B",
            "z",
            "9",
            "_",
            " ",
            ",",
            "Words",
            "anextremelylongwordindeed",
            "\n",
            "\0",
            "@[`{/:",
        ];
        let mixed = [
            "a", "É", "Σ", "ß", "\u{130}", "\u{212a}", "я", "漢", "ー", "🙂", "ﬁ", "\u{301}", " ",
            "x_1", "٣", "ΑΣ", "word",
        ];
        for level in Simd::available() {
            for alphabet in [Alphabet::Unicode, Alphabet::UnicodeJoined, Alphabet::Ascii] {
                let mut hasher = WordHasher::new(level, alphabet);
                for seed in 0..300 {
                    let letters: &[&str] = if seed % 2 == 0 { &ascii } else { &mixed };
                    let text = random_text(seed, (seed as usize * 7) % 400, letters);
                    assert_eq!(
                        hasher.words(text.as_bytes()).unwrap(),
                        oracle(&text, alphabet),
                        "{level:?} {alphabet:?} {text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn segments_cut_no_word() {
        for level in Simd::available() {
            let mut hasher = WordHasher::new(level, Alphabet::Unicode);
            for n in [SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT] {
                for text in [
                    "x".repeat(n),
                    format!("{} tail", "y".repeat(n)),
                    "word ".repeat(n / 5 + 1),
                    format!("é{}", " abc".repeat(n)),
                ] {
                    assert_eq!(
                        hasher.words(text.as_bytes()).unwrap(),
                        oracle(&text, Alphabet::Unicode),
                        "{n}"
                    );
                }
            }
        }
    }

    #[test]
    fn characters_have_one_space_between_words() {
        let mut hasher = WordHasher::new(Simd::best(), Alphabet::UnicodeJoined);
        let want: Vec<u64> = ["a", "b", " ", "é", "漢", "字"]
            .iter()
            .map(|c| hash::word(c.as_bytes()))
            .collect();
        assert_eq!(
            hasher.characters("  AB -- É漢字!".as_bytes()).unwrap(),
            want
        );
        let long = "é ".repeat(SEGMENT);
        assert_eq!(
            hasher.characters(long.as_bytes()).unwrap().len(),
            2 * SEGMENT - 1
        );
    }

    #[test]
    fn broken_utf8_is_named() {
        let mut hasher = WordHasher::new(Simd::best(), Alphabet::Ascii);
        assert_eq!(
            hasher.words(b"fine \xff"),
            Err(TextError::NotUtf8 { at: 5 })
        );
        assert_eq!(hasher.words(b"").unwrap(), [0; 0]);
    }
}
