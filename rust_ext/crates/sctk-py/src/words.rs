//! The door of `sctk_data::text` for single texts: their words, and the form in which answers are compared.

use pyo3::prelude::*;
use sctk_data::text::{Alphabet, answers, numbers, spans};

use crate::errors;

/// Texts of so many bytes are looked at without the GIL.
const LONG: usize = 1 << 14;

fn run<T: Send>(py: Python<'_>, text: &str, job: impl FnOnce(&str) -> T + Send) -> T {
    if text.len() < LONG {
        job(text)
    } else {
        py.detach(|| job(text))
    }
}

/// The words of a text as they are compared.
#[pyfunction]
#[pyo3(signature = (text, *, alphabet="every-script"))]
fn text_words(py: Python<'_>, text: &str, alphabet: &str) -> PyResult<Vec<String>> {
    let alphabet = words_of(alphabet)?;
    Ok(run(py, text, |text| spans::words(text, alphabet)))
}

/// The alphabet of that name.
pub fn words_of(name: &str) -> PyResult<Alphabet> {
    match name {
        "every-script" => Ok(Alphabet::Unicode),
        "rouge" => Ok(Alphabet::Ascii),
        _ => Err(errors::value(
            format_args!("words: got {name:?}, wanted \"every-script\" or \"rouge\""),
            "\"rouge\" are the words of rouge_score, ASCII alone",
        )),
    }
}

/// The comparable form of an answer.
#[pyfunction]
fn text_comparable(py: Python<'_>, text: &str) -> String {
    run(py, text, answers::comparable)
}

/// The words of an answer, numbers in one spelling.
#[pyfunction]
fn text_answer_words(py: Python<'_>, text: &str) -> Vec<String> {
    run(py, text, answers::words)
}

/// The number that a text is, in one spelling; None where it is not one number.
#[pyfunction]
fn text_number(text: &str) -> Option<String> {
    numbers::number(text)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(text_words, module)?)?;
    module.add_function(wrap_pyfunction!(text_comparable, module)?)?;
    module.add_function(wrap_pyfunction!(text_answer_words, module)?)?;
    module.add_function(wrap_pyfunction!(text_number, module)?)
}
