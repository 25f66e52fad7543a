//! A block of any characters of one to three bytes, written by their pages.

use std::arch::x86_64::*;

use super::alone::{THREES, from, han, is, kana, write_alone};
use crate::text::plain::pages::{
    CLOSER, Kind, NONE, Page, Pages, Recent, Step, TELLS, UNSURE, Wants,
};

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
    part: (usize, usize),
    class: u8,
    room: &mut [u8; 288],
) -> Step {
    // SAFETY: the caller's promise.
    unsafe {
        let Wants { odd, classes, .. } = recent.wants();
        let step = if classes {
            None
        } else if odd || pages.han == Kind::Alone {
            quick::<true>(pages, recent, bytes, part, room)
        } else {
            quick::<false>(pages, recent, bytes, part, room)
        };
        match step {
            Some(step) => step,
            None => write_any(pages, recent, bytes, part, class, room),
        }
    }
}

/// As `write_any`, where no page wants classes, and none the odd slots unless `ODD`; None: there are further pages.
///
/// # Safety
/// AVX-512 with BW, VBMI and VBMI2 is there.
#[inline(always)]
unsafe fn quick<const ODD: bool>(
    pages: &Pages,
    recent: &Recent,
    bytes: &[u8; 80],
    (from, n): (usize, usize),
    room: &mut [u8; 288],
) -> Option<Step> {
    // SAFETY: the caller's promise; 64 bytes are read at 0, 1 and 2 of 80.
    unsafe {
        let block = Block::new(bytes, from);
        if ODD && let Some(step) = block.alone(pages, room) {
            return Some(step);
        }
        let mut slots = Slots::new(block.x);
        let left = slots.fill::<ODD, false>(pages, recent, &block);
        if left != 0 {
            return None;
        }
        let closer = block.inside & is(slots.even, CLOSER) | block.four;
        let mut end = block.outside.trailing_zeros().min(n as u32) as usize;
        let mut is_closer = false;
        if closer != 0 {
            (end, is_closer) = stop(closer, 0, end);
        }
        let written = slots.write::<ODD>(block.inside, from, end, room);
        // whether it is a mark is not known: a mark behind it is looked at closely
        let is_ascii = end > from && bytes[end - 1] < 0x80;
        Some(Step {
            written,
            end,
            closer: is_closer,
            class: if is_ascii { 0 } else { UNSURE },
            tells: false,
        })
    }
}

