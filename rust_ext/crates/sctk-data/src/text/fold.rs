//! What a character is where texts are compared: toNFKC_Casefold of the Unicode standard (section 3.13), and a little more.
//!
//! Compatibility forms are resolved (full-width letters, ligatures), case is folded in full (a sharp s is two s, the final
//! sigma a sigma, a dotted capital I an i with a dot), and default-ignorable characters (joiners, soft hyphens, variation
//! selectors) are nothing. Two texts are equal in this form exactly where they are equal in NFKC_Casefold, but it is
//! written *decomposed* (an accent stands behind its letter): so each character can be looked up by itself. Only Hangul
//! syllables and voiced kana stay composed.
//!
//! Where numbers and formulas are told apart by what the standard folds away, we do not: a raised 2 is `^2` and no 2, a half is
//! ` 1/2`. Digits of every script are 0 to 9, and the signs of arithmetic have one spelling (the minus sign is `-`).

use std::sync::OnceLock;

use super::dictionary::is_complex;
use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::properties::{CanonicalCombiningClassMap, CanonicalCombiningClassMapBorrowed};
use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer,
    DecomposingNormalizerBorrowed,
};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
};

const CASE: CaseMapperBorrowed<'static> = CaseMapper::new();
const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfd();
const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
const NFKD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfkd();
const IGNORABLE: CodePointSetDataBorrowed<'static> =
    CodePointSetData::new::<DefaultIgnorableCodePoint>();
const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::new();
const COMBINING: CanonicalCombiningClassMapBorrowed<'static> = CanonicalCombiningClassMap::new();

/// The comparable form of one character, in small letters; empty where it is ignored.
///
/// ```
/// use sctk_data::text::fold::folded;
/// assert_eq!(["Ａ", "ẞ", "ς", "٣", "−", "½"].map(|c| folded(c.chars().next().unwrap())), ["a", "ss", "σ", "3", "-", " 1/2"]);
/// ```
pub fn folded(c: char) -> String {
    if is_hangul_syllable(c) {
        return c.into();
    }
    if is_voicing(c) {
        return String::new(); // `ordered` has joined those that a kana can take
    }
    let mut form = special(c).unwrap_or_else(|| decomposed(c));
    loop {
        let next = NFKD.normalize(&CASE.fold_string(&form)).into_owned();
        if next == form {
            break;
        }
        form = next;
    }
    let form: String = form
        .chars()
        .filter(|&c| !is_ignorable(c))
        .flat_map(|c| match spelled(c) {
            Some(spelled) => spelled.chars().collect::<Vec<_>>(),
            None => vec![digit(c).unwrap_or(c)],
        })
        .collect();
    if form.contains(|c: char| is_voicing(c) || ('\u{1100}'..='\u{11ff}').contains(&c)) {
        return NFC.normalize(&form).into_owned();
    }
    form
}

/// The parts of one character, compatibility forms resolved.
pub(super) fn decomposed(c: char) -> String {
    NFKD.normalize(c.encode_utf8(&mut [0; 4])).into_owned()
}

/// The parts that a character is canonically equal to.
fn canonical(c: char) -> String {
    NFD.normalize(c.encode_utf8(&mut [0; 4])).into_owned()
}

/// What we write otherwise than the standard does: signs, fractions, and accents that stand by themselves (a space, and the
/// marks upon them).
fn special(c: char) -> Option<String> {
    if c.is_ascii() {
        return None;
    }
    if let Some(spelled) = spelled(c) {
        return Some(spelled.into());
    }
    let form = decomposed(c);
    if form.starts_with(' ') {
        let marks: String = canonical(c).chars().skip(1).collect();
        return Some(format!(" {marks}"));
    }
    let fraction = form.len() > c.len_utf8() && form.contains('\u{2044}');
    fraction.then(|| format!(" {}", form.replace('\u{2044}', "/"))) // 3½ is not 31/2
}

