//! The words of a text as one string of bytes, for whoever only asks whether two texts have the same words.
//!
//! It is the words (`Alphabet::UnicodePieces`) one behind another, with a space between two of them unless one of the two is a
//! character that is a word by itself (Han, kana, Thai, Lao, Khmer, Burmese). No two sequences of words have the same string:
//! such a character is never part of a longer word (its plain form has spaces around, and signs join nothing but ASCII), and no
//! word has a space in it. So whoever reads the string parts it at its spaces, and around each such character, and has the words
//! again: where both words are of other characters there is a space, and where one is not, the character itself is the border.
//!
//! Signs that belong to words are written as bytes with which no character begins (`marked`), so that they are no gaps.
//!
//! A level with `Block::canon` makes it out of the text's form in which no script is cut (`Alphabet::UnicodeJoined`), which is
//! mostly a copy of the text: gaps are taken out of 64 bytes at a time, and no word is looked at by itself. That form has the
//! same bytes but for the spaces around the characters that are words; signs, which look at what is beside them, are shown those.

use std::sync::OnceLock;

use super::block::Block;
use super::signs::{self, Role};
use super::simd::{Simd, per_level};
use super::unicode::is_alone;
use super::words::Listed;
use super::{dictionary, plain};

/// A block, and what of its last character may lie behind it; as much must lie behind a text.
pub const BEHIND: usize = 64 + 3;

/// The string of words of a text; its memory is kept between texts.
#[derive(Default)]
pub struct Canon {
    bytes: Vec<u8>,
    n: usize,
    /// Where signs may be, what is near one, and the text with those that belong to words marked.
    signs: Vec<u32>,
    near: String,
    spelled: Vec<u8>,
    /// It has characters that are words by themselves.
    alone: bool,
    /// It is not ASCII.
    above: bool,
}

/// Whether this level can make it without a look at each word.
pub fn is_quick(simd: Simd) -> bool {
    quick(simd)
}

per_level! {
    fn quick() -> bool = quick_kernel::<B>;
}

#[inline(always)]
fn quick_kernel<B: Block>() -> bool {
    B::HAS_PAGES
}

/// A sign that belongs to a word, as a byte that begins no character: 0x80 to 0xbf.
fn marked(sign: u8) -> u8 {
    0x80 | sign & 0x3f
}

/// The sign that was marked so.
fn sign_of(marked: u8) -> u8 {
    match marked {
        0x9e => b'^', // the only one above `?`
        _ => marked & 0x3f,
    }
}

