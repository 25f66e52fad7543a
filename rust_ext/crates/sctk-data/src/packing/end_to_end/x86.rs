//! The ends of rows by sixteen. What hangs on the data is one branch a bin, not one a row that is guessed wrong at each bin.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::{Offset, Room, SLACK};

/// Writes the sequences of all rows, whose tokens are those of `n_bins` bins from `first` on: (rows, pieces, cuts) that
/// were written; None where a row ends before it begins.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,bmi1,bmi2,lzcnt,popcnt")]
pub fn write_ends<T: Offset>(
    first: T,
    ends: &[T],
    (capacity, n_bins): (u64, usize),
    room: &mut Room<'_>,
) -> Option<(usize, usize, usize)> {
    let numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let most = _mm512_set1_epi32(capacity as i32);
    let (mut row, mut piece, mut cuts, mut falls) = (0, 0, 0, 0);
    let mut start: i64 = first.into();
    for bin in 0..n_bins {
        room.seq_offsets[bin].write(piece as i64);
        room.sums[piece + bin].write(0);
        let mut before = _mm512_setzero_si512();
        loop {
            let lanes = ends.len() - row;
            let lanes = if lanes < SLACK { (1 << lanes) - 1 } else { !0 };
            // SAFETY: the lanes are those of rows that there are.
            let in_bin = unsafe { distances(ends.as_ptr().wrapping_add(row), lanes, start) };
            let inside = _mm512_mask_cmple_epi32_mask(lanes, in_bin, most);
            let lengths = _mm512_sub_epi32(in_bin, _mm512_alignr_epi32(in_bin, before, 15));
            let some = _mm512_mask_test_epi32_mask(inside, lengths, lengths);
            falls |= _mm512_mask_cmplt_epi32_mask(inside, lengths, _mm512_setzero_si512());
            let rows = _mm512_add_epi32(numbers, _mm512_set1_epi32(row as i32));
            let [rows, lengths, sums] = if some == inside {
                [rows, lengths, in_bin]
            } else {
                [rows, lengths, in_bin].map(|v| _mm512_maskz_compress_epi32(some, v))
            };
            store(&mut room.rows[piece..], rows);
            store(&mut room.lengths[piece..], lengths);
            store(&mut room.sums[piece + bin + 1..], sums);
            row += inside.count_ones() as usize;
            piece += some.count_ones() as usize;
            if inside != !0 {
                break;
            }
            before = in_bin;
        }
        let at = if row > 0 { ends[row - 1] } else { first };
        let filled = (at.into() - start).max(0);
        if filled < capacity as i64 && bin + 1 < n_bins {
            room.rows[piece].write(row as u32);
            room.lengths[piece].write((capacity as i64 - filled) as i32);
            room.sums[piece + bin + 1].write(capacity as i32);
            (piece, cuts) = (piece + 1, cuts + 1);
        }
        start += capacity as i64;
    }
    (falls == 0).then_some((row, piece, cuts))
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
