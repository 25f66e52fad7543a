//! Best-fit decreasing in time linear in the rows.
//!
//! Rows are never moved: their lengths are counted, bins are planned from the counts alone (equal rows fill one bin
//! in one step, which is what best-fit does with them one by one), and a last pass over the rows hands out the
//! places. Per row that is one count, one place written and read, and one scattered 4-byte write.

use super::Limits;
use super::rooms::Rooms;
use crate::buffer::Buffer;

/// `n_rows` rows of one length went into `bin`.
struct Placed {
    bin: u32,
    n_rows: u32,
}

/// Rows grouped by bin, and where the bins begin (bins + 1). Rows of 0 tokens are left out.
///
/// Longest rows first, equal rows by number; each into the bin with the least sufficient room, of those with equal
/// room the one that got it last; a bin is closed when it is full or holds `most_rows`. Bins are numbered as opened.
///
/// Time and memory grow with the capacity, so a bin that would hold all tokens is taken to hold just them: one bin is
/// open at a time then, of which every row that is left fits.
pub fn best_fit_decreasing(n_tokens: &[u32], limits: Limits) -> (Buffer<u32>, Buffer<i64>) {
    let all: u64 = n_tokens.iter().map(|&n| u64::from(n)).sum();
    let limits = Limits {
        capacity: limits
            .capacity
            .min(usize::try_from(all).unwrap_or(usize::MAX)),
        ..limits
    };
    let mut counts = vec![0u32; limits.capacity + 1];
    for &n in n_tokens {
        counts[n as usize] += 1;
    }
    let n_rows = n_tokens.len() - counts[0] as usize;
    let (placed, rows_of_bin) = place(&counts, limits, n_rows);
    let (places, bin_offsets) = places(&placed, rows_of_bin, n_rows);
    let mut next_place = first_places(&counts);
    let mut rows = Buffer::with_capacity(n_rows);
    let room = rows.room();
    for (row, &n) in n_tokens.iter().enumerate() {
        if n > 0 {
            let next = &mut next_place[n as usize];
            room[places[*next as usize] as usize].write(row as u32);
            *next += 1;
        }
    }
    // SAFETY: `places` is a permutation of 0 .. n_rows (each bin's stretch is handed out once, and the stretches tile
    // it), and the loop above used each of its entries once, because `next_place` walks all of it by length.
    unsafe { rows.set_len(n_rows) };
    (rows, bin_offsets)
}

/// The bins, from the number of rows of each length: what went where, by falling length, and the rows of each bin.
fn place(counts: &[u32], limits: Limits, n_rows: usize) -> (Vec<Placed>, Vec<u32>) {
    let most_rows = u32::try_from(limits.most_rows).unwrap_or(u32::MAX);
    let mut rooms = Rooms::new(limits.capacity);
    let mut rows_of_bin: Vec<u32> = Vec::new();
    let mut placed = Vec::with_capacity(n_rows / 2);
    for n_tokens in (1..=limits.capacity).rev() {
        let mut left = counts[n_tokens];
        while left > 0 {
            let (bin, room) = rooms.take(n_tokens).unwrap_or_else(|| {
                rows_of_bin.push(0);
                (rooms.open(), limits.capacity)
            });
            let rows = &mut rows_of_bin[bin as usize];
            let fit = if room < 2 * n_tokens {
                1
            } else {
                (room as u32 / n_tokens as u32).min(left)
            };
            let n_rows = fit.min(most_rows - *rows);
            *rows += n_rows;
            left -= n_rows;
            placed.push(Placed { bin, n_rows });
            let room = room - n_rows as usize * n_tokens;
            if room > 0 && *rows < most_rows {
                rooms.put(bin, room);
            }
        }
    }
    (placed, rows_of_bin)
}

