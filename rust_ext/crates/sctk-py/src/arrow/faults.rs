//! What is wrong with a column, in words: its name, the row counted over all chunks, what was wanted, a hint.

use pyo3::PyErr;

use super::field::Field;
use crate::errors;

pub fn broken(field: &Field, what: &str) -> PyErr {
    errors::value(
        format_args!("column {:?} ({}): {what}", field.name, field.kind),
        "the producer of this Arrow data is broken",
    )
}

pub fn out_of_order(field: &Field, row: usize, from: i64, to: i64) -> PyErr {
    errors::value(
        format_args!(
            "column {:?}: row {row}: offsets out of order: from {from} to {to}, wanted 0 or more and none that falls",
            field.name
        ),
        "the producer of this Arrow data is broken",
    )
}

pub fn null_in(field: &Field, row: usize) -> PyErr {
    errors::value(
        format_args!(
            "column {:?}: row {row} is null or holds a null, wanted values",
            field.name
        ),
        "drop or fill nulls first, so that it is your decision what they mean",
    )
}

pub fn wrong_type(field: &Field, wanted: &str) -> PyErr {
    errors::kind(
        format_args!(
            "column {:?}: got {}, wanted {wanted}",
            field.name, field.kind
        ),
        "cast the column first",
    )
}
