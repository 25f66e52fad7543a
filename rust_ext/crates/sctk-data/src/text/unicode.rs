//! Which characters make words, and how each is written in the plain form of a text.
//!
//! Lower-casing is Unicode's, as `str::to_lowercase` and Python's `str.lower` do it (the final sigma included; no case
//! folding, no normalisation of accents). A word character, under `Unicode`, has the property Alphabetic or is a
//! number (general category N), or is `_`; Han, Hiragana and Katakana characters are words by themselves, because
//! those scripts do not mark where words end. Under `Ascii` words are `[a-z0-9]+` of the lower-cased text, so
//! U+0130 contributes an i and U+212A a k.

/// Which characters of the lower-cased text make words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Alphabetic characters, numbers and `_`; every Han, Hiragana or Katakana character is a word.
    Unicode,
    /// As `Unicode`, but neighbouring Han, Hiragana or Katakana characters stay together (for character n-grams).
    UnicodeJoined,
    /// `[a-z0-9]`.
    Ascii,
}

/// A character's plain form: up to 6 bytes of UTF-8; then 1 where its neighbours decide (a capital sigma); then how many.
#[derive(Clone, Copy, Default)]
pub struct Form(pub [u8; 8]);

impl Form {
    pub fn n(self) -> usize {
        usize::from(self.0[7])
    }

    pub fn by_neighbours(self) -> bool {
        self.0[6] == 1
    }

    fn push(&mut self, c: char) {
        let n = self.n();
        self.0[7] += c.encode_utf8(&mut self.0[n..6]).len() as u8;
    }
}

/// The form of a character: lower-cased word characters, a space for every other, spaces around what stands alone.
pub fn form(c: char, alphabet: Alphabet) -> Form {
    let mut form = Form::default();
    match (alphabet, c) {
        // the next pass lower-cases what is ASCII
        (_, '\0'..='\x7f') => form.push(c),
        (Alphabet::Ascii, '\u{130}') => "i ".chars().for_each(|c| form.push(c)),
        (Alphabet::Ascii, '\u{212a}') => form.push('k'),
        (Alphabet::Ascii, _) => form.push(' '),
        _ => {
            let lower = c.to_lowercase().map(|l| if is_word(l) { l } else { ' ' });
            let alone = alphabet == Alphabet::Unicode && is_word(c) && is_alone(c);
            let space = alone.then_some(' ');
            space
                .into_iter()
                .chain(lower)
                .chain(space)
                .for_each(|c| form.push(c));
            form.0[6] = u8::from(c == '\u{3a3}');
        }
    }
    form
}

/// Whether a lower-cased character belongs to a word.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a word character is a word by itself: Han, Hiragana, Katakana.
pub fn is_alone(c: char) -> bool {
    matches!(c as u32,
        0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x3035 | 0x3038..=0x303c
        | 0x3041..=0x30ff | 0x31f0..=0x31ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff
        | 0xf900..=0xfaff | 0xff66..=0xff9f | 0x1_aff0..=0x1_b16f | 0x2_0000..=0x3_ffff)
}
