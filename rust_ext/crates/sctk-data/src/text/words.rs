//! The hashes of a text's words, in order.
//!
//! A segment of the text (8 KiB, so that everything stays in the first-level cache) is lower-cased, and the places where
//! its words begin and end are listed (`edges`); then one plain loop hashes the words out of the lower-cased copy.

use std::mem::MaybeUninit;

use super::block::Block;
use super::canon::{self, BEHIND, Canon};
use super::edges::{self, Edges};
use super::grams::fingerprint;
use super::hash;
use super::plain::Plain;
use super::signs;
use super::simd::{Simd, per_level};
use super::unicode::Alphabet;

const SEGMENT: usize = 8 << 10;

/// Why a text has no words to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextError {
    /// Not UTF-8 from this byte on.
    NotUtf8 { at: usize },
    /// A single word of more than 2^31 bytes.
    EndlessWord,
}

impl std::fmt::Display for TextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotUtf8 { at } => write!(f, "not UTF-8 from byte {at} on"),
            Self::EndlessWord => f.write_str("one word of more than 2 GiB"),
        }
    }
}

impl std::error::Error for TextError {}

/// Hashes words; keeps its working memory between texts, so one per thread.
///
/// ```
/// use sctk_data::text::{Alphabet, Simd, WordHasher, hash};
/// let mut hasher = WordHasher::new(Simd::best(), Alphabet::Unicode);
/// let want = [b"die" as &[u8], b"strasse", b"-5"].map(hash::word);
/// assert_eq!(hasher.words("Die Straße: -5".as_bytes()).unwrap(), want);
/// ```
pub struct WordHasher {
    simd: Simd,
    alphabet: Alphabet,
    edges: Edges,
    plain: Plain,
    hashes: Vec<u64>,
    canon: Canon,
    listed: Listed,
}

/// Words of several texts by what they are: word i is `lower[places[2 * i]..places[2 * i + 1]]`.
#[derive(Default)]
pub(crate) struct Listed {
    pub lower: Vec<u8>,
    pub places: Vec<u32>,
}

impl WordHasher {
    pub fn new(simd: Simd, alphabet: Alphabet) -> Self {
        Self {
            simd,
            alphabet,
            edges: Edges::default(),
            plain: Plain::default(),
            hashes: Vec::new(),
            canon: Canon::default(),
            listed: Listed::default(),
        }
    }

    /// One of answers: it tells of each whether it `met` a `Form::ANSWER`.
    pub(super) fn of_answers(simd: Simd) -> Self {
        Self {
            plain: Plain::of_answers(),
            ..Self::new(simd, Alphabet::Unicode)
        }
    }

    /// 128 bits that stand for the words of `text` (`Alphabet::UnicodePieces`), order and number included, the same on every level;
    /// None where it has none. Where all words are ASCII it is their `fingerprint`, else the hash of all of them one behind
    /// another (`canon`).
    pub(crate) fn print(&mut self, text: &[u8]) -> Result<Option<[u64; 2]>, TextError> {
        let mut hashes = std::mem::take(&mut self.hashes);
        let done = self.print_by(text, &mut hashes);
        self.hashes = hashes;
        done
    }

    fn print_by(
        &mut self,
        text: &[u8],
        hashes: &mut Vec<u64>,
    ) -> Result<Option<[u64; 2]>, TextError> {
        let simd = self.simd;
        let of = |hashes: &[u64]| (!hashes.is_empty()).then(|| fingerprint(simd, hashes));
        hashes.clear();
        let ascii = Source {
            text,
            plain: false,
            all: true,
        };
        if matches!(
            scan(simd, ascii, &mut self.edges, &mut Out::Words(hashes))?,
            Scan::Done
        ) {
            return Ok(of(hashes));
        }
        if canon::is_quick(simd) {
            self.plain.of(simd, text, Alphabet::UnicodeJoined)?;
            let (joined, n) = self.plain.with_margin(BEHIND);
            self.canon.make(simd, joined, n);
        } else {
            let source = Source {
                text: self.plain.of(simd, text, Alphabet::UnicodePieces)?,
                plain: true,
                all: true,
            };
            self.listed.clear();
            let mut out = Out::Listed(&mut self.listed);
            scan(simd, source, &mut self.edges, &mut out)?;
            self.canon.write(&self.listed);
        }
        if self.canon.is_above_ascii() {
            let [first, second] = hash::bytes(self.canon.bytes());
            return Ok(Some([hash::mix(first ^ hash::PI), second]));
        }
        hashes.clear();
        if self.canon.bytes().is_ascii() {
            let source = Source {
                text: self.canon.bytes(),
                ..ascii
            };
            scan(simd, source, &mut self.edges, &mut Out::Words(hashes))?;
        } else {
            hashes.extend(self.canon.words().map(|word| hash::word(&word)));
        }
        Ok(of(hashes))
    }

