//! The form in which whole answers are compared: equal where two answers say the same in the same words.
//!
//! A number is compared as the number that it is (`numbers`). Any other answer is its words (`spans`), folded, with the signs
//! that belong to them, one space between two; an apostrophe, and the points within an abbreviation, are nothing (`U.S.` is
//! `us`), and a, an, the are nothing before another word. An answer without a word (an emoji) is itself.

use super::dictionary::is_complex;
use super::fold::{is_currency, is_word};
use super::letters::{Letters, is_article, is_long, parts_an_article};
use super::marks;
use super::numbers;
use super::simd::Simd;
use super::spans::edges;
use super::unicode::{Alphabet, written};

/// Stands for a comma between digits that are no thousands; no text has it, for its folded form is another.
const COMMA: char = '\u{ff0c}';

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

/// The definition of `comparable`, character by character: what the short ways are tested against.
pub fn plain_comparable(text: &str) -> String {
    let mut out = Vec::new();
    write_closely(text, &mut out);
    end_form(text, 0, &mut out);
    String::from_utf8(out).expect("words of a text are text")
}

/// Writes comparable forms; keeps its working memory between answers, so one per thread.
#[derive(Default)]
pub struct Answers(Letters);

impl Answers {
    /// Appends the comparable form of an answer.
    pub fn write(&mut self, simd: Simd, text: &str, out: &mut Vec<u8>) {
        let start = out.len();
        let done = if text.is_ascii() {
            write_letters(text.as_bytes(), out)
        } else {
            self.0.write(simd, text, out)
        };
        if !done {
            out.truncate(start);
            write_closely(text, out);
        }
        end_form(text, start, out);
    }
}

/// An answer without a word is itself.
fn end_form(text: &str, start: usize, out: &mut Vec<u8>) {
    if out.len() == start {
        out.extend_from_slice(super::fold::composed(text.trim()).as_bytes());
    }
}

/// Appends the number or the words that an answer is.
fn write_closely(text: &str, out: &mut Vec<u8>) {
    let spelled = spelled(text);
    match numbers::of_plain(&spelled) {
        Some(number) => out.extend_from_slice(number.as_bytes()),
        None => write_words(&spelled, out),
    }
}

/// The text folded, as far as numbers are concerned in ASCII: signs of money are gone, and so are spaces that set thousands apart.
pub(super) fn spelled(text: &str) -> String {
    let ordered = super::fold::ordered(text);
    let letters = marks::meant(ordered.chars().collect());
    let mut out = String::with_capacity(text.len());
    let is_digit = |i: usize| letters.get(i).is_some_and(|c| c.is_numeric());
    let joins = |i: usize| letters.get(i).is_some_and(|&c| is_word(c));
    let raw: Vec<char> = text.chars().collect();
    if raw
        .iter()
        .any(|c| matches!(c, '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}'))
    {
        let narrow = without_narrow_spaces(&raw);
        if narrow.len() < raw.len() {
            return spelled(&narrow.into_iter().collect::<String>());
        }
    }
    for (i, &c) in letters.iter().enumerate() {
        if is_currency(c) {
            if c == '$' {
                numbers::drop_country(&mut out);
            }
            if i > 0 && joins(i - 1) && joins(i + 1) {
                out.push(' ');
            }
        } else if c == '\'' && i > 0 && is_digit(i - 1) && is_digit(i + 1) {
            out.push(c);
        } else if matches!(c, '\'' | '\u{2019}') && i > 0 && joins(i - 1) && joins(i + 1) {
            // an apostrophe
        } else if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
        } else if marks::is_kept(c) {
            out.extend([' ', c, ' ']);
        } else if is_complex(c) {
            out.push(c); // as the dictionaries have it: `write_words` cuts, and then folds
        } else {
            out.push_str(&written(c, Alphabet::Unicode).to_ascii_lowercase());
        }
    }
    out
}

/// Without the spaces that do not break between a digit and three more.
fn without_narrow_spaces(text: &[char]) -> Vec<char> {
    let is_digit = |i: usize| text.get(i).is_some_and(char::is_ascii_digit);
    let sets_apart = |i: usize| {
        matches!(text[i], '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}')
            && i > 0
            && is_digit(i - 1)
            && (1..4).all(|n| is_digit(i + n))
            && !is_digit(i + 4)
    };
    (0..text.len())
        .filter(|&i| !sets_apart(i))
        .map(|i| text[i])
        .collect()
}

