//! The door of `sctk_data::consistency`: texts in groups in, one `Array` for each result out.
//!
//! Groups come as lists of lists, or as flat answers with a size or with offsets. Each function takes `run`, a tuple of
//! threads, SIMD level (None: the best one) and progress callback.

use pyo3::buffer::Element;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sctk_data::buffer::Plain;
use sctk_data::consistency::{self, Error, Estimator, Groups, Linkage, Links, Real, Run, Score};
use sctk_data::text::Simd;
use sctk_data::watch::{Stopped, Watch};

use crate::arrow::{Array, Layout, Number, Values};
use crate::control;
use crate::errors;
use crate::numbers::Numbers;
use crate::texts::{TextGroups, Texts};

type Options = (usize, Option<String>, Option<Py<PyAny>>);

/// What `job` yields, run without the GIL.
fn run<T: Send>(
    py: Python<'_>,
    (threads, level, progress): Options,
    job: impl FnOnce(Run<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let threads = control::threads(threads)?;
    let level = level.map_or(Ok(Simd::best()), |name| named(&name))?;
    let job = |watch: &dyn Watch| match job(Run {
        level,
        threads,
        watch,
    }) {
        Err(Error::Stopped) => Err(Stopped),
        other => Ok(other),
    };
    control::work(py, progress, job)?.map_err(refused)
}

fn refused(error: Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn named(name: &str) -> PyResult<Simd> {
    Simd::named(name).ok_or_else(|| {
        let names: Vec<_> = Simd::available().into_iter().map(Simd::name).collect();
        errors::value(
            format_args!("no SIMD level {name:?} here"),
            format_args!("there are {}", names.join(", ")),
        )
    })
}

/// Answers in groups, in either form.
enum Answers {
    Flat(Texts, Vec<usize>),
    Nested(TextGroups),
}

impl Answers {
    fn extract(texts: &Bound<'_, PyAny>, groups: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(groups) = groups else {
            return TextGroups::extract(texts).map(Self::Nested);
        };
        let texts = Texts::extract(texts)?;
        let n_answers = texts.rows()?.len();
        Ok(Self::Flat(texts, offsets(groups, n_answers)?))
    }

    fn rows(&self) -> PyResult<Vec<&[u8]>> {
        match self {
            Self::Flat(texts, _) => texts.rows(),
            Self::Nested(groups) => groups.rows(),
        }
    }

    fn offsets(&self) -> &[usize] {
        match self {
            Self::Flat(_, offsets) => offsets,
            Self::Nested(groups) => groups.offsets(),
        }
    }
}

/// Offsets from a group size (an int) or from offsets (an integer array or a list of int).
fn offsets(groups: &Bound<'_, PyAny>, n_answers: usize) -> PyResult<Vec<usize>> {
    let Ok(size) = groups.extract::<usize>() else {
        return offsets_as_given(groups);
    };
    if size == 0 || !n_answers.is_multiple_of(size) {
        return Err(errors::value(
            format_args!("groups: {n_answers} answers are no groups of {size}"),
            "give offsets where groups differ in size",
        ));
    }
    Ok((0..=n_answers / size).map(|group| group * size).collect())
}

fn offsets_as_given(groups: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let given = match (integers::<i64>(groups)?, integers::<i32>(groups)?) {
        (Some(given), _) | (_, Some(given)) => given,
        _ => groups.extract::<Vec<i64>>().map_err(|_| {
            errors::kind(
                "groups: wanted a size, or offsets as an array of int64 or a list of int",
                "n groups have n + 1 offsets, from 0 to the number of answers",
            )
        })?,
    };
    let negative = |at: usize| {
        errors::value(
            format_args!("groups: offset {at} is negative"),
            "offsets count answers from the start",
        )
    };
    given
        .iter()
        .enumerate()
        .map(|(at, &offset)| usize::try_from(offset).map_err(|_| negative(at)))
        .collect()
}

/// Offsets of the groups of a matrix: as given, or by its shape (groups, K, K).
fn matrix_offsets(groups: Option<&Bound<'_, PyAny>>, shape: &[usize]) -> PyResult<Vec<usize>> {
    let n_values: usize = shape.iter().product();
    let size = match (groups, shape) {
        (None, &[_, k, other]) if k == other => k,
        (None, _) => {
            return Err(errors::value(
                format_args!("matrix: got shape {shape:?}, wanted (groups, K, K)"),
                "give groups where K differs: offsets, or the size of all",
            ));
        }
        (Some(groups), _) => match groups.extract::<usize>() {
            Ok(size) => size,
            Err(_) => return offsets_as_given(groups),
        },
    };
    let n_groups = if size == 0 {
        0
    } else {
        n_values / (size * size)
    };
    Ok((0..=n_groups).map(|group| group * size).collect())
}

fn integers<T: Element + Plain + Into<i64>>(
    object: &Bound<'_, PyAny>,
) -> PyResult<Option<Vec<i64>>> {
    let Some(numbers) = Numbers::<T>::of(object)? else {
        return Ok(None);
    };
    // SAFETY: we hold the GIL while the values are copied.
    let values = unsafe { numbers.slice() };
    Ok(Some(values.iter().map(|&number| number.into()).collect()))
}

/// A K x K block for each group, as a list column of float32 or float64.
#[pyfunction(name = "consistency_similarity")]
#[pyo3(signature = (texts, groups, score, n, cut_off, single, run))]
#[allow(clippy::too_many_arguments)]
fn similarity(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    groups: Option<&Bound<'_, PyAny>>,
    score: &str,
    n: usize,
    cut_off: f64,
    single: bool,
    run: Options,
) -> PyResult<Array> {
    if !(0.0..=1.0).contains(&cut_off) {
        return Err(errors::value(
            format_args!("cut_off: got {cut_off}, wanted 0 to 1"),
            "0 computes every score",
        ));
    }
    let score = match score {
        "rouge_l" => Score::RougeL,
        "rouge_n" if (1..=16).contains(&n) => Score::RougeN(n),
        "rouge_n" => {
            return Err(errors::value(
                format_args!("n: got {n}, wanted 1 to 16"),
                "ROUGE-2 is n=2",
            ));
        }
        "jaccard" => Score::Jaccard,
        "word_edit" => Score::WordEdit { cut_off },
        "char_edit" => Score::CharEdit { cut_off },
        _ => {
            return Err(errors::value(
                format_args!("no score {score:?}"),
                "see sctk_rs.consistency",
            ));
        }
    };
    let answers = Answers::extract(texts, groups)?;
    if single {
        blocks::<f32>(py, &answers, score, run)
    } else {
        blocks::<f64>(py, &answers, score, run)
    }
}

fn blocks<T: Real + Number>(
    py: Python<'_>,
    answers: &Answers,
    score: Score,
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
        consistency::similarity::<T>(&rows, groups, score, run)
    })?;
    Ok(Array::lists(
        Values::from_vec::<i64>(offsets),
        Values::from_vec(values),
    ))
}

