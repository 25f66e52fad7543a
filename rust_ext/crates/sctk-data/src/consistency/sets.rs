//! How much the answers of a group have in common, as sets or as bags of their words or runs of words.
//!
//! An answer is a row of bits, and what two have in common is the number of bits in both. A bag is a set too once the
//! second occurrence of a word in one answer counts as another word, the third as another again.

use super::intern::Interner;
use super::lanes::in_lanes;
use super::sequences::Sequences;
use crate::watch::{Patience, Pulse};

const BLOCK_BITS: usize = 512;

/// Reused memory, and the result: sizes, and what the pairs `j <= i` have in common.
#[derive(Default)]
pub struct Sets {
    sizes: Vec<u32>,
    common: Vec<u32>,
    rows: Vec<[u64; 8]>,
    counts: Vec<u32>,
    names: Interner,
    /// Second, third ... occurrences: the word and its count, and then their numbers and the answers they stand in.
    copies: Vec<u64>,
    copy_ids: Vec<u32>,
    owners: Vec<usize>,
}

impl Sets {
    /// The number of different members of answer `i` (of all members of a bag).
    pub fn size(&self, i: usize) -> u32 {
        self.sizes[i]
    }

    /// How many members answers `i` and `j < i` share.
    pub fn common(&self, i: usize, j: usize) -> u32 {
        self.common[i * self.sizes.len() + j]
    }

    /// Fills in the answers of a group as sets, each word once.
    pub fn read_sets(&mut self, answers: &Sequences) {
        let n_blocks = self.clear(answers, answers.n_ids);
        for i in 0..answers.n_answers() {
            let row = &mut self.rows[i * n_blocks..(i + 1) * n_blocks];
            answers
                .answer(i)
                .iter()
                .for_each(|&id| set_bit(row, id as usize));
            self.sizes
                .push(row.iter().flatten().map(|word| word.count_ones()).sum());
        }
    }

    /// Fills in the answers of a group as bags, each occurrence for itself.
    pub fn read_bags(&mut self, answers: &Sequences) {
        self.find_copies(answers);
        self.copy_ids.clear();
        let n_copies = self
            .names
            .name_all(&self.copies, &mut self.copy_ids, |_, _| true);
        let n_blocks = self.clear(answers, answers.n_ids + n_copies);
        for i in 0..answers.n_answers() {
            let row = &mut self.rows[i * n_blocks..(i + 1) * n_blocks];
            answers
                .answer(i)
                .iter()
                .for_each(|&id| set_bit(row, id as usize));
            self.sizes.push(answers.answer(i).len() as u32);
        }
        for (&i, &copy) in self.owners.iter().zip(&self.copy_ids) {
            set_bit(
                &mut self.rows[i * n_blocks..(i + 1) * n_blocks],
                answers.n_ids + copy as usize,
            );
        }
    }

    fn find_copies(&mut self, answers: &Sequences) {
        self.copies.clear();
        self.owners.clear();
        self.counts.clear();
        self.counts.resize(answers.n_ids, 0);
        for i in 0..answers.n_answers() {
            for &id in answers.answer(i) {
                let count = &mut self.counts[id as usize];
                if *count > 0 {
                    self.copies.push(u64::from(id) << 32 | u64::from(*count));
                    self.owners.push(i);
                }
                *count += 1;
            }
            answers
                .answer(i)
                .iter()
                .for_each(|&id| self.counts[id as usize] = 0);
        }
    }

    fn clear(&mut self, answers: &Sequences, n_members: usize) -> usize {
        let n_blocks = n_members.div_ceil(BLOCK_BITS);
        self.sizes.clear();
        self.rows.clear();
        self.rows.resize(answers.n_answers() * n_blocks, [0; 8]);
        n_blocks
    }
}

#[inline(always)]
fn set_bit(row: &mut [[u64; 8]], member: usize) {
    row[member / BLOCK_BITS][member / 64 % 8] |= 1 << (member % 64);
}

in_lanes! {
    /// Counts what the pairs have in common, of the answers that were read.
    pub fn all_pairs(sets: &mut Sets, pulse: &Pulse<'_>) = all_pairs_of_rows;
}

#[inline(always)]
fn all_pairs_of_rows<const L: usize, const H: usize>(sets: &mut Sets, pulse: &Pulse<'_>) {
    let mut patience = Patience::new(pulse);
    let n = sets.sizes.len();
    let n_blocks = sets.rows.len() / n.max(1);
    sets.common.clear();
    sets.common.resize(n * n, 0);
    if n_blocks == 0 {
        return;
    }
    for (i, row) in sets.rows.chunks_exact(n_blocks).enumerate() {
        if !patience.after(i * n_blocks) {
            return;
        }
        for (j, other) in sets.rows.chunks_exact(n_blocks).take(i).enumerate() {
            let mut counts = [0_u64; 8];
            for (a, b) in row.iter().zip(other) {
                for lane in 0..8 {
                    counts[lane] += u64::from((a[lane] & b[lane]).count_ones());
                }
            }
            sets.common[i * n + j] = counts.iter().sum::<u64>() as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::testing::random;
    use crate::text::Simd;

    fn random_group(seed: u64, n_answers: usize, n_ids: usize) -> Sequences {
        let mut next = random(seed);
        let mut group = Sequences {
            ids: vec![],
            starts: vec![0],
            n_ids,
        };
        for _ in 0..n_answers {
            let n = next() % (2 * n_ids);
            group.ids.extend((0..n).map(|_| (next() % n_ids) as u32));
            group.starts.push(group.ids.len());
        }
        group
    }

    #[test]
    fn sets_and_bags_are_counted_as_plain_code_would() {
        for (seed, n_answers, n_ids) in [(1, 1, 3), (2, 5, 40), (3, 9, 700), (4, 20, 11)] {
            let group = random_group(seed, n_answers, n_ids);
            let count = |i: usize, id: usize| {
                group
                    .answer(i)
                    .iter()
                    .filter(|&&x| x as usize == id)
                    .count()
            };
            for level in Simd::available() {
                for bags in [false, true] {
                    let mut sets = Sets::default();
                    if bags {
                        sets.read_bags(&group)
                    } else {
                        sets.read_sets(&group)
                    }
                    all_pairs(level, &mut sets, &Pulse::unwatched());
                    let weigh = |n: usize| if bags { n } else { n.min(1) };
                    for i in 0..n_answers {
                        let size: usize = (0..n_ids).map(|id| weigh(count(i, id))).sum();
                        assert_eq!(sets.size(i) as usize, size);
                        for j in 0..i {
                            let both = (0..n_ids)
                                .map(|id| weigh(count(i, id)).min(weigh(count(j, id))))
                                .sum::<usize>();
                            assert_eq!(sets.common(i, j) as usize, both, "{level:?} {bags}");
                        }
                    }
                }
            }
        }
    }
}