/// # Safety
/// AVX-512 with BW, VBMI and VBMI2 is there.
#[inline(always)]
unsafe fn write_any(
    pages: &Pages,
    recent: &mut Recent,
    bytes: &[u8; 80],
    (from, n): (usize, usize),
    class: u8,
    room: &mut [u8; 288],
) -> Step {
    // SAFETY: the caller's promise; 64 bytes are read at 0, 1 and 2 of 80.
    unsafe {
        let block = Block::new(bytes, from);
        if let Some(step) = block.alone(pages, room) {
            return step;
        }
        let mut slots = Slots::new(block.x);
        let mut left = slots.fill::<true, true>(pages, recent, &block);
        if left != 0 {
            left = further(pages, recent, bytes, left, &mut slots);
        }
        let unknown = block.inside & is(slots.even, CLOSER);
        let closer = unknown | block.four | slots.misplaced(block.inside, from, class);
        let mut end = block.outside.trailing_zeros().min(n as u32) as usize;
        let mut is_closer = false;
        if closer | left != 0 {
            // a branch of its own, so that where the next block begins is known early where there is none
            (end, is_closer) = stop(closer, left, end);
        }
        let written = slots.write::<true>(block.inside, from, end, room);
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

/// A block, and what lies one and two bytes behind it.
struct Block {
    x: __m512i,
    next: __m512i,
    over: __m512i,
    /// Where characters of two and three bytes begin, those of three or more, of four, and those that do not end within the block.
    inside: u64,
    three: u64,
    four: u64,
    outside: u64,
    /// All of several bytes.
    leads: u64,
    /// Han characters, Hangul and what has higher bytes are here.
    high: u64,
}

impl Block {
    /// # Safety
    /// AVX-512 with BW is there.
    #[inline(always)]
    unsafe fn new(bytes: &[u8; 80], from: usize) -> Self {
        // SAFETY: the caller's promise; 64 bytes are read at 0, 1 and 2 of 80.
        unsafe {
            let [x, next, over] =
                [0, 1, 2].map(|at| _mm512_loadu_si512(bytes.as_ptr().add(at).cast()));
            let above = |byte: u8| _mm512_cmpge_epu8_mask(x, _mm512_set1_epi8(byte as i8));
            let leads = above(0xc0) & (!0 << from);
            let (three, four) = (above(0xe0), above(0xf0) & leads);
            let outside = leads & (1 << 63 | three & 1 << 62);
            Self {
                x,
                next,
                over,
                inside: leads & !(outside | four),
                three,
                four,
                outside,
                leads,
                high: above(0xe4),
            }
        }
    }

    /// Writes a block of characters that are words by themselves.
    ///
    /// # Safety
    /// AVX-512 with VBMI is there.
    #[inline(always)]
    unsafe fn alone(&self, pages: &Pages, room: &mut [u8; 288]) -> Option<Step> {
        let known = pages.alone.as_ref().filter(|_| self.leads == THREES)?;
        // SAFETY: the caller's promise.
        unsafe {
            let kana = kana(known, [self.x, self.next, self.over]);
            let all = han(self.x, self.next) | kana;
            (self.inside & !all == 0).then(|| write_alone(self.x, room))
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
                recent.heed(pages.of_two(lead[0]));
                left &= !slots.two::<true, true>(pages.of_two(lead[0]), left, lead[0], [x, next]);
            } else {
                recent.note_three(lead);
                recent.heed(pages.of_three(lead));
                left &=
                    !slots.three::<true, true>(pages.of_three(lead), left, lead, [x, next, over]);
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
    /// # Safety
    /// AVX-512 is there.
    #[inline(always)]
    unsafe fn new(x: __m512i) -> Self {
        // SAFETY: the caller's promise.
        unsafe {
            Self {
                even: x,
                odd: _mm512_set1_epi8(NONE as i8),
                first: _mm512_setzero_si512(),
                last: _mm512_setzero_si512(),
            }
        }
    }

    /// Fills the slots by the pages of the blocks before: the characters of other pages.
    ///
    /// # Safety
    /// AVX-512 with VBMI is there.
    #[inline(always)]
    unsafe fn fill<const ODD: bool, const CLASSES: bool>(
        &mut self,
        pages: &Pages,
        recent: &Recent,
        block: &Block,
    ) -> u64 {
        // SAFETY: the caller's promise.
        unsafe {
            let (x, next) = (block.x, block.next);
            let mut left = block.inside;
            if left & block.high != 0 {
                left = wide(pages, [x, next], left, self);
            }
            // most texts have characters of one length alone
            if left & !block.three != 0 {
                for &lead in recent.twos() {
                    let page = pages.of_two(lead);
                    left &= !self.two::<ODD, CLASSES>(page, left, lead, [x, next]);
                }
            }
            if left & block.three != 0 {
                for &lead in recent.threes() {
                    let page = pages.of_three(lead);
                    left &= !self.three::<ODD, CLASSES>(page, left, lead, [x, next, block.over]);
                }
            }
            left
        }
    }

    /// Fills the slots of those characters of `left` that begin with this byte, two bytes each: which they are.
    ///
    /// # Safety
    /// AVX-512 with VBMI is there.
    #[inline(always)]
    unsafe fn two<const ODD: bool, const CLASSES: bool>(
        &mut self,
        page: &Page,
        left: u64,
        lead: u8,
        [x, next]: [__m512i; 2],
    ) -> u64 {
        // SAFETY: the caller's promise.
        unsafe {
            let of = left & is(x, lead);
            self.put::<ODD>(page, 0, of, next);
            self.put::<ODD>(page, 2, of << 1, x);
            if CLASSES {
                self.classes(page, [of, of << 1], [next, x]);
            }
            of
        }
    }

    /// The same of characters of three bytes, which begin with these two.
    ///
    /// # Safety
    /// AVX-512 with VBMI is there.
    #[inline(always)]
    unsafe fn three<const ODD: bool, const CLASSES: bool>(
        &mut self,
        page: &Page,
        left: u64,
        [lead, second]: [u8; 2],
        [x, next, over]: [__m512i; 3],
    ) -> u64 {
        // SAFETY: the caller's promise.
        unsafe {
            let of = left & is(x, lead) & is(next, second);
            self.put::<ODD>(page, 0, of, over);
            self.put::<ODD>(page, 2, of << 1, next);
            self.put::<ODD>(page, 4, of << 2, x);
            if CLASSES {
                self.classes(page, [of, of << 2], [over, x]);
            }
            of
        }
    }

    /// # Safety
    /// AVX-512 with VBMI is there; `slot` is at most 4.
    #[inline(always)]
    unsafe fn put<const ODD: bool>(&mut self, page: &Page, slot: usize, of: u64, low: __m512i) {
        // SAFETY: the caller's promise; a slot has 64 bytes, which lie at a multiple of 64.
        unsafe {
            let [even, odd] =
                [slot, slot + 1].map(|i| _mm512_load_si512(page.slots[i].as_ptr().cast()));
            self.even = _mm512_mask_permutexvar_epi8(self.even, of, low, even);
            if ODD {
                self.odd = _mm512_mask_permutexvar_epi8(self.odd, of, low, odd);
            }
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
    /// AVX-512 with VBMI and VBMI2 and BMI2 is there.
    #[inline(always)]
    unsafe fn write<const ODD: bool>(
        &self,
        leads: u64,
        from: usize,
        end: usize,
        room: &mut [u8; 288],
    ) -> usize {
        // SAFETY: the caller's promise; the tables have 64 bytes, and at most 64 + 64 bytes of `room` are written.
        unsafe {
            let none = _mm512_set1_epi8(NONE as i8);
            let odd = if ODD { !is(self.odd, NONE) } else { 0 };
            let alone = leads & is(self.even, b' ') & odd;
            let second = alone & is(self.odd, b' ') << 1;
            let even = _mm512_mask_mov_epi8(self.even, second, none);
            if odd == 0 {
                // nothing is written with more bytes than it has
                let kept = _mm512_cmpneq_epi8_mask(self.even, none) & below(end) & !below(from);
                let packed = _mm512_maskz_compress_epi8(kept, self.even);
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
///
/// # Safety
/// BMI2 is there.
#[inline(always)]
unsafe fn within(base: usize, from: usize, end: usize) -> u64 {
    // SAFETY: the caller's promise.
    let below = |place: usize| unsafe { below(2 * place.saturating_sub(base)) };
    below(end) & !below(from)
}

/// The first `n` bits, or all, of fewer than 256.
///
/// # Safety
/// BMI2 is there.
#[inline(always)]
unsafe fn below(n: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { _bzhi_u64(!0, n as u32) }
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

/// The places one byte before.
const BEFORE: [u8; 64] = {
    let mut before = [0; 64];
    let mut i = 1;
    while i < 64 {
        before[i] = i as u8 - 1;
        i += 1;
    }
    before
};