    /// The hash of every word of `text` (UTF-8), in order: `hash::word` of the word's plain form.
    #[inline]
    pub fn words(&mut self, text: &[u8]) -> Result<&[u64], TextError> {
        let mut hashes = std::mem::take(&mut self.hashes);
        hashes.clear();
        let done = self.each_word(text, &mut Out::Words(&mut hashes));
        self.hashes = hashes;
        done.map(|()| &self.hashes[..])
    }

    /// The hash of every character of the words of `text`, with one space between two words; accents are part of their letter.
    ///
    /// Wants `Alphabet::UnicodeJoined` where scripts without spaces should keep their neighbours.
    pub fn characters(&mut self, text: &[u8]) -> Result<&[u64], TextError> {
        let mut hashes = std::mem::take(&mut self.hashes);
        hashes.clear();
        let done = self.each_word(text, &mut Out::Characters(&mut hashes));
        self.hashes = hashes;
        done.map(|()| &self.hashes[..])
    }

    /// Appends the words of `text` in their plain form; `TextError::EndlessWord` where all are more than 4 GiB.
    pub(crate) fn list(&mut self, text: &[u8], listed: &mut Listed) -> Result<(), TextError> {
        self.each_word(text, &mut Out::Listed(listed))
    }

    /// Whether the last text that is not ASCII had a character of this kind (`Form::COMPLEX`; `Form::ANSWER`, if `of_answers`).
    pub(super) fn met(&self, kind: u8) -> bool {
        self.plain.met(kind)
    }

    fn each_word(&mut self, text: &[u8], out: &mut Out<'_>) -> Result<(), TextError> {
        let ascii = Source {
            text,
            plain: false,
            all: self.alphabet != Alphabet::Ascii,
        };
        let before = out.n();
        match scan(self.simd, ascii, &mut self.edges, out)? {
            Scan::Done => Ok(()),
            Scan::NotAscii => {
                out.back_to(before);
                let source = Source {
                    text: self.plain.of(self.simd, text, self.alphabet)?,
                    plain: true,
                    ..ascii
                };
                scan(self.simd, source, &mut self.edges, out).map(drop)
            }
        }
    }
}

/// What is made of words, and where it goes.
enum Out<'a> {
    Words(&'a mut Vec<u64>),
    Characters(&'a mut Vec<u64>),
    Listed(&'a mut Listed),
}

impl Out<'_> {
    /// How much is there.
    fn n(&self) -> [usize; 2] {
        match self {
            Self::Words(hashes) | Self::Characters(hashes) => [hashes.len(), 0],
            Self::Listed(listed) => [listed.places.len(), listed.lower.len()],
        }
    }

    /// Forgets what came after `n`.
    fn back_to(&mut self, n: [usize; 2]) {
        match self {
            Self::Words(hashes) | Self::Characters(hashes) => hashes.truncate(n[0]),
            Self::Listed(listed) => {
                listed.places.truncate(n[0]);
                listed.lower.truncate(n[1]);
            }
        }
    }
}

impl Listed {
    fn clear(&mut self) {
        self.lower.clear();
        self.places.clear();
    }

    fn push(&mut self, lower: &[u8], edges: &[u32]) -> Result<(), TextError> {
        let end = u32::try_from(self.lower.len() + lower.len());
        end.map_err(|_| TextError::EndlessWord)?;
        let base = self.lower.len() as u32;
        self.lower.extend_from_slice(lower);
        self.places.extend(edges.iter().map(|&edge| base + edge));
        Ok(())
    }
}

/// Appends the words of a plain form: bytes above 127 in it belong to words.
pub(crate) fn list_plain(
    simd: Simd,
    text: &[u8],
    edges: &mut Edges,
    listed: &mut Listed,
) -> Result<(), TextError> {
    let source = Source {
        text,
        plain: true,
        all: true,
    };
    scan(simd, source, edges, &mut Out::Listed(listed)).map(drop)
}

#[derive(Clone, Copy)]
struct Source<'a> {
    text: &'a [u8],
    /// It is a plain form: bytes above 127 belong to words.
    plain: bool,
    /// `_` and signs belong to words.
    all: bool,
}

