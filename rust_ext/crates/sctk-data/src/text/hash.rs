//! Version 3 of the portable hashes: defined here, pinned by test vectors, equal on every machine.
//!
//! A word of at most 16 bytes is read as two little-endian 64-bit numbers (zero-padded) and folded through one
//! 128-bit product; a longer one is folded 16 bytes at a time. Nothing here withstands an adversary who knows the
//! constants: two texts can be built to collide. Where that matters, compare the texts (exact deduplication does).
//! The constants are the first bits of well-known irrational numbers, made odd.

/// Bumped whenever any hash in this module, or what a sketch is, changes; store it beside what you store.
///
/// Version 2 knew no signs (`signs`), lower-cased where we fold, and did not normalise; version 1 filled the empty slots of a
/// sketch in other orders as well. The hash of given bytes has not changed.
pub const HASH_VERSION: u32 = 3;

/// The golden ratio, less 1.
pub const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// The square root of 2, less 1.
pub const ROOT_TWO: u64 = 0x6a09_e667_f3bc_c909;
/// Euler's number, less 2.
pub const EULER: u64 = 0xb7e1_5162_8aed_2a6b;
/// Pi, less 3.
pub const PI: u64 = 0x243f_6a88_85a3_08d3;

/// `MASKS[n]` keeps the first n of 16 bytes that were read as two little-endian numbers.
pub const MASKS: [[u64; 2]; 17] = masks();

const fn masks() -> [[u64; 2]; 17] {
    let mut table = [[0; 2]; 17];
    let mut n = 1;
    while n <= 16 {
        table[n] = [
            if n >= 8 { !0 } else { (1 << (8 * n)) - 1 },
            if n <= 8 {
                0
            } else if n == 16 {
                !0
            } else {
                (1 << (8 * (n - 8))) - 1
            },
        ];
        n += 1;
    }
    table
}

/// The two halves of the 128-bit product, xored.
#[inline(always)]
pub fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The hash of a word of `n <= 16` bytes, given as two little-endian numbers without anything beyond its n bytes.
#[inline(always)]
pub fn short_word(low: u64, high: u64, n: usize) -> u64 {
    fold(low ^ GOLDEN, high ^ ROOT_TWO ^ n as u64)
}

/// The hash of a word of any length: the definition, which the vector paths reproduce.
///
/// ```
/// use sctk_data::text::hash::word;
/// assert_eq!(word(b""), 0x864b_f3a5_2ffa_9138);
/// ```
pub fn word(bytes: &[u8]) -> u64 {
    let n = bytes.len();
    if n <= 16 {
        let [low, high] = halves(bytes);
        return short_word(low, high, n);
    }
    long_word(n, |at, n| halves(&bytes[at..at + n]))
}

/// The hash of a word of `n > 16` bytes; `halves(at, m)` yields m of them as two little-endian numbers.
#[inline(always)]
pub fn long_word(n: usize, halves: impl Fn(usize, usize) -> [u64; 2]) -> u64 {
    let mut state = EULER ^ n as u64;
    for at in (0..n).step_by(16) {
        let [low, high] = halves(at, (n - at).min(16));
        state = fold(low ^ state ^ GOLDEN, high ^ ROOT_TWO);
    }
    state
}

#[inline(always)]
fn halves(bytes: &[u8]) -> [u64; 2] {
    let mut padded = [0; 16];
    padded[..bytes.len()].copy_from_slice(bytes);
    let all = u128::from_le_bytes(padded);
    [all as u64, (all >> 64) as u64]
}

/// Spreads a 64-bit number whose bits are already random over all bits (one round, a bijection).
#[inline(always)]
pub const fn mix(x: u64) -> u64 {
    let y = (x ^ (x >> 32)).wrapping_mul(GOLDEN);
    y ^ (y >> 29)
}

/// Spreads any 64-bit number, a row number or a counter too (two rounds, a bijection).
#[inline(always)]
pub const fn mix_raw(x: u64) -> u64 {
    let y = (x ^ (x >> 31)).wrapping_mul(EULER);
    // not 32 again: mix begins with that shift, and the two would cancel
    mix(y ^ (y >> 27))
}

/// The hash of raw bytes (128 bits in two halves), four lanes of 16 bytes at a time.
///
/// For long texts as they stand; words have `word`.
#[inline(always)]
pub fn bytes(text: &[u8]) -> [u64; 2] {
    let mut lanes = [GOLDEN ^ text.len() as u64, ROOT_TWO, EULER, PI];
    let (blocks, rest) = text.as_chunks::<64>();
    for block in blocks {
        absorb(&mut lanes, block);
    }
    if !rest.is_empty() {
        let mut block = [0; 64];
        block[..rest.len()].copy_from_slice(rest);
        absorb(&mut lanes, &block);
    }
    let [a, b, c, d] = lanes;
    [
        fold(a ^ c, b ^ d.rotate_left(32)),
        fold(a.rotate_left(17) ^ d, b ^ c.rotate_left(41) ^ EULER),
    ]
}

#[inline(always)]
fn absorb(lanes: &mut [u64; 4], block: &[u8; 64]) {
    const KEYS: [u64; 4] = [ROOT_TWO, EULER, PI, GOLDEN];
    let (numbers, _) = block.as_chunks::<8>();
    for lane in 0..4 {
        let low = u64::from_le_bytes(numbers[2 * lane]);
        let high = u64::from_le_bytes(numbers[2 * lane + 1]);
        lanes[lane] = fold(low ^ lanes[lane], high ^ KEYS[lane]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_version_3() {
        assert_eq!(HASH_VERSION, 3);
        let alphabet: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let got = [
            word(b"a"),
            word(b"the"),
            word(&alphabet[..8]),
            word(&alphabet[..16]),
            word(&alphabet[..17]),
            word(alphabet),
        ];
        assert_eq!(
            got,
            [
                0xc2be_fafe_dbb6_bf0c,
                0xcfd0_c0cc_d592_1a4c,
                0x4dbd_d047_9e1e_0d0b,
                0x0977_f59c_7983_4416,
                0x9fea_9351_3303_adf0,
                0xfbfe_bd35_9dca_0f6d
            ]
        );
        assert_eq!(
            [mix(1), mix_raw(1)],
            [0x9e37_79bd_8ef1_b1de, 0x4a3d_0be7_0912_ae4c]
        );
        assert_eq!(
            [bytes(b""), bytes(b"abc"), bytes(&[7; 200])],
            [
                [0x55a0_0842_4def_3cf7, 0xf543_fdee_d89c_875f],
                [0xe828_e9a9_6061_f35c, 0x4f22_75dc_0b61_a173],
                [0x2d95_778f_3160_08f7, 0xbdc4_56d9_1ae8_7fec]
            ]
        );
    }

    #[test]
    fn masks_keep_the_first_bytes() {
        for (n, mask) in MASKS.iter().enumerate() {
            let kept = u128::from(mask[0]) | u128::from(mask[1]) << 64;
            assert_eq!(kept.count_ones() as usize, 8 * n);
            assert_eq!(kept.trailing_ones() as usize, 8 * n);
        }
    }

    #[test]
    fn no_two_of_many_short_words_collide() {
        let mut seen = std::collections::HashSet::new();
        for i in 0u32..200_000 {
            assert!(seen.insert(word(i.to_string().as_bytes())));
        }
        for n in 0..100 {
            assert!(seen.insert(word(&vec![b'x'; n])));
            assert!(
                n == 0 || seen.insert(word(&vec![0; n])),
                "the length counts"
            );
        }
    }
}