/// A text whose marks stand in canonical order, with compatibility forms resolved: for what no table of single characters can do.
/// What dictionaries cut is left as they have it.
pub fn ordered(text: &str) -> String {
    if text.chars().all(is_inert) {
        return text.into();
    }
    let mut letters = parted(text);
    for marks in letters.chunk_by_mut(|&a, &b| combining_class(a) > 0 && combining_class(b) > 0) {
        marks.sort_by_key(|&c| combining_class(c));
    }
    let letters = joined(&letters);
    let mut out = String::with_capacity(text.len());
    for run in letters.chunk_by(|&a, &b| is_complex(a) == is_complex(b)) {
        if is_complex(run[0]) {
            out.extend(run);
        } else {
            write_ordered(&run.iter().collect::<String>(), &mut out);
        }
    }
    out
}

/// Whether a character has no parts, joins nothing and stands where it stands.
fn is_inert(c: char) -> bool {
    static INERT: OnceLock<Vec<u64>> = OnceLock::new();
    let inert = INERT.get_or_init(|| {
        let mut bits = vec![0; 0x1_0000 / 64];
        for c in (0..0x1_0000).filter_map(char::from_u32) {
            let has_parts = special(c).is_some() || decomposed(c) != *c.encode_utf8(&mut [0; 4]);
            let moves = combining_class(c) > 0 || joins(c) || is_ignorable(c);
            bits[c as usize / 64] |= u64::from(!has_parts && !moves) << (c as usize % 64);
        }
        bits
    });
    let c = c as usize;
    inert
        .get(c / 64)
        .is_some_and(|bits| bits >> (c % 64) & 1 != 0)
}

/// What is compared of a text, decomposed, but for what we spell otherwise and what dictionaries cut.
fn parted(text: &str) -> Vec<char> {
    let mut letters = Vec::with_capacity(text.len());
    for c in text.chars().filter(|&c| !is_ignorable(c)) {
        if c == '\u{2260}' {
            letters.extend(['=', '\u{338}']); // as it may have been written
        } else if is_inert(c) || is_complex(c) {
            letters.push(c);
        } else if special(c).is_some() {
            letters.extend(canonical(c).chars());
        } else {
            letters.extend(decomposed(c).chars());
        }
    }
    letters
}

/// With `PAIRS` joined, and then in our spelling.
fn joined(letters: &[char]) -> Vec<char> {
    let mut out = Vec::with_capacity(letters.len());
    let mut rest = letters.iter().copied().peekable();
    while let Some(c) = rest.next() {
        let pair = PAIRS.iter().find(|pair| pair.0 == c);
        let pair = pair.filter(|pair| rest.next_if_eq(&pair.1).is_some());
        let c = pair.map_or(c, |pair| pair.2);
        if is_inert(c) {
            out.push(c);
            continue;
        }
        match special(c) {
            Some(form) => out.extend(form.chars()),
            None => out.push(c),
        }
    }
    out
}

fn write_ordered(text: &str, out: &mut String) {
    let composed = NFKC.normalize(text);
    let stays = |c: char| is_hangul_syllable(c) || is_kana(c) && !is_voicing(c);
    let mut rest: &str = &composed;
    while let Some(first) = rest.chars().next() {
        let end = rest
            .find(|c| stays(c) != stays(first))
            .unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        if stays(first) {
            out.push_str(run);
        } else {
            NFKD.normalize_to(run, out)
                .expect("a String takes what is written");
        }
        rest = tail;
    }
}

/// What is compared character by character: equal for equal characters, however their accents are written.
pub fn composed(text: &str) -> std::borrow::Cow<'_, str> {
    NFC.normalize(text)
}

fn is_kana(c: char) -> bool {
    ('\u{3041}'..='\u{30ff}').contains(&c)
}

fn is_voicing(c: char) -> bool {
    matches!(c, '\u{3099}' | '\u{309a}' | '\u{ff9e}' | '\u{ff9f}')
}

fn is_hangul_syllable(c: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&c)
}

