//! The SelfCheckGPT n-gram score (arXiv 2303.08896): how unlikely an answer is under the words of all answers.

use super::groups::Rows;
use super::sequences::{Grams, Sequences};
use super::words::Words;
use super::{Error, Groups, Run};
use crate::text::Alphabet;

/// For each answer the mean and the largest -ln p of its n-grams; NaN where it has no words, for that is no score.
pub struct SelfCheck {
    pub mean: Vec<f64>,
    pub max: Vec<f64>,
}

#[derive(Default)]
struct Memory {
    words: Words,
    padded: Sequences,
    grams: Grams,
    counts: Vec<u32>,
    /// The logarithm of count + smoothing.
    logs: Vec<f64>,
}

/// The score under the n-gram model of the answer's own group: p = (count + k) / (total + k (distinct + 1)), k being
/// `smoothing` and the 1 standing for what was never seen. As in SelfCheckGPT an answer is padded on the left, so it has
/// as many n-grams as words; unlike there it is one sentence.
pub fn selfcheck(
    texts: &[&[u8]],
    groups: Groups<'_>,
    n: usize,
    smoothing: f64,
    alphabet: Alphabet,
    run: Run<'_>,
) -> Result<SelfCheck, Error> {
    if texts.len() != groups.n_answers() {
        return Err(Error::Size {
            what: "answers",
            got: texts.len(),
            wanted: groups.n_answers(),
        });
    }
    let (mut mean, mut max) = (vec![0.0; texts.len()], vec![0.0; texts.len()]);
    groups.for_each(
        run,
        (Rows(&mut mean), Rows(&mut max)),
        |memory: &mut Memory, (mean, max), group| {
            let answers = groups.answers(group);
            let texts = &texts[answers.clone()];
            memory
                .words
                .read(run.level, texts, alphabet, answers.start)?;
            memory.score(
                n,
                smoothing,
                mean.take(answers.len()),
                max.take(answers.len()),
            );
            Ok(())
        },
    )?;
    Ok(SelfCheck { mean, max })
}

impl Memory {
    fn score(&mut self, n: usize, smoothing: f64, mean: &mut [f64], max: &mut [f64]) {
        let grams = if n == 1 {
            &self.words.sequences
        } else {
            pad(&self.words.sequences, n - 1, &mut self.padded);
            self.grams.read(&self.padded, n);
            &self.grams.sequences
        };
        self.counts.clear();
        self.counts.resize(grams.n_ids, 0);
        let mut most = 0;
        for &id in &grams.ids {
            let count = &mut self.counts[id as usize];
            *count += 1;
            most = most.max(*count);
        }
        for count in self.logs.len()..=most as usize {
            self.logs.push((count as f64 + smoothing).ln());
        }
        let mut total = grams.ids.len() as f64;
        if smoothing > 0.0 {
            total +=
                smoothing * (self.counts.iter().filter(|&&count| count > 0).count() + 1) as f64;
        }
        let log_total = total.ln();
        for (i, (mean, max)) in mean.iter_mut().zip(max).enumerate() {
            let answer = grams.answer(i);
            let (sum, least) = sum_and_least(answer, &self.counts, &self.logs);
            (*mean, *max) = if answer.is_empty() {
                (f64::NAN, f64::NAN)
            } else {
                (
                    log_total - sum / answer.len() as f64,
                    log_total - self.logs[least as usize],
                )
            };
        }
    }
}

/// The sum of the logarithms of an answer's counts, and its smallest count. Four sums, so that one addition need not
/// wait for the other; always the same four.
#[inline(always)]
fn sum_and_least(answer: &[u32], counts: &[u32], logs: &[f64]) -> (f64, u32) {
    let mut sums = [0.0; 4];
    let mut least = u32::MAX;
    let (fours, rest) = answer.as_chunks::<4>();
    for four in fours {
        for (sum, &id) in sums.iter_mut().zip(four) {
            let count = counts[id as usize];
            least = least.min(count);
            *sum += logs[count as usize];
        }
    }
    for &id in rest {
        let count = counts[id as usize];
        least = least.min(count);
        sums[0] += logs[count as usize];
    }
    ((sums[0] + sums[1]) + (sums[2] + sums[3]), least)
}

/// The answers with `n` pads before each that has words.
fn pad(words: &Sequences, n: usize, padded: &mut Sequences) {
    padded.clear();
    for i in 0..words.n_answers() {
        let answer = words.answer(i);
        if !answer.is_empty() {
            padded
                .ids
                .extend(std::iter::repeat_n(words.n_ids as u32, n));
            padded.ids.extend_from_slice(answer);
        }
        padded.starts.push(padded.ids.len());
    }
    padded.n_ids = words.n_ids + 1;
}
