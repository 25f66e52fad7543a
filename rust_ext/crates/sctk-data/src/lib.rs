//! The data core of sctk: words, packing, deduplication and consistency scores.
//!
//! Nothing here knows of Python. Every result is the same, byte for byte, for any number of threads and on
//! every SIMD path; the crate `sctk-py` is the door through which Python calls it.

pub mod buffer;
pub mod consistency;
pub mod dedup;
pub mod packing;
pub mod text;
pub mod watch;