/// Pairs that are one sign: not equal, the vowels am of Thai and Lao (which NFKC parts), a vowel of Burmese (which NFD parts).
const PAIRS: [(char, char, char); 4] = [
    ('=', '\u{338}', '\u{2260}'),
    ('\u{e4d}', '\u{e32}', '\u{e33}'),
    ('\u{ecd}', '\u{eb2}', '\u{eb3}'),
    ('\u{1025}', '\u{102e}', '\u{1026}'),
];

/// What the character joins where it stands right behind it: of `PAIRS` that begin beyond ASCII.
pub fn joined_by(first: u32) -> Option<char> {
    let pair = PAIRS.iter().find(|pair| pair.0 as u32 == first);
    pair.filter(|pair| !pair.0.is_ascii()).map(|pair| pair.1)
}

/// Whether the character is nothing where texts are compared.
pub fn is_ignorable(c: char) -> bool {
    !c.is_ascii() && IGNORABLE.contains(c)
}

/// Whether this character may join the one beside it, so that the table of single characters is not enough: conjoining
/// Hangul, the voicing marks of kana, and `PAIRS`.
pub fn joins(c: char) -> bool {
    matches!(c as u32,
        0x338 | 0xe4d | 0xecd | 0x1025 | 0x1100..=0x11ff | 0x3099..=0x309a | 0x3131..=0x318e | 0xa960..=0xa97f | 0xd7b0..=0xd7ff | 0xff9e..=0xffdc)
}

/// The canonical combining class, 0 for what is no mark.
pub fn combining_class(c: char) -> u8 {
    if c.is_ascii() { 0 } else { COMBINING.get_u8(c) }
}

/// Whether the character belongs to a word: a letter, a mark (not an enclosing one), a number, or `_`.
pub fn is_word(c: char) -> bool {
    use GeneralCategory as G;
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    matches!(
        CATEGORY.get(c),
        G::UppercaseLetter
            | G::LowercaseLetter
            | G::TitlecaseLetter
            | G::ModifierLetter
            | G::OtherLetter
            | G::NonspacingMark
            | G::SpacingMark
            | G::DecimalNumber
            | G::LetterNumber
            | G::OtherNumber
    )
}

/// Whether the character is an operator or a relation, and so a word by itself; arrows are not.
pub fn is_symbol(c: char) -> bool {
    !c.is_ascii()
        && CATEGORY.get(c) == GeneralCategory::MathSymbol
        && !('\u{2190}'..='\u{21ff}').contains(&c)
}

/// Whether the character is a sign of money.
pub fn is_currency(c: char) -> bool {
    c == '$' || !c.is_ascii() && CATEGORY.get(c) == GeneralCategory::CurrencySymbol
}

/// The digit of ASCII for a digit of another script; the ten of each stand in a row, 0 first.
fn digit(c: char) -> Option<char> {
    let is_digit = |c: u32| CATEGORY.get32(c) == GeneralCategory::DecimalNumber;
    if c.is_ascii() || !is_digit(c as u32) {
        return None;
    }
    let before = (1..=c as u32)
        .take_while(|&n| is_digit(c as u32 - n))
        .count();
    char::from_digit(before as u32 % 10, 10)
}

/// The signs of arithmetic and of numbers in one spelling.
fn spelled(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{ff0d}' | '\u{fe63}' => "-",
        '\u{d7}' | '\u{2217}' | '\u{22c5}' | '\u{2219}' => "*",
        '\u{f7}' | '\u{2044}' | '\u{2215}' => "/",
        '\u{2264}' | '\u{2a7d}' => "<=",
        '\u{2265}' | '\u{2a7e}' => ">=",
        '\u{2260}' => "!=",
        '\u{66b}' => ".",
        '\u{66c}' => ",",
        '\u{66a}' => "%",
        '\u{2070}' => "^0",
        '\u{b9}' => "^1",
        '\u{b2}' => "^2",
        '\u{b3}' => "^3",
        '\u{2074}' => "^4",
        '\u{2075}' => "^5",
        '\u{2076}' => "^6",
        '\u{2077}' => "^7",
        '\u{2078}' => "^8",
        '\u{2079}' => "^9",
        '\u{207a}' => "^+",
        '\u{207b}' => "^-",
        _ => return None,
    })
}
