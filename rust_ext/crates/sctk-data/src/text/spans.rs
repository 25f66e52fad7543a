//! Where the words of a text stand in it, and what they are: for reports, and for whoever wants to see words.
//!
//! Character by character, since folding changes how many bytes a character has; only few texts are looked at this way.

use std::ops::Range;

use super::block::{Block, Scalar};
use super::dictionary;
use super::edges::note_signs;
use super::fold::{self, composed};
use super::plain::form_of;
use super::signs;
use super::unicode::{self, Alphabet, Form};

/// Where the words of `text` stand in it, as bytes: as many as `WordHasher::words` yields, found character by character.
///
/// ```
/// use sctk_data::text::{Alphabet, spans::spans};
/// assert_eq!(spans("Ä-b 漢字", Alphabet::Unicode), [0..2, 3..4, 5..8, 8..11]);
/// ```
pub fn spans(text: &str, alphabet: Alphabet) -> Vec<Range<usize>> {
    let found = Traced::new(text, alphabet, of_table);
    found.words().map(|(_, span)| span).collect()
}

/// The words of `text` as they are compared, accents composed (NFC).
///
/// ```
/// use sctk_data::text::{Alphabet, spans::words};
/// assert_eq!(words("Die Straße: −5 €, C++", Alphabet::Unicode), ["die", "strasse", "-5", "c++"]);
/// assert_eq!(words("ｶﾞ x =\u{338} 3", Alphabet::Unicode), ["ガ", "x", "!=", "3"]);
/// ```
pub fn words(text: &str, alphabet: Alphabet) -> Vec<String> {
    let ordered = match alphabet {
        Alphabet::Ascii => text.into(),
        _ => fold::ordered(text),
    };
    let found = Traced::new(&ordered, alphabet, of_table);
    let spell = |(word, _): (&str, _)| composed(word).into_owned();
    found.words().map(spell).collect()
}

/// As `words`, as they stand in the plain form: what is hashed, by the definition of each character. Marks must be in order
/// (`fold::ordered`).
pub fn plain_words(text: &str, alphabet: Alphabet) -> Vec<String> {
    let found = Traced::new(text, alphabet, defined);
    found.words().map(|(word, _)| word.to_owned()).collect()
}

/// A word of a text that was not cut by dictionary, cut.
pub(super) fn cut(word: &str) -> Vec<&str> {
    let mut from = 0;
    let mut parts = vec![];
    for cut in cuts(word, Alphabet::Unicode, of_table)
        .into_iter()
        .chain([word.len()])
    {
        if cut > from {
            parts.push(&word[from..cut]);
            from = cut;
        }
    }
    parts
}

/// What a character is written as, and whether its words are found by dictionary.
type Look = fn(char, Alphabet) -> (Spelled, bool);

/// What a character is written as: few bytes of a table, or any number.
enum Spelled {
    Few([u8; 8], usize),
    Many(String),
}

impl Spelled {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Few(bytes, n) => &bytes[..*n],
            Self::Many(form) => form.as_bytes(),
        }
    }
}

/// By definition.
fn defined(c: char, alphabet: Alphabet) -> (Spelled, bool) {
    let is_complex = alphabet == Alphabet::Unicode && dictionary::is_complex(c);
    (Spelled::Many(unicode::written(c, alphabet)), is_complex)
}

/// The same, looked up.
fn of_table(c: char, alphabet: Alphabet) -> (Spelled, bool) {
    match form_of(c, alphabet) {
        Some(form) if form.heed() & Form::LONG == 0 => {
            let is_complex = form.heed() & Form::COMPLEX != 0;
            (Spelled::Few(form.bytes(), form.n()), is_complex)
        }
        _ => defined(c, alphabet),
    }
}

/// The plain form of a text, and where each of its bytes came from.
struct Traced {
    plain: String,
    /// The character of the text that each byte of the plain form is of, as bytes.
    from: Vec<(usize, usize)>,
    alphabet: Alphabet,
}

impl Traced {
    fn new(text: &str, alphabet: Alphabet, look: Look) -> Self {
        let mut traced = Self {
            plain: String::with_capacity(text.len()),
            from: Vec::with_capacity(text.len()),
            alphabet,
        };
        let cuts = cuts(text, alphabet, look);
        let mut cuts = cuts.iter().peekable();
        for (at, c) in text.char_indices() {
            let span = (at, at + c.len_utf8());
            while cuts.next_if(|&&cut| cut <= at).is_some() {
                traced.push(b" ", span);
            }
            traced.push(look(c, alphabet).0.bytes(), span);
        }
        traced
    }

    fn push(&mut self, form: &[u8], span: (usize, usize)) {
        let form = str::from_utf8(form).expect("forms are UTF-8");
        let from = self.plain.len();
        self.plain.push_str(form);
        self.plain[from..].make_ascii_lowercase();
        self.from.extend(std::iter::repeat_n(span, form.len()));
    }