impl Canon {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.n]
    }

    /// Whether there are other characters than ASCII in it.
    pub fn is_above_ascii(&self) -> bool {
        self.above
    }

    /// The words, where all are ASCII.
    pub fn words(&self) -> impl Iterator<Item = Vec<u8>> {
        let parts = self.bytes().split(|&byte| byte == b' ');
        let words = parts.filter(|part| !part.is_empty());
        let plain = |byte: &u8| {
            if byte.is_ascii() {
                *byte
            } else {
                sign_of(*byte)
            }
        };
        words.map(move |word| word.iter().map(plain).collect())
    }

    /// Makes the string out of the first `n` bytes of a form by `UnicodeJoined`; `BEHIND` bytes more are there. `is_quick` of the level.
    pub fn make(&mut self, simd: Simd, joined: &[u8], n: usize) {
        self.signs.clear();
        make(simd, joined, n, self);
        if self.signs.is_empty() {
            return;
        }
        let mut spelled = std::mem::take(&mut self.spelled);
        if self.spell(&joined[..n], &mut spelled) {
            let n = spelled.len();
            spelled.resize(n + BEHIND, 0);
            make(simd, &spelled, n, self);
        }
        self.spelled = spelled;
    }

    /// Copies the text with the signs that belong to words marked, and parted from what is no word of theirs; false: there are none.
    fn spell(&mut self, text: &[u8], spelled: &mut Vec<u8>) -> bool {
        spelled.clear();
        let (mut done, mut behind_sign) = (0, usize::MAX);
        for &at in &self.signs {
            let at = at as usize;
            let found = if self.alone {
                let (near, place) = pieces_near(text, at, &mut self.near);
                signs::role(near, place).map(|(begin, role)| (at + begin - place, role))
            } else {
                signs::role(text, at)
            };
            let Some((place, role)) = found.filter(|found| found.0 >= done) else {
                continue;
            };
            spelled.extend_from_slice(&text[done..place]);
            let n = match role {
                Role::Alone(n) | Role::Behind(n) => n as usize,
                Role::Before | Role::Within => 1,
            };
            // a point behind a minus sign begins the same word
            if matches!(role, Role::Alone(_)) || role == Role::Before && behind_sign != place {
                spelled.push(b' ');
            }
            done = place + n;
            spelled.extend(text[place..done].iter().map(|sign| marked(*sign)));
            if matches!(role, Role::Alone(_) | Role::Behind(_)) {
                spelled.push(b' ');
            }
            if role == Role::Before {
                behind_sign = done;
            }
        }
        spelled.extend_from_slice(&text[done..]);
        done > 0
    }

    /// Makes it out of the words: the definition.
    pub(super) fn write(&mut self, words: &Listed) {
        self.bytes.clear();
        self.above = false;
        let mut is_open = false;
        for &[begin, end] in words.places.as_chunks::<2>().0 {
            let word = &words.lower[begin as usize..end as usize];
            let above = !word.is_ascii();
            let alone = above && is_word_by_itself(word);
            if is_open && !alone {
                self.bytes.push(b' ');
            }
            let is_sign = |byte: u8| byte.is_ascii_punctuation() && byte != b'_';
            let spell = |&byte: &u8| if is_sign(byte) { marked(byte) } else { byte };
            self.bytes.extend(word.iter().map(spell));
            is_open = !alone;
            self.above |= above;
        }
        self.n = self.bytes.len();
    }
}

/// Whether the first character of a word is one by itself.
fn is_word_by_itself(word: &[u8]) -> bool {
    word[0] >= 0xe0 && is_piece(plain::first_character(word))
}

/// Whether a character of a plain form is a word by itself.
fn is_piece(c: u32) -> bool {
    static PIECES: OnceLock<Box<[u64; 0x400]>> = OnceLock::new();
    let is = |c| char::from_u32(c).is_some_and(|c| is_alone(c) || dictionary::is_complex(c));
    let known = PIECES.get_or_init(|| {
        let bits = |i: u32| (0..64).fold(0, |bits, bit| bits | u64::from(is(64 * i + bit)) << bit);
        Box::new(std::array::from_fn(|i| bits(i as u32)))
    });
    match known.get(c as usize >> 6) {
        Some(bits) => bits >> (c & 63) & 1 != 0,
        None => is(c),
    }
}

/// What lies so near to a sign that the sign may look at it, with spaces around the characters that are words by themselves, and
/// where the sign is in it.
fn pieces_near<'a>(text: &[u8], sign: usize, near: &'a mut String) -> (&'a [u8], usize) {
    const FAR: usize = 24;
    let is_begin = |place: &usize| text.get(*place).is_none_or(|byte| byte & 0xc0 != 0x80);
    let from = (sign.saturating_sub(FAR)..sign).find(is_begin);
    let to = (sign..=text.len().min(sign + FAR)).rfind(is_begin);
    let (from, to) = (from.unwrap_or(sign), to.unwrap_or(sign));
    near.clear();
    let mut write = |part: &[u8]| {
        for c in str::from_utf8(part)
            .expect("it is cut between characters")
            .chars()
        {
            if is_piece(c as u32) {
                near.extend([' ', c, ' ']);
            } else {
                near.push(c);
            }
        }
        near.len()
    };
    let at = write(&text[from..sign]);
    write(&text[sign..to]);
    (near.as_bytes(), at)
}

per_level! {
    fn make(joined: &[u8], n: usize, canon: &mut Canon) = make_kernel::<B>;
}

