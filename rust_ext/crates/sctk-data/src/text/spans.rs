//! Where the words of a text stand in it: for reports that point at the text itself.
//!
//! Character by character, since lower-casing can change how many bytes a character has; only texts with a finding
//! are looked at this way.

use std::ops::Range;

use super::unicode::{self, Alphabet};

/// Where the words of `text` stand in it, as bytes: as many as `WordHasher::words` yields, found character by character.
///
/// ```
/// use sctk_data::text::{Alphabet, spans::spans};
/// assert_eq!(spans("Ä-b 漢字", Alphabet::Unicode), [0..2, 3..4, 5..8, 8..11]);
/// ```
pub fn spans(text: &str, alphabet: Alphabet) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        for lower in c.to_lowercase() {
            let is_word = match alphabet {
                Alphabet::Ascii => lower.is_ascii_alphanumeric(),
                _ => unicode::is_word(lower),
            };
            let alone = is_word && alphabet == Alphabet::Unicode && unicode::is_alone(lower);
            let end = at + c.len_utf8();
            match spans.last_mut() {
                Some(last) if open && is_word && !alone => last.end = end,
                _ if is_word => spans.push(at..end),
                _ => (),
            }
            open = is_word && !alone;
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words::tests::random_text;
    use crate::text::{Simd, WordHasher};

    #[test]
    fn spans_are_those_of_the_words() {
        let mixed = [
            "a", "É", "ß", "\u{130}", "\u{212a}", "я", "漢", "ー", "🙂", "\u{301}", " ", "x_1",
            "word", "ΑΣ",
        ];
        for alphabet in [Alphabet::Unicode, Alphabet::UnicodeJoined, Alphabet::Ascii] {
            let mut hasher = WordHasher::new(Simd::best(), alphabet);
            for seed in 0..200 {
                let text = random_text(seed, seed as usize, &mixed);
                assert_eq!(
                    spans(&text, alphabet).len(),
                    hasher.words(text.as_bytes()).unwrap().len(),
                    "{text:?}"
                );
            }
        }
    }
}