    fn words(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let edges = edges(&self.plain, self.alphabet);
        let mut at = 0;
        std::iter::from_fn(move || {
            let (begin, end) = (*edges.get(at)? as usize, edges[at + 1] as usize);
            at += 2;
            let span = self.from[begin].0..self.from[end - 1].1;
            Some((&self.plain[begin..end], span))
        })
    }
}

/// Where words of scripts without spaces are parted by dictionary, as bytes of the text.
fn cuts(text: &str, alphabet: Alphabet, look: Look) -> Vec<usize> {
    let mut cuts = vec![];
    if alphabet != Alphabet::Unicode {
        return cuts;
    }
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if !look(c, alphabet).1 {
            continue;
        }
        let script = dictionary::script_of(c);
        let mut run = vec![(at, c)];
        let mut end_of_run = at + c.len_utf8();
        while let Some(&(at, next)) = characters.peek() {
            let (form, is_complex) = look(next, alphabet);
            let own = is_complex && dictionary::script_of(next) == script;
            let ignored = form.bytes().is_empty();
            if !own && !ignored {
                break;
            }
            if own {
                run.push((at, next));
                end_of_run = at + next.len_utf8();
            }
            characters.next();
        }
        let dictionary = dictionary::dictionary(script.expect("it is complex"));
        let mut symbols: Vec<u8> = run.iter().map(|&(_, c)| dictionary.symbol(c)).collect();
        symbols.push(dictionary::END);
        let mut ends = vec![];
        dictionary.cut(&symbols, &mut ends);
        cuts.push(at);
        let place = |end: &u32| run.get(*end as usize).map_or(end_of_run, |&(at, _)| at);
        cuts.extend(ends.iter().map(place));
    }
    cuts
}

/// Where the words of a plain text begin and end, by turns.
pub fn edges(plain: &str, alphabet: Alphabet) -> Vec<u32> {
    let text = plain.as_bytes();
    let all = alphabet != Alphabet::Ascii;
    let is_word =
        |&byte: &u8| byte.is_ascii_alphanumeric() || all && (byte == b'_' || byte >= 0x80);
    let mut edges = vec![];
    let mut at = 0;
    for run in text.chunk_by(|a, b| is_word(a) == is_word(b)) {
        if is_word(&run[0]) {
            edges.extend([at as u32, (at + run.len()) as u32]);
        }
        at += run.len();
    }
    if !all {
        return edges;
    }
    let mut places = vec![];
    for (i, piece) in text.chunks(64).enumerate() {
        let mut block = [0; 64];
        block[..piece.len()].copy_from_slice(piece);
        note_signs(Scalar::signs(&block), 64 * i, &mut places);
    }
    let n = edges.len();
    edges.resize(2 * text.len() + 2, 0);
    let n = signs::apply(text, 0, &places, &mut edges, n, &mut vec![]);
    edges.truncate(n);
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words::tests::random_text;
    use crate::text::{Simd, WordHasher, hash};

    #[test]
    fn spans_are_those_of_the_words() {
        let mixed = [
            "a",
            "É",
            "ß",
            "\u{130}",
            "\u{212a}",
            "я",
            "漢",
            "ー",
            "🙂",
            "\u{301}",
            " ",
            "x_1",
            "word",
            "ΑΣ",
            "ไทย",
            "ดี",
            "\u{200b}",
            "ខ្មែរ",
            "ລາວ",
            "မြန်မာ",
            "3",
            ".",
            "-",
            "5",
            "+",
            "½",
            "が",
            "한",
            "＝",
            "≤",
            "\u{327}",
            "ﷺ",
        ];
        for alphabet in [
            Alphabet::Unicode,
            Alphabet::UnicodePieces,
            Alphabet::UnicodeJoined,
            Alphabet::Ascii,
        ] {
            let mut hasher = WordHasher::new(Simd::best(), alphabet);
            for seed in 0..100 {
                let text = random_text(seed, 4 * seed as usize, &mixed);
                let hashes = hasher.words(text.as_bytes()).unwrap();
                assert_eq!(
                    spans(&text, alphabet).len(),
                    hashes.len(),
                    "{alphabet:?} {text:?}"
                );
                for (span, &hash) in spans(&text, alphabet).into_iter().zip(hashes) {
                    let alone = &text[span];
                    // a word stands for itself, unless it was cut out of a run or lost a sign that others gave it
                    if let [word] = &words(alone, alphabet)[..]
                        && word.is_ascii()
                        && !alone.contains('.')
                    {
                        assert_eq!(hash::word(word.as_bytes()), hash, "{text:?} {alone:?}");
                    }
                }
            }
        }
    }
}
