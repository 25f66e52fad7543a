//! Kernels over lanes of 64 bits: eight with AVX-512, four with AVX2, two without.
//!
//! A kernel is plain code over arrays of lanes, written once and compiled for each level. Whole numbers are all that
//! it computes, so the result is the same on each.

/// Defines a function that runs `kernel::<LANES, HALF>` as compiled for the level that it is given.
/// The kernel must be `#[inline(always)]`.
macro_rules! in_lanes {
    ($(#[$note:meta])* $vis:vis fn $name:ident($($arg:ident: $kind:ty),* $(,)?) = $kernel:ident;) => {
        $(#[$note])*
        $vis fn $name(level: $crate::text::Simd, $($arg: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi2")]
            fn avx512($($arg: $kind),*) {
                $kernel::<8, 4>($($arg),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
            fn avx2($($arg: $kind),*) {
                $kernel::<4, 2>($($arg),*);
            }
            match level.0 {
                // SAFETY: a `Simd` of this level exists only where the processor has these features.
                #[cfg(target_arch = "x86_64")]
                $crate::text::simd::Level::Avx512 => unsafe { avx512($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::text::simd::Level::Avx2 => unsafe { avx2($($arg),*) },
                $crate::text::simd::Level::Scalar => $kernel::<2, 1>($($arg),*),
            }
        }
    };
}
pub(super) use in_lanes;

/// One word of a column of `lcs` over a token of the text, in all lanes: `column + (column & matches) + carry`, with the rows that
/// do not match kept; the carry becomes what is carried out. Written for each register: the compiler does not always find them.
///
/// # Safety
/// The processor has the registers of `L` lanes, as in a kernel of `in_lanes`.
#[inline(always)]
pub(super) unsafe fn advance<const L: usize>(
    column: &mut [u64; L],
    matches: &[u64; L],
    carry: &mut [u64; L],
) {
    #[cfg(target_arch = "x86_64")]
    {
        let (to, by) = (column.as_mut_ptr(), matches.as_ptr());
        let kept = carry.as_mut_ptr();
        if L == 8 {
            // SAFETY: the caller's promise; each pointer is to eight numbers.
            return unsafe { x86::advance_512(to.cast(), by.cast(), kept.cast()) };
        }
        if L == 4 {
            // SAFETY: as above, of four.
            return unsafe { x86::advance_256(to.cast(), by.cast(), kept.cast()) };
        }
    }
    for lane in 0..L {
        let old = column[lane];
        let sum = old.wrapping_add(old & matches[lane]);
        let all = sum.wrapping_add(carry[lane]);
        carry[lane] = u64::from(sum < old) | u64::from(all < sum);
        column[lane] = all | (old & !matches[lane]);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    /// # Safety
    /// AVX-512 is there; the pointers are to 64 bytes each.
    #[inline(always)]
    pub unsafe fn advance_512(column: *mut __m512i, matches: *const __m512i, carry: *mut __m512i) {
        // SAFETY: the caller's promise.
        unsafe {
            let (old, matches) = (_mm512_loadu_si512(column), _mm512_loadu_si512(matches));
            let added = _mm512_and_si512(old, matches);
            let sum = _mm512_add_epi64(_mm512_add_epi64(old, added), _mm512_loadu_si512(carry));
            // no comparison: as `added` is part of `old`, its highest bit is carried, or the old one that the sum has lost
            let carried = _mm512_or_si512(added, _mm512_andnot_si512(sum, old));
            _mm512_storeu_si512(carry, _mm512_srli_epi64::<63>(carried));
            _mm512_storeu_si512(
                column,
                _mm512_or_si512(sum, _mm512_andnot_si512(matches, old)),
            );
        }
    }

    /// # Safety
    /// AVX2 is there; the pointers are to 32 bytes each.
    #[inline(always)]
    pub unsafe fn advance_256(column: *mut __m256i, matches: *const __m256i, carry: *mut __m256i) {
        // SAFETY: the caller's promise.
        unsafe {
            let (old, matches) = (_mm256_loadu_si256(column), _mm256_loadu_si256(matches));
            let added = _mm256_and_si256(old, matches);
            let sum = _mm256_add_epi64(_mm256_add_epi64(old, added), _mm256_loadu_si256(carry));
            let carried = _mm256_or_si256(added, _mm256_andnot_si256(sum, old)); // as above
            _mm256_storeu_si256(carry, _mm256_srli_epi64::<63>(carried));
            _mm256_storeu_si256(
                column,
                _mm256_or_si256(sum, _mm256_andnot_si256(matches, old)),
            );
        }
    }
}
