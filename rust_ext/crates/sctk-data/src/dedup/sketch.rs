//! One-permutation MinHash: 128 slots from one pass over the shingles, empty slots filled from others.
//!
//! The high 7 bits of a shingle's hash choose its slot, the low 32 are its value, a slot keeps the smallest
//! (Li, Owen and Zhang, arXiv 1208.1259). A slot that stays empty takes the value of the first non-empty one in a fixed
//! order of its own (after Shrivastava, arXiv 1703.04664), so equal slots estimate the Jaccard similarity for short texts
//! too. The order is the same for every slot, seen from where it stands, so that all empty slots are filled together.

use std::mem::MaybeUninit;
use std::ops::Range;

use crate::text::Simd;
use crate::text::block::prefetch;
use crate::text::hash::{GOLDEN, mix, mix_raw};
use crate::text::simd::per_level;
use crate::watch::{Stopped, Watch, run_chunks};

/// Slots of a sketch.
pub const SLOTS: usize = 128;

/// A value no shingle should have; one that does (one in 2^32) counts as absent.
const EMPTY: u32 = u32::MAX;

pub type Slots = [u32; SLOTS];

per_level! {
    /// The sketch of a text's shingles; all `u32::MAX` where there are none.
    pub fn sketch(shingles: &[u64], slots: &mut Slots) = sketch_kernel;
}

#[inline(always)]
fn sketch_kernel(shingles: &[u64], slots: &mut Slots) {
    let mut tables = [[EMPTY; SLOTS]; 2];
    spread(shingles, &mut tables);
    merge(&tables, slots);
}

/// Neighbouring shingles go to different tables, merged at the end: a slot that is hit again while the first store
/// is still under way makes the processor wait. More than two tables cost more than they save.
#[inline(always)]
fn spread(shingles: &[u64], [even, odd]: &mut [Slots; 2]) {
    let (pairs, rest) = shingles.as_chunks::<2>();
    for &[first, second] in pairs {
        keep_least(even, first);
        keep_least(odd, second);
    }
    for &shingle in rest {
        keep_least(even, shingle);
    }
}

#[inline(always)]
fn keep_least(table: &mut Slots, shingle: u64) {
    let slot = &mut table[(shingle >> 57) as usize];
    *slot = (*slot).min(shingle as u32);
}

#[inline(always)]
fn merge([even, odd]: &[Slots; 2], slots: &mut Slots) {
    for ((slot, &a), &b) in slots.iter_mut().zip(even).zip(odd) {
        *slot = a.min(b);
    }
    fill_empty(slots);
}

/// An empty slot i asks the slots i + STEPS[0], i + STEPS[1], ... (in a circle) for a value.
///
/// All of 1 to 127, shuffled: with regular steps the empty slots of a run would all end at the same donor.
const STEPS: [u8; SLOTS - 1] = {
    let mut steps = [0; SLOTS - 1];
    let mut i = 0;
    while i < steps.len() {
        steps[i] = i as u8 + 1;
        i += 1;
    }
    while i > 1 {
        let j = (mix_raw(i as u64) % i as u64) as usize;
        i -= 1;
        (steps[i], steps[j]) = (steps[j], steps[i]);
    }
    steps
};

/// Each round is one pass over all slots, without branches: with 300 shingles 12 slots are empty, and one round
/// fills 11 of them.
#[inline(always)]
fn fill_empty(slots: &mut Slots) {
    let mut circle = [EMPTY; 2 * SLOTS];
    circle[..SLOTS].copy_from_slice(slots);
    circle[SLOTS..].copy_from_slice(slots);
    for &step in &STEPS {
        if slots.iter().fold(0, |most, &slot| slot.max(most)) != EMPTY {
            return;
        }
        let others = &circle[usize::from(step)..usize::from(step) + SLOTS];
        for (slot, &other) in slots.iter_mut().zip(others) {
            *slot = if *slot == EMPTY { other } else { *slot };
        }
    }
}

/// How the slots are cut into bands: two rows are candidates when all `depth` slots of one of `n_bands` bands agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Banding {
    pub n_bands: usize,
    pub depth: usize,
}

impl Banding {
    /// The deepest bands that miss a pair at the threshold in at most 3 of 1000 cases; 21 x 6 at 0.8.
    ///
    /// ```
    /// use sctk_data::dedup::Banding;
    /// assert_eq!(Banding::for_threshold(0.8), Banding { n_bands: 21, depth: 6 });
    /// ```
    pub fn for_threshold(threshold: f64) -> Self {
        let misses =
            |depth: usize| (1.0 - threshold.powi(depth as i32)).powi((SLOTS / depth) as i32);
        let depth = (1..=16)
            .rev()
            .find(|&depth| misses(depth) <= 0.003)
            .unwrap_or(1);
        Self {
            n_bands: SLOTS / depth,
            depth,
        }
    }
}

