//! The planner against best-fit and next-fit written plainly, and the filler against a plain copy.

use std::mem::MaybeUninit;

use super::boundaries::{Boundaries, Sides};
use super::copy::Store;
use super::fill::{Column, Job, Output, fill};
use super::*;
use crate::text::Simd;
use crate::watch::Unwatched;

/// A small generator of lengths: some long, most short, some 0.
fn lengths(seed: u64, n: usize, longest: u64) -> Vec<u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    (0..n)
        .map(|_| {
            if next() % 4 == 0 {
                next() % (longest + 1)
            } else {
                next() % (longest / 8 + 2)
            }
        })
        .collect()
}

fn rules(strategy: Strategy, capacity: usize) -> Rules<'static> {
    Rules {
        capacity,
        strategy,
        most_rows: usize::MAX,
        seed: None,
        groups: None,
    }
}

fn bins_of(plan: &Plan) -> Vec<Vec<u32>> {
    let offsets = plan.bin_offsets.windows(2);
    offsets
        .map(|pair| plan.rows[pair[0] as usize..pair[1] as usize].to_vec())
        .collect()
}

/// Best-fit decreasing as the textbook has it: for each row a search through all bins; of bins with equal room the
/// one that was touched last.
fn plain_best_fit(n_tokens: &[u64], capacity: u64, most_rows: usize) -> Vec<Vec<u32>> {
    let mut order: Vec<usize> = (0..n_tokens.len()).filter(|&i| n_tokens[i] > 0).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(n_tokens[i]));
    let mut bins: Vec<(u64, usize, Vec<u32>)> = Vec::new();
    for (time, i) in order.into_iter().enumerate() {
        let fits =
            |bin: &&mut (u64, usize, Vec<u32>)| bin.0 >= n_tokens[i] && bin.2.len() < most_rows;
        let best = bins
            .iter_mut()
            .filter(fits)
            .min_by_key(|bin| (bin.0, std::cmp::Reverse(bin.1)));
        match best {
            Some(bin) => {
                bin.0 -= n_tokens[i];
                bin.1 = time;
                bin.2.push(i as u32);
            }
            None => bins.push((capacity - n_tokens[i], time, vec![i as u32])),
        }
    }
    bins.into_iter().map(|bin| bin.2).collect()
}

#[test]
fn best_fit_equals_the_plain_one() {
    for seed in 0..60 {
        for (n, capacity) in [(0, 7), (1, 1), (40, 10), (200, 100), (150, 5000)] {
            for most_rows in [usize::MAX, 1, 3] {
                let lengths = lengths(seed, n, capacity);
                let rules = Rules {
                    most_rows,
                    ..rules(Strategy::BestFit, capacity as usize)
                };
                let admitted = rules
                    .admit(lengths.iter().copied(), Overflow::Error)
                    .unwrap();
                let plan = plan(&admitted, &rules, &Unwatched).unwrap();
                assert_eq!(
                    bins_of(&plan),
                    plain_best_fit(&lengths, capacity, most_rows)
                );
            }
        }
    }
}

#[test]
fn what_cannot_be_packed_is_refused() {
    let refusal = |capacity, most_rows, groups: Option<&[u32]>| {
        let rules = Rules {
            most_rows,
            groups,
            ..rules(Strategy::BestFit, capacity)
        };
        let admitted = match rules.admit([1u64, 2].into_iter(), Overflow::Error) {
            Ok(admitted) => admitted,
            Err(refusal) => return Some(refusal),
        };
        plan(&admitted, &rules, &Unwatched).err()
    };
    assert_eq!(refusal(0, 1, None), Some(Refusal::Capacity(0)));
    assert_eq!(
        refusal(MOST_CAPACITY + 1, 1, None),
        Some(Refusal::Capacity(MOST_CAPACITY + 1))
    );
    assert_eq!(
        refusal(1, 1, None),
        Some(Refusal::TooLong {
            row: 1,
            n_tokens: 2
        })
    );
    assert_eq!(refusal(5, 0, None), Some(Refusal::NoRows));
    assert_eq!(
        refusal(5, 1, Some(&[1])),
        Some(Refusal::Groups {
            n_groups: 1,
            n_rows: 2
        })
    );
    assert_eq!(refusal(5, 1, None), None);
}

