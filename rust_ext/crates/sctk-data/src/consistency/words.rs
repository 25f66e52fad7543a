//! Answers to numbered words: those of every script (`text`), or the tokens `[a-z0-9]+` of the lower-cased text, as rouge_score
//! takes them.
//!
//! For rouge_score's words a group is copied in small letters, 64 bytes at a time, and the same pass finds where its words begin
//! and end. Of all code points outside ASCII only two have a letter of ASCII in their lower case,
//! the Kelvin sign U+212A (k) and U+0130 (i and a dot above): they are written so before the pass.

use super::Error;
use super::intern::Interner;
use super::keys::{Keys, PADDING, number};
use super::sequences::Sequences;
use crate::text::block::Block;
use crate::text::simd::per_level;
use crate::text::words::Listed;
use crate::text::{Alphabet, Simd, TextError, WordHasher};

const BLOCK: usize = 64;

/// The words of one group of answers as numbers; `read` fills it anew.
#[derive(Default)]
pub struct Words {
    pub sequences: Sequences,
    names: Interner,
    keys: Keys,
    edges: Edges,
    hasher: Option<(Alphabet, WordHasher)>,
    listed: Listed,
}

/// The group in small letters, each answer padded, and where its words begin and end, by turns.
#[derive(Default)]
struct Edges {
    lower: Vec<u8>,
    places: Vec<u32>,
    /// How many places belong to the answers up to each.
    ends: Vec<usize>,
}

impl Words {
    /// Numbers the words of `texts`, a group; `first_row` is the place of its first text, for errors.
    pub fn read(
        &mut self,
        level: Simd,
        texts: &[&[u8]],
        alphabet: Alphabet,
        first_row: usize,
    ) -> Result<(), Error> {
        if alphabet == Alphabet::Ascii {
            self.read_ascii(level, texts, first_row)
        } else {
            self.read_every_script(level, texts, alphabet, first_row)
        }
    }

    fn read_every_script(
        &mut self,
        level: Simd,
        texts: &[&[u8]],
        alphabet: Alphabet,
        first_row: usize,
    ) -> Result<(), Error> {
        let hasher = match &mut self.hasher {
            Some((own, hasher)) if *own == alphabet => hasher,
            other => &mut other.insert((alphabet, WordHasher::new(level, alphabet))).1,
        };
        let (listed, ends) = (&mut self.listed, &mut self.edges.ends);
        listed.lower.clear();
        listed.places.clear();
        ends.clear();
        for (i, text) in texts.iter().enumerate() {
            let row = first_row + i;
            let n_bytes = listed.lower.len().saturating_add(text.len());
            hasher.list(text, listed).map_err(|why| match why {
                TextError::NotUtf8 { at } => Error::NotUtf8 { row, at },
                TextError::EndlessWord => Error::TooLong { row, n_bytes },
            })?;
            ends.push(listed.places.len());
        }
        listed.lower.extend([0; PADDING]);
        let (lower, places) = (&listed.lower, &listed.places);
        number(
            &mut self.sequences,
            &mut self.names,
            &mut self.keys,
            (lower, places, &self.edges.ends),
        );
        Ok(())
    }

    fn read_ascii(&mut self, level: Simd, texts: &[&[u8]], first_row: usize) -> Result<(), Error> {
        let n_bytes = texts
            .iter()
            .map(|text| text.len().next_multiple_of(BLOCK) + BLOCK)
            .sum::<usize>()
            + BLOCK;
        if n_bytes > u32::MAX as usize {
            return Err(Error::TooLong {
                row: first_row,
                n_bytes,
            });
        }
        if let Some((i, at)) = find_edges(level, texts, n_bytes, &mut self.edges) {
            let row = first_row + i;
            return Err(Error::NotUtf8 { row, at });
        }
        let Edges {
            lower,
            places,
            ends,
        } = &self.edges;
        number(
            &mut self.sequences,
            &mut self.names,
            &mut self.keys,
            (lower, places, ends),
        );
        Ok(())
    }
}

per_level! {
    /// Fills `edges`; or says which text is no UTF-8, and from which byte on.
    fn find_edges(texts: &[&[u8]], n_bytes: usize, edges: &mut Edges) -> Option<(usize, usize)> = find_edges_kernel::<B>;
}

