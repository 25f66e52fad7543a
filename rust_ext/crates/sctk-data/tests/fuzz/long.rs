//! Long texts of every script: each level against the plain one, words against the definition, and what stands on words.

use proptest::prelude::*;
use sctk_data::consistency::{Compare, Groups, Run, vote};
use sctk_data::dedup::{Near, Shingle, first_rows_normalised, near};
use sctk_data::text::{Alphabet, Simd, WordHasher, hash};
use sctk_data::watch::Unwatched;

use crate::text::plain_words;
use crate::{PIECES, bytes, cases, levels};

/// So many characters a text has at most; an unoptimised build needs minutes for a text of the longest.
const MOST: usize = if cfg!(debug_assertions) {
    10_000
} else {
    100_000
};

/// A few neighbouring characters of any script (128 code points from a multiple of 128 on, of planes 0 to 2 and 14).
fn script() -> impl Strategy<Value = String> {
    let block = prop_oneof![12 => 0_u32..0x5f, 2 => 0x5f_u32..0x140, 2 => 0x1f0_u32..0x200, 4 => 0x200_u32..0x3e8, 1 => 0x3e8_u32..0x600, 1 => 0x1c00_u32..0x1c04];
    (block, proptest::collection::vec(0_u32..128, 1..12)).prop_map(|(block, places)| {
        let letters = places.into_iter().map(|place| 128 * block + place);
        letters.filter_map(char::from_u32).collect()
    })
}

/// Pieces of several scripts, over and over: many characters, few kinds.
fn long() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        2 => script(),
        3 => proptest::sample::select(PIECES).prop_map(String::from),
        1 => "[a-z]{1,12}|[A-Z]?[0-9]{1,3}[.,%]?| ?[-+*/=<>#^.] ?".prop_map(String::from),
    ];
    let pieces = proptest::collection::vec((piece, 1_usize..40), 1..80);
    (pieces, 1_usize..1500, any::<bool>()).prop_map(|(pieces, times, parted)| {
        let part: String = pieces
            .iter()
            .map(|(piece, n)| {
                piece.repeat(if parted { 1 } else { *n }) + if parted { " " } else { "" }
            })
            .collect();
        let times = times.min(1 + MOST / part.chars().count().max(1));
        part.repeat(times).chars().take(MOST).collect()
    })
}

/// The text, itself in other spelling, and with small changes in the middle and at the end.
fn kin(text: &str) -> Vec<String> {
    let half = text.char_indices().nth(text.chars().count() / 2);
    let (before, behind) = text.split_at(half.map_or(0, |(at, _)| at));
    vec![
        text.into(),
        format!(" {text} "),
        text.replace(' ', ", "),
        format!("{before} {behind}"),
        format!("{before}漢{behind}"),
        format!("{text} x"),
        sctk_data::text::fold::ordered(text),
    ]
}

proptest! {
    #![proptest_config(cases(2))]

    #[test]
    fn long_texts_have_the_words_of_the_definition(text in long()) {
        for alphabet in [Alphabet::Unicode, Alphabet::UnicodePieces, Alphabet::UnicodeJoined] {
            let want: Vec<u64> = plain_words(&text, alphabet).iter().map(|word| hash::word(word.as_bytes())).collect();
            for level in levels() {
                let mut hasher = WordHasher::new(level, alphabet);
                prop_assert!(hasher.words(text.as_bytes()).unwrap() == want, "{:?} {:?} {:?}", level, alphabet, text);
            }
        }
    }

    #[test]
    fn long_rows_are_the_same_where_their_words_are(text in long()) {
        let rows = kin(&text);
        let words: Vec<_> = rows.iter().map(|row| plain_words(row, Alphabet::UnicodePieces)).collect();
        let same = |i: usize, j: usize| words[i] == words[j] && (!words[i].is_empty() || rows[i] == rows[j]);
        let want: Vec<u32> = (0..rows.len()).map(|i| (0..=i).find(|&j| same(i, j)).unwrap() as u32).collect();
        for level in levels() {
            let found = first_rows_normalised(&bytes(&rows), level, 1, &Unwatched).unwrap();
            prop_assert!(found == want, "{:?} {:?} {:?} {:?}", level, found, want, text);
        }
    }

    #[test]
    fn long_rows_are_near_and_voted_alike_on_every_level(text in long()) {
        let rows = kin(&text);
        let rows = bytes(&rows);
        let offsets = [0, rows.len()];
        let groups = Groups::new(&offsets, rows.len()).unwrap();
        let all = |simd: Simd| {
            let run = Run { level: simd, threads: 1, watch: &Unwatched };
            let votes = vote(&rows, groups, Compare::Answers, run).unwrap();
            let near = [Shingle::Words(5), Shingle::Characters(8)].map(|shingle| {
                let how = Near { shingle, threshold: 0.8, simd, threads: 1, spill: None };
                let found = near(&rows, &how, &Unwatched).unwrap();
                (found.labels, found.pairs)
            });
            (votes.winners, votes.votes, votes.labels, near)
        };
        let want = all(Simd::SCALAR);
        for level in levels() {
            prop_assert!(all(level) == want, "{:?} {:?}", level, text);
        }
    }
}
