//! The blocks of AVX2 and AVX-512.
//!
//! The methods are inlined into functions that are compiled for these features (`per_level`), and those are
//! called only with a `Simd` that proves them: this is what every `unsafe` below rests on.

use std::arch::x86_64::*;

use super::block::Block;
use super::canon::{BEHIND, State};
use super::plain::pages::{Pages, Recent, Step};

mod alone;
mod canon;
mod pages;

/// Two registers of 32 bytes.
pub struct Avx2;

/// One register of 64 bytes, masks in mask registers.
pub struct Avx512;

impl Block for Avx2 {
    #[inline(always)]
    fn classify<const UNDERSCORE: bool>(from: &[u8; 64], to: &mut [u8; 64]) -> [u64; 2] {
        let (mut word, mut above) = (0, 0);
        for half in 0..2 {
            // SAFETY: AVX2 is there (see the module); both halves lie within the 64 bytes.
            let [w, a] = unsafe {
                half_block::<UNDERSCORE>(
                    from.as_ptr().add(32 * half),
                    to.as_mut_ptr().add(32 * half),
                )
            };
            word |= u64::from(w) << (32 * half);
            above |= u64::from(a) << (32 * half);
        }
        [word, above]
    }

    #[inline(always)]
    fn leads(from: &[u8; 64]) -> [u64; 2] {
        let (mut above, mut leads) = (0, 0);
        for half in 0..2 {
            // SAFETY: AVX2 is there; both halves lie within the 64 bytes.
            unsafe {
                let x = _mm256_loadu_si256(from.as_ptr().add(32 * half).cast());
                let lead = _mm256_and_si256(x, _mm256_add_epi8(x, x));
                above |= u64::from(_mm256_movemask_epi8(x) as u32) << (32 * half);
                leads |= u64::from(_mm256_movemask_epi8(lead) as u32) << (32 * half);
            }
        }
        [above, leads]
    }

    #[inline(always)]
    fn signs(from: &[u8; 64]) -> u64 {
        // SAFETY: AVX2 is there; both halves lie within the 64 bytes.
        let [low, high] = unsafe { [half_signs(from.as_ptr()), half_signs(from.as_ptr().add(32))] };
        let [signs, points, digits] =
            [0, 1, 2].map(|i| u64::from(low[i]) | u64::from(high[i]) << 32);
        signs | points & (digits >> 1 | 1 << 63)
    }
}

/// All ones where the byte of x is one of the signs; a point; a digit.
///
/// # Safety
/// AVX2 is there; 32 bytes may be read at `from`.
#[inline(always)]
unsafe fn half_signs(from: *const u8) -> [u32; 3] {
    // SAFETY: the caller's promise.
    unsafe {
        let x = _mm256_loadu_si256(from.cast());
        let is = |byte: u8| _mm256_cmpeq_epi8(x, _mm256_set1_epi8(byte as i8));
        let from = |byte: u8, n| below(_mm256_sub_epi8(x, _mm256_set1_epi8(byte as i8)), n);
        let mut sign = _mm256_or_si256(from(b'*', 2), from(b'<', 3));
        for byte in [b'-', b'/', b'#', b'%', b'^'] {
            sign = _mm256_or_si256(sign, is(byte));
        }
        [sign, is(b'.'), from(b'0', 10)].map(|mask| _mm256_movemask_epi8(mask) as u32)
    }
}

/// 32 bytes of `classify`.
///
/// # Safety
/// AVX2 is there; 32 bytes may be read at `from` and written at `to`.
#[inline(always)]
unsafe fn half_block<const UNDERSCORE: bool>(from: *const u8, to: *mut u8) -> [u32; 2] {
    // SAFETY: the caller's promise.
    unsafe {
        let x = _mm256_loadu_si256(from.cast());
        let lower = _mm256_or_si256(x, _mm256_set1_epi8(0x20));
        let letter = below(_mm256_sub_epi8(lower, _mm256_set1_epi8(b'a' as i8)), 26);
        let digit = below(_mm256_sub_epi8(x, _mm256_set1_epi8(b'0' as i8)), 10);
        let mut word = _mm256_or_si256(letter, digit);
        if UNDERSCORE {
            word = _mm256_or_si256(word, _mm256_cmpeq_epi8(x, _mm256_set1_epi8(b'_' as i8)));
        }
        // a letter with bit 5 set is lower-case; setting it in every letter changes only the upper-case ones
        let bit = _mm256_and_si256(letter, _mm256_set1_epi8(0x20));
        _mm256_storeu_si256(to.cast(), _mm256_or_si256(x, bit));
        [
            _mm256_movemask_epi8(word) as u32,
            _mm256_movemask_epi8(x) as u32,
        ]
    }
}

