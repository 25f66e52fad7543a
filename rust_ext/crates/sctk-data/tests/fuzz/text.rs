//! Words, characters and shingles, on every SIMD level.

use proptest::prelude::*;
use sctk_data::dedup::{SLOTS, Shingle, Shingler, first_rows_normalised, sketch_flat};
use sctk_data::text::{Alphabet, WordHasher, answers, fold, hash, numbers, spans};
use sctk_data::watch::Unwatched;
use std::collections::HashMap;
use std::mem::MaybeUninit;

use crate::{bytes, cases, levels, text};

/// The words of a text, found character by character; where marks must change places, they have.
pub fn plain_words(text: &str, alphabet: Alphabet) -> Vec<String> {
    if alphabet == Alphabet::Ascii {
        return spans::plain_words(text, alphabet);
    }
    spans::plain_words(&fold::ordered(text), alphabet)
}

const ALPHABETS: [Alphabet; 4] = [
    Alphabet::Unicode,
    Alphabet::UnicodePieces,
    Alphabet::UnicodeJoined,
    Alphabet::Ascii,
];

/// What answers are made of: words, and what may join them or part them.
const ANSWER_WORDS: &[&str] = &[
    "the",
    "a",
    "An",
    "да",
    "я",
    "А",
    "é",
    "E\u{301}",
    "ไทย",
    "ดี",
    "ก",
    "ខ្មែរ",
    "漢",
    "かな",
    "한",
    "नहीं",
    "हाँ",
    "لا",
    "x",
    "'",
    "\u{2019}",
    "\u{2018}",
    "#",
    "@",
    "\\",
    "{",
    "}",
    "[",
    "|",
    "&",
    "~",
    "!",
    "1,000",
    ".",
    "-",
    "\u{2013}",
    "\u{2014}",
    "…",
    "．",
    "＇",
    ",",
    "$",
    "€",
    "≈",
    "√",
    "5",
    "٣",
    "፩",
    "〇",
    "½",
    "🙂",
    "\u{200d}",
    "\u{ad}",
    "_",
    "(",
    ")",
    "C#",
    "+",
    "%",
    "\u{a0}",
    "Ω",
    "ß",
    "ŉ",
    "№",
    "ﬁ",
    "\n",
    "  ",
];

/// The characters of a text, each with its accents.
pub fn characters(text: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![];
    for c in text.chars() {
        match found.last_mut() {
            Some(last) if ('\u{300}'..='\u{36f}').contains(&c) && last != " " => last.push(c),
            _ => found.push(c.into()),
        }
    }
    found
}