fn column<T: Number>(values: Vec<T>) -> Array {
    Array::new(Layout::Numbers(Values::from_vec(values)))
}

/// The mean and the largest -ln p of each answer's n-grams.
#[pyfunction(name = "consistency_selfcheck")]
fn selfcheck(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    groups: Option<&Bound<'_, PyAny>>,
    n: usize,
    smoothing: f64,
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
    let answers = Answers::extract(texts, groups)?;
    let rows = answers.rows()?;
    let groups = Groups::new(answers.offsets(), rows.len()).map_err(refused)?;
    let scores = self::run(py, run, |run| {
        consistency::selfcheck(&rows, groups, n, smoothing, run)
    })?;
    Ok((column(scores.mean), column(scores.max)))
}

/// The cluster of each answer from a matrix of scores.
#[pyfunction(name = "consistency_clusters")]
fn clusters(
    py: Python<'_>,
    matrix: &Bound<'_, PyAny>,
    groups: Option<&Bound<'_, PyAny>>,
    limit: f64,
    below: bool,
    linkage: &str,
    run: Options,
) -> PyResult<Array> {
    if limit.is_nan() {
        return Err(errors::value(
            "limit: got NaN, wanted a number",
            "0.5 is usual for probabilities",
        ));
    }
    let links = if below {
        Links::Below(limit)
    } else {
        Links::Above(limit)
    };
    let linkage = match linkage {
        "greedy" => Linkage::Greedy,
        "connected" => Linkage::Connected,
        _ => {
            return Err(errors::value(
                format_args!("linkage: got {linkage:?}"),
                "wanted \"greedy\" or \"connected\"",
            ));
        }
    };
    if let Some(matrix) = Numbers::<f32>::of(matrix)? {
        return labels(py, &matrix, groups, (links, linkage), run);
    }
    if let Some(matrix) = Numbers::<f64>::of(matrix)? {
        return labels(py, &matrix, groups, (links, linkage), run);
    }
    Err(errors::kind(
        format_args!(
            "matrix: got {}, wanted an array of float32 or float64",
            matrix.get_type().name()?
        ),
        "numpy.asarray(matrix, dtype=\"float32\"), or the values of a similarity",
    ))
}