/// The odd multipliers of the places in a band.
const PLACES: [u64; 16] = {
    let mut places = [0; 16];
    let mut j = 0;
    while j < 16 {
        places[j] = mix_raw(j as u64 + 1) | 1;
        j += 1;
    }
    places
};

per_level! {
    /// Writes the key of every band; equal bands have equal keys. Band b has the slots b, b + n_bands, b + 2 n_bands, ...
    pub fn band_keys(slots: &Slots, banding: Banding, keys: &mut [u32; SLOTS]) = band_keys_kernel;
}

#[inline(always)]
fn band_keys_kernel(slots: &Slots, banding: Banding, keys: &mut [u32; SLOTS]) {
    let mut sums = [GOLDEN; SLOTS];
    let sums = &mut sums[..banding.n_bands];
    for (row, place) in slots
        .chunks_exact(banding.n_bands)
        .zip(&PLACES[..banding.depth])
    {
        for (sum, &slot) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(u64::from(slot).wrapping_mul(*place));
        }
    }
    for (key, &sum) in keys.iter_mut().zip(sums.iter()) {
        *key = (mix(sum) >> 32) as u32;
    }
}

/// The low byte of every slot: what the prefilter compares.
pub type Marks = [u8; SLOTS];

per_level! {
    pub fn marks(slots: &Slots, marks: &mut Marks) = marks_kernel;
}

#[inline(always)]
fn marks_kernel(slots: &Slots, marks: &mut Marks) {
    for (mark, &slot) in marks.iter_mut().zip(slots) {
        *mark = slot as u8;
    }
}

per_level! {
    /// How many of the 128 marks are equal.
    pub fn n_equal(a: &Marks, b: &Marks) -> u32 = n_equal_kernel;
}

#[inline(always)]
fn n_equal_kernel(a: &Marks, b: &Marks) -> u32 {
    let mut n = 0u8;
    for (x, y) in a.iter().zip(b) {
        n += u8::from(x == y);
    }
    u32::from(n)
}

const ROWS_PER_CHUNK: usize = 512;

/// The sketches of N sets of 64-bit hashes, of any quality: set i is `hashes[offset(i) .. offset(i + 1)]`.
///
/// `offset` must rise and stay within the hashes (the door checks it). All N sketches of `out` are written, unless stopped.
pub fn sketch_flat(
    simd: Simd,
    hashes: &[u64],
    offset: impl Fn(usize) -> usize + Sync,
    out: &mut [[MaybeUninit<u32>; SLOTS]],
    threads: usize,
    watch: &dyn Watch,
) -> Result<(), Stopped> {
    let chunks: Vec<_> = out
        .chunks_mut(ROWS_PER_CHUNK)
        .map(std::sync::Mutex::new)
        .collect();
    run_chunks(chunks.len(), threads, watch, |chunk| {
        let mut out = chunks[chunk]
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let first = chunk * ROWS_PER_CHUNK;
        for (i, room) in out.iter_mut().enumerate() {
            let mut slots = [EMPTY; SLOTS];
            sketch_mixed(simd, &hashes[range(&offset, first + i)], &mut slots);
            *room = slots.map(MaybeUninit::new);
        }
    })
}

fn range(offset: impl Fn(usize) -> usize, row: usize) -> Range<usize> {
    offset(row)..offset(row + 1)
}

per_level! {
    /// The sketch of hashes that may be bad ones: each is mixed first.
    fn sketch_mixed(hashes: &[u64], slots: &mut Slots) = sketch_mixed_kernel;
}