enum Scan {
    Done,
    NotAscii,
}

per_level! {
    fn scan(source: Source<'_>, edges: &mut Edges, out: &mut Out<'_>) -> Result<Scan, TextError> = scan_kernel::<B>;
}

#[inline(always)]
fn scan_kernel<B: Block>(
    source: Source<'_>,
    edges: &mut Edges,
    out: &mut Out<'_>,
) -> Result<Scan, TextError> {
    let mut at = 0;
    while at < source.text.len() {
        let end = segment_end(source.text, at).ok_or(TextError::EndlessWord)?;
        let segment = &source.text[at..end];
        let found = if source.all {
            edges::find::<B, true>(segment, source.plain, edges)
        } else {
            edges::find::<B, false>(segment, source.plain, edges)
        };
        let Some(mut n_edges) = found else {
            return Ok(Scan::NotAscii);
        };
        if n_edges % 2 == 1 {
            // the last word goes on to the end of the text
            edges.places[n_edges] = segment.len() as u32;
            n_edges += 1;
        }
        if !edges.signs.is_empty() {
            let Edges {
                signs,
                places,
                spare,
                ..
            } = edges;
            n_edges = signs::apply(source.text, at, signs, places, n_edges, spare);
        }
        let n = end - at;
        at = end;
        let ends = &edges.places[..n_edges];
        match out {
            Out::Words(hashes) => {
                hash_words::<B>(&edges.lower, ends, hashes, &mut edges.spare);
            }
            Out::Characters(hashes) => hash_characters(&edges.lower, ends, hashes),
            Out::Listed(listed) => listed.push(&edges.lower[..n], ends)?,
        }
    }
    Ok(Scan::Done)
}

/// Where the segment that begins at `at` ends: behind a space, so that no word and no number is cut, or with the text.
#[inline(always)]
fn segment_end(text: &[u8], at: usize) -> Option<usize> {
    let mut size = SEGMENT;
    while text.len() - at > size {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
        if let Some(last) = text[at..at + size].iter().rposition(is_space) {
            return Some(at + last + 1);
        }
        size = size.checked_mul(2).filter(|&n| n <= 1 << 30)?;
    }
    Some(text.len())
}

#[inline(always)]
fn hash_words<B: Block>(lower: &[u8], edges: &[u32], hashes: &mut Vec<u64>, spare: &mut Vec<u32>) {
    let words = edges.as_chunks::<2>().0;
    let first = hashes.len();
    hashes.reserve(words.len());
    let mut longest = 0;
    let room = hashes.spare_capacity_mut();
    if are_many(edges) {
        // Han characters and kana: most of them have at most 8 bytes
        for (room, words) in room.chunks_mut(MANY).zip(words.chunks(MANY)) {
            longest = longest.max(hash_many::<B>(lower, words, room));
        }
    } else {
        longest = hash_some::<B>(lower, words, room);
    }
    // SAFETY: `reserve` made room for all words, so one hash was written for each of them behind the old end.
    unsafe { hashes.set_len(first + words.len()) };
    if longest > 16 {
        hash_long::<B>(lower, words, &mut hashes[first..], spare);
    }
}

/// Whether there is a word for every five bytes.
#[inline(always)]
fn are_many(edges: &[u32]) -> bool {
    let n_bytes = edges.last().map_or(0, |end| end - edges[0]);
    edges.len() as u64 * 5 > 2 * u64::from(n_bytes) // a segment of 2^30 bytes may have as many edges
}

/// So many are looked at together, to see whether all are short.
const MANY: usize = 32;

/// As `hash_some`, by half as many bytes where none has more.
#[inline(always)]
fn hash_many<B: Block>(lower: &[u8], words: &[[u32; 2]], room: &mut [MaybeUninit<u64>]) -> u32 {
    let sizes = words.iter().map(|[begin, end]| end - begin);
    let longest = sizes.fold(0, u32::max);
    if longest > 8 {
        return hash_some::<B>(lower, words, room);
    }
    for (slot, &[begin, end]) in room.iter_mut().zip(words) {
        slot.write(hash_shortest(lower, begin as usize, (end - begin) as usize));
    }
    longest
}

