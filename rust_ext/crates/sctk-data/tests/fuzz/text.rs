//! Words, characters and shingles, on every SIMD level.

use proptest::prelude::*;
use sctk_data::dedup::{SLOTS, Shingle, Shingler, sketch_flat};
use sctk_data::text::{Alphabet, WordHasher, hash, spans::spans, unicode};
use sctk_data::watch::Unwatched;
use std::collections::HashMap;
use std::mem::MaybeUninit;

use crate::{cases, levels, text};

/// The words of a text as its documentation says, character by character.
pub fn plain_words(text: &str, alphabet: Alphabet) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.to_lowercase().chars() {
        let is_word = match alphabet {
            Alphabet::Ascii => c.is_ascii_alphanumeric(),
            _ => unicode::is_word(c),
        };
        let alone = is_word && alphabet == Alphabet::Unicode && unicode::is_alone(c);
        if alone {
            words.extend([c.to_string(), String::new()]);
        } else if is_word {
            words.last_mut().unwrap().push(c);
        } else {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
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
        for alphabet in [Alphabet::Unicode, Alphabet::UnicodeJoined, Alphabet::Ascii] {
            let want = hashes(&plain_words(&text, alphabet));
            for level in levels() {
                let mut hasher = WordHasher::new(level, alphabet);
                prop_assert_eq!(hasher.words(text.as_bytes()).unwrap(), &want[..], "{:?} {:?}", level, alphabet);
            }
            prop_assert_eq!(spans(&text, alphabet).len(), want.len());
        }
    }

    #[test]
    fn characters_are_those_of_the_words(text in text(200)) {
        let joined = plain_words(&text, Alphabet::UnicodeJoined).join(" ");
        let want: Vec<u64> = joined.chars().map(|c| hash::word(c.to_string().as_bytes())).collect();
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
    fn shingles_are_equal_where_their_words_are(text in text(150), n in 1_usize..15) {
        let words = plain_words(&text, Alphabet::Unicode);
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
