//! Any text into its plain form, the one that is cut into words: `unicode::form` of each character.
//!
//! One pass checks that the text is UTF-8 and writes the forms, which for characters below U+10000 are read from a
//! table of 512 KiB, made once, when the first text that is not ASCII is met. The kind of a character's first byte
//! is looked up rather than asked for: spaces and letters alternate too often for a processor to guess.

use std::sync::OnceLock;

use super::unicode::{Alphabet, Form, form};
use super::words::TextError;

/// This many bytes must lie behind the beginning of a character that is read in place.
const MARGIN: usize = 16;
/// Bytes between two looks at whether there is room.
const PIECE: usize = 4096;
/// Eight bytes are read and written at a time; of a form's, its own count.
const WRITTEN: usize = 8;

/// Writes the plain form of `text` to the front of `to` and says how long it is; bytes above 127 in it belong to words.
pub fn plain(text: &[u8], alphabet: Alphabet, to: &mut Vec<u8>) -> Result<usize, TextError> {
    let mut writer = Writer {
        forms: forms(alphabet),
        alphabet,
        to,
        n: 0,
        sigma: false,
    };
    if writer.write(text).is_none() {
        let at = str::from_utf8(text).map_or_else(|e| e.valid_up_to(), str::len);
        return Err(TextError::NotUtf8 { at });
    }
    if writer.sigma {
        // only str::to_lowercase knows what stands around a capital sigma, which decides what it becomes
        let lower = String::from_utf8_lossy(text).to_lowercase();
        writer.n = 0;
        writer.write(lower.as_bytes());
    }
    Ok(writer.n)
}

fn forms(alphabet: Alphabet) -> &'static [Form] {
    static TABLES: [OnceLock<Vec<Form>>; 3] = [const { OnceLock::new() }; 3];
    TABLES[alphabet as usize].get_or_init(|| {
        (0..0x1_0000)
            .map(|c| char::from_u32(c).map_or(Form::default(), |c| form(c, alphabet)))
            .collect()
    })
}

struct Writer<'a> {
    forms: &'static [Form],
    alphabet: Alphabet,
    to: &'a mut Vec<u8>,
    n: usize,
    sigma: bool,
}

impl Writer<'_> {
    /// None: the text is not UTF-8.
    fn write(&mut self, text: &[u8]) -> Option<()> {
        let mut at = 0;
        while text.len() - at > MARGIN {
            let end = (text.len() - MARGIN).min(at + PIECE);
            self.make_room(end - at);
            at = self.write_piece(text, at, end)?;
        }
        let mut last = [0; 2 * MARGIN];
        let rest = text.len() - at;
        last[..rest].copy_from_slice(&text[at..]);
        self.make_room(rest);
        // a character that the text breaks off goes on with zeros here, which makes it none
        self.write_piece(&last, 0, rest).map(drop)
    }

    fn make_room(&mut self, n_bytes: usize) {
        // 3 bytes may become 5, 2 bytes 3; a last character may begin at the end
        let wanted = self.n + 2 * n_bytes + 2 * WRITTEN;
        if self.to.len() < wanted {
            self.to.resize(wanted.next_power_of_two(), 0);
        }
    }

    /// Writes the characters that begin in `at .. end`; `text` goes on for `MARGIN` bytes. Where the next begins.
    #[inline(always)]
    fn write_piece(&mut self, text: &[u8], mut at: usize, end: usize) -> Option<usize> {
        let (mut n, mut valid, mut sigma) = (self.n, true, false);
        while at < end {
            let bytes: &[u8; WRITTEN] = text[at..at + WRITTEN].first_chunk()?;
            let eight = u64::from_le_bytes(*bytes);
            if eight & 0x8080_8080_8080_8080 == 0 && at + WRITTEN <= end {
                self.to[n..n + WRITTEN].copy_from_slice(bytes);
                at += WRITTEN;
                n += WRITTEN;
                continue;
            }
            let four = (eight as u32).swap_bytes();
            let kind = &KINDS[(four >> 27) as usize];
            let c = kind.code_point(four);
            valid &= four & kind.fixed[0] == kind.fixed[1] && c >= kind.least;
            let form = match self.forms.get(c as usize) {
                Some(form) => *form,
                None => form(char::from_u32(c)?, self.alphabet),
            };
            // a surrogate has an empty form
            valid &= form.n() > 0;
            sigma |= form.by_neighbours();
            self.to[n..n + WRITTEN].copy_from_slice(&form.0);
            n += form.n();
            at += usize::from(kind.n);
        }
        (self.n, self.sigma) = (n, self.sigma | sigma);
        valid.then_some(at)
    }
}