#[inline(always)]
fn make_kernel<B: Block>(joined: &[u8], n: usize, canon: &mut Canon) {
    let wanted = n + 2 * BEHIND;
    if canon.bytes.len() < wanted {
        canon.bytes.resize(wanted.next_power_of_two(), 0);
    }
    let mut state = State::default();
    let mut at = 0;
    while at < n {
        let block = joined[at..].first_chunk().expect("there are bytes behind");
        let valid = if n - at < 64 { !(!0 << (n - at)) } else { !0 };
        let room = canon.bytes[state.n..].first_chunk_mut();
        let signs = B::canon(block, valid, &mut state, room.expect("there is room"));
        if signs != 0 {
            super::edges::note_signs(signs, at, &mut canon.signs);
        }
        at += 64;
    }
    canon.n = state.n;
    canon.alone = state.alone;
    canon.above = state.above;
}

/// What one block must know of those before.
pub struct State {
    /// So many bytes are written.
    pub n: usize,
    /// Of the last character, which goes on in the next block and is a word by itself: the bits of its bytes there.
    pub rest: u64,
    /// 1: the last byte of a word was of a character that is a word by itself, or there is none yet: no space behind it.
    pub closed: u64,
    /// 1: the block ended with a gap.
    pub gap: u64,
    pub alone: bool,
    pub above: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            n: 0,
            rest: 0,
            closed: 1,
            gap: 0,
            alone: false,
            above: false,
        }
    }
}

impl State {
    /// Which bytes of a block stay, of its word bytes and of those among them whose characters are words by themselves, and
    /// whether a space stands before them. Of a gap between two other words its last byte stays; where the gap is cut by the
    /// end of the block, the space is written with the next one.
    #[inline(always)]
    pub fn kept(&mut self, word: u64, alone: u64, valid: u64) -> (u64, bool) {
        let (gap, open) = (valid & !word, word & !alone);
        let is_late = self.gap & !self.closed & open & 1 != 0;
        // a gap behind what is closed is marked at its begin, and the sum takes all its bits out
        let behind_closed = gap & !(gap << 1) & (alone << 1 | self.closed);
        let behind_closed = behind_closed & !1 | gap & 1 & self.closed;
        let between = gap & gap.wrapping_add(behind_closed);
        self.gap = gap >> 63;
        if word != 0 {
            self.closed = alone >> (63 - word.leading_zeros()) & 1;
        }
        (word | between & (open >> 1), is_late)
    }

    /// The bytes of the characters that begin at `leads` and are words by themselves; those at `fours` have four bytes, others three.
    #[inline(always)]
    pub fn bytes_of(&mut self, leads: u64, fours: u64) -> u64 {
        let (all, fours) = (u128::from(leads | fours), u128::from(fours));
        let bytes = all | all << 1 | all << 2 | fours << 3 | u128::from(self.rest);
        self.rest = (bytes >> 64) as u64;
        bytes as u64
    }
}

