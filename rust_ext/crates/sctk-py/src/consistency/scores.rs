//! Scores of answers: pairwise matrices, SelfCheck, votes.

use pyo3::prelude::*;
use sctk_data::consistency::{self, Compare, Groups, Real, Score};
use sctk_data::text::Alphabet;

use super::groups::Answers;
use super::{Options, column, refused, run};
use crate::arrow::{Array, Number, Values};
use crate::errors;
use crate::words::words_of;

/// A K x K block for each group, as a list column of float32 or float64.
#[pyfunction(name = "consistency_similarity")]
fn similarity(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    groups: Option<&Bound<'_, PyAny>>,
    score: (String, usize, f64),
    words: &str,
    single: bool,
    run: Options,
) -> PyResult<Array> {
    let how = (named(&score.0, score.1, score.2)?, words_of(words)?);
    let answers = Answers::extract(texts, groups)?;
    if single {
        blocks::<f32>(py, &answers, how, run)
    } else {
        blocks::<f64>(py, &answers, how, run)
    }
}

/// The score of that name, with its settings: n of ROUGE-N, the cut-off of edit similarities.
fn named(name: &str, n: usize, cut_off: f64) -> PyResult<Score> {
    if !(0.0..=1.0).contains(&cut_off) {
        return Err(errors::value(
            format_args!("cut_off: got {cut_off}, wanted 0 to 1"),
            "0 computes every score",
        ));
    }
    match name {
        "rouge_l" => Ok(Score::RougeL),
        "rouge_n" if (1..=16).contains(&n) => Ok(Score::RougeN(n)),
        "rouge_n" => Err(errors::value(
            format_args!("n: got {n}, wanted 1 to 16"),
            "ROUGE-2 is n=2",
        )),
        "jaccard" => Ok(Score::Jaccard),
        "word_edit" => Ok(Score::WordEdit { cut_off }),
        "char_edit" => Ok(Score::CharEdit { cut_off }),
        _ => Err(errors::value(
            format_args!("no score {name:?}"),
            "see sctk_rs.consistency",
        )),
    }
}

fn blocks<T: Real + Number>(
    py: Python<'_>,
    answers: &Answers,
    (score, words): (Score, Alphabet),
    options: Options,
) -> PyResult<Array> {
    let rows = answers.rows()?;
    let groups = Groups::new(answers.offsets(), rows.len()).map_err(refused)?;
    let offsets = groups
        .block_offsets()
        .iter()
        .map(|&offset| offset as i64)
        .collect();
    let values = run(py, options, |run| {
        consistency::similarity::<T>(&rows, groups, score, words, run)
    })?;
    Ok(Array::lists(
        Values::from_vec::<i64>(offsets),
        Values::from_vec(values),
    ))
}

/// The mean and the largest -ln p of each answer's n-grams.
#[pyfunction(name = "consistency_selfcheck")]
fn selfcheck(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    groups: Option<&Bound<'_, PyAny>>,
    n: usize,
    smoothing: f64,
    words: &str,
    run: Options,
) -> PyResult<(Array, Array)> {
    if !(1..=16).contains(&n) {
        return Err(errors::value(
            format_args!("n: got {n}, wanted 1 to 16"),
            "SelfCheckGPT reports n=1 as its best",
        ));
    }
    if !(smoothing >= 0.0 && smoothing.is_finite()) {
        return Err(errors::value(
            format_args!("smoothing: got {smoothing}, wanted a count of 0 or more"),
            "0 is what SelfCheckGPT uses",
        ));
    }
    let words = words_of(words)?;
    let answers = Answers::extract(texts, groups)?;
    let rows = answers.rows()?;
    let groups = Groups::new(answers.offsets(), rows.len()).map_err(refused)?;
    let scores = self::run(py, run, |run| {
        consistency::selfcheck(&rows, groups, n, smoothing, words, run)
    })?;
    Ok((column(scores.mean), column(scores.max)))
}

/// Winner, votes and clusters of the answers in comparable form.
#[pyfunction(name = "consistency_vote")]
fn vote(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    groups: Option<&Bound<'_, PyAny>>,
    compare: &str,
    run: Options,
) -> PyResult<(Array, Array, Array)> {
    let compare = match compare {
        "answers" => Compare::Answers,
        "squad" => Compare::Squad,
        _ => {
            return Err(errors::value(
                format_args!("compare: got {compare:?}, wanted \"answers\" or \"squad\""),
                "\"squad\" is SQuAD's normalisation, to which -5 is 5",
            ));
        }
    };
    let answers = Answers::extract(texts, groups)?;
    let rows = answers.rows()?;
    let groups = Groups::new(answers.offsets(), rows.len()).map_err(refused)?;
    let votes = self::run(py, run, |run| {
        consistency::vote(&rows, groups, compare, run)
    })?;
    Ok((
        column(votes.winners),
        column(votes.votes),
        column(votes.labels),
    ))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(similarity, module)?)?;
    module.add_function(wrap_pyfunction!(selfcheck, module)?)?;
    module.add_function(wrap_pyfunction!(vote, module)?)
}
