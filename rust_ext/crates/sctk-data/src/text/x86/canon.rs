//! The words of 64 bytes one behind another (`text::canon`).

use std::arch::x86_64::*;

use super::alone::{from, is};
use crate::text::canon::{BEHIND, State, odd_ones};

/// Writes what stays of the block: the bits of the bytes that may be signs.
///
/// # Safety
/// AVX-512 with BW and VBMI2 is there.
#[inline(always)]
pub unsafe fn write(
    block: &[u8; BEHIND],
    valid: u64,
    state: &mut State,
    room: &mut [u8; BEHIND],
) -> u64 {
    // SAFETY: the caller's promise; 64 bytes are read at 0 of 67, and written at 0 or 1.
    unsafe {
        let x = _mm512_loadu_si512(block.as_ptr().cast());
        let lower = _mm512_or_si512(x, _mm512_set1_epi8(0x20));
        let letters = from(lower, b'a', 26);
        let above = _mm512_movepi8_mask(x);
        let digits = from(x, b'0', 10);
        let word = (letters | digits | is(x, b'_') | above) & valid;
        let wide = _mm512_cmpge_epu8_mask(x, _mm512_set1_epi8(0xe0_u8 as i8)) & valid;
        let mut alone = state.rest;
        if wide != 0 {
            alone = pieces(block, x, wide, state);
            state.alone |= alone != 0;
        } else {
            state.rest = 0;
        }
        alone &= valid;
        let leads = _mm512_cmpge_epu8_mask(x, _mm512_set1_epi8(0xc0_u8 as i8));
        state.above |= leads & valid != 0;
        let (kept, is_late) = state.kept(word, alone, valid);
        let small = _mm512_mask_mov_epi8(x, letters, lower);
        let small = _mm512_mask_mov_epi8(small, !word, _mm512_set1_epi8(b' ' as i8));
        let packed = _mm512_maskz_compress_epi8(kept, small);
        room[0] = b' ';
        let to = room.as_mut_ptr().add(usize::from(is_late));
        _mm512_storeu_si512(to.cast(), packed);
        state.n += kept.count_ones() as usize + usize::from(is_late);
        // a sign is neither a letter nor a digit, and most blocks have none
        let is_sign =
            from(x, b'*', 6) | from(x, b'<', 3) | from(x, b'#', 3) | is(x, b'^') | is(x, b'/');
        let signs = is_sign & valid & !word;
        if signs == 0 {
            0
        } else {
            true_signs(x, signs, digits)
        }
    }
}

/// Of these bytes, those that may be signs (`Block::signs`).
///
/// # Safety
/// AVX-512 with BW is there.
#[inline(always)]
unsafe fn true_signs(x: __m512i, signs: u64, digits: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let others = is(x, b',') | is(x, b'$');
        let points = is(x, b'.');
        signs & !others & !(points & !(digits >> 1 | 1 << 63))
    }
}

/// The bytes of characters that are words by themselves; `wide` are the first bytes of all that have more than two.
///
/// # Safety
/// AVX-512 with BW is there.
#[inline(always)]
unsafe fn pieces(block: &[u8; BEHIND], x: __m512i, wide: u64, state: &mut State) -> u64 {
    // SAFETY: the caller's promise; 64 bytes are read at 1 and 2 of 67.
    unsafe {
        let next = _mm512_loadu_si512(block.as_ptr().add(1).cast());
        let [e3, e4] = [0xe3, 0xe4].map(|byte| is(x, byte));
        // kana and the first Han characters; all others of plane 0
        let mut leads = e3 & (from(next, 0x81, 3) | from(next, 0x90, 48)) | from(x, 0xe4, 6);
        let mut odd = e3 & !leads | e4 & is(next, 0xb7) | from(x, 0xef, 9);
        let e01 = from(x, 0xe0, 2) & wide;
        if e01 != 0 {
            // Thai and Lao; Burmese and Khmer; among them money, numbers, and symbols
            let over = _mm512_loadu_si512(block.as_ptr().add(2).cast());
            let e0 = is(x, 0xe0);
            let last = is(next, 0x9f);
            leads |= e0 & from(next, 0xb8, 4);
            leads |= !e0 & e01 & (from(next, 0x80, 3) | is(next, 0x9e) | last);
            odd |= e0 & is(next, 0xb8) & is(over, 0xbf);
            odd |= !e0 & e01 & last & (is(over, 0x9b) | from(over, 0xb0, 16));
            odd |= !e0 & e01 & is(next, 0x82) & from(over, 0x9e, 34);
        }
        odd &= wide;
        leads &= wide & !odd;
        let mut fours = 0;
        if odd != 0 {
            let found = odd_ones(block, odd);
            leads |= found[0];
            fours = found[1];
        }
        state.bytes_of(leads, fours)
    }
}
