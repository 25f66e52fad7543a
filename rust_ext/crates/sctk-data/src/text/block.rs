//! What a level must do with 64 bytes of text, and the way without vector instructions.

use super::canon::{BEHIND, State};
use super::hash::MASKS;
use super::plain::pages::{Pages, Recent, Step};

/// Works on blocks of 64 bytes; each level gives the same answers.
pub trait Block {
    /// Whether there are `write_pages` and `canon`.
    const HAS_PAGES: bool = false;

    /// Writes the block with A-Z lower-cased to `to`; yields the bits of its word bytes (letters, digits and,
    /// where `UNDERSCORE`, `_`) and of its bytes above 127.
    fn classify<const UNDERSCORE: bool>(from: &[u8; 64], to: &mut [u8; 64]) -> [u64; 2];

    /// The same for a last block of fewer than 64 bytes: what is missing counts as zero bytes.
    #[inline(always)]
    fn classify_tail<const UNDERSCORE: bool>(from: &[u8], to: &mut [u8; 64]) -> [u64; 2] {
        let mut block = [0; 64];
        block[..from.len()].copy_from_slice(from);
        Self::classify::<UNDERSCORE>(&block, to)
    }

    /// The bits of the bytes above 127, and of those among them that begin a character.
    #[inline(always)]
    fn leads(from: &[u8; 64]) -> [u64; 2] {
        let (mut above, mut leads) = (0, 0);
        for (i, eight) in from.as_chunks::<8>().0.iter().enumerate() {
            let x = u64::from_le_bytes(*eight);
            above |= gather(x & HIGH) << (8 * i);
            leads |= gather(x & x << 1 & HIGH) << (8 * i);
        }
        [above, leads]
    }

    /// The code point of a character of several bytes, given in four (the first one highest); what is behind it does not count.
    #[inline(always)]
    fn code_point(four: u32) -> u32 {
        let [first, above] = CODE_POINTS[(four >> 28) as usize & 3];
        let all = (four >> 24 & first) << 18
            | (four >> 4 & 0x3f000)
            | (four >> 2 & 0xfc0)
            | (four & 0x3f);
        all >> above
    }

    /// The same of a character of two bytes.
    #[inline(always)]
    fn code_point_of_two(two: u16) -> u16 {
        (two >> 2 & 0x7c0) | (two & 0x3f)
    }

    /// The same of a character of three bytes.
    #[inline(always)]
    fn code_point_of_three(four: u32) -> u16 {
        ((four >> 12 & 0xf000) | (four >> 10 & 0xfc0) | (four >> 8 & 0x3f)) as u16
    }

    /// The bits of the bytes that begin a character of two bytes which is known to be in a set of 2,048 (bit `c & 7` of byte
    /// `c >> 3`); a level may know none. `next` is what lies a byte behind `from`.
    #[inline(always)]
    fn known_twos(_from: &[u8; 64], _next: &[u8; 64], _set: &[u8; 256]) -> u64 {
        0
    }

    /// Writes what begins in `bytes[from..n]` by the pages of its characters, up to one that wants a closer look or does not end
    /// within 64 bytes; `class` is the combining class of what stands before it. A level may have no way to do so.
    #[inline(always)]
    fn write_pages(
        _pages: &Pages,
        _recent: &mut Recent,
        _bytes: &[u8; 80],
        _part: (usize, usize),
        _class: u8,
        _room: &mut [u8; 288],
    ) -> Option<Step> {
        None
    }

    /// The places (`plain::characters`) of the four characters of three bytes that begin here, the first one lowest.
    #[inline(always)]
    fn places_of_four(all: u128) -> u32 {
        let place = |i: usize| {
            let c = (all >> (24 * i)) as u32;
            (c >> 14 & 0xfc | c >> 8 & 3) << (8 * i)
        };
        place(0) | place(1) | place(2) | place(3)
    }

    /// Writes what stays of the first 64 bytes, of which the `valid` ones count, where words stand one behind another (`canon`): the
    /// bits of the bytes that may be signs. Of levels that have pages alone.
    #[inline(always)]
    fn canon(
        _block: &[u8; BEHIND],
        _valid: u64,
        _state: &mut State,
        _room: &mut [u8; BEHIND],
    ) -> u64 {
        0
    }

