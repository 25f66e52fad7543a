//! Plans that keep the rows in their order: next-fit, and wrapped.

use super::admit::too_many;
use super::{Cut, Plan, Refusal, Rules};
use crate::buffer::Buffer;

/// A new bin whenever the next row does not fit. Rows of 0 tokens are left out.
pub fn next_fit(n_tokens: &[u32], rules: &Rules<'_>) -> Plan {
    let mut rows = Vec::with_capacity(n_tokens.len());
    let mut bin_offsets = vec![0i64];
    let (mut room, mut first) = (rules.capacity, 0);
    for (row, &n) in n_tokens.iter().enumerate() {
        let n = n as usize;
        if n == 0 {
            continue;
        }
        if n > room || rows.len() - first == rules.most_rows {
            bin_offsets.push(rows.len() as i64);
            (room, first) = (rules.capacity, rows.len());
        }
        room -= n;
        rows.push(row as u32);
    }
    close(rows, bin_offsets, None)
}

/// All tokens end to end, a new bin at every `capacity` tokens, or where a bin holds `most_rows` pieces.
pub fn wrapped(n_tokens: &[u32], rules: &Rules<'_>) -> Result<Plan, Refusal> {
    let capacity = rules.capacity;
    let total: u64 = n_tokens.iter().map(|&n| u64::from(n)).sum();
    let most_pieces = n_tokens.len() as u64 + total / capacity as u64 + 1;
    too_many(most_pieces)?;
    let mut rows = Vec::with_capacity(most_pieces as usize);
    let mut cuts = Vec::with_capacity(most_pieces as usize);
    let mut bin_offsets = vec![0i64];
    let (mut room, mut first) = (capacity, 0);
    for (row, &n) in n_tokens.iter().enumerate() {
        let mut start = 0;
        while start < n as usize {
            if room == 0 || rows.len() - first == rules.most_rows {
                bin_offsets.push(rows.len() as i64);
                (room, first) = (capacity, rows.len());
            }
            let piece = room.min(n as usize - start);
            rows.push(row as u32);
            cuts.push(Cut {
                start: start as u64,
                n_tokens: piece as u32,
            });
            room -= piece;
            start += piece;
        }
    }
    Ok(close(rows, bin_offsets, Some(cuts)))
}

fn close(rows: Vec<u32>, mut bin_offsets: Vec<i64>, cuts: Option<Vec<Cut>>) -> Plan {
    if !rows.is_empty() {
        bin_offsets.push(rows.len() as i64);
    }
    Plan {
        bin_offsets: Buffer::from_fn(bin_offsets.len(), |b| bin_offsets[b]),
        rows: Buffer::from_fn(rows.len(), |k| rows[k]),
        cuts,
    }
}
