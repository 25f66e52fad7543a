//! Bins in an order drawn from a seed, so that training does not see the longest rows first.

use super::Plan;
use crate::buffer::Buffer;

/// SplitMix64 (Steele, Lea, Flood 2014): small, portable, the same numbers everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, by a multiplication in place of a division; its bias is below n / 2^64.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}

/// The same bins in an order drawn from `seed` (Fisher and Yates); rows keep their order within a bin.
pub fn shuffle_bins(plan: &Plan, seed: u64) -> Plan {
    let mut order: Vec<usize> = (0..plan.n_bins()).collect();
    let mut random = SplitMix(seed);
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i + 1));
    }
    let mut from = Vec::with_capacity(plan.rows.len());
    let mut bin_offsets = vec![0i64];
    for bin in order {
        from.extend(plan.bin_offsets[bin] as usize..plan.bin_offsets[bin + 1] as usize);
        bin_offsets.push(from.len() as i64);
    }
    Plan {
        rows: Buffer::from_fn(from.len(), |k| plan.rows[from[k]]),
        cuts: plan
            .cuts
            .as_ref()
            .map(|cuts| from.iter().map(|&k| cuts[k]).collect()),
        bin_offsets: Buffer::from_fn(bin_offsets.len(), |b| bin_offsets[b]),
    }
}

#[cfg(test)]
mod tests {
    use super::SplitMix;

    #[test]
    fn the_generator_gives_its_published_numbers() {
        let mut random = SplitMix(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }
}