fn hashes(words: &[String]) -> Vec<u64> {
    words
        .iter()
        .map(|word| hash::word(word.as_bytes()))
        .collect()
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn words_are_those_of_the_definition(text in text(300)) {
        for alphabet in ALPHABETS {
            let want = hashes(&plain_words(&text, alphabet));
            for level in levels() {
                let mut hasher = WordHasher::new(level, alphabet);
                prop_assert_eq!(hasher.words(text.as_bytes()).unwrap(), &want[..], "{:?} {:?}", level, alphabet);
            }
            if spans::plain_words(&text, alphabet) == plain_words(&text, alphabet) {
                prop_assert_eq!(spans::spans(&text, alphabet).len(), want.len());
            }
        }
    }

    #[test]
    fn equal_texts_have_equal_words(text in text(200)) {
        let hashes = |text: &str| {
            let mut hasher = WordHasher::new(levels()[0], Alphabet::Unicode);
            hasher.words(text.as_bytes()).unwrap().to_vec()
        };
        let nfd = icu_normalizer::DecomposingNormalizer::new_nfd().normalize(&text).into_owned();
        let nfc = icu_normalizer::ComposingNormalizer::new_nfc().normalize(&text).into_owned();
        let invisible: String = text.chars().flat_map(|c| [c, '\u{ad}']).collect();
        for other in [&nfd, &nfc, &invisible] {
            prop_assert_eq!(hashes(other), hashes(&text));
        }
    }

    #[test]
    fn answers_are_equal_where_they_are_written_again(text in text(60)) {
        let form = answers::comparable(&text);
        let nfd = icu_normalizer::DecomposingNormalizer::new_nfd().normalize(&text).into_owned();
        prop_assert_eq!(answers::comparable(&nfd), form.clone());
        if let Some(number) = numbers::number(&text) {
            prop_assert_eq!(&number, &form);
        }
    }

    #[test]
    fn answers_are_those_of_the_definition(text in text(60), words in proptest::collection::vec(proptest::sample::select(ANSWER_WORDS), 0..8)) {
        for text in [text, words.concat(), words.join(" ")] {
            let want = answers::plain_comparable(&text);
            for level in levels() {
                let mut found = vec![];
                answers::Answers::default().write(level, &text, &mut found);
                prop_assert_eq!(str::from_utf8(&found).unwrap(), &want[..], "{:?} {:?}", level, text);
            }
        }
    }

    #[test]
    fn integers_are_themselves_in_every_spelling(n in any::<i32>()) {
        let plain = n.to_string();
        let mut groups: Vec<String> = vec![];
        let mut rest = n.unsigned_abs();
        while rest >= 1000 {
            groups.push(format!("{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.push(rest.to_string());
        groups.reverse();
        let sign = if n < 0 { "\u{2212}" } else { "" };
        for mark in [",", "'", "\u{202f}"] {
            prop_assert_eq!(numbers::number(&format!("{sign}€{}", groups.join(mark))), Some(plain.clone()));
        }
        prop_assert_eq!(numbers::number(&format!("{plain}.00")), Some(plain));
    }

    #[test]
    fn characters_are_those_of_the_words(text in text(200)) {
        let joined = plain_words(&text, Alphabet::UnicodeJoined).join(" ");
        let want: Vec<u64> = characters(&joined).iter().map(|c| hash::word(c.as_bytes())).collect();
        for level in levels() {
            let mut hasher = WordHasher::new(level, Alphabet::UnicodeJoined);
            prop_assert_eq!(hasher.characters(text.as_bytes()).unwrap(), &want[..], "{:?}", level);
        }
    }

    #[test]
    fn any_bytes_are_words_or_a_named_fault(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for level in levels() {
            let mut hasher = WordHasher::new(level, Alphabet::Unicode);
            let found = hasher.words(&bytes).map(<[u64]>::to_vec);
            match std::str::from_utf8(&bytes) {
                Ok(text) => prop_assert_eq!(found.unwrap(), hashes(&plain_words(text, Alphabet::Unicode))),
                Err(error) => prop_assert_eq!(
                    found.unwrap_err(),
                    sctk_data::text::TextError::NotUtf8 { at: error.valid_up_to() }
                ),
            }
        }
    }

    #[test]
    fn rows_are_the_same_where_their_words_are(texts in proptest::collection::vec(text(90), 1..12), copies in 0_usize..3) {
        let mut rows = texts.clone();
        for (i, text) in texts.iter().cycle().take(copies * texts.len()).enumerate() {
            let between = ["", " ", "、", ", ", "-", "\u{200b}", "漢", ".5"][i % 8];
            rows.push(text.chars().map(|c| format!("{c}{}", if i % 3 == 0 { between } else { "" })).collect());
            rows.push(fold::ordered(text).to_uppercase());
            rows.push(text.replace(' ', between));
        }
        let mut first = HashMap::new();
        let want: Vec<u32> = rows
            .iter()
            .enumerate()
            .map(|(i, row)| {
                let words = plain_words(row, Alphabet::UnicodePieces);
                let bytes = if words.is_empty() { row.clone() } else { String::new() };
                *first.entry((words, bytes)).or_insert(i as u32)
            })
            .collect();
        for level in levels() {
            let found = first_rows_normalised(&bytes(&rows), level, 1, &Unwatched).unwrap();
            prop_assert_eq!(&found, &want, "{:?} {:?}", level, rows);
        }
    }

    #[test]
    fn shingles_are_equal_where_their_words_are(text in text(150), n in 1_usize..15) {
        let words = plain_words(&text, Alphabet::UnicodePieces);
        let runs: Vec<&[String]> = match words.len() {
            0 => vec![],
            t => words.windows(n.min(t)).collect(),
        };
        let mut of_run = HashMap::new();
        let plain = Shingler::new(levels()[0], Shingle::Words(n)).shingles(text.as_bytes()).unwrap().to_vec();
        prop_assert_eq!(plain.len(), runs.len());
        for (run, &hash) in runs.iter().zip(&plain) {
            prop_assert_eq!(*of_run.entry(*run).or_insert(hash), hash);
        }
        let distinct: std::collections::HashSet<u64> = plain.iter().copied().collect();
        prop_assert_eq!(distinct.len(), of_run.len());
        for level in levels() {
            let mut shingler = Shingler::new(level, Shingle::Words(n));
            prop_assert_eq!(shingler.shingles(text.as_bytes()).unwrap(), &plain[..]);
        }
    }
}

fn sketches(level: sctk_data::text::Simd, sets: &[Vec<u64>], threads: usize) -> Vec<[u32; SLOTS]> {
    let mut offsets = vec![0];
    sets.iter()
        .for_each(|set| offsets.push(offsets[offsets.len() - 1] + set.len()));
    let mut out = vec![[MaybeUninit::uninit(); SLOTS]; sets.len()];
    sketch_flat(
        level,
        &sets.concat(),
        |i| offsets[i],
        &mut out,
        threads,
        &Unwatched,
    )
    .unwrap();
    // SAFETY: sketch_flat wrote every sketch, for it was not stopped.
    out.into_iter()
        .map(|row| row.map(|slot| unsafe { slot.assume_init() }))
        .collect()
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn sketches_are_minima_of_sets(
        sets in proptest::collection::vec(proptest::collection::vec(any::<u64>(), 0..60), 1..5),
        big in any::<u64>(),
    ) {
        let want = sketches(levels()[0], &sets, 1);
        for level in levels() {
            for threads in [1, 3] {
                prop_assert_eq!(&sketches(level, &sets, threads), &want);
            }
        }
        let backwards: Vec<Vec<u64>> = sets.iter().map(|set| set.iter().rev().chain(set).copied().collect()).collect();
        prop_assert_eq!(&sketches(levels()[0], &backwards, 1), &want, "order and repeats do not matter");
        // where no slot is empty, the sketch of a union holds the smaller value of both sketches
        let wide = |from: u64| (0..4000).map(|i| big.wrapping_add(from + i).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let (a, b): (Vec<u64>, Vec<u64>) = (wide(0), wide(2000));
        let found = sketches(levels()[0], &[a.clone(), b.clone(), [a, b].concat()], 1);
        let least: Vec<u32> = found[0].iter().zip(&found[1]).map(|(x, y)| *x.min(y)).collect();
        prop_assert_eq!(&found[2][..], &least[..]);
    }
}
