//! The answers of a group that were met before, byte for byte: most answers of a vote are given again.

use crate::text::hash::{GOLDEN, ROOT_TWO, fold};

/// The first answers of a group that differ, so many at most; by a key, so that all are compared at once.
#[derive(Default)]
pub struct Known {
    keys: [u32; MOST],
    rows: [usize; MOST],
    n: usize,
}

/// Eight keys are two registers; whoever gives more answers than these seldom gives one of the others again.
const MOST: usize = 8;

impl Known {
    pub fn clear(&mut self) {
        self.n = 0;
    }

    /// The row of `texts` where the answer of this row was met first; the answer itself is one of those known from now on, while
    /// there is room.
    #[inline(always)]
    pub fn find_or_add(&mut self, texts: &[&[u8]], row: usize) -> Option<usize> {
        let key = key(texts[row]);
        let mut same = 0_u32;
        for (place, &known) in self.keys.iter().enumerate() {
            same |= u32::from(known == key) << place;
        }
        same &= (1 << self.n) - 1;
        while same != 0 {
            let before = self.rows[same.trailing_zeros() as usize];
            if texts[before] == texts[row] {
                return Some(before);
            }
            same &= same - 1;
        }
        if self.n < MOST {
            (self.keys[self.n], self.rows[self.n]) = (key, row);
            self.n += 1;
        }
        None
    }
}

/// A number that equal texts have in common, of their length and of the eight bytes at either end.
#[inline(always)]
fn key(text: &[u8]) -> u32 {
    let [first, last] = match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => [*first, *last].map(u64::from_le_bytes),
        _ => [few(text), 0],
    };
    fold(first ^ GOLDEN, last ^ ROOT_TWO ^ text.len() as u64) as u32
}

/// The bytes of a text of fewer than eight as a number.
#[inline(always)]
fn few(text: &[u8]) -> u64 {
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => {
            let [first, last] = [*first, *last].map(u32::from_le_bytes);
            u64::from(first) << 32 | u64::from(last)
        }
        _ => text.iter().fold(0, |all, &byte| all << 8 | u64::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_where_its_bytes_were_met_and_nowhere_else() {
        let middle = [&b"12345678a12345678"[..], b"12345678b12345678"]; // one key
        assert_eq!(key(middle[0]), key(middle[1]));
        let texts = [
            &b""[..],
            b"a",
            b"",
            b"ab",
            b"abcd",
            b"abcde",
            b"bcde",
            b"abcd",
            b"ab",
            middle[0],
            middle[1],
            middle[1],
            b"the ninth",
            b"the ninth",
            b"a",
        ];
        let mut known = Known::default();
        let rows = 0..texts.len();
        let found: Vec<_> = rows.map(|row| known.find_or_add(&texts, row)).collect();
        let mut want = [None; 15];
        for (row, before) in [(2, 0), (7, 4), (8, 3), (11, 10), (14, 1)] {
            want[row] = Some(before);
        }
        assert_eq!(found, want);
        known.clear();
        assert_eq!(known.find_or_add(&[b"a"], 0), None);
    }
}
