//! What a text is compared by: the set of its runs of n words, or of n characters.

use crate::text::{Alphabet, Simd, TextError, WordHasher, fingerprint, grams, hash};

/// The kind of shingle and how many tokens it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shingle {
    /// n words; every character of a script without spaces (Han, kana, Thai, Lao, Khmer, Burmese) counts as a word.
    Words(usize),
    /// n characters of the text's words, one space between two words.
    Characters(usize),
}

impl Shingle {
    /// Tokens in a shingle.
    fn n(self) -> usize {
        let (Self::Words(n) | Self::Characters(n)) = self;
        n
    }
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
            Shingle::Words(_) => Alphabet::UnicodePieces,
            Shingle::Characters(_) => Alphabet::UnicodeJoined,
        };
        Self::with(simd, kind, alphabet)
    }

    /// Runs of n words, those of Thai, Lao, Khmer and Burmese too (`new` takes their characters): for runs that must be long.
    pub fn of_words(simd: Simd, n: usize) -> Self {
        Self::with(simd, Shingle::Words(n), Alphabet::Unicode)
    }

    fn with(simd: Simd, kind: Shingle, alphabet: Alphabet) -> Self {
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
        tokens_of(self.kind, &mut self.hasher, text)
    }

    /// The text's shingles, repeats included: max(1, t - n + 1) of t tokens, none of a text without a word.
    #[inline]
    pub fn shingles(&mut self, text: &[u8]) -> Result<&[u64], TextError> {
        let tokens = tokens_of(self.kind, &mut self.hasher, text)?;
        grams(self.simd, tokens, self.kind.n(), &mut self.shingles);
        Ok(&self.shingles)
    }

    /// The text's shingles, none where it has fewer than n tokens.
    #[inline]
    pub fn whole_shingles(&mut self, text: &[u8]) -> Result<&[u64], TextError> {
        let tokens = tokens_of(self.kind, &mut self.hasher, text)?;
        if tokens.len() < self.kind.n() {
            return Ok(&[]);
        }
        grams(self.simd, tokens, self.kind.n(), &mut self.shingles);
        Ok(&self.shingles)
    }

    /// The fingerprint of the tokens (of the bytes themselves, where there is no word) and the shingles.
    ///
    /// `soon` hears the fingerprint before the shingles are made, to ask for memory that will be needed after.
    #[inline(always)]
    pub fn fingerprint_and_shingles(
        &mut self,
        text: &[u8],
        soon: impl FnOnce([u64; 2]),
    ) -> Result<([u64; 2], &[u64]), TextError> {
        let tokens = tokens_of(self.kind, &mut self.hasher, text)?;
        let print = print_of(self.simd, tokens, text);
        soon(print);
        grams(self.simd, tokens, self.kind.n(), &mut self.shingles);
        Ok((print, &self.shingles))
    }

    /// 128 bits that stand for the words of `text` (for the bytes themselves, where there is no word): those of
    /// `new(_, Words(_))`, whatever the kind.
    pub fn print(&mut self, text: &[u8]) -> Result<[u64; 2], TextError> {
        let print = self.hasher.print(text)?;
        Ok(print.unwrap_or_else(|| print_of(self.simd, &[], text)))
    }
}

#[inline(always)]
fn tokens_of<'a>(
    kind: Shingle,
    hasher: &'a mut WordHasher,
    text: &[u8],
) -> Result<&'a [u64], TextError> {
    match kind {
        Shingle::Words(_) => hasher.words(text),
        Shingle::Characters(_) => hasher.characters(text),
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
