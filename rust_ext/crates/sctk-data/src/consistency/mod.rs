//! How far K answers to each of N questions agree: pairwise scores, clusters, entropy, votes.
mod edit;
mod intern;
mod lanes;
mod lcs;
mod sequences;
mod sets;
#[cfg(test)]
mod testing;
mod words;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error { TooLong { row: usize, n_bytes: usize }, NotUtf8 { row: usize, at: usize } }