/// Writes the hashes of words that are no longer than 16 bytes, and says how long the longest is.
#[inline(always)]
fn hash_some<B: Block>(lower: &[u8], words: &[[u32; 2]], room: &mut [MaybeUninit<u64>]) -> u32 {
    let mut longest = 0;
    for (slot, &[begin, end]) in room.iter_mut().zip(words) {
        longest = longest.max(end - begin);
        slot.write(hash_short::<B>(
            lower,
            begin as usize,
            (end - begin) as usize,
        ));
    }
    longest
}

/// The hash of a word of at most 8 bytes.
#[inline(always)]
fn hash_shortest(lower: &[u8], begin: usize, n: usize) -> u64 {
    let low = u64::from_le_bytes(*lower[begin..].first_chunk().expect("it is padded"));
    hash::short_word(low & hash::MASKS[n.min(8)][0], 0, n)
}

/// The hash of a word of at most 16 bytes; some number for a longer one, so that the loop need not branch.
#[inline(always)]
fn hash_short<B: Block>(lower: &[u8], begin: usize, n: usize) -> u64 {
    let [low, high] = B::first_bytes(
        lower[begin..begin + 16].first_chunk().expect("16 were cut"),
        n,
    );
    hash::short_word(low, high, n)
}

/// Puts the hashes of the words beyond 16 bytes in their places; `lower` is padded.
#[inline(always)]
fn hash_long<B: Block>(lower: &[u8], words: &[[u32; 2]], hashes: &mut [u64], long: &mut Vec<u32>) {
    // listed first, for which words are long cannot be predicted
    if long.len() < words.len() {
        long.resize(words.len(), 0);
    }
    let mut n = 0;
    for (i, &[begin, end]) in (0..).zip(words) {
        long[n] = i;
        n += usize::from(end - begin > 16);
    }
    for &i in &long[..n] {
        let [begin, end] = words[i as usize];
        hashes[i as usize] = hash::long_word((end - begin) as usize, |at, n| {
            let bytes = lower[begin as usize + at..].first_chunk();
            B::first_bytes(bytes.expect("it is padded"), n)
        });
    }
}

fn hash_characters(lower: &[u8], edges: &[u32], hashes: &mut Vec<u64>) {
    for &[begin, end] in edges.as_chunks::<2>().0 {
        if !hashes.is_empty() {
            hashes.push(hash::word(b" "));
        }
        let word = &lower[begin as usize..end as usize];
        let mut from = 0;
        for place in 1..=word.len() {
            if place == word.len() || !continues(&word[place..]) {
                hashes.push(hash::word(&word[from..place]));
                from = place;
            }
        }
    }
}

