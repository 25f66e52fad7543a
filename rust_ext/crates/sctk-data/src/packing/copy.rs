//! Copies and counts into memory that nobody reads soon, past the caches where that is faster.
//!
//! A plain store reads its cache line before it writes it; a streaming store does not, which saves a third of the
//! traffic of an output larger than the caches. Both give the same bytes on every SIMD level.

use std::mem::MaybeUninit;

use crate::text::Simd;
use crate::text::simd::Level;

/// How to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Plain,
    Streaming(Simd),
}

/// Copies `from` to `to`, which must be as long.
#[inline]
pub fn copy(from: &[u8], to: &mut [MaybeUninit<u8>], store: Store) {
    assert_eq!(from.len(), to.len(), "a copy keeps its length");
    match store {
        #[cfg(target_arch = "x86_64")]
        Store::Streaming(simd) if from.len() >= 256 => match simd.0 {
            // SAFETY: a `Simd` of this level exists only where the processor has it; the lengths are equal.
            Level::Avx512 => unsafe { x86::copy_avx512(from, to) },
            // SAFETY: as above.
            Level::Avx2 => unsafe { x86::copy_avx2(from, to) },
            Level::Scalar => plain_copy(from, to),
        },
        _ => plain_copy(from, to),
    }
}

fn plain_copy(from: &[u8], to: &mut [MaybeUninit<u8>]) {
    // SAFETY: both slices have this length (checked in `copy`), and a shared and an exclusive borrow do not overlap.
    unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr().cast(), from.len()) };
}

/// Writes 0, 1, 2, ... to `to`.
#[inline]
pub fn count_up(to: &mut [MaybeUninit<i32>], store: Store) {
    match store {
        #[cfg(target_arch = "x86_64")]
        Store::Streaming(simd) if to.len() >= 64 => match simd.0 {
            // SAFETY: a `Simd` of this level exists only where the processor has it.
            Level::Avx512 => unsafe { x86::count_avx512(to) },
            // SAFETY: as above.
            Level::Avx2 => unsafe { x86::count_avx2(to) },
            Level::Scalar => plain_count(to, 0),
        },
        _ => plain_count(to, 0),
    }
}

#[inline(always)]
fn plain_count(to: &mut [MaybeUninit<i32>], first: i32) {
    for (i, slot) in to.iter_mut().enumerate() {
        slot.write(first + i as i32);
    }
}

