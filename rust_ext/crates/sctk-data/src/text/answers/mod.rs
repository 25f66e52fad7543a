//! The form in which whole answers are compared: equal where two answers say the same in the same words.
//!
//! A number is compared as the number that it is (`numbers`). Any other answer is its words (`spans`), folded, with the signs
//! that belong to them, one space between two; an apostrophe, and the points within an abbreviation, are nothing (`U.S.` is
//! `us`), and a, an, the are nothing before another word. An answer without a word (an emoji) is itself.

mod ascii;
mod listing;
mod spelling;
#[cfg(test)]
mod tests;

use super::fold::composed;
use super::letters::Letters;
use super::numbers;
use super::simd::Simd;
use listing::{Listing, write_word};
use spelling::Spelling;
pub(super) use spelling::spelled;

/// The comparable form of an answer.
///
/// ```
/// use sctk_data::text::answers::comparable;
/// assert_eq!(comparable("The U.S., of course!"), comparable("US of course"));
/// assert_eq!(comparable("1,000"), comparable("$1000"));
/// for (one, other) in [("-5", "5"), ("3.14", "314"), ("x > 3", "x < 3"), ("C++", "C#"), ("1,5", "15"), ("👍", "👎")] {
///     assert_ne!(comparable(one), comparable(other));
/// }
/// ```
pub fn comparable(text: &str) -> String {
    let mut out = Vec::new();
    Answers::default().write(Simd::best(), text, &mut out);
    String::from_utf8(out).expect("words of a text are text")
}

/// The definition of `comparable`, by the long way: what the short ways are tested against.
pub fn plain_comparable(text: &str) -> String {
    let mut out = Vec::new();
    Closely::default().write(Simd::SCALAR, text, &mut out);
    end_form(text, 0, &mut out);
    String::from_utf8(out).expect("words of a text are text")
}

/// Writes comparable forms; keeps its working memory between answers, so one per thread.
#[derive(Default)]
pub struct Answers {
    letters: Letters,
    closely: Closely,
}

impl Answers {
    /// Appends the comparable form of an answer.
    pub fn write(&mut self, simd: Simd, text: &str, out: &mut Vec<u8>) {
        if !self.write_shortly(simd, text, out) {
            self.write_closely(simd, text, out);
        }
    }

    /// Appends the form of an answer of words or of one integer; false: it needs a closer look, and nothing was appended.
    pub fn write_shortly(&mut self, simd: Simd, text: &str, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        if ascii::is_integer(text.as_bytes()) {
            out.extend_from_slice(text.as_bytes());
            return true;
        }
        let done = if text.is_ascii() {
            ascii::write_letters(text.as_bytes(), out)
        } else {
            self.letters.write(simd, text, out)
        };
        if done {
            end_form(text, start, out);
        } else {
            out.truncate(start);
        }
        done
    }

    /// Appends the form of any answer, by the long way.
    pub fn write_closely(&mut self, simd: Simd, text: &str, out: &mut Vec<u8>) {
        let start = out.len();
        self.closely.write(simd, text, out);
        end_form(text, start, out);
    }
}

/// An answer without a word is itself.
fn end_form(text: &str, start: usize, out: &mut Vec<u8>) {
    if out.len() == start {
        out.extend_from_slice(composed(text.trim()).as_bytes());
    }
}

/// The long way, which knows numbers, signs and money.
#[derive(Default)]
struct Closely {
    spelling: Spelling,
    listing: Listing,
}

impl Closely {
    /// Appends the number or the words that an answer is.
    fn write(&mut self, simd: Simd, text: &str, out: &mut Vec<u8>) {
        let spelled = self.spelling.of(text);
        match numbers::of_plain(spelled) {
            Some(number) => out.extend_from_slice(number.as_bytes()),
            None => self.listing.write(simd, spelled, out),
        }
    }
}

/// The words of an answer as answers are compared, articles among them, accents composed.
///
/// ```
/// use sctk_data::text::answers::words;
/// assert_eq!(words("The U.S. pays $1,000.50, or 5/6"), ["the", "us", "pays", "1000.5", "or", "5", "/", "6"]);
/// assert_eq!(words("👍"), [""; 0]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    let mut listing = Listing::default();
    let spell = |word: &str| {
        let mut out = Vec::with_capacity(word.len());
        write_word(word, &mut out);
        let word = String::from_utf8(out).expect("words of a text are text");
        composed(&word).into_owned()
    };
    listing
        .of(Simd::best(), &spelled(text))
        .map(spell)
        .collect()
}