/// Whether a character goes on here: in its next byte, or with an accent (U+0300 to U+036F).
#[inline(always)]
fn continues(bytes: &[u8]) -> bool {
    bytes[0] & 0xc0 == 0x80
        || bytes[0] == 0xcc
        || bytes[0] == 0xcd && bytes.get(1).is_some_and(|&next| next < 0xb0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::text::spans::plain_words;

    /// The words as `spans` finds them, character by character; marks in order and letters joined beforehand.
    fn oracle(text: &str, alphabet: Alphabet) -> Vec<u64> {
        let ordered = match alphabet {
            Alphabet::Ascii => text.into(),
            _ => crate::text::fold::ordered(text),
        };
        let found = plain_words(&ordered, alphabet);
        found.iter().map(|w| hash::word(w.as_bytes())).collect()
    }

    pub fn random_text(seed: u64, n: usize, letters: &[&str]) -> String {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = hash::mix_raw(state.wrapping_add(1));
                letters[(state >> 33) as usize % letters.len()]
            })
            .collect()
    }

    const ALL: [Alphabet; 4] = [
        Alphabet::Unicode,
        Alphabet::UnicodePieces,
        Alphabet::UnicodeJoined,
        Alphabet::Ascii,
    ];

    #[test]
    fn words_are_those_of_the_definition_on_every_level() {
        let ascii = [
            "a",
            "B",
            "z",
            "9",
            "_",
            " ",
            ",",
            "Words",
            "anextremelylongwordindeed",
            "\n",
            "\0",
            "@[`{/:",
            "3.14",
            ".",
            "-",
            "+",
            "=",
            "<",
            "C#",
            "7",
        ];
        let mixed = [
            "a",
            "É",
            "Σ",
            "ß",
            "\u{130}",
            "\u{212a}",
            "я",
            "漢",
            "ー",
            "🙂",
            "ﬁ",
            "\u{301}",
            " ",
            "x_1",
            "٣",
            "ΑΣ",
            "word",
            "ไทย",
            "ดี",
            "\u{200b}",
            "ខ្មែរ",
            "-",
            "5",
            ".",
            "½",
            "²",
            "が",
            "か",
            "\u{3099}",
            "한",
            "\u{110f}",
            "\u{1161}",
            "\u{327}",
            "ệ",
            "ﷺ",
            "＋",
            "≤",
            "∞",
            "𝟗",
            "क़",
            "ष्ण",
        ];
        for level in Simd::available() {
            for alphabet in ALL {
                let mut hasher = WordHasher::new(level, alphabet);
                for seed in 0..300 {
                    let letters: &[&str] = if seed % 2 == 0 { &ascii } else { &mixed };
                    let text = random_text(seed, (seed as usize * 7) % 400, letters);
                    assert_eq!(
                        hasher.words(text.as_bytes()).unwrap(),
                        oracle(&text, alphabet),
                        "{level:?} {alphabet:?} {text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_character_is_written_as_the_definition_says() {
        // planes 0 to 3 and 14: the others have no characters but for private use
        let all: Vec<char> = (0..0x4_0000)
            .chain(0xe_0000..0xe_1000)
            .filter_map(char::from_u32)
            .collect();
        for alphabet in ALL {
            for (chunk, between) in all.chunks(40).zip(["", " ", "x", " я"].into_iter().cycle()) {
                let spell = |c: &char| format!("{c}{between}");
                let text: String = chunk.iter().map(spell).collect();
                let want = oracle(&text, alphabet);
                for level in Simd::available() {
                    let mut hasher = WordHasher::new(level, alphabet);
                    let found = hasher.words(text.as_bytes()).unwrap();
                    assert_eq!(found, want, "{level:?} {alphabet:?} {text:?}");
                }
            }
        }
    }

    /// Lines in scripts as people write them, with marks typed before those that should stand before them.
    pub const PROSE: [&str; 16] = [
        "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
        "Příliš žluťoučký kůň úpěl ďábelské ódy; Łódź, Größe, façade, cœur, İstanbul.",
        "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια· ΐ, ᾳ, ΣΑΣ.",
        "Все люди рождаются свободными и равными в своём достоинстве; їжак, й, е\u{308}.",
        "מֹשֶׁה וְשָׁלוֹם ש\u{5c1}\u{5bc}\u{5b8}, בּ\u{5b0}",
        "مُحَمَّد ا\u{651}\u{64e}\u{655}لله، گفت\u{200c}وگو",
        "सभी मनुष्यों को जन्मजात स्वतन्त्रता प्राप्त है। बड़े क\u{94d}\u{93c} ढंग",
        "ব্যক্তি তাঁদের বিবেক; தமிழ் மனச்சாட்சியையும், ශ්‍රී ලංකා",
        "모든 인간은 태어날 때부터 자유로우며 ㅋㅋㅋ \u{1112}\u{1161}\u{11ab}",
        "すべての人間は、生まれながらにして自由で、か\u{3099}。プログラム１２《々》",
        "人人生而自由，在尊严和权利上一律平等。（他们）赋有理性’²，3＋4≤7",
        "ผู้อยู่สิทธิน้ำ ก\u{e48}\u{e38} ก\u{e48}\u{301}\u{e38} ๑๒ๆ; ຄໍາ ກໍ ກ\u{ec8}\u{eb8}",
        "ປະພຶດຕໍ່ກັນອໍ\u{200b}ຳຄໍາອໍ ໝາໝໍ",
        "ประวัติศาสตร์และวิทยาศาสตร์ทำน้ำแข็งอํ\u{200d}าอํา อํ",
        "ဖြင\u{103a}\u{1037} ဖြင\u{1037}\u{103a} ဥပမာ ဥ\u{102e} ဉာဏ်၊ မြန်မာ။",
        "មនុស្សទាំងអស់កើតមកមានសេរីភាព។ ញ្ញ\u{17b4}ឥត\u{200b}",
    ];

    #[test]
    fn every_script_has_the_words_of_the_definition_at_every_place_of_a_block() {
        for alphabet in ALL {
            for (i, line) in PROSE.iter().enumerate() {
                for n in 0..70 {
                    let other = PROSE[(i + n) % PROSE.len()];
                    let text = format!("{}{line}{other}", &"x y ".repeat(20)[..n]);
                    let want = oracle(&text, alphabet);
                    for level in Simd::available() {
                        let mut hasher = WordHasher::new(level, alphabet);
                        let found = hasher.words(text.as_bytes()).unwrap();
                        assert_eq!(found, want, "{level:?} {alphabet:?} {text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn any_number_of_marks_takes_linear_time_and_has_the_words_of_the_definition() {
        for mark in [
            "\u{301}",
            "\u{e48}\u{e38}",
            "\u{1037}",
            "\u{103a}\u{1037}",
            "\u{323}\u{301}\u{327}",
        ] {
            for n in [7, 8, 9, 30, 100_000] {
                let text = format!("a b\u{e01}{} \u{1000}{} x", mark.repeat(n), mark.repeat(n));
                for alphabet in [Alphabet::Unicode, Alphabet::UnicodePieces] {
                    let want = oracle(&text, alphabet);
                    for level in Simd::available() {
                        let mut hasher = WordHasher::new(level, alphabet);
                        assert!(
                            hasher.words(text.as_bytes()).unwrap() == want,
                            "{level:?} {alphabet:?} {mark:?} {n}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_character_has_the_words_of_its_parts() {
        let parts = icu_normalizer::DecomposingNormalizer::new_nfd();
        let mut hasher = WordHasher::new(Simd::best(), Alphabet::Unicode);
        for c in (0x80..0x3_0000).filter_map(char::from_u32) {
            for text in [format!("{c}"), format!("a{c}\u{327} b")] {
                let parted = parts.normalize(&text);
                if parted != text {
                    let want = hasher.words(parted.as_bytes()).unwrap().to_vec();
                    assert_eq!(hasher.words(text.as_bytes()).unwrap(), want, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_written_parts_no_run_of_a_script_without_spaces() {
        let mut hasher = WordHasher::new(Simd::best(), Alphabet::Unicode);
        let want = hasher.words("ဦြ".as_bytes()).unwrap().to_vec();
        for text in ["ဦ\u{3099}ြ", "ဦ\u{200d}ြ", "ဦ\u{ff9f}ြ", "ဦ\u{e0100}ြ"] {
            assert_eq!(hasher.words(text.as_bytes()).unwrap(), want, "{text:?}");
        }
    }

    #[test]
    fn segments_cut_no_word() {
        for level in Simd::available() {
            let mut hasher = WordHasher::new(level, Alphabet::Unicode);
            for n in [SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT] {
                for text in [
                    "x".repeat(n),
                    format!("{} tail", "y".repeat(n)),
                    "word ".repeat(n / 5 + 1),
                    format!("é{}", " abc".repeat(n)),
                ] {
                    assert_eq!(
                        hasher.words(text.as_bytes()).unwrap(),
                        oracle(&text, Alphabet::Unicode),
                        "{n}"
                    );
                }
            }
        }
    }

    #[test]
    fn characters_have_one_space_between_words() {
        let mut hasher = WordHasher::new(Simd::best(), Alphabet::UnicodeJoined);
        let want: Vec<u64> = ["a", "b", " ", "e\u{301}", "漢", "字"]
            .iter()
            .map(|c| hash::word(c.as_bytes()))
            .collect();
        assert_eq!(
            hasher.characters("  AB -- É漢字!".as_bytes()).unwrap(),
            want
        );
        let long = "é ".repeat(SEGMENT);
        assert_eq!(
            hasher.characters(long.as_bytes()).unwrap().len(),
            2 * SEGMENT - 1
        );
    }

    #[test]
    fn broken_utf8_is_named() {
        let mut hasher = WordHasher::new(Simd::best(), Alphabet::Ascii);
        assert_eq!(
            hasher.words(b"fine \xff"),
            Err(TextError::NotUtf8 { at: 5 })
        );
        assert_eq!(hasher.words(b"").unwrap(), [0; 0]);
    }
}
