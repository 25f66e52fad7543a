//! n-grams of token hashes, and the fingerprint of a whole sequence.
//!
//! Plain loops without branches: the compiler turns them into the vectors of the level that they are compiled for.

use std::mem::MaybeUninit;

use super::hash::{EULER, GOLDEN, PI, ROOT_TWO, mix};
use super::simd::per_level;

per_level! {
    /// Replaces `out` by the hash of every run of `n` tokens: max(1, t - n + 1) hashes of t tokens, none of none.
    ///
    /// A sequence shorter than n is one shingle. The hash is `mix` of the tokens' polynomial in `PI`.
    pub fn grams(tokens: &[u64], n: usize, out: &mut Vec<u64>) = grams_kernel;
}

#[inline(always)]
fn grams_kernel(tokens: &[u64], n: usize, out: &mut Vec<u64>) {
    out.clear();
    let n = n.clamp(1, tokens.len().max(1));
    let count = (tokens.len() + 1).saturating_sub(n);
    out.reserve(count);
    let room = &mut out.spare_capacity_mut()[..count];
    if n == 5 {
        fives(tokens, room);
    } else {
        windows(tokens, n, room);
    }
    // SAFETY: both have written all of `room`, which is the first `count` places behind the empty vector's end.
    unsafe { out.set_len(count) };
}

#[inline(always)]
fn fives(tokens: &[u64], out: &mut [MaybeUninit<u64>]) {
    let n = out.len();
    let [a, b, c, d, e] = [
        &tokens[..n],
        &tokens[1..n + 1],
        &tokens[2..n + 2],
        &tokens[3..n + 3],
        &tokens[4..n + 4],
    ];
    for i in 0..n {
        let h = a[i].wrapping_mul(PI).wrapping_add(b[i]);
        let h = h.wrapping_mul(PI).wrapping_add(c[i]);
        let h = h.wrapping_mul(PI).wrapping_add(d[i]);
        out[i].write(mix(h.wrapping_mul(PI).wrapping_add(e[i])));
    }
}

/// Any n, in strips that stay in registers and the first-level cache.
#[inline(always)]
fn windows(tokens: &[u64], n: usize, out: &mut [MaybeUninit<u64>]) {
    let mut strip = [0u64; 64];
    for (i, out) in out.chunks_mut(64).enumerate() {
        let tokens = &tokens[64 * i..64 * i + out.len() + n - 1];
        let strip = &mut strip[..out.len()];
        strip.copy_from_slice(&tokens[..strip.len()]);
        for j in 1..n {
            for (h, &t) in strip.iter_mut().zip(&tokens[j..j + out.len()]) {
                *h = h.wrapping_mul(PI).wrapping_add(t);
            }
        }
        for (slot, &h) in out.iter_mut().zip(strip.iter()) {
            slot.write(mix(h));
        }
    }
}

per_level! {
    /// 128 bits that stand for the whole sequence, order and length included.
    pub fn fingerprint(tokens: &[u64]) -> [u64; 2] = fingerprint_kernel;
}

#[inline(always)]
fn fingerprint_kernel(tokens: &[u64]) -> [u64; 2] {
    let (mut first, mut second) = (tokens.len() as u64, 0u64);
    let mut place = 0u64;
    for &t in tokens {
        place = place.wrapping_add(GOLDEN);
        let u = t.wrapping_add(place);
        let x = (u ^ (u >> 32)).wrapping_mul(ROOT_TWO);
        first = first.wrapping_add(x ^ (x >> 29));
        let y = (x ^ (x >> 32)).wrapping_mul(EULER);
        second = second.wrapping_add(y ^ (y >> 31));
    }
    [mix(first), second]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Simd;
    use crate::text::hash::mix_raw;

    #[test]
    fn grams_are_those_of_the_definition_on_every_level() {
        let tokens: Vec<u64> = (0..77).map(mix_raw).collect();
        for level in Simd::available() {
            for t in [0, 1, 2, 4, 5, 6, 20, 77] {
                for n in [1, 2, 3, 5, 8, 13, 100] {
                    let tokens = &tokens[..t];
                    let mut out = vec![1, 2, 3];
                    grams(level, tokens, n, &mut out);
                    let width = n.min(t).max(1);
                    let want: Vec<u64> = tokens
                        .windows(width)
                        .map(|w| {
                            mix(w
                                .iter()
                                .fold(0u64, |h, &x| h.wrapping_mul(PI).wrapping_add(x)))
                        })
                        .collect();
                    assert_eq!(out, want);
                }
            }
        }
    }

    #[test]
    fn fingerprints_see_order_length_and_every_token() {
        let tokens: Vec<u64> = (0..40).map(mix_raw).collect();
        let mut seen = std::collections::HashSet::new();
        for level in Simd::available() {
            assert_eq!(
                fingerprint(level, &tokens),
                fingerprint(Simd::SCALAR, &tokens)
            );
        }
        for t in 0..40 {
            assert!(seen.insert(fingerprint(Simd::best(), &tokens[..t])));
            let mut other = tokens.clone();
            other[t] ^= 1;
            assert!(seen.insert(fingerprint(Simd::best(), &other)));
            other.copy_from_slice(&tokens);
            other.swap(t, (t + 1) % 40);
            assert!(seen.insert(fingerprint(Simd::best(), &other)));
        }
        assert_eq!(
            fingerprint(Simd::best(), &[1, 2, 3]),
            [0x96d7_7caa_8220_bca8, 0x1746_4788_e772_ff8e]
        );
    }
}