#[test]
fn the_largest_capacity_works() {
    let rules = rules(Strategy::BestFit, MOST_CAPACITY);
    let admitted = rules.admit(
        [MOST_CAPACITY as u64, 5, MOST_CAPACITY as u64 - 5].into_iter(),
        Overflow::Error,
    );
    let plan = plan(&admitted.unwrap(), &rules, &Unwatched).unwrap();
    assert_eq!(bins_of(&plan), [vec![0], vec![2, 1]]);
}

/// Fills two columns (4 and 1 bytes per token) and positions; the tokens say where they came from.
fn filled(
    lengths: &[u64],
    rules: &Rules<'_>,
    overflow: Overflow,
    threads: usize,
    store: Store,
) -> (Vec<i32>, Vec<u8>) {
    let wide: Vec<Vec<u8>> = (0..lengths.len())
        .map(|r| {
            (0..lengths[r])
                .flat_map(|t| ((r * 1000) as i32 + t as i32).to_ne_bytes())
                .collect()
        })
        .collect();
    let narrow: Vec<Vec<u8>> = (0..lengths.len())
        .map(|r| (0..lengths[r]).map(|t| (r + t as usize) as u8).collect())
        .collect();
    let admitted = rules.admit(lengths.iter().copied(), overflow).unwrap();
    let plan = plan(&admitted, rules, &Unwatched).unwrap();
    let boundaries = Boundaries::of(&plan, Sides::One(&admitted));
    let columns = [
        Column {
            width: 4,
            sides: vec![wide.iter().map(Vec::as_slice).collect()],
        },
        Column {
            width: 1,
            sides: vec![narrow.iter().map(Vec::as_slice).collect()],
        },
    ];
    let n = boundaries.n_tokens();
    let mut first = vec![MaybeUninit::<u8>::uninit(); 4 * n];
    let mut second = vec![MaybeUninit::<u8>::uninit(); n];
    let mut positions = vec![MaybeUninit::<i32>::uninit(); n];
    let output = Output {
        columns: vec![&mut first, &mut second],
        position_ids: Some(&mut positions),
    };
    let job = Job {
        plan: Some(&plan),
        boundaries: &boundaries,
        columns: &columns,
        store,
    };
    fill(&job, output, threads, &Unwatched).unwrap();
    // SAFETY: `fill` promises that every element is written on success.
    let (first, second, positions) = unsafe { (read(&first), read(&second), read(&positions)) };
    let tokens: Vec<i32> = first
        .chunks_exact(4)
        .map(|b| i32::from_ne_bytes(b.try_into().unwrap()))
        .collect();
    let mut at = 0;
    for (k, &row) in plan.rows.iter().enumerate() {
        let cut = plan.cut(k, &admitted);
        for t in 0..cut.n_tokens as usize {
            assert_eq!(tokens[at], row as i32 * 1000 + cut.start as i32 + t as i32);
            assert_eq!(second[at], (row as usize + cut.start as usize + t) as u8);
            assert_eq!(positions[at], t as i32);
            at += 1;
        }
    }
    assert_eq!((at, n as u64), (n, admitted.loss.tokens_kept));
    assert!(
        boundaries
            .token_offsets
            .windows(2)
            .all(|pair| pair[1] - pair[0] <= rules.capacity as i64)
    );
    (tokens, second)
}

/// # Safety
/// Every element was written.
unsafe fn read<T: Copy>(from: &[MaybeUninit<T>]) -> Vec<T> {
    // SAFETY: the caller's contract.
    from.iter().map(|x| unsafe { x.assume_init() }).collect()
}

