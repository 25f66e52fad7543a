//! Bytes into words, words into hashes: what deduplication and the consistency scores both stand on.
//!
//! `WordHasher` folds a text, cuts it into words and hashes each word; `grams` turns word hashes into n-gram
//! hashes; `fingerprint` digests the whole sequence. A text that is pure ASCII (told by the same pass) never leaves
//! the vector path; any other is first brought into a plain form (`plain`), then takes the same path.
//! Every function takes a `Simd` level and yields the same bits on each. The hashes are version 3 of our own
//! (`hash`): they may be stored, and mean the same on every machine. `answers` has the form in which whole answers, numbers
//! among them, are compared.

pub mod answers;
pub(crate) mod block;
mod canon;
mod dictionary;
mod edges;
pub mod fold;
pub mod grams;
pub mod hash;
mod letters;
pub mod marks;
pub mod numbers;
mod plain;
mod signs;
pub mod simd;
pub mod spans;
pub mod unicode;
pub mod words;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use grams::{fingerprint, grams};
pub use hash::HASH_VERSION;
pub use simd::Simd;
pub use unicode::Alphabet;
pub use words::{TextError, WordHasher};
