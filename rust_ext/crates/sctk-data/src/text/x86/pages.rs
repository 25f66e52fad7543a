//! A block of any characters of one to three bytes, written by their pages.

use std::arch::x86_64::*;

use super::alone::{THREES, from, han, is, kana, write_alone};
use super::characters::BEFORE;
use crate::text::plain::pages::{CLOSER, Kind, NONE, Page, Pages, Recent, Step, TELLS};

/// So many pages that no block before had are looked at in one block; the characters of further ones are the next block's.
const MOST_NEW: usize = 8;

/// The bytes of a block and what they are written as, two slots each.
struct Slots {
    even: __m512i,
    odd: __m512i,
    /// The combining class of each character's first part, at its first byte.
    first: __m512i,
    /// The one of its last part, at its last byte.
    last: __m512i,
}

/// Writes what begins in `bytes[from..n]`, up to a character that wants a closer look or that does not end within 64 bytes;
/// `class` is that of what stands before.
///
/// # Safety
/// AVX-512 with BW, VBMI and VBMI2 is there.
#[inline(always)]
pub unsafe fn write(
    pages: &Pages,
    recent: &mut Recent,
    bytes: &[u8; 80],
    (from, n): (usize, usize),
    class: u8,
    room: &mut [u8; 288],
) -> Step {
    // SAFETY: the caller's promise; 64 bytes are read at 0, 1 and 2 of 80.
    unsafe {
        let [x, next, over] = [0, 1, 2].map(|at| _mm512_loadu_si512(bytes.as_ptr().add(at).cast()));
        let above = |byte: u8| _mm512_cmpge_epu8_mask(x, _mm512_set1_epi8(byte as i8));
        let leads = above(0xc0) & (!0 << from);
        let (three, four) = (above(0xe0), above(0xf0) & leads);
        let outside = leads & (1 << 63 | three & 1 << 62);
        let inside = leads & !(outside | four);
        if leads == THREES && pages.is_alone {
            let all = han(x, next) | kana(x, next, over);
            if inside & !all == 0 {
                return write_alone(x, room);
            }
        }
        let mut slots = Slots {
            even: x,
            odd: _mm512_set1_epi8(NONE as i8),
            first: _mm512_setzero_si512(),
            last: _mm512_setzero_si512(),
        };
        let mut left = inside;
        if left & above(0xe4) != 0 {
            left = wide(pages, [x, next], left, &mut slots);
        }
        // most texts have characters of one length alone
        if left & !three != 0 {
            for &lead in recent.twos() {
                left &= !slots.two(pages.of_two(lead), left, lead, [x, next]);
            }
        }
        if left & three != 0 {
            for &lead in recent.threes() {
                left &= !slots.three(pages.of_three(lead), left, lead, [x, next, over]);
            }
        }
        if left != 0 {
            left = further(pages, recent, bytes, left, &mut slots);
        }
        let unknown = inside & is(slots.even, CLOSER);
        let closer = unknown | four | slots.misplaced(inside, from, class);
        let mut end = outside.trailing_zeros().min(n as u32) as usize;
        let mut is_closer = false;
        if closer | left != 0 {
            // a branch of its own, so that where the next block begins is known early where there is none
            (end, is_closer) = stop(closer, left, end);
        }
        let written = slots.write(inside, from, end, room);
        let before_end = _mm512_castsi128_si512(_mm_cvtsi32_si128(end.wrapping_sub(1) as i32));
        let last = _mm512_permutexvar_epi8(before_end, slots.last);
        let last = _mm_cvtsi128_si32(_mm512_castsi512_si128(last)) as u8;
        Step {
            written,
            end,
            closer: is_closer,
            class: if end == from { class } else { last },
            tells: is(slots.first, TELLS) & _bzhi_u64(!0, end as u32) != 0,
        }
    }
}

/// Where the block ends before `end`, and whether because of a character that wants a closer look.
#[cold]
fn stop(closer: u64, left: u64, end: usize) -> (usize, bool) {
    let first = (closer | left).trailing_zeros() as usize;
    (first.min(end), first < end && closer >> first & 1 != 0)
}