/// Makes streaming stores visible to other threads; to be called before their memory is handed over.
#[inline]
pub fn fence(store: Store) {
    #[cfg(target_arch = "x86_64")]
    if matches!(store, Store::Streaming(_)) {
        // SAFETY: sfence is part of SSE, which every x86-64 processor has.
        unsafe { std::arch::x86_64::_mm_sfence() };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = store;
}

/// Asks for the cache line at `place`, which will be written in part; a place outside of any memory is let be.
#[inline(always)]
pub fn expect_writes<T>(place: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
        // SAFETY: a prefetch reads and writes nothing and may be given any address.
        unsafe { _mm_prefetch(place.cast(), _MM_HINT_ET0) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::mem::MaybeUninit;

    use super::plain_count;

    const LINE: usize = 64;

    /// Splits `to` into what lies before the first cache line, whole lines, and the rest.
    #[inline(always)]
    fn lines(at: usize, len: usize) -> (usize, usize) {
        let head = (LINE - at % LINE) % LINE;
        (head.min(len), len.saturating_sub(head) / LINE * LINE)
    }

    /// Copies less than a cache line: two overlapping halves of the largest size that fits.
    #[inline(always)]
    fn copy_edge(from: &[u8], to: &mut [MaybeUninit<u8>]) {
        let n = from.len().min(to.len());
        let (source, target) = (from.as_ptr(), to.as_mut_ptr());
        macro_rules! halves {
            ($($bytes:literal),*) => { $(
                if n >= $bytes {
                    let last = n - $bytes;
                    // SAFETY: 0 .. $bytes and last .. n lie in both slices; arrays of bytes need no alignment.
                    unsafe {
                        let first: [u8; $bytes] = source.cast::<[u8; $bytes]>().read();
                        let second: [u8; $bytes] = source.add(last).cast::<[u8; $bytes]>().read();
                        target.cast::<[u8; $bytes]>().write(first);
                        target.add(last).cast::<[u8; $bytes]>().write(second);
                    }
                    return;
                }
            )* };
        }
        halves!(32, 16, 8, 4, 2, 1);
    }

    /// The same by one masked vector: no branch that depends on the length.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn copy_masked(from: &[u8], to: &mut [MaybeUninit<u8>]) {
        let mask = (1u64 << from.len().min(to.len())) - 1;
        // SAFETY: the mask selects bytes within both slices alone, and those outside are not touched.
        unsafe {
            let bytes = _mm512_maskz_loadu_epi8(mask, from.as_ptr().cast());
            _mm512_mask_storeu_epi8(to.as_mut_ptr().cast(), mask, bytes);
        }
    }

    macro_rules! copy {
        ($name:ident, $feature:literal, $load:ident, $stream:ident, $vector:ty, $edge:ident) => {
            /// # Safety
            /// The processor has the feature, and the slices have one length.
            #[target_feature(enable = $feature)]
            pub unsafe fn $name(from: &[u8], to: &mut [MaybeUninit<u8>]) {
                let (head, body) = lines(to.as_ptr() as usize, to.len());
                $edge(&from[..head], &mut to[..head]);
                let (source, target) = (from[head..].as_ptr(), to[head..].as_mut_ptr());
                for at in (0..body).step_by(size_of::<$vector>()) {
                    // SAFETY: at + the vector's size <= body, which lies in both slices; target is aligned to 64 bytes.
                    unsafe { $stream(target.add(at).cast(), $load(source.add(at).cast())) };
                }
                $edge(&from[head + body..], &mut to[head + body..]);
            }
        };
    }
    copy!(
        copy_avx512,
        "avx512f,avx512bw",
        _mm512_loadu_si512,
        _mm512_stream_si512,
        __m512i,
        copy_masked
    );
    copy!(
        copy_avx2,
        "avx2",
        _mm256_loadu_si256,
        _mm256_stream_si256,
        __m256i,
        copy_edge
    );

    macro_rules! count {
        ($name:ident, $feature:literal, $vector:ty, $set:ident, $add:ident, $stream:ident, $first:expr) => {
            /// # Safety
            /// The processor has the feature.
            #[target_feature(enable = $feature)]
            pub unsafe fn $name(to: &mut [MaybeUninit<i32>]) {
                let lanes = size_of::<$vector>() / 4;
                let (head, body) = lines(to.as_ptr() as usize, 4 * to.len());
                let (head, body) = (head / 4, body / 4);
                plain_count(&mut to[..head], 0);
                let mut value = $add($first, $set(head as i32));
                let step = $set(lanes as i32);
                let target = to[head..].as_mut_ptr();
                for at in (0..body).step_by(lanes) {
                    // SAFETY: at + lanes <= body, which lies in `to`; target is aligned to 64 bytes.
                    unsafe { $stream(target.add(at).cast(), value) };
                    value = $add(value, step);
                }
                plain_count(&mut to[head + body..], (head + body) as i32);
            }
        };
    }
    count!(
        count_avx512,
        "avx512f",
        __m512i,
        _mm512_set1_epi32,
        _mm512_add_epi32,
        _mm512_stream_si512,
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    );
    count!(
        count_avx2,
        "avx2",
        __m256i,
        _mm256_set1_epi32,
        _mm256_add_epi32,
        _mm256_stream_si256,
        _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stores() -> Vec<Store> {
        let levels = Simd::available().into_iter().map(Store::Streaming);
        levels.chain([Store::Plain]).collect()
    }

    #[test]
    fn every_store_copies_the_same_bytes_at_every_alignment() {
        let from: Vec<u8> = (0..3000u32).map(|i| (i * 7 + i / 256) as u8).collect();
        for store in stores() {
            for (skip, n) in [
                (0, 0),
                (1, 300),
                (63, 1000),
                (4, 255),
                (8, 256),
                (17, 2900),
                (64, 64),
            ]
            .into_iter()
            .chain((0..64).flat_map(|skip| [(skip, 320), (7, 256 + skip)]))
            {
                let mut to = vec![MaybeUninit::new(0xaau8); 3000];
                copy(&from[skip..skip + n], &mut to[skip..skip + n], store);
                fence(store);
                // SAFETY: all of `to` was written when it was made.
                let got: Vec<u8> = to.iter().map(|x| unsafe { x.assume_init() }).collect();
                assert_eq!(got[skip..skip + n], from[skip..skip + n]);
                assert!(
                    got[..skip]
                        .iter()
                        .chain(&got[skip + n..])
                        .all(|&x| x == 0xaa)
                );
            }
        }
    }

    #[test]
    fn every_store_counts_the_same() {
        for store in stores() {
            for (skip, n) in [(0, 0), (1, 63), (3, 64), (15, 1000), (16, 129)] {
                let mut to = vec![MaybeUninit::new(-1i32); 1100];
                count_up(&mut to[skip..skip + n], store);
                fence(store);
                // SAFETY: all of `to` was written when it was made.
                let got: Vec<i32> = to.iter().map(|x| unsafe { x.assume_init() }).collect();
                assert!(
                    got[skip..skip + n]
                        .iter()
                        .enumerate()
                        .all(|(i, &x)| x == i as i32)
                );
                assert!(got[..skip].iter().chain(&got[skip + n..]).all(|&x| x == -1));
            }
        }
    }
}
