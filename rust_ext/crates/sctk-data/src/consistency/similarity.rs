//! Pairwise scores of the answers of each group, as K x K blocks.

use super::band;
use super::edit::{self, Edits};
use super::groups::Blocks;
use super::lcs::{self, Lcs};
use super::sequences::{Characters, Grams, Sequences};
use super::sets::{self, Sets};
use super::words::Words;
use super::{Error, Groups, Run};
use crate::text::{Alphabet, Simd};
use crate::watch::Pulse;

/// How two answers are compared; each score is symmetric and lies in [0, 1], or is NaN where there is nothing to compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Score {
    /// F1 of the longest common subsequence of words (Lin 2004, as rouge_score without its stemmer).
    RougeL,
    /// F1 of the runs of n words in common (ROUGE-N); n from 1 to 16.
    RougeN(usize),
    /// Words in common, of all words of both.
    Jaccard,
    /// 1 - distance / length of the longer one, over words; 0 where that is below the cut-off.
    WordEdit { cut_off: f64 },
    /// The same over characters (code points).
    CharEdit { cut_off: f64 },
}

/// A float that scores are stored in.
pub trait Real: Copy + Default + Send + 'static {
    fn of(score: f64) -> Self;
    fn wide(self) -> f64;
}

impl Real for f32 {
    fn of(score: f64) -> Self {
        score as Self
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    fn of(score: f64) -> Self {
        score
    }
    fn wide(self) -> f64 {
        self
    }
}

/// The answers of one group, and how to score them.
#[derive(Clone, Copy)]
struct Part<'a> {
    texts: &'a [&'a [u8]],
    first_row: usize,
    alphabet: Alphabet,
    level: Simd,
    pulse: &'a Pulse<'a>,
}

#[derive(Default)]
struct Memory {
    words: Words,
    grams: Grams,
    characters: Characters,
    lcs: Lcs,
    sets: Sets,
    edits: Edits,
}

/// The scores of all pairs, block after block: group g's `K_g x K_g` values lie from `groups.block_offsets()[g]` on.
///
/// An answer without words (of ROUGE-N, with fewer than n) has no score with any answer: NaN. Under `Alphabet::Ascii` it has those
/// of rouge_score: 0, and 1 of edit similarity for two of them.
pub fn similarity<T: Real>(
    texts: &[&[u8]],
    groups: Groups<'_>,
    score: Score,
    alphabet: Alphabet,
    run: Run<'_>,
) -> Result<Vec<T>, Error> {
    if texts.len() != groups.n_answers() {
        return Err(Error::Size {
            what: "answers",
            got: texts.len(),
            wanted: groups.n_answers(),
        });
    }
    let n_scores = groups.block_offsets()[groups.len()];
    ask_for::<T>("scores", n_scores)?;
    let mut blocks = vec![T::default(); n_scores];
    groups.for_each_long(
        run,
        Blocks(&mut blocks),
        |memory: &mut Memory, blocks, group, pulse| {
            let answers = groups.answers(group);
            let block = blocks.take(answers.len() * answers.len());
            let part = Part {
                texts: &texts[answers.clone()],
                first_row: answers.start,
                alphabet,
                level: run.level,
                pulse,
            };
            memory.score(part, score, block)
        },
    )?;
    Ok(blocks)
}

/// A group of so many symbols is asked whether its tables fit into memory.
const MANY: usize = 1 << 16;

/// An error where the machine would not give room for `n` numbers: to run out later ends the process. Nothing is touched,
/// so asking costs nothing.
fn ask_for<T>(what: &'static str, n: usize) -> Result<(), Error> {
    let mut probe = Vec::<T>::new();
    let answer = probe.try_reserve_exact(n);
    std::hint::black_box(&probe); // nobody uses the room, so the compiler might not ask for it
    answer.map_err(|_| Error::Memory {
        what,
        n_bytes: n.saturating_mul(size_of::<T>()),
    })
}

/// As `ask_for`, of a group's tables: what all pairs yield, a row of 64 words for each symbol, and where answers are
/// longer than a strip 16 words for each place.
fn ask_for_tables(answers: &Sequences) -> Result<(), Error> {
    let (n_answers, n_places) = (answers.n_answers(), answers.ids.len());
    if n_places + n_answers < MANY {
        return Ok(());
    }
    ask_for::<u64>(
        "working memory",
        64 * answers.n_ids + 16 * n_places + n_answers * n_answers,
    )
}