#[inline(always)]
fn find_edges_kernel<B: Block>(
    texts: &[&[u8]],
    n_bytes: usize,
    edges: &mut Edges,
) -> Option<(usize, usize)> {
    if edges.lower.len() < n_bytes {
        edges.lower.resize(n_bytes, 0);
        edges.places.resize(n_bytes + BLOCK, 0);
    }
    edges.ends.clear();
    let (mut at, mut n) = (0, 0);
    for (i, text) in texts.iter().enumerate() {
        let end = edges.one::<B>(text, at, n);
        let (mut end, is_ascii) = end;
        if !is_ascii {
            if let Err(error) = str::from_utf8(text) {
                return Some((i, error.valid_up_to()));
            }
            if is_special(text) {
                end = edges.one::<B>(&rewrite(text), at, n).0;
            }
        }
        (at, n) = end;
        edges.ends.push(n);
    }
    None
}

impl Edges {
    /// Writes one answer to `lower` from byte `at` and its edges from place `n`; where both end, and whether it is ASCII.
    #[inline(always)]
    fn one<B: Block>(
        &mut self,
        text: &[u8],
        mut at: usize,
        mut n: usize,
    ) -> ((usize, usize), bool) {
        let (blocks, tail) = text.as_chunks::<BLOCK>();
        let (mut inside, mut not_ascii) = (0, 0);
        for block in blocks {
            let to = self.lower[at..at + BLOCK]
                .first_chunk_mut()
                .expect("64 were cut");
            let [word, above] = B::classify::<false>(block, to);
            n += self.note::<B>(word ^ (word << 1 | inside), at, n);
            inside = word >> 63;
            not_ascii |= above;
            at += BLOCK;
        }
        let to = self.lower[at..at + BLOCK]
            .first_chunk_mut()
            .expect("64 were cut");
        let [word, above] = B::classify_tail::<false>(tail, to);
        n += self.note::<B>(word ^ (word << 1 | inside), at, n);
        ((at + BLOCK, n), not_ascii | above == 0)
    }

    /// Writes the places of the bits, from byte `at` on, behind the first `n` places; how many they are.
    #[inline(always)]
    fn note<B: Block>(&mut self, changes: u64, at: usize, n: usize) -> usize {
        let to = self.places[n..n + BLOCK]
            .first_chunk_mut()
            .expect("64 were cut");
        B::positions(changes, at as u32, to);
        changes.count_ones() as usize
    }
}

const KELVIN: &[u8] = "\u{212A}".as_bytes();
const I_WITH_DOT: &[u8] = "\u{0130}".as_bytes();

#[cold]
fn is_special(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == I_WITH_DOT) || text.windows(3).any(|three| three == KELVIN)
}

/// The text with its two special code points written as their lower case (the dot above is not part of a word); it is
/// not longer than before.
#[cold]
fn rewrite(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        if let Some(tail) = rest.strip_prefix(KELVIN) {
            plain.push(b'k');
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix(I_WITH_DOT) {
            plain.extend_from_slice(b"i\xCC");
            rest = tail;
        } else {
            plain.push(byte);
            rest = tail;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain_words(text: &str) -> Vec<String> {
        let small = text.to_lowercase();
        let words = small.split(|c: char| !c.is_ascii_alphanumeric());
        words
            .filter(|word| !word.is_empty())
            .map(String::from)
            .collect()
    }

    #[test]
    fn words_are_numbered_as_plain_code_would() {
        let long = "abcdefghijklmnop".repeat(9);
        let mut texts: Vec<String> = vec![
            String::new(),
            "...".into(),
            "A b a".into(),
            "\u{212A}elvin \u{0130}stanbul i stanbul kelvin".into(),
            format!("{long} {long}x {} abcdefghijklmnop", &long[..28]),
            "na\u{ef}ve caf\u{e9} x_y 1st".into(),
        ];
        for n in 0..200 {
            texts.push(format!("{}Word {}", "x".repeat(n), "y ".repeat(n % 7)));
        }
        let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        for level in Simd::available() {
            let mut words = Words::default();
            words.read(level, &bytes, Alphabet::Ascii, 0).unwrap();
            let mut seen: Vec<(String, u32)> = vec![];
            for (i, text) in texts.iter().enumerate() {
                let (wanted, got) = (plain_words(text), words.sequences.answer(i));
                assert_eq!(got.len(), wanted.len(), "{level:?} {text:?}");
                for (word, &id) in wanted.into_iter().zip(got) {
                    match seen
                        .iter()
                        .find(|(other, other_id)| *other == word || *other_id == id)
                    {
                        Some((other, other_id)) => assert_eq!((other, *other_id), (&word, id)),
                        None => seen.push((word, id)),
                    }
                    assert!((id as usize) < words.sequences.n_ids);
                }
            }
        }
    }
}
