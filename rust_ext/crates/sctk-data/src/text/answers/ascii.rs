//! The short way to the form of an answer of ASCII: letters and simple punctuation, or an integer.

use crate::text::letters::{is_article, is_long, parts_an_article};

/// Whether the answer is an integer in its one spelling.
pub fn is_integer(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    (1..=MOST_DIGITS).contains(&digits.len())
        && digits[0] != b'0'
        && digits.iter().all(u8::is_ascii_digit)
}

/// Longer ones are left to `numbers`.
const MOST_DIGITS: usize = 20;

/// The form of a text of letters and simple punctuation; false: it needs a closer look.
pub fn write_letters(text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let mut word = start;
    let mut article = None;
    let mut inside = false;
    for (i, &byte) in text.iter().enumerate() {
        let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        let next = text.get(i + 1).copied().unwrap_or(b' ');
        if is_letter(byte) {
            if !inside {
                if let Some(from) = article.take().filter(|_| is_long(&text[i..])) {
                    out.truncate(from);
                }
                if out.len() > start {
                    out.push(b' ');
                }
                word = out.len();
                inside = true;
            }
            out.push(byte.to_ascii_lowercase());
            continue;
        }
        if byte == b' ' {
            if inside && is_article(&out[word..]) {
                article = Some(if word > start { word - 1 } else { start });
            }
            inside = false;
            continue;
        }
        match byte {
            b'0'..=b'9' | b'#' | b'%' | b'*' | b'+' | b'/' | b'<' | b'=' | b'>' | b'^' | b'$' => {
                return false;
            }
            b'-' if !inside || !is_letter(next) || one_letter(text, i) => return false,
            b'\'' | b'.' if inside && is_letter(next) => continue,
            _ if is_sign(text, i, inside.then(|| out.len() - word)) => return false,
            _ => (),
        }
        if inside && is_article(&out[word..]) {
            article = Some(if word > start { word - 1 } else { start });
        }
        if !parts_an_article(&[byte]) {
            article = None;
        }
        inside = false;
    }
    true
}

/// Whether a mark may mean something (`marks`), behind a word of so many letters.
#[inline(never)]
fn is_sign(text: &[u8], at: usize, word: Option<usize>) -> bool {
    let next = text.get(at + 1).copied().unwrap_or(b' ');
    let ends = !(next.is_ascii_alphabetic() || next == b'_');
    match text[at] {
        b'&' | b'|' | b'~' | b'[' | b'\\' | b']' | b'{' | b'}' | b'@' => true,
        b'!' if word.is_none() && (!ends || matches!(next, b'(' | b'!')) => true,
        b'!' | b'\'' | b'"' => {
            ends && word.is_some_and(|n| n < 2) || at > 0 && text[at - 1] == b')'
        }
        _ => false,
    }
}

/// Whether a hyphen may be a minus, between single letters.
fn one_letter(text: &[u8], at: usize) -> bool {
    let is_word = |i: usize| {
        text.get(i)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    !is_word(at.wrapping_sub(2)) || !is_word(at + 2)
}