/// Of these characters, which begin at the bits of `odd`, those that are words by themselves: of three bytes, and of four.
#[cold]
pub fn odd_ones(block: &[u8; BEHIND], mut odd: u64) -> [u64; 2] {
    let mut found = [0; 2];
    while odd != 0 {
        let place = odd.trailing_zeros() as usize;
        let four = usize::from(block[place] >= 0xf0);
        let c = plain::first_character(&block[place..place + 4]);
        found[four] |= u64::from(is_piece(c)) << place;
        odd &= odd - 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold::ordered;
    use crate::text::spans::plain_words;
    use crate::text::words::tests::{PROSE, random_text};
    use crate::text::{Alphabet, WordHasher, fingerprint, hash};

    /// The words that a string is of.
    fn parted(mut string: &[u8]) -> Vec<String> {
        let mut words = vec![String::new()];
        while let [first, rest @ ..] = string {
            let last = words.last_mut().unwrap();
            string = rest;
            match first {
                b' ' => words.push(String::new()),
                0x80..0xc0 => last.push(sign_of(*first).into()),
                ..0x80 => last.push((*first).into()),
                _ => {
                    let n = first.leading_ones() as usize - 1;
                    let bytes = [&[*first], &rest[..n]].concat();
                    let c = str::from_utf8(&bytes).unwrap().chars().next().unwrap();
                    string = &rest[n..];
                    if is_piece(c as u32) {
                        words.extend([c.into(), String::new()]);
                    } else {
                        last.push(c);
                    }
                }
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    /// Words one behind another, by the rule.
    fn joined(words: &[String]) -> Vec<u8> {
        let is_piece =
            |word: &str| word.chars().count() == 1 && word.chars().all(|c| is_piece(c as u32));
        let mut string = vec![];
        for (i, word) in words.iter().enumerate() {
            if i > 0 && !is_piece(word) && !is_piece(&words[i - 1]) {
                string.push(b' ');
            }
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
            string.extend(
                word.bytes()
                    .map(|byte| if is_word(byte) { byte } else { marked(byte) }),
            );
        }
        string
    }

    /// The print by the definition.
    fn wanted(text: &str) -> Option<[u64; 2]> {
        let words = plain_words(&ordered(text), Alphabet::UnicodePieces);
        let string = joined(&words);
        assert_eq!(parted(&string), words, "{text:?}");
        if words.is_empty() {
            return None;
        }
        if words.iter().all(|word| word.is_ascii()) {
            let hashes: Vec<u64> = words
                .iter()
                .map(|word| hash::word(word.as_bytes()))
                .collect();
            return Some(fingerprint(Simd::SCALAR, &hashes));
        }
        let [first, second] = hash::bytes(&string);
        Some([hash::mix(first ^ hash::PI), second])
    }

    fn check(text: &str) {
        let want = wanted(text);
        for level in Simd::available() {
            // one for each text: what it met before must not count
            let mut hasher = WordHasher::new(level, Alphabet::UnicodePieces);
            assert_eq!(
                hasher.print(text.as_bytes()).unwrap(),
                want,
                "{level:?} {text:?}"
            );
        }
    }

    #[test]
    fn every_script_has_its_string_at_every_place_of_a_block() {
        for (i, line) in PROSE.iter().enumerate() {
            for n in 0..70 {
                let other = PROSE[(i + n) % PROSE.len()];
                check(&format!("{}{line}{other}", &"x y ".repeat(20)[..n]));
                check(&format!(
                    "{}{line} -3.5{other}",
                    &"漢字かな".repeat(20)[..n / 3 * 3]
                ));
            }
        }
    }

    #[test]
    fn every_character_stands_in_a_string_as_the_definition_says() {
        let all: Vec<char> = (0..0x4_0000)
            .chain(0xe_0000..0xe_1000)
            .filter_map(char::from_u32)
            .collect();
        let between = ["", " ", "x", " я", "漢", "、ไ ", "a 漢", "カ, b"];
        for (chunk, between) in all.chunks(40).zip(between.into_iter().cycle()) {
            let spell = |c: &char| format!("{c}{between}");
            check(&chunk.iter().map(spell).collect::<String>());
        }
        for &c in &all {
            if c as u32 >= 0x80 && is_piece(c as u32) {
                check(&format!("a, {c} b"));
            }
        }
    }

    #[test]
    fn gaps_are_what_they_are_whatever_the_blocks() {
        let letters = [
            "a",
            "B",
            "é",
            "я",
            "漢",
            "字",
            "々",
            "〇",
            "カ",
            "ไ",
            "ດ",
            "ក",
            "မ",
            "𠀀",
            "𛀀",
            "ㄅ",
            "฿",
            "한",
            " ",
            " ",
            ", ",
            "、",
            "。",
            "\n",
            "-",
            ".",
            "5",
            "+",
            "=",
            "3.5",
            "%",
            "\u{200b}",
            "\u{301}",
            "か\u{3099}",
            "’",
            "—",
            "_",
        ];
        for seed in 0..2000 {
            let some = &letters[..if seed % 3 == 0 { letters.len() } else { 24 }];
            check(&random_text(seed, (seed as usize * 7) % 200, some));
        }
        for n in 60..70 {
            for gap in ["", " ", ", ", "、", "。 ", " . ", ".5"] {
                for [before, after] in [
                    ["a", "b"],
                    ["a", "漢"],
                    ["漢", "a"],
                    ["漢", "字"],
                    ["é", "𠀀"],
                ] {
                    check(&format!("{}{before}{gap}{after}", "x".repeat(n)));
                    check(&format!(
                        "я {}{before}{gap}{after}",
                        &"ไทย".repeat(9)[..n / 3 * 3]
                    ));
                    check(&format!("я{}{before}{gap}{after}", " ".repeat(n)));
                }
            }
        }
    }
}
