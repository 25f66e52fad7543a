//! Plans and packed bytes against a plain copy.

use std::mem::MaybeUninit;

use proptest::prelude::*;
use sctk_data::packing::admit::{Admitted, Loss, admit_pairs};
use sctk_data::packing::boundaries::{Boundaries, Sides};
use sctk_data::packing::copy::Store;
use sctk_data::packing::end_to_end::Wrapping;
use sctk_data::packing::fill::{Column, Job, Output, fill};
use sctk_data::packing::{
    MOST_CAPACITY, Overflow, Plan, Refusal, Rules, Strategy as Packing, plan,
};
use sctk_data::watch::Unwatched;

use crate::{cases, levels};

fn strategies() -> impl Strategy<Value = Packing> {
    prop_oneof![
        Just(Packing::BestFit),
        Just(Packing::NextFit),
        Just(Packing::Wrapped)
    ]
}

fn overflows() -> impl Strategy<Value = Overflow> {
    prop_oneof![
        Just(Overflow::Truncate),
        Just(Overflow::Split),
        Just(Overflow::Drop),
        Just(Overflow::Error)
    ]
}

/// Where the pieces of a row start, and how long they are.
type Stretches = Vec<(u64, u64)>;

/// What the rule leaves of each row, as stretches, and what it costs.
fn plain_admit(
    lengths: &[u64],
    capacity: u64,
    overflow: Overflow,
) -> Option<(Vec<Stretches>, Loss)> {
    let mut loss = Loss::default();
    let mut kept = vec![];
    for &n in lengths {
        loss.rows_empty += u64::from(n == 0);
        let long = n > capacity;
        let stretches = match overflow {
            Overflow::Error if long => return None,
            Overflow::Truncate if long => {
                loss.rows_truncated += 1;
                vec![(0, capacity)]
            }
            Overflow::Drop if long => {
                loss.rows_dropped += 1;
                vec![]
            }
            Overflow::Split if long => {
                loss.rows_split += 1;
                (0..n)
                    .step_by(capacity as usize)
                    .map(|at| (at, (n - at).min(capacity)))
                    .collect()
            }
            _ if n == 0 => vec![],
            _ => vec![(0, n)],
        };
        let tokens: u64 = stretches.iter().map(|piece| piece.1).sum();
        loss.tokens_kept += tokens;
        loss.tokens_lost += n - tokens;
        kept.push(stretches);
    }
    Some((kept, loss))
}

