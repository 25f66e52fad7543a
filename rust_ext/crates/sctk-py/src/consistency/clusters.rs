//! What is made of scores: clusters of a matrix, the entropy of clusters.

use pyo3::buffer::Element;
use pyo3::prelude::*;
use sctk_data::buffer::Plain;
use sctk_data::consistency::{self, Estimator, Groups, Linkage, Links, Real};

use super::groups::{integers, matrix_offsets, offsets};
use super::{Options, column, refused, run};
use crate::arrow::Array;
use crate::errors;
use crate::numbers::Numbers;

/// The cluster of each answer from a matrix of scores.
#[pyfunction(name = "consistency_clusters")]
fn clusters(
    py: Python<'_>,
    matrix: &Bound<'_, PyAny>,
    groups: Option<&Bound<'_, PyAny>>,
    limit: (f64, bool),
    linkage: &str,
    run: Options,
) -> PyResult<Array> {
    let (limit, below) = limit;
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
        None => labels.extract().map_err(|_| {
            errors::kind(
                format_args!(
                    "labels: got {}, wanted an array of int32 or int64, or a list of int",
                    labels
                        .get_type()
                        .name()
                        .map_or_else(|_| String::new(), |name| name.to_string())
                ),
                "give what clusters() yields",
            )
        })?,
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
    object.extract().map_err(|_| {
        errors::kind(
            "log_likelihoods: wanted an array of float32 or float64, or a list of float",
            "numpy.asarray(log_likelihoods, dtype=\"float64\")",
        )
    })
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(clusters, module)?)?;
    module.add_function(wrap_pyfunction!(entropy, module)?)
}