    /// The bits of the bytes that may be signs (`signs`): # % * + - / < = > ^, and a point that a digit may follow.
    #[inline(always)]
    fn signs(from: &[u8; 64]) -> u64 {
        let (mut signs, mut points, mut digits) = (0, 0, 0);
        for (i, eight) in from.as_chunks::<8>().0.iter().enumerate() {
            let x = u64::from_le_bytes(*eight);
            let (not_ascii, ascii) = (x & HIGH, x & !HIGH);
            let sign = within(ascii, b'*', b'+')
                | within(ascii, b'<', b'>')
                | within(ascii, b'-', b'-')
                | within(ascii, b'/', b'/')
                | within(ascii, b'#', b'#')
                | within(ascii, b'%', b'%')
                | within(ascii, b'^', b'^');
            signs |= gather(sign & !not_ascii) << (8 * i);
            points |= gather(within(ascii, b'.', b'.') & !not_ascii) << (8 * i);
            digits |= gather(within(ascii, b'0', b'9') & !not_ascii) << (8 * i);
        }
        signs | points & (digits >> 1 | 1 << 63)
    }

    /// The first n bytes (all, where n > 16), zeros behind them, as two little-endian numbers.
    #[inline(always)]
    fn first_bytes(from: &[u8; 16], n: usize) -> [u64; 2] {
        let mask = &MASKS[n.min(16)];
        let all = u128::from_le_bytes(*from);
        [all as u64 & mask[0], (all >> 64) as u64 & mask[1]]
    }

    /// Writes `base + i` for every set bit i to the front of `to`, in order; what follows them is undefined.
    #[inline(always)]
    fn positions(bits: u64, base: u32, to: &mut [u32; 64]) {
        let n = bits.count_ones() as usize;
        let mut left = bits;
        // eight at a time without asking whether there are as many: one branch per eight that the processor can guess
        for eight in to.as_chunks_mut::<8>().0.iter_mut().take(n.div_ceil(8)) {
            for slot in eight {
                *slot = base.wrapping_add(left.trailing_zeros());
                left &= left.wrapping_sub(1);
            }
        }
    }
}

/// By the third and fourth bit of a first byte: which of its bits count, and how far the code point lies above the lowest when
/// four bytes are read as one character. A character has two bytes in the first two rows, then three, then four.
const CODE_POINTS: [[u32; 2]; 4] = [[0x1f, 12], [0x1f, 12], [0x0f, 6], [0x07, 0]];

/// Asks for the beginning of a text that is read soon, without waiting: the memory answers while another is worked on.
#[inline(always)]
pub fn prefetch_text(text: &[u8]) {
    prefetch(text.as_ptr(), text.len().min(4096));
}

