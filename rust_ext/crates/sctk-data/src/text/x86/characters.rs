//! The characters of a script that is cut by dictionary, 21 at a time.

use std::arch::x86_64::*;

use super::alone::is;
use crate::text::plain::characters::{Kind, SOME, Simple, Tables};

/// The simple characters that `bytes` begins with.
///
/// # Safety
/// AVX-512 with BW and VBMI is there.
#[inline(always)]
pub unsafe fn simple(tables: &Tables, bytes: &[u8; 64], least: u8) -> Simple {
    // SAFETY: the caller's promise; 64 bytes are read and written, and 256 of each table are read.
    unsafe {
        let x = _mm512_loadu_si512(bytes.as_ptr().cast());
        let [first, second, third] = PLACES.each_ref().map(|places| {
            let places = _mm512_loadu_si512(places.as_ptr().cast());
            _mm512_permutexvar_epi8(places, x)
        });
        let of_page = _mm512_and_si512(second, _mm512_set1_epi8(0xfc_u8 as i8));
        let is_own = is(first, tables.lead[0]) & is(of_page, tables.lead[1]);
        // bits of a byte may be moved in two bytes at a time: none leaves its byte
        let page = _mm512_slli_epi16::<6>(_mm512_and_si512(second, _mm512_set1_epi8(3)));
        let place = _mm512_or_si512(page, _mm512_and_si512(third, _mm512_set1_epi8(0x3f)));
        let [symbols, classes, kinds] =
            [&tables.symbols, &tables.classes, &tables.kinds].map(|table| look_up(table, place));
        let is_mark = !is(classes, u8::MAX);
        let leasts = _mm512_maskz_mov_epi8(is_mark, classes);
        let before = _mm512_loadu_si512(BEFORE.as_ptr().cast());
        let before = _mm512_permutexvar_epi8(before, leasts);
        let before = _mm512_mask_mov_epi8(before, 1, _mm512_set1_epi8(least as i8));
        let is_misplaced = _mm512_cmplt_epu8_mask(classes, before);
        let other = !is_own | is(kinds, Kind::Other as u8) | is_misplaced;
        let stop = other | is(kinds, Kind::Joins as u8) | 1 << SOME;
        let n = stop.trailing_zeros() as usize;
        let changed = is(kinds, Kind::Changed as u8) & !(!0 << n);
        let last = _mm512_castsi128_si512(_mm_cvtsi32_si128(n.wrapping_sub(1) as i32));
        let last = _mm512_castsi512_si128(_mm512_permutexvar_epi8(last, leasts));
        let mut found = Simple {
            symbols: [0; 64],
            n,
            changed: changed as u32,
            ends: n < SOME && other >> n & 1 != 0,
            least: if n == 0 {
                least
            } else {
                _mm_cvtsi128_si32(last) as u8
            },
        };
        _mm512_storeu_si512(found.symbols.as_mut_ptr().cast(), symbols);
        found
    }
}

/// What a table of 256 bytes has at each of these places.
///
/// # Safety
/// AVX-512 with BW and VBMI is there.
#[inline(always)]
unsafe fn look_up(table: &[u8; 256], places: __m512i) -> __m512i {
    // SAFETY: the caller's promise; the table has 256 bytes.
    unsafe {
        let [a, b, c, d] =
            [0, 64, 128, 192].map(|at| _mm512_loadu_si512(table.as_ptr().add(at).cast()));
        let below = _mm512_permutex2var_epi8(a, places, b);
        let above = _mm512_permutex2var_epi8(c, places, d);
        _mm512_mask_mov_epi8(below, _mm512_movepi8_mask(places), above)
    }
}

/// Where the first, second and third bytes of characters of three bytes are.
const PLACES: [[u8; 64]; 3] = {
    let mut places = [[0; 64]; 3];
    let mut i = 0;
    while i < 3 * SOME {
        places[i % 3][i / 3] = i as u8;
        i += 1;
    }
    places
};

/// The places one byte before.
pub const BEFORE: [u8; 64] = {
    let mut before = [0; 64];
    let mut i = 1;
    while i < 64 {
        before[i] = i as u8 - 1;
        i += 1;
    }
    before
};
