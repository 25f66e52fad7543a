//! What a text is compared by: the set of its runs of n words, or of n characters.

use crate::text::{Alphabet, Simd, TextError, WordHasher, fingerprint, grams, hash};

/// The kind of shingle and how many tokens it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shingle {
    /// n words; every Han, Hiragana or Katakana character counts as a word.
    Words(usize),
    /// n characters of the text's words, one space between two words.
    Characters(usize),
}

/// Turns texts into tokens and shingles; one per thread.
pub struct Shingler {
    simd: Simd,
    kind: Shingle,
    hasher: WordHasher,
    shingles: Vec<u64>,
}

impl Shingler {
    pub fn new(simd: Simd, kind: Shingle) -> Self {
        let alphabet = match kind {
            Shingle::Words(_) => Alphabet::Unicode,
            Shingle::Characters(_) => Alphabet::UnicodeJoined,
        };
        Self {
            simd,
            kind,
            hasher: WordHasher::new(simd, alphabet),
            shingles: Vec::new(),
        }
    }

    /// The hashes of the text's tokens, in order.
    #[inline]
    pub fn tokens(&mut self, text: &[u8]) -> Result<&[u64], TextError> {
        match self.kind {
            Shingle::Words(_) => self.hasher.words(text),
            Shingle::Characters(_) => self.hasher.characters(text),
        }
    }

    /// The text's shingles, repeats included: max(1, t - n + 1) of t tokens, none of a text without a word.
    #[inline]
    pub fn shingles(&mut self, text: &[u8]) -> Result<&[u64], TextError> {
        self.fingerprint_then_shingles(text, |_| true)
            .map(|(_, shingles)| shingles)
    }

    /// The fingerprint of the tokens (of the bytes themselves, where there is no word) and, if `wanted`, the shingles.
    #[inline(always)]
    pub fn fingerprint_then_shingles(
        &mut self,
        text: &[u8],
        wanted: impl FnOnce([u64; 2]) -> bool,
    ) -> Result<([u64; 2], &[u64]), TextError> {
        let (Shingle::Words(n) | Shingle::Characters(n)) = self.kind;
        let tokens = match self.kind {
            Shingle::Words(_) => self.hasher.words(text)?,
            Shingle::Characters(_) => self.hasher.characters(text)?,
        };
        let print = print_of(self.simd, tokens, text);
        if !wanted(print) {
            return Ok((print, &[]));
        }
        grams(self.simd, tokens, n, &mut self.shingles);
        Ok((print, &self.shingles))
    }

    /// The fingerprint alone.
    pub fn fingerprint(&mut self, text: &[u8]) -> Result<[u64; 2], TextError> {
        let simd = self.simd;
        Ok(print_of(simd, self.tokens(text)?, text))
    }
}

/// Two texts without a word in them (signs, emoji) are the same only when their bytes are.
#[inline]
fn print_of(simd: Simd, tokens: &[u64], text: &[u8]) -> [u64; 2] {
    if tokens.is_empty() {
        let [first, second] = hash::bytes(text);
        return [hash::mix(first ^ hash::EULER), second];
    }
    fingerprint(simd, tokens)
}