/// All ones where the byte of x, unsigned, is below `n`.
///
/// # Safety
/// AVX2 is there.
#[inline(always)]
unsafe fn below(x: __m256i, n: i8) -> __m256i {
    // SAFETY: the caller's promise.
    unsafe { _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(n - 1)), x) }
}

impl Block for Avx512 {
    const HAS_PAGES: bool = true;

    #[inline(always)]
    fn classify<const UNDERSCORE: bool>(from: &[u8; 64], to: &mut [u8; 64]) -> [u64; 2] {
        // SAFETY: AVX-512 is there (see the module); 64 bytes are read and written.
        unsafe { whole_block::<UNDERSCORE>(_mm512_loadu_si512(from.as_ptr().cast()), to) }
    }

    #[inline(always)]
    fn classify_tail<const UNDERSCORE: bool>(from: &[u8], to: &mut [u8; 64]) -> [u64; 2] {
        debug_assert!(from.len() < 64);
        // SAFETY: AVX-512 is there; the mask keeps the load to the bytes of `from`, and a masked load touches no others.
        unsafe {
            whole_block::<UNDERSCORE>(
                _mm512_maskz_loadu_epi8(_bzhi_u64(!0, from.len() as u32), from.as_ptr().cast()),
                to,
            )
        }
    }

    #[inline(always)]
    fn leads(from: &[u8; 64]) -> [u64; 2] {
        // SAFETY: AVX-512 BW is there; 64 bytes are read.
        unsafe {
            let x = _mm512_loadu_si512(from.as_ptr().cast());
            let leads = _mm512_cmpge_epu8_mask(x, _mm512_set1_epi8(0xc0_u8 as i8));
            [_mm512_movepi8_mask(x), leads]
        }
    }

    #[inline(always)]
    fn known_twos(from: &[u8; 64], next: &[u8; 64], set: &[u8; 256]) -> u64 {
        const BITS: i64 = 0x8040_2010_0804_0201_u64 as i64;
        // SAFETY: AVX-512 with VBMI is there; 64 bytes are read of both, and 256 of `set`.
        unsafe {
            let x = _mm512_loadu_si512(from.as_ptr().cast());
            let next = _mm512_loadu_si512(next.as_ptr().cast());
            let seven = _mm512_set1_epi8(7);
            let high = _mm512_slli_epi16::<3>(_mm512_and_si512(x, _mm512_set1_epi8(0x1f)));
            let low = _mm512_and_si512(_mm512_srli_epi16::<3>(next), seven);
            let place = _mm512_or_si512(high, low);
            let [a, b, c, d] =
                [0, 64, 128, 192].map(|at| _mm512_loadu_si512(set.as_ptr().add(at).cast()));
            let below = _mm512_permutex2var_epi8(a, place, b);
            let above = _mm512_permutex2var_epi8(c, place, d);
            let bytes = _mm512_mask_blend_epi8(_mm512_movepi8_mask(place), below, above);
            let bit = _mm512_shuffle_epi8(_mm512_set1_epi64(BITS), _mm512_and_si512(next, seven));
            let two = _mm512_cmpeq_epi8_mask(
                _mm512_and_si512(x, _mm512_set1_epi8(0xe0_u8 as i8)),
                _mm512_set1_epi8(0xc0_u8 as i8),
            );
            two & _mm512_test_epi8_mask(bytes, bit)
        }
    }

    #[inline(always)]
    fn write_pages(
        pages: &Pages,
        recent: &mut Recent,
        bytes: &[u8; 80],
        part: (usize, usize),
        class: u8,
        room: &mut [u8; 288],
    ) -> Option<Step> {
        // SAFETY: AVX-512 with VBMI and VBMI2 is there.
        Some(unsafe { pages::write(pages, recent, bytes, part, class, room) })
    }

    #[inline(always)]
    fn canon(block: &[u8; BEHIND], valid: u64, state: &mut State, room: &mut [u8; BEHIND]) -> u64 {
        // SAFETY: AVX-512 with BW and VBMI2 is there.
        unsafe { canon::write(block, valid, state, room) }
    }

    #[inline(always)]
    fn places_of_four(all: u128) -> u32 {
        const LOW: u64 = 0x0300_3f03_003f_0300;
        const HIGH: u64 = 0x3f03_003f;
        // SAFETY: BMI2 is there, and quick on every processor that has AVX-512.
        unsafe {
            let [low, high] = [
                _pext_u64(all as u64, LOW),
                _pext_u64((all >> 64) as u64, HIGH),
            ];
            (low | high << LOW.count_ones()) as u32
        }
    }

