//! Answers that say the same, found in a matrix of pairwise scores.

use super::groups::Rows;
use super::{Error, Groups, Real, Run};

/// When the score of (i, j) links i to j. Two answers are linked when each is linked to the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Links {
    /// Scores above this: a similarity, or the probability that i entails j.
    Above(f64),
    /// Scores below this: a distance, or the probability that i contradicts j.
    Below(f64),
}

/// How linked answers become clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linkage {
    /// An answer joins the first cluster whose first member it is linked to (Kuhn et al., arXiv 2302.09664).
    Greedy,
    /// Answers that a path of links connects are one cluster.
    Connected,
}

#[derive(Default)]
struct Memory {
    firsts: Vec<usize>,
    parents: Vec<usize>,
}

/// The cluster of each answer, numbered within its group in the order of first members.
///
/// `blocks` holds a `K_g x K_g` block for each group, row i the scores of i towards the others; the diagonal is not read.
pub fn clusters<T: Real + Sync>(
    blocks: &[T],
    groups: Groups<'_>,
    links: Links,
    linkage: Linkage,
    run: Run<'_>,
) -> Result<Vec<i32>, Error> {
    let starts = groups.block_offsets();
    if blocks.len() != starts[groups.len()] {
        return Err(Error::Size {
            what: "matrix",
            got: blocks.len(),
            wanted: starts[groups.len()],
        });
    }
    let mut labels = vec![0; groups.n_answers()];
    groups.for_each(
        run,
        Rows(&mut labels),
        |memory: &mut Memory, labels, group| {
            let n = groups.answers(group).len();
            let block = &blocks[starts[group]..starts[group + 1]];
            if block
                .iter()
                .fold(false, |any, score| any | score.wide().is_nan())
            {
                let at = block
                    .iter()
                    .position(|score| score.wide().is_nan())
                    .unwrap_or(0);
                return Err(Error::NotFinite {
                    what: "matrix",
                    group,
                    at,
                });
            }
            let labels = labels.take(n);
            match links {
                Links::Above(limit) => {
                    memory.label(n, linkage, labels, |i, j| block[i * n + j].wide() > limit)
                }
                Links::Below(limit) => {
                    memory.label(n, linkage, labels, |i, j| block[i * n + j].wide() < limit)
                }
            }
            Ok(())
        },
    )?;
    Ok(labels)
}

impl Memory {
    #[inline(always)]
    fn label(
        &mut self,
        n: usize,
        linkage: Linkage,
        labels: &mut [i32],
        links: impl Fn(usize, usize) -> bool,
    ) {
        let linked = |i: usize, j: usize| links(i, j) && links(j, i);
        match linkage {
            Linkage::Greedy => self.greedy(n, labels, linked),
            Linkage::Connected => self.connected(n, labels, linked),
        }
    }

    #[inline(always)]
    fn greedy(&mut self, n: usize, labels: &mut [i32], linked: impl Fn(usize, usize) -> bool) {
        self.firsts.clear();
        for (i, label) in labels.iter_mut().enumerate().take(n) {
            let found = self.firsts.iter().position(|&first| linked(first, i));
            *label = found.unwrap_or(self.firsts.len()) as i32;
            if found.is_none() {
                self.firsts.push(i);
            }
        }
    }

    /// Union by the smallest index: a root is the first member of its cluster.
    fn connected(&mut self, n: usize, labels: &mut [i32], linked: impl Fn(usize, usize) -> bool) {
        self.parents.clear();
        self.parents.extend(0..n);
        for i in 0..n {
            for j in 0..i {
                let (a, b) = (root(&mut self.parents, i), root(&mut self.parents, j));
                if a != b && linked(i, j) {
                    self.parents[a.max(b)] = a.min(b);
                }
            }
        }
        let mut next = 0;
        for i in 0..n {
            let first = root(&mut self.parents, i);
            labels[i] = if first == i { next } else { labels[first] };
            next += i32::from(first == i);
        }
    }
}

fn root(parents: &mut [usize], mut i: usize) -> usize {
    while parents[i] != i {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    i
}