/// Fills the slots of characters whose pages were not in the blocks before: those of `left` that are still to be filled.
///
/// # Safety
/// AVX-512 with VBMI is there.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,bmi2")]
unsafe fn further(
    pages: &Pages,
    recent: &mut Recent,
    bytes: &[u8; 80],
    mut left: u64,
    slots: &mut Slots,
) -> u64 {
    // SAFETY: the caller's promise; 64 bytes are read at 0, 1 and 2 of 80.
    unsafe {
        let [x, next, over] = [0, 1, 2].map(|at| _mm512_loadu_si512(bytes.as_ptr().add(at).cast()));
        for _ in 0..MOST_NEW {
            if left == 0 {
                break;
            }
            let place = left.trailing_zeros() as usize;
            let lead = [bytes[place], bytes[place + 1]];
            if lead[0] < 0xe0 {
                recent.note_two(lead[0]);
                left &= !slots.two(pages.of_two(lead[0]), left, lead[0], [x, next]);
            } else {
                recent.note_three(lead);
                left &= !slots.three(pages.of_three(lead), left, lead, [x, next, over]);
            }
        }
        left
    }
}

/// Han characters and Hangul syllables, which have too many pages: those of `left` that are none.
///
/// # Safety
/// AVX-512 BW is there.
#[inline(always)]
unsafe fn wide(pages: &Pages, [x, next]: [__m512i; 2], left: u64, slots: &mut Slots) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let space = _mm512_set1_epi8(b' ' as i8);
        let han = left & han(x, next);
        let syllables = from(x, 0xeb, 2) | is(x, 0xea) & from(next, 0xb0, 16);
        let hangul = left & (syllables | is(x, 0xed) & from(next, 0x80, 30));
        let mut known = 0;
        for (kind, found) in [(pages.han, han), (pages.hangul, hangul)] {
            match kind {
                Kind::Other => continue,
                Kind::Straight => {}
                Kind::Alone => {
                    slots.even = _mm512_mask_mov_epi8(slots.even, found, space);
                    slots.odd = _mm512_mask_mov_epi8(slots.odd, found, x);
                    slots.odd = _mm512_mask_mov_epi8(slots.odd, found << 2, space);
                }
            }
            known |= found;
        }
        left & !known
    }
}

impl Slots {
    /// Fills the slots of those characters of `left` that begin with this byte, two bytes each: which they are.
    ///
    /// # Safety
    /// AVX-512 with VBMI is there.
    #[inline(always)]
    unsafe fn two(&mut self, page: &Page, left: u64, lead: u8, [x, next]: [__m512i; 2]) -> u64 {
        // SAFETY: the caller's promise.
        unsafe {
            let of = left & is(x, lead);
            self.fill(page, 0, of, next);
            self.fill(page, 2, of << 1, x);
            self.classes(page, [of, of << 1], [next, x]);
            of
        }
    }

    /// The same of characters of three bytes, which begin with these two.
    ///
    /// # Safety
    /// AVX-512 with VBMI is there.
    #[inline(always)]
    unsafe fn three(
        &mut self,
        page: &Page,
        left: u64,
        [lead, second]: [u8; 2],
        [x, next, over]: [__m512i; 3],
    ) -> u64 {
        // SAFETY: the caller's promise.
        unsafe {
            let of = left & is(x, lead) & is(next, second);
            self.fill(page, 0, of, over);
            self.fill(page, 2, of << 1, next);
            self.fill(page, 4, of << 2, x);
            self.classes(page, [of, of << 2], [over, x]);
            of
        }
    }

    /// # Safety
    /// AVX-512 with VBMI is there; `slot` is at most 4.
    #[inline(always)]
    unsafe fn fill(&mut self, page: &Page, slot: usize, of: u64, low: __m512i) {
        // SAFETY: the caller's promise; a slot has 64 bytes, which lie at a multiple of 64.
        unsafe {
            let [even, odd] =
                [slot, slot + 1].map(|i| _mm512_load_si512(page.slots[i].as_ptr().cast()));
            self.even = _mm512_mask_permutexvar_epi8(self.even, of, low, even);
            self.odd = _mm512_mask_permutexvar_epi8(self.odd, of, low, odd);
        }
    }