/// The words of an answer as answers are compared, articles among them, accents composed.
///
/// ```
/// use sctk_data::text::answers::words;
/// assert_eq!(words("The U.S. pays $1,000.50, or 5/6"), ["the", "us", "pays", "1000.5", "or", "5", "/", "6"]);
/// assert_eq!(words("👍"), [""; 0]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    let plain = with_numbers(&without_points(&spelled(text)));
    cut(&plain)
        .into_iter()
        .map(|word| {
            let mut out = Vec::with_capacity(word.len());
            write_word(word, &mut out);
            let word = String::from_utf8(out).expect("words of a text are text");
            super::fold::composed(&word).into_owned()
        })
        .collect()
}

/// Appends the words of a spelled text, numbers among them in one spelling.
fn write_words(spelled: &str, out: &mut Vec<u8>) {
    let start = out.len();
    let plain = with_numbers(&without_points(spelled));
    let words = cut(&plain);
    for (i, word) in words.iter().enumerate() {
        let nothing = is_article(word.as_bytes());
        let before_a_word = words.get(i + 1).is_some_and(|next| {
            let place = |piece: &str| piece.as_ptr() as usize - plain.as_ptr() as usize;
            let (end, begin) = (place(word) + word.len(), place(next));
            let gap = &plain.as_bytes()[end..begin];
            next.starts_with(is_word)
                && parts_an_article(gap)
                && is_long(&plain.as_bytes()[begin..])
        });
        if nothing && before_a_word {
            continue;
        }
        if out.len() > start {
            out.push(b' ');
        }
        write_word(word, out);
    }
}

/// The words of a text whose numbers are in one spelling.
fn cut(plain: &str) -> Vec<&str> {
    edges(plain, Alphabet::Unicode)
        .as_chunks::<2>()
        .0
        .iter()
        .flat_map(|&[begin, end]| super::spans::cut(&plain[begin as usize..end as usize]))
        .collect()
}

