//! Which vector instructions to use: found out at run time, the same results on each.
//!
//! A `Simd` value can only be had where the processor has what it names, so whoever holds one may call the
//! functions that are compiled for it.

use std::sync::OnceLock;

/// A level of vector instructions that this processor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simd(pub(crate) Level);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Simd {
    /// No vector instructions beyond those that every processor of this architecture has.
    pub const SCALAR: Self = Self(Level::Scalar);

    /// The widest level of this processor.
    pub fn best() -> Self {
        static BEST: OnceLock<Simd> = OnceLock::new();
        *BEST.get_or_init(|| Self::available()[0])
    }

    /// Every level of this processor, the widest first.
    pub fn available() -> Vec<Self> {
        let mut levels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vbmi")
                && is_x86_feature_detected!("avx512vbmi2");
            if avx2 && avx512 {
                levels.push(Self(Level::Avx512));
            }
            if avx2 {
                levels.push(Self(Level::Avx2));
            }
        }
        levels.push(Self::SCALAR);
        levels
    }

    /// The level of this name (`avx512`, `avx2`, `scalar`), where the processor has it.
    pub fn named(name: &str) -> Option<Self> {
        Self::available()
            .into_iter()
            .find(|level| level.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }
}

/// Defines `fn name(level, args)` that runs `kernel` compiled for that level.
///
/// `kernel` must be `#[inline(always)]`; it is given the level's `Block` as its type parameter where one is named
/// (`kernel::<B>`), else it is ordinary code that the compiler turns into vectors by itself.
macro_rules! per_level {
    ($(#[$note:meta])* $vis:vis fn $name:ident($($arg:ident: $kind:ty),* $(,)?) $(-> $out:ty)? = $kernel:ident $(::<$block:ident>)?;) => {
        $(#[$note])*
        #[inline]
        $vis fn $name(level: $crate::text::Simd, $($arg: $kind),*) $(-> $out)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
            fn avx2($($arg: $kind),*) $(-> $out)? {
                $(type $block = $crate::text::simd::blocks::Avx2;)?
                $kernel $(::<$block>)? ($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2")]
            fn avx512($($arg: $kind),*) $(-> $out)? {
                $(type $block = $crate::text::simd::blocks::Avx512;)?
                $kernel $(::<$block>)? ($($arg),*)
            }
            match level.0 {
                // SAFETY: a `Simd` of this level exists only where the processor has these features.
                #[cfg(target_arch = "x86_64")]
                $crate::text::simd::Level::Avx512 => unsafe { avx512($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::text::simd::Level::Avx2 => unsafe { avx2($($arg),*) },
                $crate::text::simd::Level::Scalar => {
                    $(type $block = $crate::text::simd::blocks::Scalar;)?
                    $kernel $(::<$block>)? ($($arg),*)
                }
            }
        }
    };
}
pub(crate) use per_level;

/// The `Block` of every level, for `per_level`.
pub(crate) mod blocks {
    pub use crate::text::block::Scalar;
    #[cfg(target_arch = "x86_64")]
    pub use crate::text::x86::{Avx2, Avx512};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalar_is_always_there_and_last() {
        let levels = Simd::available();
        assert_eq!(levels.last(), Some(&Simd::SCALAR));
        assert_eq!(levels[0], Simd::best());
        for level in levels {
            assert_eq!(Simd::named(level.name()), Some(level));
        }
        assert_eq!(Simd::named("abacus"), None);
    }
}
