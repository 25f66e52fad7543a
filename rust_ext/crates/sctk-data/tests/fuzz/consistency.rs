//! Scores of answers against their textbook definitions.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sctk_data::consistency::{
    Compare, Estimator, Groups, Linkage, Links, Run, Score, clusters, entropy, selfcheck,
    similarity, vote,
};
use sctk_data::text::{Alphabet, Simd, answers};
use sctk_data::watch::Unwatched;

use crate::text::plain_words;
use crate::{bytes, cases, levels, text};

fn run(level: Simd, threads: usize) -> Run<'static> {
    Run {
        level,
        threads,
        watch: &Unwatched,
    }
}

/// Answers of some groups, those of a group like one another.
fn groups() -> impl Strategy<Value = Vec<Vec<String>>> {
    let answer = (text(120), any::<prop::sample::Index>(), any::<bool>());
    let group =
        (text(700), proptest::collection::vec(answer, 0..11)).prop_map(|(base, answers)| {
            let vary = |(other, at, like): (String, prop::sample::Index, bool)| {
                let letters: Vec<char> = base.chars().collect();
                let at = at.index(letters.len() + 1);
                let (head, tail) = letters.split_at(at);
                let near = other.chars().take(9);
                if like {
                    head.iter()
                        .copied()
                        .chain(near)
                        .chain(tail.iter().copied())
                        .collect()
                } else {
                    other
                }
            };
            answers.into_iter().map(vary).collect()
        });
    proptest::collection::vec(group, 0..4)
}

fn offsets(groups: &[Vec<String>]) -> Vec<usize> {
    let mut offsets = vec![0];
    groups
        .iter()
        .for_each(|group| offsets.push(offsets[offsets.len() - 1] + group.len()));
    offsets
}

fn common_subsequence<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y {
                diagonal + 1
            } else {
                above.max(row[j])
            };
            diagonal = above;
        }
    }
    row[b.len()]
}

fn edits<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn likeness<T: PartialEq>(a: &[T], b: &[T], cut_off: f64) -> f64 {
    let score = 1.0 - edits(a, b) as f64 / a.len().max(b.len()).max(1) as f64;
    if score >= cut_off { score } else { 0.0 }
}

fn bag(words: &[String], n: usize) -> BTreeMap<&[String], usize> {
    let mut bag = BTreeMap::new();
    words
        .windows(n)
        .for_each(|run| *bag.entry(run).or_insert(0) += 1);
    bag
}

fn f1(common: usize, total: usize) -> f64 {
    if common == 0 {
        0.0
    } else {
        2.0 * common as f64 / total as f64
    }
}