/// For each row in falling order of length, its place in the output; and where the bins begin.
fn places(placed: &[Placed], mut rows_of_bin: Vec<u32>, n_rows: usize) -> (Vec<u32>, Buffer<i64>) {
    let mut next = 0u32;
    let bin_offsets = Buffer::from_fn(rows_of_bin.len() + 1, |bin| {
        let start = next;
        if let Some(rows) = rows_of_bin.get_mut(bin) {
            next += std::mem::replace(rows, start);
        }
        i64::from(start)
    });
    let mut next_in_bin = rows_of_bin;
    let mut places = Vec::with_capacity(n_rows);
    for piece in placed {
        let next = &mut next_in_bin[piece.bin as usize];
        places.extend(*next..*next + piece.n_rows);
        *next += piece.n_rows;
    }
    (places, bin_offsets)
}

/// For each length, how many rows are longer.
fn first_places(counts: &[u32]) -> Vec<u32> {
    let mut first = vec![0; counts.len()];
    let mut longer = 0;
    for n_tokens in (1..counts.len()).rev() {
        first[n_tokens] = longer;
        longer += counts[n_tokens];
    }
    first
}

#[cfg(test)]
mod tests {
    use super::super::MOST_CAPACITY;
    use super::*;

    /// Best-fit decreasing written plainly: each bin's rows.
    fn plainly(n_tokens: &[u32], limits: Limits) -> Vec<Vec<u32>> {
        let mut order: Vec<u32> = (0..n_tokens.len() as u32).collect();
        order.retain(|&row| n_tokens[row as usize] > 0);
        order.sort_by_key(|&row| std::cmp::Reverse(n_tokens[row as usize]));
        let (mut bins, mut open): (Vec<Vec<u32>>, Vec<(usize, usize)>) = (vec![], vec![]);
        for row in order {
            let n = n_tokens[row as usize] as usize;
            let fits = open.iter().enumerate().filter(|(_, (_, room))| *room >= n);
            let best = fits.min_by_key(|&(at, &(_, room))| (room, std::cmp::Reverse(at)));
            let (bin, room) = best
                .map(|(at, _)| at)
                .map_or_else(|| (bins.len(), limits.capacity), |at| open.remove(at));
            bins.resize(bins.len().max(bin + 1), vec![]);
            bins[bin].push(row);
            if room > n && bins[bin].len() < limits.most_rows {
                open.push((bin, room - n));
            }
        }
        bins
    }

    fn bins(n_tokens: &[u32], limits: Limits) -> Vec<Vec<u32>> {
        let (rows, offsets) = best_fit_decreasing(n_tokens, limits);
        let bin = |at: &[i64]| rows[at[0] as usize..at[1] as usize].to_vec();
        offsets.windows(2).map(bin).collect()
    }

    #[test]
    fn bins_that_would_hold_all_tokens_are_those_of_any_capacity() {
        let mut seed = 5u32;
        let mut draw = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        for n_rows in [0, 1, 2, 3, 7, 20] {
            for most_rows in [1, 2, 3, usize::MAX] {
                let n_tokens: Vec<u32> = (0..n_rows).map(|_| draw(12)).collect();
                let all = n_tokens.iter().sum::<u32>() as usize;
                let longest = n_tokens.iter().copied().max().unwrap_or(0) as usize;
                for capacity in [
                    longest,
                    all.saturating_sub(1),
                    all,
                    all + 1,
                    2 * all,
                    MOST_CAPACITY,
                ] {
                    let limits = Limits {
                        capacity: capacity.max(longest).max(1),
                        most_rows,
                    };
                    assert_eq!(
                        bins(&n_tokens, limits),
                        plainly(&n_tokens, limits),
                        "{n_tokens:?} {limits:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn ten_thousand_small_plans_at_the_most_capacity_take_no_time() {
        let limits = Limits {
            capacity: MOST_CAPACITY,
            most_rows: usize::MAX,
        };
        let start = std::time::Instant::now();
        for _ in 0..10_000 {
            assert_eq!(bins(&[3, 0, 5], limits), [[2, 0]]);
        }
        assert!(start.elapsed().as_secs() < 60, "it was 0.1 s a plan");
    }
}
