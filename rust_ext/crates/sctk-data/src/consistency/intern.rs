//! Names for things: equal keys get equal small numbers, numbered in the order of their first occurrence.
//!
//! A slot of the table holds a number and 32 bits of hash. What comes next, a key that is known or one that is new,
//! cannot be predicted, so both take the same straight line of instructions. Afterwards every key is compared with the
//! first one of its number: where two keys share their bits of hash, all are numbered anew by a plain map. So they are where
//! keys meet others on their way to a slot too often to be met by chance: who knows the constants can choose such keys.

use std::collections::HashMap;
use std::hash::Hash;
use std::hint::select_unpredictable;

const P0: u64 = 0xa076_1d64_78bd_642f;
const P1: u64 = 0xe703_7ed1_a0b4_28db;

/// What can be named: 16 or 32 bytes of a word, or two numbers.
pub trait Key: Copy + Eq + Hash {
    /// Spreads the key over 64 bits.
    fn spread(self) -> u64;
}

impl Key for u128 {
    #[inline(always)]
    fn spread(self) -> u64 {
        fold(self as u64 ^ P0, (self >> 64) as u64 ^ P1)
    }
}

impl Key for [u128; 2] {
    #[inline(always)]
    fn spread(self) -> u64 {
        let [a, b] = self;
        a.spread()
            .wrapping_add(fold(b as u64 ^ P1, (b >> 64) as u64 ^ P0))
    }
}

