//! Any text into a plain form: lower-cased word characters, one space for every other character.
//!
//! Lower-casing is Unicode's, as `str::to_lowercase` and Python's `str.lower` do it (the final sigma included; no case
//! folding, no normalisation of accents). A word character, under `Unicode`, has the property Alphabetic or is a
//! number (general category N), or is `_`; Han, Hiragana and Katakana characters are words by themselves, because
//! those scripts do not mark where words end. Under `Ascii` words are `[a-z0-9]+` of the lower-cased text, so
//! U+0130 contributes an i and U+212A a k. The plain form of a character below U+10000 is read from a table of
//! 256 KiB, made once, when the first text that is not ASCII is met.

use std::sync::OnceLock;

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

/// Appends the plain form of `text`: in it, bytes above 127 belong to words.
pub fn plain(text: &str, alphabet: Alphabet, to: &mut Vec<u8>) {
    match alphabet {
        Alphabet::Ascii => plain_ascii(text, to),
        // only str::to_lowercase knows what stands around a sigma, which decides what it becomes
        _ if text.contains('\u{3a3}') => plain_unicode(&text.to_lowercase(), alphabet, to),
        _ => plain_unicode(text, alphabet, to),
    }
}

fn plain_ascii(text: &str, to: &mut Vec<u8>) {
    for_runs(text, to, |c, to| match c {
        '\u{130}' => to.extend_from_slice(b"i "),
        '\u{212a}' => to.push(b'k'),
        _ => to.push(b' '),
    });
}

fn plain_unicode(text: &str, alphabet: Alphabet, to: &mut Vec<u8>) {
    let table = table();
    let split = alphabet == Alphabet::Unicode;
    for_runs(text, to, |c, to| match table.get(c as usize) {
        Some(&entry) => put(entry, split, to),
        None => put(entry_of(c), split, to),
    });
}

/// Copies what is ASCII as it stands (the next pass lower-cases it) and calls `other` for every other character.
#[inline(always)]
fn for_runs(text: &str, to: &mut Vec<u8>, mut other: impl FnMut(char, &mut Vec<u8>)) {
    to.reserve(text.len() + text.len() / 2);
    let mut rest = text;
    while !rest.is_empty() {
        let n = rest.bytes().take_while(u8::is_ascii).count();
        let (ascii, from) = rest.split_at(n);
        to.extend_from_slice(ascii.as_bytes());
        rest = from;
        while let Some(c) = rest.chars().next().filter(|c| !c.is_ascii()) {
            other(c, to);
            rest = &rest[c.len_utf8()..];
        }
    }
}

/// The plain form of a character: its UTF-8 in the low bytes, their number above, and whether it is a word by itself.
#[derive(Clone, Copy)]
struct Entry {
    utf8: [u8; 4],
    len: u8,
    alone: bool,
}

#[inline(always)]
fn put(entry: Entry, split: bool, to: &mut Vec<u8>) {
    if split && entry.alone {
        to.push(b' ');
        to.extend_from_slice(&entry.utf8[..usize::from(entry.len)]);
        to.push(b' ');
    } else {
        to.extend_from_slice(&entry.utf8[..usize::from(entry.len)]);
    }
}

fn table() -> &'static [Entry] {
    static TABLE: OnceLock<Vec<Entry>> = OnceLock::new();
    TABLE.get_or_init(|| {
        (0..0x1_0000)
            .map(|c| char::from_u32(c).map_or(SPACE, entry_of))
            .collect()
    })
}

const SPACE: Entry = Entry {
    utf8: [b' ', 0, 0, 0],
    len: 1,
    alone: false,
};

fn entry_of(c: char) -> Entry {
    let mut lower = c.to_lowercase();
    let (Some(first), rest) = (lower.next(), lower) else {
        return SPACE;
    };
    if !is_word(first) {
        return SPACE;
    }
    let mut utf8 = [0; 4];
    let mut len = first.encode_utf8(&mut utf8).len();
    for c in rest {
        // only U+0130 becomes two characters, an i and a combining dot, and the dot is no word character
        utf8[len] = if is_word(c) {
            unreachable!("{c:?} follows {first:?} when lower-cased")
        } else {
            b' '
        };
        len += 1;
    }
    Entry {
        utf8,
        len: len as u8,
        alone: is_alone(first),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plain_of(text: &str, alphabet: Alphabet) -> String {
        let mut to = Vec::new();
        plain(text, alphabet, &mut to);
        String::from_utf8(to).unwrap().to_lowercase()
    }

    #[test]
    fn every_character_is_what_the_definition_says() {
        for c in '\u{80}'..=char::MAX {
            let want: String = c
                .to_lowercase()
                .map(|l| if is_word(l) { l } else { ' ' })
                .collect();
            let want_split = if want.starts_with(is_alone) {
                format!(" {want} ")
            } else {
                want.clone()
            };
            let text = c.to_string();
            if c != '\u{3a3}' {
                assert_eq!(plain_of(&text, Alphabet::UnicodeJoined), want, "{c:?}");
                assert_eq!(plain_of(&text, Alphabet::Unicode), want_split, "{c:?}");
            }
            let want: String = c
                .to_lowercase()
                .map(|l| if l.is_ascii_alphanumeric() { l } else { ' ' })
                .collect();
            assert_eq!(plain_of(&text, Alphabet::Ascii), want, "{c:?}");
        }
    }

    #[test]
    fn sigma_depends_on_its_neighbours() {
        assert_eq!(plain_of("ΟΔΟΣ ΣΑΣ", Alphabet::Unicode), "οδος σας");
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_characters() {
        assert_eq!(
            plain_of("GPT是模型。OK", Alphabet::Unicode)
                .split_whitespace()
                .collect::<Vec<_>>(),
            ["gpt", "是", "模", "型", "ok"]
        );
        assert_eq!(
            plain_of("GPT是模型。OK", Alphabet::UnicodeJoined),
            "gpt是模型 ok"
        );
    }
}
