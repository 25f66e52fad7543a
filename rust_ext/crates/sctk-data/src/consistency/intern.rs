//! Names for things: equal keys get equal small numbers, numbered in the order of their first occurrence.
//!
//! The table compares whole keys, so two words share a number only when they are the same word: no score depends on
//! luck with a hash. The way of a key that is found and of one that is new is the same straight line of instructions,
//! because which of the two comes next cannot be predicted.

const P0: u64 = 0xa076_1d64_78bd_642f;
const P1: u64 = 0xe703_7ed1_a0b4_28db;

/// What can be named: 16 bytes of a word, or two numbers.
pub trait Key: Copy + Eq + Default {
    /// Spreads the key over 64 bits.
    fn hash(self) -> u64;
}

impl Key for u128 {
    fn hash(self) -> u64 {
        fold(self as u64 ^ P0, (self >> 64) as u64 ^ P1)
    }
}

impl Key for u64 {
    fn hash(self) -> u64 {
        fold(self ^ P0, P1)
    }
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// The numbers given so far; reused from group to group so that nothing is allocated in between.
#[derive(Default)]
pub struct Interner<K> {
    slots: Vec<u32>,
    keys: Vec<K>,
    n: usize,
}

impl<K: Key> Interner<K> {
    /// Forgets every key and makes room for `most` new ones.
    pub fn renew(&mut self, most: usize) {
        let n_slots = (most * 4).next_power_of_two().max(256);
        self.slots.clear();
        self.slots.resize(n_slots, 0);
        if self.keys.len() <= most {
            self.keys.resize(most + 1, K::default());
        }
        self.n = 0;
    }

    /// How many different keys were named.
    pub fn len(&self) -> usize {
        self.n
    }

    /// The number of `key`: below `most`, of which no more than `most` may be asked for.
    #[inline(always)]
    pub fn name(&mut self, key: K) -> u32 {
        let mask = self.slots.len() - 1;
        let mut slot = (key.hash() >> 20) as usize & mask;
        loop {
            let found = self.slots[slot] as usize;
            self.keys[self.n] = key;
            let is_new = found == 0;
            let at = if is_new { self.n } else { found - 1 };
            if self.keys[at] == key {
                self.slots[slot] = at as u32 + 1;
                self.n += usize::from(is_new);
                return at as u32;
            }
            slot = (slot + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_get_equal_numbers_in_order_of_occurrence() {
        let mut names = Interner::<u64>::default();
        for _ in 0..2 {
            names.renew(1000);
            for (i, key) in (0..1000_u64).map(|i| i * 977 % 499).enumerate() {
                let first = (0..=i as u64).position(|j| j * 977 % 499 == key).unwrap();
                assert_eq!(names.name(key) as usize, first);
            }
            assert_eq!(names.len(), 499);
        }
    }
}