    /// # Safety
    /// AVX-512 with VBMI is there.
    #[inline(always)]
    unsafe fn classes(&mut self, page: &Page, of: [u64; 2], low: [__m512i; 2]) {
        // SAFETY: the caller's promise; both have 64 bytes, which lie at a multiple of 64.
        unsafe {
            let [first, last] =
                [&page.first, &page.last].map(|all| _mm512_load_si512(all.as_ptr().cast()));
            self.first = _mm512_mask_permutexvar_epi8(self.first, of[0], low[0], first);
            self.last = _mm512_mask_permutexvar_epi8(self.last, of[1], low[1], last);
        }
    }

    /// Which marks may have to stand before the one before them; `class` is that of what stands before `from`.
    ///
    /// # Safety
    /// AVX-512 with VBMI is there.
    #[inline(always)]
    unsafe fn misplaced(&self, inside: u64, from: usize, class: u8) -> u64 {
        // SAFETY: the caller's promise; BEFORE has 64 bytes.
        unsafe {
            let before = _mm512_loadu_si512(BEFORE.as_ptr().cast());
            let before = _mm512_maskz_permutexvar_epi8(!1, before, self.last);
            let before = _mm512_mask_mov_epi8(before, 1 << from, _mm512_set1_epi8(class as i8));
            let marks = _mm512_test_epi8_mask(self.first, self.first) & !is(self.first, TELLS);
            inside & marks & _mm512_cmplt_epu8_mask(self.first, before)
        }
    }

    /// Writes the slots of the bytes `from..end`: how many bytes. One space is enough between two characters that have spaces
    /// around.
    ///
    /// # Safety
    /// AVX-512 with VBMI and VBMI2 is there.
    #[inline(always)]
    unsafe fn write(&self, leads: u64, from: usize, end: usize, room: &mut [u8; 288]) -> usize {
        // SAFETY: the caller's promise; the tables have 64 bytes, and at most 64 + 64 bytes of `room` are written.
        unsafe {
            let none = _mm512_set1_epi8(NONE as i8);
            let alone = leads & is(self.even, b' ') & !is(self.odd, NONE);
            let second = alone & is(self.odd, b' ') << 1;
            let even = _mm512_mask_mov_epi8(self.even, second, none);
            if _mm512_cmpneq_epi8_mask(self.odd, none) == 0 {
                // nothing is written with more bytes than it has
                let kept = _mm512_cmpneq_epi8_mask(even, none) & below(end) & !below(from);
                let packed = _mm512_maskz_compress_epi8(kept, even);
                _mm512_storeu_si512(room.as_mut_ptr().cast(), packed);
                return kept.count_ones() as usize;
            }
            let mut n = 0;
            for (i, order) in ORDER.iter().enumerate() {
                let order = _mm512_loadu_si512(order.as_ptr().cast());
                let pairs = _mm512_permutex2var_epi8(even, order, self.odd);
                let kept = _mm512_cmpneq_epi8_mask(pairs, none) & within(32 * i, from, end);
                let packed = _mm512_maskz_compress_epi8(kept, pairs);
                _mm512_storeu_si512(room.as_mut_ptr().add(n).cast(), packed);
                n += kept.count_ones() as usize;
            }
            n
        }
    }
}

/// The slots of the bytes `from..end`, of those of the 32 bytes from `base` on.
#[inline(always)]
fn within(base: usize, from: usize, end: usize) -> u64 {
    let below = |place: usize| below(2 * place.saturating_sub(base).min(32));
    below(end) & !below(from)
}

/// The first `n` bits, of at most 64.
#[inline(always)]
fn below(n: usize) -> u64 {
    if n == 64 { !0 } else { !(!0_u64 << n) }
}

/// Bytes of two registers by turns: of their first halves, and of their second ones.
const ORDER: [[u8; 64]; 2] = {
    let mut order = [[0; 64]; 2];
    let mut i = 0;
    while i < 128 {
        order[i / 64][i % 64] = (i / 2) as u8 + 64 * (i % 2) as u8;
        i += 1;
    }
    order
};