impl Memory {
    fn score<T: Real>(
        &mut self,
        part: Part<'_>,
        score: Score,
        block: &mut [T],
    ) -> Result<(), Error> {
        let Part {
            texts,
            first_row,
            alphabet,
            level,
            pulse,
        } = part;
        if let Score::CharEdit { cut_off } = score {
            self.characters.read(texts, first_row)?;
            let characters = &self.characters.sequences;
            ask_for_tables(characters)?;
            edit_block(part, characters, cut_off, &mut self.edits, block);
            return Ok(());
        }
        self.words.read(level, texts, alphabet, first_row)?;
        let words = &self.words.sequences;
        ask_for_tables(words)?;
        match score {
            Score::RougeL => {
                lcs::all_pairs(level, words, &mut self.lcs, pulse);
                if pulse.is_stopped() {
                    return Ok(());
                }
                let (n, lcs) = (words.n_answers(), &self.lcs);
                let length = |i: usize| words.answer(i).len();
                fill(
                    block,
                    n,
                    |i| length(i) > 0,
                    |i, j| f1(lcs.length(n, i, j), length(i) + length(j)),
                );
            }
            Score::RougeN(n) => {
                self.grams.read(words, n);
                let bags = if n == 1 { words } else { &self.grams.sequences };
                self.sets.read_bags(bags);
                sets::all_pairs(level, &mut self.sets, pulse);
                if pulse.is_stopped() {
                    return Ok(());
                }
                let sets = &self.sets;
                let total = |i: usize, j: usize| (sets.size(i) + sets.size(j)) as usize;
                fill(
                    block,
                    bags.n_answers(),
                    |i| sets.size(i) > 0,
                    |i, j| f1(sets.common(i, j), total(i, j)),
                );
            }
            Score::Jaccard => {
                self.sets.read_sets(words);
                sets::all_pairs(level, &mut self.sets, pulse);
                if pulse.is_stopped() {
                    return Ok(());
                }
                let sets = &self.sets;
                let either = |i: usize, j: usize| sets.size(i) + sets.size(j) - sets.common(i, j);
                let share = |i: usize, j: usize| {
                    f64::from(sets.common(i, j)) / f64::from(either(i, j).max(1))
                };
                fill(block, words.n_answers(), |i| sets.size(i) > 0, share);
            }
            Score::WordEdit { cut_off } => edit_block(part, words, cut_off, &mut self.edits, block),
            Score::CharEdit { .. } => unreachable!("it was handled above"),
        }
        if alphabet != Alphabet::Ascii && !pulse.is_stopped() {
            let wanted = if let Score::RougeN(n) = score { n } else { 1 };
            blank(block, words.n_answers(), |i| words.answer(i).len() < wanted);
        }
        Ok(())
    }
}

/// Takes out the scores of what has nothing to compare.
fn blank<T: Real>(block: &mut [T], n: usize, is_blank: impl Fn(usize) -> bool) {
    for i in (0..n).filter(|&i| is_blank(i)) {
        for j in 0..n {
            block[i * n + j] = T::of(f64::NAN);
            block[j * n + i] = T::of(f64::NAN);
        }
    }
}

fn edit_block<T: Real>(
    part: Part<'_>,
    answers: &Sequences,
    cut_off: f64,
    edits: &mut Edits,
    block: &mut [T],
) {
    let (level, pulse) = (part.level, part.pulse);
    if cut_off <= 0.0 || !band::pairs_within(level, answers, cut_off, edits, pulse) {
        edit::all_pairs(level, answers, edits, pulse);
    }
    if pulse.is_stopped() {
        return; // the distances are not all there, and nobody will read the scores
    }
    let n = answers.n_answers();
    fill(
        block,
        n,
        |_| true,
        |i, j| {
            let longer = answers.answer(i).len().max(answers.answer(j).len()).max(1);
            let score = 1.0 - f64::from(edits.distance(n, i, j)) / longer as f64;
            if score >= cut_off { score } else { 0.0 }
        },
    );
}

/// The harmonic mean of `common / m` and `common / n`, where `total` is m + n.
fn f1(common: u32, total: usize) -> f64 {
    if common == 0 {
        0.0
    } else {
        2.0 * f64::from(common) / total as f64
    }
}

/// Writes a symmetric block; an answer is like itself (1) unless `has_any` says that it holds nothing to compare.
fn fill<T: Real>(
    block: &mut [T],
    n: usize,
    has_any: impl Fn(usize) -> bool,
    score: impl Fn(usize, usize) -> f64,
) {
    for i in 0..n {
        block[i * n + i] = T::of(f64::from(u8::from(has_any(i))));
        for j in 0..i {
            let value = T::of(score(i, j));
            block[i * n + j] = value;
            block[j * n + i] = value;
        }
    }
}
