//! What can be wrong with answers, groups and matrices.

use crate::watch::Stopped;

/// Why there is no result. Its text says what, where, got and wanted, and ends with a hint on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    Stopped,
    /// Offsets do not start at 0, fall, or do not end at the number of answers.
    Offsets {
        at: usize,
        got: usize,
        wanted: String,
    },
    TooLong {
        row: usize,
        n_bytes: usize,
    },
    NotUtf8 {
        row: usize,
        at: usize,
    },
    /// The machine does not give so much.
    Memory {
        what: &'static str,
        n_bytes: usize,
    },
    /// An array is longer or shorter than the groups say.
    Size {
        what: &'static str,
        got: usize,
        wanted: usize,
    },
    NotFinite {
        what: &'static str,
        group: usize,
        at: usize,
    },
    Label {
        group: usize,
        at: usize,
        got: i32,
        n_answers: usize,
    },
}

impl From<Stopped> for Error {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stopped => Stopped.fmt(f),
            Self::Offsets { at, got, wanted } => write!(
                f,
                "groups: offset {at} is {got}, wanted {wanted}\nhint: n groups have n + 1 offsets, from 0 to the number of answers"
            ),
            Self::TooLong { row, n_bytes } => write!(
                f,
                "the group that starts at row {row} needs {n_bytes} bytes, wanted less than 4 GiB\nhint: split it"
            ),
            Self::NotUtf8 { row, at } => write!(
                f,
                "row {row}: not UTF-8 from byte {at} on\nhint: the producer of this data is broken"
            ),
            Self::Memory { what, n_bytes } => write!(
                f,
                "{what}: {n_bytes} bytes of memory were refused\nhint: a group of k answers has k x k scores; give smaller groups, or fewer at once"
            ),
            Self::Size { what, got, wanted } => write!(
                f,
                "{what}: got {got} values, wanted {wanted}\nhint: a group of k answers has k values, or k x k of a matrix"
            ),
            Self::NotFinite { what, group, at } => write!(
                f,
                "{what}: value {at} of group {group} is not a number\nhint: a score that failed is no score; leave that answer out"
            ),
            Self::Label {
                group,
                at,
                got,
                n_answers,
            } => write!(
                f,
                "labels: answer {at} of group {group} has label {got}, wanted 0 to {}\nhint: give what clusters() yields",
                n_answers.saturating_sub(1)
            ),
        }
    }
}

impl std::error::Error for Error {}