fn labels<T: Real + Element + Plain>(
    py: Python<'_>,
    matrix: &Numbers<T>,
    groups: Option<&Bound<'_, PyAny>>,
    (links, linkage): (Links, Linkage),
    options: Options,
) -> PyResult<Array> {
    let offsets = matrix_offsets(groups, matrix.shape())?;
    let n_answers = offsets.last().copied().unwrap_or(0);
    let groups = Groups::new(&offsets, n_answers).map_err(refused)?;
    // SAFETY: values are only compared, so whoever writes to the matrix meanwhile spoils his own labels and nothing else.
    let blocks = unsafe { matrix.slice() };
    run(py, options, |run| {
        consistency::clusters(blocks, groups, links, linkage, run)
    })
    .map(column)
}

/// The entropy of each group of clusters.
#[pyfunction(name = "consistency_entropy")]
fn entropy(
    py: Python<'_>,
    labels: &Bound<'_, PyAny>,
    groups: &Bound<'_, PyAny>,
    estimator: &str,
    log_likelihoods: Option<&Bound<'_, PyAny>>,
    run: Options,
) -> PyResult<Array> {
    let estimator = match estimator {
        "discrete" => Estimator::Discrete,
        "likelihood" => Estimator::Likelihood,
        "class_mean" => Estimator::ClassMean,
        "sample_mean" => Estimator::SampleMean,
        _ => {
            return Err(errors::value(
                format_args!("estimator: got {estimator:?}"),
                "wanted \"discrete\", \"likelihood\", \"class_mean\" or \"sample_mean\"",
            ));
        }
    };
    let labels = label_values(labels)?;
    let logs = log_likelihoods.map_or(Ok(vec![]), floats)?;
    let offsets = offsets(groups, labels.len())?;
    let groups = Groups::new(&offsets, labels.len()).map_err(refused)?;
    self::run(py, run, |run| {
        consistency::entropy(&labels, &logs, groups, estimator, run)
    })
    .map(column)
}

fn label_values(labels: &Bound<'_, PyAny>) -> PyResult<Vec<i32>> {
    if let Some(labels) = Numbers::<i32>::of(labels)? {
        // SAFETY: we hold the GIL while the values are copied.
        return Ok(unsafe { labels.slice() }.to_vec());
    }
    let wide = match integers::<i64>(labels)? {
        Some(wide) => wide,
        None => labels.extract()?,
    };
    let narrow = |label| {
        i32::try_from(label).map_err(|_| {
            errors::value(
                format_args!("labels: got {label}"),
                "labels count clusters within a group",
            )
        })
    };
    wide.into_iter().map(narrow).collect()
}

fn floats(object: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    if let Some(numbers) = Numbers::<f64>::of(object)? {
        // SAFETY: we hold the GIL while the values are copied.
        return Ok(unsafe { numbers.slice() }.to_vec());
    }
    if let Some(numbers) = Numbers::<f32>::of(object)? {
        // SAFETY: as above.
        let values = unsafe { numbers.slice() };
        return Ok(values.iter().map(|&number| number.into()).collect());
    }
    object.extract()
}

/// Winner, votes and clusters of the normalised answers.
#[pyfunction(name = "consistency_vote")]
fn vote(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    groups: Option<&Bound<'_, PyAny>>,
    run: Options,
) -> PyResult<(Array, Array, Array)> {
    let answers = Answers::extract(texts, groups)?;
    let rows = answers.rows()?;
    let groups = Groups::new(answers.offsets(), rows.len()).map_err(refused)?;
    let votes = self::run(py, run, |run| consistency::vote(&rows, groups, run))?;
    Ok((
        column(votes.winners),
        column(votes.votes),
        column(votes.labels),
    ))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(similarity, module)?)?;
    module.add_function(wrap_pyfunction!(selfcheck, module)?)?;
    module.add_function(wrap_pyfunction!(clusters, module)?)?;
    module.add_function(wrap_pyfunction!(entropy, module)?)?;
    module.add_function(wrap_pyfunction!(vote, module)?)
}
