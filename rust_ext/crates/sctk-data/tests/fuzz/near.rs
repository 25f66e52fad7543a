//! Near duplicates and held-out overlaps against sets of words.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sctk_data::dedup::{HeldOut, Near, Shingle, near, overlaps};
use sctk_data::text::{Alphabet, Simd, spans::spans};
use sctk_data::watch::Unwatched;

use crate::text::{characters, plain_words};
use crate::{bytes, cases, levels, text};

type Set = BTreeSet<Vec<String>>;

fn runs(tokens: &[String], n: usize) -> Set {
    match tokens.len() {
        0 => Set::new(),
        t => tokens.windows(n.min(t)).map(<[String]>::to_vec).collect(),
    }
}

fn jaccard(a: &Set, b: &Set) -> f64 {
    a.intersection(b).count() as f64 / a.union(b).count() as f64
}

/// Rows that are variations of a few texts, in any order.
fn corpus() -> impl Strategy<Value = Vec<String>> {
    let change = (any::<prop::sample::Index>(), "[a-f]{1,3}");
    let row = (
        0_usize..4,
        proptest::collection::vec(change, 0..5),
        any::<bool>(),
    );
    (
        proptest::collection::vec(proptest::collection::vec("[a-z]{1,4}|É|漢", 0..40), 4),
        proptest::collection::vec(row, 0..30),
        proptest::collection::vec(text(40), 0..4),
    )
        .prop_map(|(bases, rows, odd)| {
            let vary =
                |(base, changes, loud): (usize, Vec<(prop::sample::Index, String)>, bool)| {
                    let mut words = bases[base].clone();
                    for (at, word) in changes {
                        if !words.is_empty() {
                            let at = at.index(words.len());
                            words[at] = word;
                        }
                    }
                    let text = words.join(if loud { ", " } else { " " });
                    if loud { text.to_uppercase() } else { text }
                };
            rows.into_iter().map(vary).chain(odd).collect()
        })
}

/// Where the words from `begin` to `end` stand; the whole row, where marks change places in it.
fn span_of(row: &str, begin: usize, end: usize, n_words: usize) -> std::ops::Range<usize> {
    let own = spans(row, Alphabet::Unicode);
    if own.len() == n_words {
        own[begin].start..own[end - 1].end
    } else {
        0..row.len()
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn what_is_reported_is_true(rows in corpus(), threshold in 0.3_f64..=1.0, n in 1_usize..7, letters in any::<bool>()) {
        let texts = bytes(&rows);
        let shingle = if letters { Shingle::Characters(n) } else { Shingle::Words(n) };
        let plain = Near { threshold, shingle, threads: 1, simd: levels()[0], spill: None };
        let found = near(&texts, &plain, &Unwatched).unwrap();
        let tokens = |row: &String| if letters {
            characters(&plain_words(row, Alphabet::UnicodeJoined).join(" "))
        } else {
            plain_words(row, Alphabet::UnicodePieces)
        };
        let tokens: Vec<Vec<String>> = rows.iter().map(tokens).collect();
        let sets: Vec<Set> = tokens.iter().map(|tokens| runs(tokens, n)).collect();

        let mut label: Vec<u32> = (0..rows.len() as u32).collect();
        for pair in &found.pairs {
            let (i, j) = (pair.left as usize, pair.right as usize);
            prop_assert!(i < j);
            let truth = if sets[i].is_empty() { 1.0 } else { jaccard(&sets[i], &sets[j]) };
            prop_assert!((pair.jaccard - truth).abs() < 1e-12 && truth >= threshold, "{i} {j} {truth}");
            if sets[i].is_empty() {
                prop_assert_eq!(&rows[i], &rows[j]);
            }
            let (a, b) = (label[i], label[j]);
            label.iter_mut().filter(|x| **x == a || **x == b).for_each(|x| *x = a.min(b));
        }
        prop_assert_eq!(&found.labels, &label, "clusters are what the pairs connect");
        for i in 0..rows.len() {
            for j in 0..i {
                let equal = if tokens[i].is_empty() { rows[i] == rows[j] } else { tokens[i] == tokens[j] };
                prop_assert!(!equal || label[i] == label[j], "equal rows {i} and {j}");
            }
        }

        for simd in levels() {
            for threads in [1, 2, 5] {
                let again = near(&texts, &Near { threads, simd, ..plain.clone() }, &Unwatched).unwrap();
                prop_assert_eq!(&again, &found);
            }
        }
        let spill = Some(std::env::temp_dir());
        prop_assert_eq!(&near(&texts, &Near { spill, threads: 2, ..plain }, &Unwatched).unwrap(), &found);
    }

    #[test]
    fn overlaps_are_shared_runs(rows in corpus(), held in proptest::collection::vec(text(60), 0..4), n in 1_usize..5) {
        let mut held = held;
        held.extend(rows.iter().take(3).cloned());
        let index = HeldOut::new(&bytes(&held), n, Simd::best(), &Unwatched).unwrap();
        let found = overlaps(&bytes(&rows), &index, 0.0, 1, &Unwatched).unwrap();
        prop_assert_eq!(&overlaps(&bytes(&rows), &index, 0.0, 3, &Unwatched).unwrap(), &found);
        let words: Vec<Vec<String>> = rows.iter().map(|row| plain_words(row, Alphabet::Unicode)).collect();
        let mut want = vec![];
        for (row, words) in words.iter().enumerate() {
            for (at, text) in held.iter().enumerate() {
                let theirs = plain_words(text, Alphabet::Unicode);
                let theirs = if theirs.len() < n { Set::new() } else { runs(&theirs, n) };
                let ours = if words.len() < n { Set::new() } else { runs(words, n) };
                let shared = ours.intersection(&theirs).count();
                if shared > 0 {
                    let (mut longest, mut end, mut run) = (0, 0, 0);
                    for (at, place) in words.windows(n).enumerate() {
                        run = if theirs.contains(place) { run + 1 } else { 0 };
                        if run > longest {
                            (longest, end) = (run, at + n);
                        }
                    }
                    let span = span_of(&rows[row], end + 1 - n - longest, end, words.len());
                    want.push((row, at, shared, shared as f64 / theirs.len() as f64, span));
                }
            }
        }
        let got: Vec<_> = found.iter().map(|o| (
            o.row as usize, o.held_out as usize, o.n_shared as usize, o.share,
            o.span.clone(),
        )).collect();
        prop_assert_eq!(got, want);
    }
}