#[test]
fn every_strategy_fills_the_right_tokens_whoever_fills_them() {
    for strategy in [Strategy::BestFit, Strategy::NextFit, Strategy::Wrapped] {
        for overflow in [Overflow::Truncate, Overflow::Split, Overflow::Drop] {
            for seed in 0..3 {
                let lengths = lengths(seed, 300, 700);
                let rules = Rules {
                    seed: (seed > 0).then_some(seed),
                    ..rules(strategy, 500)
                };
                let once = filled(&lengths, &rules, overflow, 1, Store::Plain);
                for simd in Simd::available() {
                    assert_eq!(
                        once,
                        filled(&lengths, &rules, overflow, 3, Store::Streaming(simd))
                    );
                }
            }
        }
    }
}

#[test]
fn many_threads_fill_many_chunks() {
    let lengths = lengths(9, 6000, 4000);
    let rules = rules(Strategy::BestFit, 4096);
    let once = filled(&lengths, &rules, Overflow::Error, 1, Store::Plain);
    assert!(once.0.len() > 2 << 20, "several chunks of positions too");
    for threads in [2, 8] {
        assert_eq!(
            once,
            filled(&lengths, &rules, Overflow::Error, threads, Store::Plain)
        );
    }
}

#[test]
fn groups_never_share_a_bin() {
    let lengths = lengths(4, 500, 100);
    let groups: Vec<u32> = (0..500).map(|i| (i * i % 7) as u32).collect();
    for strategy in [Strategy::BestFit, Strategy::NextFit, Strategy::Wrapped] {
        let rules = Rules {
            groups: Some(&groups),
            ..rules(strategy, 100)
        };
        let admitted = rules
            .admit(lengths.iter().copied(), Overflow::Error)
            .unwrap();
        let plan = plan(&admitted, &rules, &Unwatched).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for bin in bins_of(&plan) {
            assert!(
                bin.windows(2)
                    .all(|pair| groups[pair[0] as usize] == groups[pair[1] as usize])
            );
            seen.extend(bin);
        }
        assert_eq!(seen.len(), lengths.iter().filter(|&&n| n > 0).count());
    }
}

/// What becomes of four rows of four tokens when their plan or boundaries are changed before the tokens are copied.
fn fill_changed(change: impl Fn(&mut Plan, &mut Boundaries)) -> std::thread::Result<()> {
    let rules = rules(Strategy::NextFit, 4);
    let admitted = rules.admit([4u64; 4].into_iter(), Overflow::Error).unwrap();
    let mut plan = plan(&admitted, &rules, &Unwatched).unwrap();
    let mut boundaries = Boundaries::of(&plan, Sides::One(&admitted));
    change(&mut plan, &mut boundaries);
    let rows: Vec<&[u8]> = vec![b"abcd"; 4];
    let columns = [Column {
        width: 1,
        sides: vec![rows],
    }];
    let mut ids = vec![MaybeUninit::uninit(); boundaries.n_tokens()];
    let mut positions = vec![MaybeUninit::uninit(); boundaries.n_tokens()];
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let job = Job {
            plan: Some(&plan),
            boundaries: &boundaries,
            columns: &columns,
            store: Store::Plain,
        };
        let output = Output {
            columns: vec![&mut ids],
            position_ids: Some(&mut positions),
        };
        fill(&job, output, 1, &Unwatched).unwrap();
    }))
}

/// Otherwise it would say that it wrote all of the output and had not, or write a place twice.
#[test]
fn boundaries_that_are_not_the_plans_are_a_defect() {
    let with = |numbers: &[i64]| Buffer::from_fn(numbers.len(), |i| numbers[i]);
    assert!(fill_changed(|_, _| ()).is_ok());
    assert!(fill_changed(|_, b| b.token_offsets = with(&[0, 4, 8, 12, 20])).is_err());
    assert!(fill_changed(|_, b| b.token_offsets = with(&[0, 8, 4, 12, 16])).is_err());
    assert!(fill_changed(|_, b| b.token_offsets = with(&[4, 4, 8, 12, 16])).is_err());
    assert!(fill_changed(|_, b| b.seq_offsets = with(&[0, 1, 2, 3, 3])).is_err());
    assert!(fill_changed(|_, b| b.n_tokens = Buffer::from_fn(4, |_| -4)).is_err());
    assert!(fill_changed(|p, _| p.rows = Buffer::from_fn(3, |k| k as u32)).is_err());
}
