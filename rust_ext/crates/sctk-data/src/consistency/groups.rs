//! Which answers belong together, and how groups are shared out among threads.

use std::ops::Range;
use std::sync::Mutex;

use super::Error;
use crate::text::Simd;
use crate::watch::{Pulse, Watch, run_long_chunks};

/// Group `g` holds answers `offsets[g] .. offsets[g + 1]`.
#[derive(Clone, Copy)]
pub struct Groups<'a> {
    offsets: &'a [usize],
}

/// How to run: on which SIMD level, on how many threads, and who watches.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub level: Simd,
    pub threads: usize,
    pub watch: &'a dyn Watch,
}

/// A chunk holds at least so many answers, where there are as many.
const CHUNK_ANSWERS: usize = 640;

impl<'a> Groups<'a> {
    /// The groups that the offsets describe, over `n_answers` answers.
    pub fn new(offsets: &'a [usize], n_answers: usize) -> Result<Self, Error> {
        let wrong = |at: usize, wanted: String| {
            Err(Error::Offsets {
                at,
                got: offsets.get(at).copied().unwrap_or(0),
                wanted,
            })
        };
        if offsets.first() != Some(&0) {
            return wrong(0, "0".into());
        }
        if let Some(at) = offsets.windows(2).position(|pair| pair[1] < pair[0]) {
            return wrong(at + 1, format!("{} or more", offsets[at]));
        }
        if offsets.last() != Some(&n_answers) {
            return wrong(
                offsets.len() - 1,
                format!("{n_answers}, the number of answers"),
            );
        }
        Ok(Self { offsets })
    }

    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn n_answers(&self) -> usize {
        self.offsets[self.len()]
    }

    pub fn answers(&self, group: usize) -> Range<usize> {
        self.offsets[group]..self.offsets[group + 1]
    }

    /// Where the K x K blocks of the groups begin, one more than groups.
    pub fn block_offsets(&self) -> Vec<usize> {
        let mut sum = 0;
        let ends = (0..self.len()).map(|group| {
            let k = self.answers(group).len();
            sum = k.saturating_mul(k).saturating_add(sum); // more than any memory holds stays so
            sum
        });
        std::iter::once(0).chain(ends).collect()
    }

    /// Runs of consecutive groups of about equal work; they depend on the groups alone.
    fn chunks(&self) -> Vec<Range<usize>> {
        let mut chunks = vec![];
        let mut from = 0;
        for to in 1..=self.len() {
            if to == self.len() || self.offsets[to] - self.offsets[from] >= CHUNK_ANSWERS {
                chunks.push(from..to);
                from = to;
            }
        }
        chunks
    }

    /// Does `work(memory, output, group)` for each group, in chunks shared out among threads. `outputs` are cut at the
    /// chunks; what `work` gets is its chunk's output and the group's number. The error of the first group that has
    /// one is returned.
    pub(super) fn for_each<O: Output, M: Default + Send>(
        &self,
        run: Run<'_>,
        outputs: O,
        work: impl Fn(&mut M, &mut O, usize) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        self.for_each_long(run, outputs, |memory, output, group, _| {
            work(memory, output, group)
        })
    }

