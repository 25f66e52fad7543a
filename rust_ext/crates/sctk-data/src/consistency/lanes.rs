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