    #[inline(always)]
    fn code_point(four: u32) -> u32 {
        const BITS: [u32; 4] = [0x1f3f_0000, 0x1f3f_0000, 0x0f3f_3f00, 0x073f_3f3f];
        // SAFETY: BMI2 is there, and quick on every processor that has AVX-512.
        unsafe { _pext_u32(four, BITS[(four >> 28) as usize & 3]) }
    }

    #[inline(always)]
    fn code_point_of_two(two: u16) -> u16 {
        // SAFETY: as above.
        unsafe { _pext_u32(two.into(), 0x1f3f) as u16 }
    }

    #[inline(always)]
    fn code_point_of_three(four: u32) -> u16 {
        // SAFETY: as above.
        unsafe { _pext_u32(four, 0x0f3f_3f00) as u16 }
    }

    #[inline(always)]
    fn signs(from: &[u8; 64]) -> u64 {
        // SAFETY: AVX-512 BW is there; 64 bytes are read.
        unsafe {
            let x = _mm512_loadu_si512(from.as_ptr().cast());
            let is = |byte: u8| _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(byte as i8));
            let from = |byte: u8, n: i8| {
                let x = _mm512_sub_epi8(x, _mm512_set1_epi8(byte as i8));
                _mm512_cmplt_epu8_mask(x, _mm512_set1_epi8(n))
            };
            let signs = from(b'*', 2) | from(b'<', 3) | is(b'-') | is(b'/');
            let points = is(b'.') & (from(b'0', 10) >> 1 | 1 << 63);
            signs | is(b'#') | is(b'%') | is(b'^') | points
        }
    }

    #[inline(always)]
    fn first_bytes(from: &[u8; 16], n: usize) -> [u64; 2] {
        // SAFETY: AVX-512 BW and VL are there; the load lies within the 16 bytes.
        unsafe {
            let mask = _bzhi_u32(0xffff, n.min(16) as u32) as u16;
            let word = _mm_maskz_loadu_epi8(mask, from.as_ptr().cast());
            [
                _mm_cvtsi128_si64(word) as u64,
                _mm_extract_epi64::<1>(word) as u64,
            ]
        }
    }

    #[inline(always)]
    fn positions(bits: u64, base: u32, to: &mut [u32; 64]) {
        // SAFETY: AVX-512 with VBMI2 is there; the four stores of 16 numbers fill exactly the 64 of `to`.
        unsafe {
            let packed =
                _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(COUNT.as_ptr().cast()));
            let base = _mm512_set1_epi32(base as i32);
            let start: *mut __m512i = to.as_mut_ptr().cast();
            put(start, _mm512_castsi512_si128(packed), base);
            put(start.add(1), _mm512_extracti32x4_epi32::<1>(packed), base);
            if bits.count_ones() > 32 {
                put(start.add(2), _mm512_extracti32x4_epi32::<2>(packed), base);
                put(start.add(3), _mm512_extracti32x4_epi32::<3>(packed), base);
            }
        }
    }
}

/// Writes 16 bytes, each plus `base`, as 32-bit numbers.
///
/// # Safety
/// AVX-512 is there; 64 bytes may be written at `to`.
#[inline(always)]
unsafe fn put(to: *mut __m512i, bytes: __m128i, base: __m512i) {
    // SAFETY: the caller's promise.
    unsafe { _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_cvtepu8_epi32(bytes), base)) };
}

const COUNT: [u8; 64] = {
    let mut count = [0; 64];
    let mut i = 0;
    while i < 64 {
        count[i] = i as u8;
        i += 1;
    }
    count
};

/// `classify` of a block that is in a register.
///
/// # Safety
/// AVX-512 F and BW are there.
#[inline(always)]
unsafe fn whole_block<const UNDERSCORE: bool>(x: __m512i, to: &mut [u8; 64]) -> [u64; 2] {
    // SAFETY: the caller's promise; 64 bytes are written.
    unsafe {
        let lower = _mm512_or_si512(x, _mm512_set1_epi8(0x20));
        let letter = _mm512_cmplt_epu8_mask(
            _mm512_sub_epi8(lower, _mm512_set1_epi8(b'a' as i8)),
            _mm512_set1_epi8(26),
        );
        let mut word = letter
            | _mm512_cmplt_epu8_mask(
                _mm512_sub_epi8(x, _mm512_set1_epi8(b'0' as i8)),
                _mm512_set1_epi8(10),
            );
        if UNDERSCORE {
            word |= _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(b'_' as i8));
        }
        _mm512_storeu_si512(
            to.as_mut_ptr().cast(),
            _mm512_mask_mov_epi8(x, letter, lower),
        );
        [word, _mm512_movepi8_mask(x)]
    }
}