    /// As `for_each`; `work` asks the pulse now and then whether to go on, for a group may take long.
    pub(super) fn for_each_long<O: Output, M: Default + Send>(
        &self,
        run: Run<'_>,
        outputs: O,
        work: impl Fn(&mut M, &mut O, usize, &Pulse<'_>) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let chunks = self.chunks();
        let mut rest = outputs;
        let mut parts = Vec::with_capacity(chunks.len());
        for chunk in &chunks {
            let (part, tail) = rest.cut(self, chunk);
            parts.push(Mutex::new(Some(part)));
            rest = tail;
        }
        let memories = Mutex::new(Vec::<M>::new());
        let first_error = Mutex::new(None::<(usize, Error)>);
        run_long_chunks(chunks.len(), run.threads, run.watch, |i, pulse| {
            let mut memory = lock(&memories).pop().unwrap_or_default();
            let Some(mut part) = lock(&parts[i]).take() else {
                return;
            };
            let result = chunks[i]
                .clone()
                .try_for_each(|group| work(&mut memory, &mut part, group, pulse));
            lock(&memories).push(memory);
            if let Err(error) = result {
                let mut first = lock(&first_error);
                if first.as_ref().is_none_or(|(at, _)| i < *at) {
                    *first = Some((i, error));
                }
            }
        })?;
        let error = lock(&first_error).take();
        error.map_or(Ok(()), |(_, error)| Err(error))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Places for results, cut at chunks of groups.
pub(super) trait Output: Sized + Send {
    /// The part of the groups in `chunk`, which are the first ones left, and the rest.
    fn cut(self, groups: &Groups<'_>, chunk: &Range<usize>) -> (Self, Self);
}

/// `k * k` values for a group of k answers; `take` yields those of the chunk's next group.
pub(super) struct Blocks<'a, T>(pub &'a mut [T]);

/// `k` values for a group of k answers.
pub(super) struct Rows<'a, T>(pub &'a mut [T]);

/// One value for a group.
pub(super) struct Ones<'a, T>(pub &'a mut [T]);

macro_rules! output {
    ($name:ident, $size:expr) => {
        impl<T: Send> Output for $name<'_, T> {
            fn cut(self, groups: &Groups<'_>, chunk: &Range<usize>) -> (Self, Self) {
                let size: fn(&Groups<'_>, usize) -> usize = $size;
                let (part, rest) = self
                    .0
                    .split_at_mut(chunk.clone().map(|group| size(groups, group)).sum());
                (Self(part), Self(rest))
            }
        }

        impl<'a, T> $name<'a, T> {
            /// The next `n` places.
            pub fn take(&mut self, n: usize) -> &'a mut [T] {
                let (part, rest) = std::mem::take(&mut self.0).split_at_mut(n);
                self.0 = rest;
                part
            }
        }
    };
}
output!(Blocks, |groups, group| groups.answers(group).len().pow(2));
output!(Rows, |groups, group| groups.answers(group).len());
output!(Ones, |_, _| 1);

impl<A: Output, B: Output> Output for (A, B) {
    fn cut(self, groups: &Groups<'_>, chunk: &Range<usize>) -> (Self, Self) {
        let (a, a_rest) = self.0.cut(groups, chunk);
        let (b, b_rest) = self.1.cut(groups, chunk);
        ((a, b), (a_rest, b_rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Unwatched;

    #[test]
    fn wrong_offsets_are_refused() {
        assert!(Groups::new(&[0, 2, 2, 5], 5).is_ok());
        assert!(Groups::new(&[0], 0).is_ok());
        for (offsets, n, at) in [
            (&[][..], 0, 0),
            (&[1, 2], 2, 0),
            (&[0, 3, 2], 2, 2),
            (&[0, 3], 4, 1),
        ] {
            match Groups::new(offsets, n) {
                Err(Error::Offsets { at: found, .. }) => assert_eq!(found, at),
                _ => panic!("{offsets:?} was accepted"),
            }
        }
    }

    #[test]
    fn every_group_gets_its_own_places() {
        let offsets: Vec<usize> = (0..1000)
            .scan(0, |sum, i| Some(std::mem::replace(sum, *sum + i % 7)))
            .collect();
        let groups = Groups::new(&offsets, offsets[999]).unwrap();
        for threads in [1, 2, 8] {
            let run = Run {
                level: Simd::best(),
                threads,
                watch: &Unwatched,
            };
            let (mut rows, mut ones) = (vec![0; groups.n_answers()], vec![0; groups.len()]);
            let outputs = (Rows(&mut rows), Ones(&mut ones));
            let done = groups.for_each(run, outputs, |(): &mut (), (rows, ones), group| {
                rows.take(groups.answers(group).len()).fill(group);
                ones.take(1)[0] = group;
                if group % 300 == 299 {
                    Err(Error::TooLong {
                        row: group,
                        n_bytes: 0,
                    })
                } else {
                    Ok(())
                }
            });
            assert_eq!(
                done,
                Err(Error::TooLong {
                    row: 299,
                    n_bytes: 0
                })
            );
            assert!(ones[..299].iter().enumerate().all(|(i, &group)| group == i));
            assert!(rows[groups.answers(250)].iter().all(|&group| group == 250));
        }
    }
}