/// The score of two answers as the documentation defines it.
fn plain(score: Score, alphabet: Alphabet, a: &str, b: &str) -> f64 {
    let (x, y) = (plain_words(a, alphabet), plain_words(b, alphabet));
    let needed = match score {
        _ if alphabet == Alphabet::Ascii => 0,
        Score::CharEdit { .. } => 0,
        Score::RougeN(n) => n,
        _ => 1,
    };
    if x.len() < needed || y.len() < needed {
        return f64::NAN;
    }
    match score {
        Score::RougeL => f1(common_subsequence(&x, &y), x.len() + y.len()),
        Score::RougeN(n) => {
            let (p, q) = (bag(&x, n), bag(&y, n));
            let common = p
                .iter()
                .map(|(run, &count)| count.min(q.get(run).copied().unwrap_or(0)))
                .sum();
            f1(
                common,
                p.values().sum::<usize>() + q.values().sum::<usize>(),
            )
        }
        Score::Jaccard => {
            let (p, q): (BTreeSet<_>, BTreeSet<_>) = (x.iter().collect(), y.iter().collect());
            p.intersection(&q).count() as f64 / p.union(&q).count().max(1) as f64
        }
        Score::WordEdit { cut_off } => likeness(&x, &y, cut_off),
        Score::CharEdit { cut_off } => likeness(
            &a.chars().collect::<Vec<_>>(),
            &b.chars().collect::<Vec<_>>(),
            cut_off,
        ),
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn pairwise_scores_are_those_of_the_definitions(
        groups in groups(),
        n in 1_usize..5,
        cut_off in prop_oneof![Just(0.0), 0.05_f64..1.0, Just(1.0), Just(0.8)],
    ) {
        let (flat, offsets) = (groups.concat(), offsets(&groups));
        let (texts, cut) = (bytes(&flat), Groups::new(&offsets, flat.len()).unwrap());
        for score in [Score::RougeL, Score::RougeN(n), Score::Jaccard, Score::WordEdit { cut_off }, Score::CharEdit { cut_off }] {
            for alphabet in [Alphabet::Unicode, Alphabet::Ascii] {
                let want: Vec<f64> = groups.iter().flat_map(|group| {
                    group.iter().flat_map(move |a| group.iter().map(move |b| plain(score, alphabet, a, b)))
                }).collect();
                for level in levels() {
                    let got: Vec<f64> = similarity(&texts, cut, score, alphabet, run(level, 2)).unwrap();
                    prop_assert_eq!(got.len(), want.len());
                    for (at, (got, want)) in got.iter().zip(&want).enumerate() {
                        let same = got.is_nan() && want.is_nan() || (got - want).abs() < 1e-12;
                        prop_assert!(same, "{score:?} {alphabet:?} {level:?} value {at}: {got} {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn votes_and_surprise_are_plain_counts(groups in groups(), n in 1_usize..4, smoothing in 0_u32..3, squad in any::<bool>()) {
        let (flat, offsets) = (groups.concat(), offsets(&groups));
        let (texts, cut) = (bytes(&flat), Groups::new(&offsets, flat.len()).unwrap());
        let (compare, alphabet) =
            if squad { (Compare::Squad, Alphabet::Ascii) } else { (Compare::Answers, Alphabet::Unicode) };
        let votes = vote(&texts, cut, compare, run(Simd::best(), 2)).unwrap();
        let smoothing = f64::from(smoothing) / 2.0;
        let checked = selfcheck(&texts, cut, n, smoothing, alphabet, run(Simd::best(), 2)).unwrap();
        let mut row = 0;
        for (g, group) in groups.iter().enumerate() {
            let normal: Vec<String> = group.iter().map(|text| {
                if !squad {
                    return answers::plain_comparable(text);
                }
                let kept: String = text.to_lowercase().chars().filter(|c| !c.is_ascii_punctuation()).collect();
                let words = kept.split(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c));
                words.filter(|word| !["", "a", "an", "the"].contains(word)).collect::<Vec<_>>().join(" ")
            }).collect();
            let count = |text: &String| normal.iter().filter(|other| *other == text).count() as i32;
            let most = normal.iter().map(count).max().unwrap_or(0);
            let winner = normal.iter().position(|text| count(text) == most).map_or(-1, |at| at as i64);
            prop_assert_eq!((votes.winners[g], votes.votes[g]), (winner, most));

            let runs: Vec<Vec<Vec<String>>> = group.iter().map(|text| {
                let words = plain_words(text, alphabet);
                let padded = [vec![String::new(); n - 1], words.clone()].concat();
                if words.is_empty() { vec![] } else { padded.windows(n).map(<[String]>::to_vec).collect() }
            }).collect();
            let mut counts = BTreeMap::new();
            runs.iter().flatten().for_each(|run| *counts.entry(run).or_insert(0.0) += 1.0);
            let total = counts.values().sum::<f64>() + smoothing * (counts.len() + 1) as f64;
            for answer in &runs {
                let logs: Vec<f64> = answer.iter().map(|run| -((counts[run] + smoothing) / total).ln()).collect();
                let (mean, most) = (checked.mean[row], checked.max[row]);
                row += 1;
                if logs.is_empty() {
                    prop_assert!(mean.is_nan() && most.is_nan());
                } else {
                    prop_assert!((mean - logs.iter().sum::<f64>() / logs.len() as f64).abs() < 1e-9);
                    prop_assert!((most - logs.iter().copied().fold(f64::MIN, f64::max)).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn clusters_and_entropy_are_plain(
        sizes in proptest::collection::vec(0_usize..12, 0..5),
        scores in proptest::collection::vec(0_u8..10, 5 * 144),
        logs in proptest::collection::vec(-40.0_f64..0.0, 60),
        below in any::<bool>(),
    ) {
        let mut offsets = vec![0];
        sizes.iter().for_each(|size| offsets.push(offsets[offsets.len() - 1] + size));
        let n = *offsets.last().unwrap();
        let cut = Groups::new(&offsets, n).unwrap();
        let blocks: Vec<f64> = scores[..sizes.iter().map(|k| k * k).sum()].iter().map(|&x| f64::from(x) / 10.0).collect();
        let links = if below { Links::Below(0.45) } else { Links::Above(0.45) };
        for linkage in [Linkage::Greedy, Linkage::Connected] {
            let labels = clusters(&blocks, cut, links, linkage, run(Simd::best(), 2)).unwrap();
            let mut from = 0;
            for (g, &k) in sizes.iter().enumerate() {
                let block = &blocks[from..from + k * k];
                from += k * k;
                let one_way = |i: usize, j: usize| (block[i * k + j] < 0.45) == below;
                let linked = |i: usize, j: usize| i == j || (one_way(i, j) && one_way(j, i));
                let own: Vec<usize> = labels[offsets[g]..offsets[g + 1]].iter().map(|&x| x as usize).collect();
                prop_assert_eq!(&own, &plain_clusters(k, linked, linkage));
                let found = entropy(&labels, &logs[..n], cut, Estimator::Discrete, run(Simd::best(), 1)).unwrap()[g];
                let shares = (0..k).map(|c| own.iter().filter(|&&x| x == c).count() as f64 / k as f64);
                let want = -shares.filter(|&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>();
                prop_assert!((found - want).abs() < 1e-12 || k == 0 && found.is_nan());
                let found = entropy(&labels, &logs[..n], cut, Estimator::Likelihood, run(Simd::best(), 2)).unwrap()[g];
                let mass: Vec<f64> = (0..k).map(|c| (0..k).filter(|&i| own[i] == c).map(|i| logs[offsets[g] + i].exp()).sum()).collect();
                let total: f64 = mass.iter().sum();
                let want = -mass.iter().map(|m| m / total).filter(|&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>();
                prop_assert!((found - want).abs() < 1e-9 || k == 0 && found.is_nan());
            }
        }
    }

    #[test]
    fn any_bytes_are_scored_or_a_named_fault(answers in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 2..6)) {
        let texts: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
        let offsets = [0, texts.len()];
        let cut = Groups::new(&offsets, texts.len()).unwrap();
        let broken = texts.iter().any(|text| std::str::from_utf8(text).is_err());
        for level in levels() {
            for score in [Score::RougeL, Score::CharEdit { cut_off: 0.0 }, Score::WordEdit { cut_off: 0.5 }] {
                for alphabet in [Alphabet::Unicode, Alphabet::Ascii] {
                    prop_assert_eq!(similarity::<f64>(&texts, cut, score, alphabet, run(level, 1)).is_err(), broken);
                }
            }
            for compare in [Compare::Answers, Compare::Squad] {
                prop_assert_eq!(vote(&texts, cut, compare, run(level, 1)).is_err(), broken);
            }
        }
    }
}

/// The cluster of each of `k` answers, numbered by first members.
fn plain_clusters(k: usize, linked: impl Fn(usize, usize) -> bool, linkage: Linkage) -> Vec<usize> {
    let mut label = vec![0; k];
    let mut firsts: Vec<usize> = vec![];
    let mut reach: Vec<Vec<bool>> = (0..k)
        .map(|i| (0..k).map(|j| linked(i, j)).collect())
        .collect();
    if linkage == Linkage::Connected {
        for via in 0..k {
            for i in 0..k {
                for j in 0..k {
                    reach[i][j] |= reach[i][via] && reach[via][j];
                }
            }
        }
    }
    for i in 0..k {
        let found = firsts.iter().position(|&first| reach[i][first]);
        label[i] = found.unwrap_or(firsts.len());
        if found.is_none() {
            firsts.push(i);
        }
    }
    label
}
