//! How far K answers to each of N questions agree: pairwise scores, clusters, entropy, votes.
//!
//! Answers lie end to end, group after group (`Groups`), and a group's size may differ from the next one's. The words
//! of a group become small numbers once (`words`, `sequences`), and every lexical score is computed from those: longest
//! common subsequences (`lcs`), bits in common (`sets`), edit distances (`edit`). Groups do not depend on each other,
//! so they are shared out among threads, and the result is the same for any number of them and on every SIMD level.

mod band;
mod cluster;
mod edit;
mod entropy;
mod error;
mod groups;
mod intern;
mod keys;
mod known;
mod lanes;
mod lcs;
mod selfcheck;
mod sequences;
mod sets;
mod similarity;
mod strips;
#[cfg(test)]
mod testing;
mod vote;
mod words;

pub use cluster::{Linkage, Links, clusters};
pub use entropy::{Estimator, entropy};
pub use error::Error;
pub use groups::{Groups, Run};
pub use selfcheck::{SelfCheck, selfcheck};
pub use similarity::{Real, Score, similarity};
pub use vote::{Compare, Votes, vote};
