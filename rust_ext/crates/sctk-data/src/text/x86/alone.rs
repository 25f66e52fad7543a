//! Han characters and kana, which are words by themselves, found and written without pages.

use std::arch::x86_64::*;

use crate::text::plain::pages::{Kana, Step};

/// Which bytes are this one.
///
/// # Safety
/// AVX-512 BW is there.
#[inline(always)]
pub unsafe fn is(x: __m512i, byte: u8) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(byte as i8)) }
}

/// Which bytes are among the `n` from this one on.
///
/// # Safety
/// AVX-512 BW is there.
#[inline(always)]
pub unsafe fn from(x: __m512i, byte: u8, n: i8) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let x = _mm512_sub_epi8(x, _mm512_set1_epi8(byte as i8));
        _mm512_cmplt_epu8_mask(x, _mm512_set1_epi8(n))
    }
}

/// Where the characters U+4E00 to U+9FFF begin.
///
/// # Safety
/// AVX-512 BW is there.
#[inline(always)]
pub unsafe fn han(x: __m512i, next: __m512i) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { from(x, 0xe5, 5) | is(x, 0xe4) & from(next, 0xb8, 8) }
}

/// Where the kana begin that are words by themselves.
///
/// # Safety
/// AVX-512 with VBMI is there.
#[inline(always)]
pub unsafe fn kana(kana: &Kana, [x, next, over]: [__m512i; 3]) -> u64 {
    // SAFETY: the caller's promise; a page has 64 bytes.
    unsafe {
        let of_page = |i: usize| {
            let page = _mm512_loadu_si512(kana[i].as_ptr().cast());
            let known = _mm512_permutexvar_epi8(over, page);
            is(next, 0x81 + i as u8) & _mm512_test_epi8_mask(known, known)
        };
        is(x, 0xe3) & (of_page(0) | of_page(1) | of_page(2))
    }
}

/// Characters of three bytes begin everywhere.
pub const THREES: u64 = 0x9249_2492_4924_9249;

/// Writes the first 21 characters of a block, a space before and behind each.
///
/// # Safety
/// AVX-512 with VBMI is there.
#[inline(always)]
pub unsafe fn write_alone(x: __m512i, room: &mut [u8; 288]) -> Step {
    // SAFETY: the caller's promise; 64 bytes are written at 1 and 65 of 288, and the tables have 64.
    unsafe {
        room[0] = b' ';
        let space = _mm512_set1_epi8(b' ' as i8);
        for (i, places) in QUARTERS.iter().enumerate() {
            let places = _mm512_loadu_si512(places.as_ptr().cast());
            let quarters = _mm512_mask_permutexvar_epi8(space, LETTERS, places, x);
            _mm512_storeu_si512(room.as_mut_ptr().add(1 + 64 * i).cast(), quarters);
        }
    }
    Step {
        written: 1 + 4 * 21,
        end: 63,
        closer: false,
        class: 0,
        tells: false,
    }
}

/// Three bytes of four.
const LETTERS: u64 = 0x7777_7777_7777_7777;

/// The places of 16 characters of three bytes, in four bytes each, and of those behind them.
const QUARTERS: [[u8; 64]; 2] = {
    let mut places = [[0; 64]; 2];
    let mut i = 0;
    while i < 128 {
        places[i / 64][i % 64] = ((i / 4 * 3 + i % 4) % 64) as u8;
        i += 1;
    }
    places
};