#[inline(always)]
fn sketch_mixed_kernel(hashes: &[u64], slots: &mut Slots) {
    // the set that lies behind this one comes while this one is spread
    prefetch(
        hashes.as_ptr_range().end.cast(),
        size_of_val(hashes).min(4096),
    );
    let mut tables = [[EMPTY; SLOTS]; 2];
    let mut strip = [0u64; 64];
    let (strips, rest) = hashes.as_chunks::<64>();
    for hashes in strips {
        strip = hashes.map(mix_raw);
        spread(&strip, &mut tables);
    }
    let strip = &mut strip[..rest.len()];
    for (mixed, &hash) in strip.iter_mut().zip(rest) {
        *mixed = mix_raw(hash);
    }
    spread(strip, &mut tables);
    merge(&tables, slots);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::Buffer;
    use crate::watch::Unwatched;

    fn set(seed: u64, n: u64) -> Vec<u64> {
        (0..n).map(|i| mix_raw(seed << 32 | i)).collect()
    }

    #[test]
    fn every_level_gives_the_same_sketch_keys_and_marks() {
        for n in [0, 1, 2, 3, 5, 40, 128, 400, 1000] {
            let shingles = set(n, n);
            let mut want = [0; SLOTS];
            sketch(Simd::SCALAR, &shingles, &mut want);
            for level in Simd::available() {
                let (mut got, mut low) = ([1; SLOTS], [0; SLOTS]);
                sketch(level, &shingles, &mut got);
                assert_eq!(got, want);
                for threshold in [0.3, 0.5, 0.8, 0.95] {
                    let banding = Banding::for_threshold(threshold);
                    let (mut keys, mut want_keys) = ([0; SLOTS], [0; SLOTS]);
                    band_keys(Simd::SCALAR, &want, banding, &mut want_keys);
                    band_keys(level, &got, banding, &mut keys);
                    assert_eq!(keys, want_keys);
                }
                marks(level, &got, &mut low);
                assert_eq!(low, want.map(|s| s as u8));
                assert_eq!(n_equal(level, &low, &low), SLOTS as u32);
            }
        }
    }

    #[test]
    fn the_vectors_of_version_2() {
        let mut slots = [0; SLOTS];
        sketch(Simd::best(), &set(1, 3), &mut slots);
        assert_eq!(slots[..4], [2310175969, 4250289181, 4250289181, 2310175969]);
        sketch(Simd::best(), &set(1, 300), &mut slots);
        assert_eq!(slots[..4], [1038235709, 18804633, 715627105, 13804781]);
    }

    #[test]
    fn order_and_repeats_do_not_matter() {
        let shingles = set(3, 50);
        let mut twice: Vec<u64> = shingles.iter().rev().chain(&shingles).copied().collect();
        twice.rotate_left(7);
        let (mut a, mut b) = ([0; SLOTS], [0; SLOTS]);
        sketch(Simd::best(), &shingles, &mut a);
        sketch(Simd::best(), &twice, &mut b);
        assert_eq!(a, b);
    }

    #[test]
    fn equal_slots_estimate_jaccard_for_small_and_large_sets() {
        for (n, tolerance) in [(5u64, 0.05), (20, 0.03), (300, 0.02)] {
            let mut sum = 0.0;
            let shared = n * 4 / 5;
            let want = shared as f64 / (2 * n - shared) as f64;
            for seed in 0..400 {
                let all = set(seed, 2 * n - shared);
                let (mut a, mut b) = ([0; SLOTS], [0; SLOTS]);
                sketch(Simd::best(), &all[..n as usize], &mut a);
                sketch(Simd::best(), &all[(n - shared) as usize..], &mut b);
                sum += a.iter().zip(&b).filter(|(x, y)| x == y).count() as f64 / SLOTS as f64;
            }
            assert!(
                (sum / 400.0 - want).abs() < tolerance,
                "{n}: {} for {want}",
                sum / 400.0
            );
        }
    }

    fn flat(simd: Simd, hashes: &[u64], offsets: &[usize], threads: usize) -> Vec<Slots> {
        let mut out = Buffer::<u32>::with_capacity((offsets.len() - 1) * SLOTS);
        let room = out.room().as_chunks_mut::<SLOTS>().0;
        sketch_flat(simd, hashes, |i| offsets[i], room, threads, &Unwatched).unwrap();
        // SAFETY: sketch_flat has written every sketch of the room, which is the whole capacity.
        unsafe { out.set_len(out.capacity()) };
        out.as_chunks::<SLOTS>().0.to_vec()
    }

    #[test]
    fn flat_sketches_do_not_need_good_hashes() {
        let hashes: Vec<u64> = (0..3000).collect();
        let offsets = [0usize, 1000, 1000, 2000, 3000];
        let want = flat(Simd::SCALAR, &hashes, &offsets, 1);
        let different: std::collections::HashSet<u32> = want[0].iter().copied().collect();
        assert!(different.len() > 120, "counters were spread over the slots");
        assert_eq!(want[1], [EMPTY; SLOTS]);
        for threads in [1, 2, 8] {
            assert_eq!(flat(Simd::best(), &hashes, &offsets, threads), want);
        }
    }
}