impl Key for u64 {
    #[inline(always)]
    fn spread(self) -> u64 {
        fold(self ^ P0, P1)
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// So many bytes a small key has at most, and so many there may be.
pub const SMALL: usize = 6;
pub const MOST_SMALL: usize = u16::MAX as usize;

/// So many steps a key may take beyond its own slot, all of them taken together, before they are said to be chosen; half of the
/// slots are free, so by chance it is one step for two keys.
const STEPS: usize = 16;

/// Memory that is reused from group to group.
#[derive(Default)]
pub struct Interner {
    slots: Vec<u64>,
    /// For each number the place of its first key.
    firsts: Vec<u32>,
}

impl Interner {
    /// Appends the number of each key to `ids` and yields how many numbers there are. `same(i, j)` says whether keys at
    /// places i and j, which are equal as they stand here, are really the same.
    #[inline(always)]
    pub fn name_all<K: Key>(
        &mut self,
        keys: &[K],
        ids: &mut Vec<u32>,
        same: impl Fn(usize, usize) -> bool,
    ) -> usize {
        let old = ids.len();
        let Some(n) = self.by_hash(keys, ids) else {
            ids.truncate(old);
            return slow_names(keys.iter().copied(), ids, same);
        };
        let mut all_same = true;
        for (i, (key, &id)) in keys.iter().zip(&ids[old..]).enumerate() {
            let first = self.firsts[id as usize] as usize;
            all_same &= (keys[first] == *key) & same(first, i);
        }
        if all_same {
            return n;
        }
        ids.truncate(old);
        slow_names(keys.iter().copied(), ids, same)
    }

    /// The same of at most `MOST_SMALL` keys of at most `SMALL` bytes: a slot holds the key itself, so none is compared afterwards.
    #[inline(always)]
    pub fn name_small(
        &mut self,
        keys: impl ExactSizeIterator<Item = u64> + Clone,
        ids: &mut Vec<u32>,
    ) -> usize {
        let old = ids.len();
        self.by_key(keys.clone(), ids).unwrap_or_else(|| {
            ids.truncate(old);
            slow_names(keys, ids, |_, _| true)
        })
    }

    /// The numbers of small keys; None: their slots are too near to one another.
    #[inline(always)]
    fn by_key(
        &mut self,
        keys: impl ExactSizeIterator<Item = u64>,
        ids: &mut Vec<u32>,
    ) -> Option<usize> {
        const NUMBER: u32 = 64 - 8 * SMALL as u32;
        let n_slots = (keys.len() * 2).next_power_of_two().max(256);
        self.slots.clear();
        self.slots.resize(n_slots, 0);
        let slots = &mut self.slots[..n_slots];
        let high = 64 - n_slots.ilog2();
        let (mut n, mut left) = (0_u64, STEPS * n_slots);
        ids.extend(keys.map(|key| {
            let mut slot = (key.wrapping_mul(P0) >> high) as usize & (n_slots - 1);
            loop {
                let held = slots[slot];
                let wanted = select_unpredictable(held == 0, key << NUMBER | (n + 1), held);
                if wanted >> NUMBER == key {
                    slots[slot] = wanted;
                    n += u64::from(held == 0);
                    return (wanted & u64::from(u16::MAX)) as u32 - 1;
                }
                if left == 0 {
                    return 0;
                }
                left -= 1;
                slot = (slot + 1) & (n_slots - 1);
            }
        }));
        (left > 0).then_some(n as usize)
    }

    /// The numbers of keys that differ in their bits of hash; None: their slots are too near to one another.
    #[inline(always)]
    fn by_hash<K: Key>(&mut self, keys: &[K], ids: &mut Vec<u32>) -> Option<usize> {
        let n_slots = (keys.len() * 2).next_power_of_two().max(256);
        self.slots.clear();
        self.slots.resize(n_slots, 0);
        self.firsts.resize(self.firsts.len().max(keys.len() + 1), 0);
        let (slots, firsts) = (&mut self.slots[..n_slots], &mut self.firsts[..]);
        let (mut n, mut left) = (0_usize, STEPS * n_slots);
        ids.extend(keys.iter().enumerate().map(|(i, key)| {
            let spread = key.spread();
            let tag = spread & !0xFFFF_FFFF;
            let mut slot = spread as usize & (n_slots - 1);
            firsts[n] = i as u32;
            loop {
                let held = slots[slot];
                let wanted = select_unpredictable(held == 0, tag | (n as u64 + 1), held);
                if wanted & !0xFFFF_FFFF == tag {
                    slots[slot] = wanted;
                    n += usize::from(held == 0);
                    return wanted as u32 - 1;
                }
                if left == 0 {
                    return 0;
                }
                left -= 1;
                slot = (slot + 1) & (n_slots - 1);
            }
        }));
        (left > 0).then_some(n)
    }
}

#[cold]
fn slow_names<K: Key>(
    keys: impl Iterator<Item = K>,
    ids: &mut Vec<u32>,
    same: impl Fn(usize, usize) -> bool,
) -> usize {
    let mut known = HashMap::<K, Vec<(usize, u32)>>::new();
    let mut n = 0;
    for (i, key) in keys.enumerate() {
        let alike = known.entry(key).or_default();
        let id = match alike.iter().find(|(first, _)| same(*first, i)) {
            Some((_, id)) => *id,
            None => {
                alike.push((i, n));
                n += 1;
                n - 1
            }
        };
        ids.push(id);
    }
    n as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of these keys have one hash.
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    struct Alike(u64);

    impl Key for Alike {
        fn spread(self) -> u64 {
            0x1234_5678_9abc_def0
        }
    }

    fn check<K: Key>(interner: &mut Interner, keys: &[K]) {
        let mut ids = vec![99];
        let n = interner.name_all(keys, &mut ids, |_, _| true);
        let firsts: Vec<usize> = keys
            .iter()
            .map(|key| keys.iter().position(|other| other == key).unwrap())
            .collect();
        let mut order = firsts.clone();
        order.sort_unstable();
        order.dedup();
        let wanted: Vec<u32> = firsts
            .iter()
            .map(|first| order.binary_search(first).unwrap() as u32)
            .collect();
        assert_eq!((&ids[1..], n), (&wanted[..], order.len()));
    }

    /// All of these keys have one slot, and bits of hash of their own.
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    struct Beside(u64);

    impl Key for Beside {
        fn spread(self) -> u64 {
            self.0 << 32
        }
    }

    #[test]
    fn keys_that_were_chosen_to_meet_are_given_up_and_numbered_all_the_same() {
        const STEP: u64 = 0x1e03_66f7; // multiplied, it is less than 2^33: few slots are for all keys
        let interner = &mut Interner::default();
        for n in [0, 1, 60, 5000, MOST_SMALL as u64] {
            let others: Vec<u64> = (1..=n).collect();
            let chosen = others.iter().map(|i| i * STEP);
            let spread: Vec<Beside> = others.iter().map(|&i| Beside(i)).collect();
            let (mut ids, mut of_others) = (vec![99], vec![99]);
            assert_eq!(
                interner.by_key(others.iter().copied(), &mut of_others),
                Some(n as usize)
            );
            assert_eq!(
                interner.by_key(chosen.clone(), &mut ids).is_none(),
                n >= 5000
            );
            assert_eq!(interner.by_hash(&spread, &mut ids).is_none(), n >= 5000);
            ids.truncate(1);
            assert_eq!(interner.name_small(chosen, &mut ids), n as usize);
            assert_eq!(ids, of_others);
            ids.truncate(1);
            assert_eq!(
                interner.name_all(&spread, &mut ids, |_, _| true),
                n as usize
            );
            assert_eq!(ids, of_others);
        }
    }

    #[test]
    fn as_many_small_keys_as_there_may_be_get_numbers_of_their_own() {
        let (mut interner, mut ids) = (Interner::default(), vec![]);
        let keys: Vec<u64> = (1..=MOST_SMALL as u64).rev().collect();
        assert_eq!(interner.name_small(keys.into_iter(), &mut ids), MOST_SMALL);
        assert!(ids.iter().enumerate().all(|(i, &id)| id as usize == i));
    }

    #[test]
    fn equal_keys_get_equal_numbers_in_order_of_occurrence() {
        let mut interner = Interner::default();
        for n in [0, 1, 1000, 10] {
            let numbers: Vec<u64> = (0..n).map(|i| i * 977 % 499).collect();
            check(&mut interner, &numbers);
            check(
                &mut interner,
                &numbers
                    .iter()
                    .map(|&i| u128::from(i) << 100)
                    .collect::<Vec<_>>(),
            );
            let mut ids = vec![];
            let small = numbers.iter().map(|&i| (i + 1) << 38 | 0xff);
            let n_small = interner.name_small(small, &mut ids);
            let mut named = vec![];
            assert_eq!(
                n_small,
                interner.name_all(&numbers, &mut named, |_, _| true)
            );
            assert_eq!(ids, named);
            for place in 0..2 {
                let mut keys = vec![[0; 2]; numbers.len()];
                for (key, &i) in keys.iter_mut().zip(&numbers) {
                    key[place] = u128::from(i) << 100;
                }
                check(&mut interner, &keys);
            }
            check(
                &mut interner,
                &numbers.iter().map(|&i| Alike(i)).collect::<Vec<_>>(),
            );
        }
    }
}
