//! The ends of rows by sixteen, in two passes: where each bin begins, then what lies in it.
//!
//! Where a bin begins hangs on where the one before it began, some 20 cycles a step. So a quarter of the bins is
//! walked beside the three others; the second pass waits for nothing but its own reads.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;
use std::slice;

use super::{Offset, Room, SLACK};

/// So many walks through the bins go side by side.
const WALKS: usize = 4;

/// Memory is asked for so many places before it is written.
const AHEAD: usize = 256;

/// Writes the sequences of all rows, whose tokens are those of `n_bins` bins from `first` on, and says how many there are.
/// None where a row has no tokens, or ends before it begins: what was written then is worth nothing.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,bmi1,bmi2,lzcnt,popcnt")]
pub fn write_ends<T: Offset>(
    first: T,
    ends: &[T],
    (capacity, n_bins): (u64, usize),
    room: &mut Room<'_>,
) -> Option<usize> {
    let firsts = write_firsts(first, ends, (capacity, n_bins), &mut room.firsts[..n_bins]);
    let (mut start, mut piece): (i64, _) = (first.into(), 0);
    // A row before the first bin, one that does not end behind the row before it in its bin, a last one that does not end in its bin.
    let mut wrong = u16::from(firsts[0] > 0);
    for (bin, &row) in firsts.iter().enumerate() {
        let (mut row, last) = (row as usize, bin + 1 == n_bins);
        let next = if last {
            ends.len()
        } else {
            firsts[bin + 1] as usize
        };
        room.seq_offsets[bin].write(piece as i64);
        _mm_prefetch::<_MM_HINT_ET0>(room.lengths.as_ptr().wrapping_add(piece + AHEAD).cast());
        let (mut before, is_empty) = (_mm512_setzero_si512(), row >= next);
        while row < next {
            let n = (next - row).min(SLACK);
            let lanes = _bzhi_u32(!0, n as u32) as u16;
            // SAFETY: the lanes are those of rows that there are: `next` is not more than `ends.len()`.
            let in_bin = unsafe { distances(ends.as_ptr().wrapping_add(row), lanes, start) };
            // compared, for the difference of far ones may be any number
            let previous = _mm512_alignr_epi32(in_bin, before, 15);
            wrong |= _mm512_mask_cmple_epi32_mask(lanes, in_bin, previous);
            store(
                &mut room.lengths[piece..],
                _mm512_sub_epi32(in_bin, previous),
            );
            (row, piece, before) = (row + n, piece + n, in_bin);
        }
        let at = if next > 0 { ends[next - 1] } else { first };
        let filled = at.into().wrapping_sub(start);
        wrong |= u16::from(filled > capacity as i64 || filled <= 0 && !is_empty);
        let filled = filled.max(0);
        if filled < capacity as i64 && !last {
            room.lengths[piece].write((capacity as i64 - filled) as i32);
            piece += 1;
        }
        start += capacity as i64;
    }
    (wrong == 0).then_some(piece)
}

/// For each bin, how many rows end before it or where it begins; what that is worth hangs on rows that do not fall.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,bmi1,bmi2,lzcnt,popcnt")]
fn write_firsts<'a, T: Offset>(
    first: T,
    ends: &[T],
    (capacity, n_bins): (u64, usize),
    firsts: &'a mut [MaybeUninit<u32>],
) -> &'a [u32] {
    let most = _mm512_set1_epi32(capacity as i32);
    let n_steps = n_bins.div_ceil(WALKS);
    let begin = |bin: usize| first.into() + (bin as u64 * capacity) as i64;
    let mut bins: [usize; WALKS] = std::array::from_fn(|walk| n_bins.min(walk * n_steps));
    let mut rows = bins.map(|bin| ends.partition_point(|&end| end.into() <= begin(bin)));
    for _ in 0..n_steps {
        for (bin, row) in bins.iter_mut().zip(&mut rows) {
            let Some(slot) = firsts.get_mut(*bin) else {
                continue;
            };
            slot.write(*row as u32);
            loop {
                let left = ends.len() - *row;
                let lanes = if left < SLACK { (1 << left) - 1 } else { !0 };
                // SAFETY: the lanes are those of rows that there are.
                let in_bin =
                    unsafe { distances(ends.as_ptr().wrapping_add(*row), lanes, begin(*bin)) };
                let inside = _mm512_mask_cmple_epi32_mask(lanes, in_bin, most);
                *row += inside.count_ones() as usize;
                if inside != !0 {
                    break;
                }
            }
            *bin += 1;
        }
    }
    // SAFETY: the walks wrote a number for each bin: each for those from its first on to that of the next.
    unsafe { slice::from_raw_parts(firsts.as_ptr().cast(), firsts.len()) }
}

/// How far from `start` the numbers at `from` lie, as far as an i32 goes; only those of `lanes` are read.
///
/// # Safety
/// There are numbers at the places of `lanes`; the processor has what the caller was compiled for.
#[inline(always)]
unsafe fn distances<T: Offset>(from: *const T, lanes: u16, start: i64) -> __m512i {
    // SAFETY: by the caller's promise; lanes that are masked out are not read. An `Offset` is an i32 or an i64.
    unsafe {
        if size_of::<T>() == 4 {
            let ends = _mm512_maskz_loadu_epi32(lanes, from.cast());
            return _mm512_sub_epi32(ends, _mm512_set1_epi32(start as i32));
        }
        let start = _mm512_set1_epi64(start);
        let [low, high] = [(0, lanes as u8), (8, (lanes >> 8) as u8)].map(|(at, lanes)| {
            let ends = _mm512_maskz_loadu_epi64(lanes, from.wrapping_add(at).cast());
            _mm512_cvtsepi64_epi32(_mm512_sub_epi64(ends, start))
        });
        _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1)
    }
}

/// Writes sixteen numbers to the beginning of `to`.
#[inline(always)]
fn store<T>(to: &mut [MaybeUninit<T>], numbers: __m512i) {
    assert!(size_of::<T>() == 4 && to.len() >= SLACK, "room for sixteen");
    // SAFETY: there is room for sixteen numbers of four bytes, as was just checked; the caller has AVX-512.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), numbers) };
}