/// Appends a word, folded.
fn write_word(word: &str, out: &mut Vec<u8>) {
    for c in word.chars() {
        match c {
            COMMA => out.push(b','),
            _ if is_complex(c) => {
                out.extend_from_slice(written(c, Alphabet::UnicodeJoined).as_bytes());
            }
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Without the points between letters.
fn without_points(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_letter = |i: usize| {
        letters
            .get(i)
            .is_some_and(|&c| is_word(c) && !c.is_numeric())
    };
    (0..letters.len())
        .filter(|&i| !(letters[i] == '.' && i > 0 && is_letter(i - 1) && is_letter(i + 1)))
        .map(|i| letters[i])
        .collect()
}

/// With each run of digits, points and commas as the number that it is; one that may be two stays, its commas with it.
fn with_numbers(text: &str) -> String {
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'\'');
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let n = bytes[at..].iter().take_while(|b| is_part(b)).count();
        if n == 0 {
            let c = text[at..].chars().next().expect("it goes on");
            out.push(c);
            at += c.len_utf8();
            continue;
        }
        let run = &text[at..at + n];
        let digits = run.trim_end_matches(['.', ',', '\'']);
        let begins = digits.trim_start_matches([',', '\'']);
        let alone = !out.ends_with(is_word);
        let found = numbers::decimal(begins).filter(|_| alone && begins.len() == digits.len());
        match found {
            Some(number) => out.push_str(&number),
            None => out.push_str(&digits.replace(',', &COMMA.to_string())),
        }
        out.push_str(&run[digits.len()..]);
        at += n;
    }
    out
}

/// The form of a text of letters and simple punctuation; false: it needs a closer look.
fn write_letters(text: &[u8], out: &mut Vec<u8>) -> bool {
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
        b'&' | b'|' | b'~' | b'[' | b']' | b'{' | b'}' => true,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(text: &str) -> String {
        let mut out = vec![];
        write_words(&spelled(text), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn letters_go_the_short_way_to_the_same_form() {
        for text in [
            "The cat",
            "a",
            "A.",
            "the the end",
            "vitamin a",
            "an A",
            "U.S.A.",
            "don't",
            "well-known fact",
            "x_y, z!",
            "e.g. this",
            "a (the) b",
            "  spaced \t out\n",
            "the",
            "a an the",
            "I. am",
            "o'clock'",
            "'quoted'",
            "end.",
            "a-b",
            "x-ray",
            "A, B",
            "a b",
            "a U.S. dog",
            "the 'end'",
            "a, dog",
            "a *dog*",
            "x!",
            "!p",
            "no!",
            "f'(x)",
            "f'",
            "say 'x'",
            "dogs'",
            "(a)!",
            "(a)'",
            "A- b",
            "R&D",
            "a|b",
            "~p",
            "{a, b}",
            "the; end",
            "a \"b\" c",
            "x\"",
            "an o'clock",
            "a u.s",
        ] {
            assert_eq!(comparable(text), slow(text), "{text:?}");
        }
    }

    #[test]
    fn every_character_goes_the_short_way_to_the_same_form() {
        let mut answers = Answers::default();
        for c in (0x80..0x2_0000).filter_map(char::from_u32) {
            for text in [format!("{c}"), format!("the{c}\u{2019}a.{c} {c}-b")] {
                let mut found = vec![];
                answers.write(Simd::best(), &text, &mut found);
                assert_eq!(
                    str::from_utf8(&found).unwrap(),
                    plain_comparable(&text),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn different_answers_stay_different() {
        let all = [
            "-5",
            "5",
            "3.14",
            "314",
            "1/2",
            "12",
            "x > 3",
            "x < 3",
            "x = 3",
            "C",
            "C++",
            "C#",
            "1,5",
            "15",
            "1.5",
            "1.000",
            "1",
            "50%",
            "50",
            "2^10",
            "210",
            "10²",
            "102",
            "3½",
            "31/2",
            "∞",
            "±5",
            "√2",
            "A",
            "B",
            "x",
            "👍",
            "👎",
            "",
            "?",
            "!",
            "5 km",
            "5 m",
            "नहीं",
            "हाँ",
            "12:30",
            "1230",
            "(1, 2)",
            "(1, 3)",
            "x + y",
            "x - y",
            "x * y",
            "≠ 5",
            "¬p",
            "p",
            "-∞",
            "A-",
            "A+",
            "B-",
            "AB",
            "AB+",
            "O-",
            "O",
            "3!",
            "3!!",
            "3",
            "n!",
            "n",
            "[1,2)",
            "(1,2]",
            "[1,2]",
            "(1,2)",
            "]1,2[",
            "{1,2}",
            "|y|",
            "y",
            "y'",
            "y''",
            "~p",
            "a&b",
            "a|b",
            "a&&b",
            "A→B",
            "A←B",
            "A⇒B",
            "A B",
            "A<->B",
            "B♭",
            "B♯",
            "°C",
            "5‰",
            "5'",
            "5\"",
            "C--",
            "K♠",
            "K♥",
            "-π",
            "π",
            "-x",
            "(1, 2, 3)",
            "the answer A, B",
            "B, C",
            "Cl-",
            "Cl",
            "Na+",
            "Na",
            "5+",
            "5'6\"",
            "a∖b",
            "½ cup",
            "1 of 2",
            "90°",
        ];
        for (i, one) in all.iter().enumerate() {
            for other in &all[..i] {
                assert_ne!(comparable(one), comparable(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn equal_answers_are_equal() {
        for group in [
            &[
                "Paris",
                "paris.",
                "PARIS!",
                "\u{ff30}aris",
                "Pa\u{ad}ris",
                "the Paris",
                "“Paris”",
                "**Paris**",
            ][..],
            &[
                "1,000 dollars",
                "1000 dollars",
                "$1,000.00 dollars",
                "1000",
                "1 000",
                "1000 USD",
                "EUR 1000",
                "US$1,000",
                "Rs. 1000",
                "Rs.1000",
                "1000 kr",
                "1000円",
                "1 000 元",
                "NT$1000",
                "HK$ 1000",
                "A$1,000",
                "1 000 ₽",
                "1000 Kč",
                "1,000원",
            ],
            &["-1000", "-1 000", "-1000 EUR", "(-1000)", "-$1000"],
            &[
                "\"B\"", "B", "'B'", "(B)", "B.", "**B**", "B!", "`B`", "“B”", "‘B’",
            ],
            &["[1, 2)", "[1,2)", "[1,2)."],
            &["(x, y)", "x, y"],
            &["[Paris, Rome]", "Paris, Rome"],
            &["A -> B", "A→B", "A-->B"],
            &["!p", "¬p"],
            &["R&D", "R & D", "R and D"],
            &["20 °C", "20°C", "20 ℃"],
            &["y'", "y′", "y’"],
            &["a dog", "dog", "A \"dog\"", "the dog!"],
            &["✓ Paris", "Paris ✅", "• Paris", "★ Paris"],
            &["Paris - yes", "Paris, yes", "Paris — yes"],
            &["- Paris", "Paris"],
            &["Café", "cafe\u{301}", "CAFÉ"],
            &["x>3", "x > 3"],
            &["ΟΔΟΣ", "οδος", "οδοσ"],
            &["straße", "STRASSE"],
            &["ไม่ใช่ครับ", "ไม่ใช่\u{200b}ครับ"],
            &["ガ", "ｶﾞ", "カ\u{3099}"],
            &["한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"],
            &["x = 5", "x=5.", "X = 5"],
            &["it’s", "it's", "its"],
            &["x − 1", "x - 1", "x – 1"],
        ] {
            for text in group {
                assert_eq!(comparable(text), comparable(group[0]), "{text:?}");
            }
        }
    }
}