/// Every piece of the plan as (row, start, tokens), bin by bin.
fn pieces(plan: &Plan, admitted: &Admitted) -> Vec<Vec<(usize, u64, u64)>> {
    let piece = |k: usize| {
        let cut = plan.cut(k, admitted);
        (plan.rows[k] as usize, cut.start, u64::from(cut.n_tokens))
    };
    plan.bin_offsets
        .windows(2)
        .map(|pair| (pair[0] as usize..pair[1] as usize).map(piece).collect())
        .collect()
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn every_token_lies_in_one_bin_or_is_counted(
        lengths in proptest::collection::vec(prop_oneof![4 => 0_u64..20, 1 => 0_u64..300], 0..60),
        capacity in 1_usize..60,
        strategy in strategies(),
        overflow in overflows(),
        most_rows in prop_oneof![Just(usize::MAX), 1_usize..5],
        seed in proptest::option::of(any::<u64>()),
        keys in proptest::option::of(proptest::collection::vec(0_u32..3, 60)),
    ) {
        let groups = keys.map(|keys| keys[..lengths.len()].to_vec());
        let rules = Rules { capacity, strategy, most_rows, seed, groups: groups.as_deref() };
        let wrapped = strategy == Packing::Wrapped;
        let want = plain_admit(&lengths, capacity as u64, if wrapped { Overflow::Split } else { overflow });
        let admitted = rules.admit(lengths.iter().copied(), overflow);
        let Some((kept, loss)) = want else {
            let first = lengths.iter().position(|&n| n > capacity as u64).unwrap();
            prop_assert_eq!(admitted.err(), Some(Refusal::TooLong { row: first, n_tokens: lengths[first] }));
            return Ok(());
        };
        let admitted = admitted.unwrap();
        if !wrapped {
            prop_assert_eq!(admitted.loss, loss);
        }
        prop_assert_eq!((admitted.loss.tokens_kept, admitted.loss.tokens_lost), (loss.tokens_kept, loss.tokens_lost));
        let plan = plan(&admitted, &rules, &Unwatched).unwrap();
        let bins = pieces(&plan, &admitted);
        for bin in &bins {
            prop_assert!(!bin.is_empty());
            prop_assert!(bin.iter().map(|piece| piece.2).sum::<u64>() <= capacity as u64);
            if !wrapped {
                prop_assert!(bin.len() <= most_rows);
            }
            if let Some(groups) = &groups {
                prop_assert!(bin.iter().all(|piece| groups[piece.0] == groups[bin[0].0]));
            }
        }
        let mut found: Vec<Stretches> = vec![vec![]; lengths.len()];
        bins.iter().flatten().for_each(|&(row, start, n)| found[row].push((start, n)));
        for (row, (found, kept)) in found.iter_mut().zip(&kept).enumerate() {
            found.sort_unstable();
            let tokens = |pieces: &[(u64, u64)]| pieces.iter().flat_map(|&(at, n)| at..at + n).collect::<Vec<_>>();
            prop_assert_eq!(tokens(found), tokens(kept), "row {}", row);
        }
    }

    #[test]
    fn wrapping_by_ends_is_the_wrapped_plan(
        lengths in proptest::collection::vec(prop_oneof![2 => 0_u64..6, 1 => 0_u64..300], 0..60),
        capacity in prop_oneof![1_usize..12, Just(64), Just(MOST_CAPACITY)],
        cuts in proptest::collection::vec(0_usize..60, 0..3),
        first in prop_oneof![0_i64..9, Just((1 << 31) - 20_000)],
    ) {
        let rules = Rules { capacity, strategy: Packing::Wrapped, most_rows: usize::MAX, seed: None, groups: None };
        let admitted = rules.admit(lengths.iter().copied(), Overflow::Error).unwrap();
        let plan = plan(&admitted, &rules, &Unwatched).unwrap();
        let want = Boundaries::of(&plan, Sides::One(&admitted));
        let mut cuts: Vec<_> = cuts.into_iter().map(|at| at.min(lengths.len())).chain([0, lengths.len()]).collect();
        cuts.sort_unstable();
        for (simd, small) in levels().into_iter().flat_map(|simd| [(simd, false), (simd, true)]) {
            let mut wrapping = Wrapping::new(lengths.len(), lengths.iter().sum(), capacity, simd).unwrap();
            for pair in cuts.windows(2) {
                let mut end = first;
                let ends: Vec<i64> = lengths[pair[0]..pair[1]].iter().map(|&n| { end += n as i64; end }).collect();
                if small {
                    let ends: Vec<i32> = ends.iter().map(|&end| end as i32).collect();
                    wrapping.take(first as i32, &ends).unwrap();
                } else {
                    wrapping.take(first, &ends).unwrap();
                }
            }
            let got = wrapping.finish();
            prop_assert_eq!(&*got.turns.rows(&got.boundaries.seq_offsets), &*plan.rows);
            prop_assert_eq!(got.loss, admitted.loss);
            prop_assert_eq!(&*got.boundaries.n_tokens, &*want.n_tokens);
            prop_assert_eq!(&*got.boundaries.token_offsets, &*want.token_offsets);
            prop_assert_eq!(&*got.boundaries.seq_offsets, &*want.seq_offsets);
        }
    }

    #[test]
    fn packed_bytes_are_a_plain_copy(
        lengths in proptest::collection::vec(0_u64..200, 0..40),
        capacity in 1_usize..150,
        strategy in strategies(),
        width in prop_oneof![Just(1_usize), Just(2), Just(4), Just(8)],
    ) {
        let rules = Rules { capacity, strategy, most_rows: usize::MAX, seed: None, groups: None };
        let admitted = rules.admit(lengths.iter().copied(), Overflow::Split).unwrap();
        let plan = plan(&admitted, &rules, &Unwatched).unwrap();
        let rows: Vec<Vec<u8>> = lengths.iter().enumerate()
            .map(|(r, &n)| (0..n as usize * width).map(|i| (r * 31 + i * 7) as u8).collect()).collect();
        let mut want = vec![];
        let mut positions = vec![];
        for (row, start, n) in pieces(&plan, &admitted).into_iter().flatten() {
            want.extend_from_slice(&rows[row][start as usize * width..(start + n) as usize * width]);
            positions.extend(0..n as i32);
        }
        let boundaries = Boundaries::of(&plan, Sides::One(&admitted));
        let columns = [Column { width, sides: vec![rows.iter().map(Vec::as_slice).collect()] }];
        let stores = levels().into_iter().map(Store::Streaming).chain([Store::Plain]);
        for (store, threads) in stores.flat_map(|store| [(store, 1), (store, 3)]) {
            let n = boundaries.n_tokens();
            let (mut out, mut at) = (vec![MaybeUninit::new(0xEE_u8); n * width], vec![MaybeUninit::new(-1); n]);
            let job = Job { plan: Some(&plan), boundaries: &boundaries, columns: &columns, store };
            let output = Output { columns: vec![&mut out], position_ids: Some(&mut at) };
            fill(&job, output, threads, &Unwatched).unwrap();
            // SAFETY: every element was initialised above.
            let (out, at): (Vec<u8>, Vec<i32>) = unsafe {
                (out.iter().map(|x| x.assume_init()).collect(), at.iter().map(|x| x.assume_init()).collect())
            };
            prop_assert_eq!(&out, &want);
            prop_assert_eq!(&at, &positions);
        }
    }

    #[test]
    fn pairs_stay_together_and_lose_what_is_counted(
        pairs in proptest::collection::vec((0_u32..60, 0_u32..60), 0..40),
        capacity in 1_u32..80,
        overflow in overflows(),
    ) {
        let sides = [pairs.iter().map(|p| p.0).collect(), pairs.iter().map(|p| p.1).collect()];
        let long = |p: &(u32, u32)| p.0 + p.1 > capacity;
        let refused = matches!(overflow, Overflow::Error | Overflow::Split) && pairs.iter().any(long);
        let got = admit_pairs(sides, capacity, overflow);
        prop_assert_eq!(got.is_err(), refused);
        let Ok((admitted, [first, second])) = got else { return Ok(()) };
        let mut lost = 0;
        for (row, pair) in pairs.iter().enumerate() {
            let (a, b) = (first[row], second[row]);
            prop_assert!(a <= pair.0 && b <= pair.1 && a + b <= capacity);
            prop_assert_eq!(admitted.n_tokens[row], a + b);
            lost += u64::from(pair.0 + pair.1 - a - b);
            match overflow {
                _ if !long(pair) => prop_assert_eq!((a, b), *pair),
                Overflow::Drop => prop_assert_eq!((a, b), (0, 0)),
                _ => prop_assert_eq!(a + b, capacity, "a cut pair fills its bin"),
            }
        }
        prop_assert_eq!(admitted.loss.tokens_lost, lost);
        let rules = Rules { capacity: capacity as usize, strategy: Packing::BestFit, most_rows: usize::MAX, seed: Some(1), groups: None };
        let plan = plan(&admitted, &rules, &Unwatched).unwrap();
        let mut rows: Vec<u32> = plan.rows.to_vec();
        rows.sort_unstable();
        let want: Vec<u32> = (0..pairs.len() as u32).filter(|&row| admitted.n_tokens[row as usize] > 0).collect();
        prop_assert_eq!(rows, want);
    }
}