/// Asks for `n` bytes from `start` on, without waiting. There need not be anything.
#[inline(always)]
pub fn prefetch(start: *const u8, n: usize) {
    const LINE: usize = 64;
    #[cfg(target_arch = "x86_64")]
    for at in (0..n).step_by(LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch changes nothing and cannot fault, whatever the address; SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (start, n, LINE);
}

/// Eight bytes in one 64-bit register.
pub struct Scalar;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of every byte of `x` (bytes below 128) that lies in `first ..= last`.
#[inline(always)]
fn within(x: u64, first: u8, last: u8) -> u64 {
    let at_least = x + ONES * u64::from(128 - first);
    let above = x + ONES * u64::from(127 - last);
    at_least & !above & HIGH
}

/// The high bits of eight bytes as the low eight bits of a number, the first byte lowest.
#[inline(always)]
fn gather(high_bits: u64) -> u64 {
    (high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

impl Block for Scalar {
    #[inline(always)]
    fn classify<const UNDERSCORE: bool>(from: &[u8; 64], to: &mut [u8; 64]) -> [u64; 2] {
        let (mut word, mut above) = (0, 0);
        let eights = from
            .as_chunks::<8>()
            .0
            .iter()
            .zip(to.as_chunks_mut::<8>().0);
        for (i, (from, to)) in eights.enumerate() {
            let x = u64::from_le_bytes(*from);
            let not_ascii = x & HIGH;
            let ascii = x & !HIGH;
            let upper = within(ascii, b'A', b'Z') & !not_ascii;
            let mut is_word = upper | within(ascii, b'a', b'z') | within(ascii, b'0', b'9');
            if UNDERSCORE {
                is_word |= within(ascii, b'_', b'_');
            }
            *to = (x | (upper >> 2)).to_le_bytes();
            word |= gather(is_word & !not_ascii) << (8 * i);
            above |= gather(not_ascii) << (8 * i);
        }
        [word, above]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::simd::{Simd, per_level};

    #[inline(always)]
    fn both_kernel<B: Block>(from: &[u8], to: &mut [u8; 64]) -> [[u64; 2]; 2] {
        match from.try_into() {
            Ok(whole) => [
                B::classify::<true>(whole, to),
                B::classify::<false>(whole, &mut [0; 64]),
            ],
            Err(_) => [
                B::classify_tail::<true>(from, to),
                B::classify_tail::<false>(from, &mut [0; 64]),
            ],
        }
    }
    per_level! { fn both(from: &[u8], to: &mut [u8; 64]) -> [[u64; 2]; 2] = both_kernel::<B>; }

    #[inline(always)]
    fn masks_kernel<B: Block>(from: &[u8; 64]) -> [u64; 3] {
        let [above, leads] = B::leads(from);
        [above, leads, B::signs(from)]
    }
    per_level! { fn masks(from: &[u8; 64]) -> [u64; 3] = masks_kernel::<B>; }

    #[test]
    fn masks_are_those_of_every_byte() {
        for level in Simd::available() {
            for byte in 0..=255u8 {
                for place in [0, 7, 31, 32, 62, 63] {
                    for next in [b'7', b' '] {
                        let mut from = [b' '; 64];
                        from[place] = byte;
                        if place < 63 {
                            from[place + 1] = next;
                        }
                        let [above, leads, signs] = masks(level, &from);
                        assert_eq!(above, u64::from(byte > 127) << place);
                        assert_eq!(leads, u64::from(byte >= 0xc0) << place);
                        let point = byte == b'.' && (place == 63 || next == b'7');
                        let sign = point || b"#%*+-/<=>^".contains(&byte);
                        assert_eq!(signs, u64::from(sign) << place, "{level:?} {byte} {place}");
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn known_kernel<B: Block>(text: &[u8; 65], set: &[u8; 256]) -> u64 {
        B::known_twos(text.first_chunk().unwrap(), text.last_chunk().unwrap(), set)
    }
    per_level! { fn known(text: &[u8; 65], set: &[u8; 256]) -> u64 = known_kernel::<B>; }

    #[test]
    fn characters_that_are_known_are_in_the_set() {
        let set = std::array::from_fn(|i| (i as u8).wrapping_mul(167) ^ 0x35);
        for level in Simd::available() {
            for c in (0x80..0x900).filter_map(char::from_u32) {
                for place in [0, 1, 31, 32, 63] {
                    let mut text = [b' '; 67];
                    c.encode_utf8(&mut text[place..]);
                    let is_in = c < '\u{800}' && set[c as usize >> 3] >> (c as usize & 7) & 1 == 1;
                    let found = known(level, text.first_chunk().unwrap(), &set);
                    let knows = level.name() == "avx512";
                    assert_eq!(
                        found,
                        u64::from(is_in && knows) << place,
                        "{level:?} {c:?} {place}"
                    );
                }
            }
        }
    }

    #[inline(always)]
    fn positions_kernel<B: Block>(bits: u64, base: u32, to: &mut [u32; 64]) {
        B::positions(bits, base, to);
    }
    per_level! { fn positions(bits: u64, base: u32, to: &mut [u32; 64]) = positions_kernel::<B>; }

    #[test]
    fn every_byte_at_every_place_on_every_level() {
        for level in Simd::available() {
            for byte in 0..=255u8 {
                for place in [0, 1, 7, 8, 31, 32, 63] {
                    for n in [place + 1, 64] {
                        let mut from = vec![b'.'; n];
                        from[place] = byte;
                        let mut to = [0; 64];
                        let [[word, above], [plain_word, _]] = both(level, &from, &mut to);
                        assert_eq!(
                            word,
                            u64::from(byte.is_ascii_alphanumeric() || byte == b'_') << place
                        );
                        assert_eq!(plain_word, u64::from(byte.is_ascii_alphanumeric()) << place);
                        assert_eq!(above, u64::from(byte > 127) << place);
                        assert_eq!(to[place], byte.to_ascii_lowercase());
                    }
                }
            }
        }
    }

    #[test]
    fn positions_are_those_of_the_set_bits() {
        for level in Simd::available() {
            for bits in [
                0,
                1,
                1 << 63,
                !0,
                0x5555_5555_5555_5555,
                0xff00_0000_0000_0001,
                0x0123_4567_89ab_cdef,
            ] {
                let mut to = [0; 64];
                positions(level, bits, 1000, &mut to);
                let want: Vec<u32> = (0..64)
                    .filter(|i| bits >> i & 1 == 1)
                    .map(|i| 1000 + i)
                    .collect();
                assert_eq!(to[..want.len()], want);
            }
        }
    }
}