/// What the high five bits of a character's first byte say about its four bytes (the first one highest).
struct Kind {
    /// How many of them are the character's.
    n: u8,
    /// How far its bits lie above the lowest, when all four are read as one character.
    above: u8,
    /// Which bits of the first byte count.
    first: u8,
    /// The least code point that may be written in so many bytes.
    least: u32,
    /// The bits that are fixed, and their values.
    fixed: [u32; 2],
}

impl Kind {
    #[inline(always)]
    fn code_point(&self, four: u32) -> u32 {
        let all = (four >> 24 & u32::from(self.first)) << 18
            | (four >> 4 & 0x3f000)
            | (four >> 2 & 0xfc0)
            | (four & 0x3f);
        all >> self.above
    }
}

const KINDS: [Kind; 32] = {
    const fn kind(n: u8, first: u8, least: u32, fixed: [u32; 2]) -> Kind {
        let above = 6 * (4 - n);
        Kind {
            n,
            above,
            first,
            least,
            fixed,
        }
    }
    let mut kinds = [const { kind(1, 0x7f, 0, [0, 0]) }; 32];
    let mut high = 0b10000;
    while high < 32 {
        kinds[high] = match high {
            0b11000..0b11100 => kind(2, 0x1f, 0x80, [0x00c0_0000, 0x0080_0000]),
            0b11100..0b11110 => kind(3, 0x0f, 0x800, [0x00c0_c000, 0x0080_8000]),
            0b11110 => kind(4, 0x07, 0x1_0000, [0x00c0_c0c0, 0x0080_8080]),
            // no first byte: bits that are 0 cannot be 1
            _ => kind(1, 0, 0, [0, 1]),
        };
        high += 1;
    }
    kinds
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::unicode::{is_alone, is_word};

    fn plain_of(text: &str, alphabet: Alphabet) -> String {
        let mut to = Vec::new();
        let n = plain(text.as_bytes(), alphabet, &mut to).unwrap();
        str::from_utf8(&to[..n]).unwrap().to_lowercase()
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

    /// What `str::from_utf8` says of every way to break a text off, or to put two bytes into it.
    #[test]
    fn it_takes_what_is_utf8_and_nothing_else() {
        let text =
            "aé漢\u{10348}z\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff} and some more behind it";
        let mut to = Vec::new();
        let mut check = |bytes: &[u8]| {
            let got = plain(bytes, Alphabet::Unicode, &mut to);
            match str::from_utf8(bytes) {
                Ok(_) => assert!(got.is_ok(), "{bytes:x?}"),
                Err(why) => assert_eq!(
                    got,
                    Err(TextError::NotUtf8 {
                        at: why.valid_up_to()
                    })
                ),
            }
        };
        for end in 0..=text.len() {
            check(&text.as_bytes()[..end]);
        }
        for first in 0..=255 {
            for second in 0..=255 {
                for at in [2, text.len() - 2] {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes[at..at + 2].copy_from_slice(&[first, second]);
                    check(&bytes);
                }
            }
        }
    }

    #[test]
    fn pieces_cut_no_character() {
        for (text, n) in [("é", 3 * PIECE), ("漢", 3 * PIECE + 1), ("ab漢🙂", PIECE)] {
            let text = text.repeat(n);
            assert_eq!(
                plain_of(&text, Alphabet::UnicodeJoined),
                text.replace('🙂', " ")
            );
        }
    }
}
