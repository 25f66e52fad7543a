//! The door of `sctk_data::dedup`.

use std::path::PathBuf;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sctk_data::buffer::Buffer;
use sctk_data::dedup::{
    DedupError, Duplicates, MOST_ROWS, Near, Parts, SLOTS, Shingle, first_rows,
    first_rows_normalised, near_in_parts, sketch_flat,
};
use sctk_data::text::{HASH_VERSION, Simd, hash};
use sctk_data::watch::{Stopped, Watch};

use crate::arrow::{Array, Batch};
use crate::numbers::Numbers;
use crate::texts::Texts;
use crate::{control, errors};

/// Labels, pairs and counts (equal rows, candidates, checked, apart) of near duplicates.
type NearResult = (Array, Batch, (usize, usize, usize, usize));

/// Runs `job` without the GIL and turns its failure into the exception that it is.
pub fn run<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    job: impl FnOnce(&dyn Watch) -> Result<T, DedupError> + Send,
) -> PyResult<T> {
    let done = control::work(py, progress, |watch| match job(watch) {
        Err(DedupError::Stopped) => Err(Stopped),
        other => Ok(other),
    })?;
    done.map_err(raised)
}

fn raised(failure: DedupError) -> PyErr {
    match failure {
        DedupError::Text { .. } => errors::value(
            failure,
            "Arrow strings must hold UTF-8; decode the bytes first",
        ),
        DedupError::Parts { .. } => errors::value(
            failure,
            "row i has the parts ends[offsets[i]:offsets[i + 1]], in bytes of its UTF-8",
        ),
        DedupError::TooManyRows { .. } => errors::value(failure, "cut the corpus into shards"),
        DedupError::Spill { path, why } => {
            let hint = "spill_dir must be a directory with room for 8 bytes per row and band";
            let message = format!("cannot spill to {}: {why}\nhint: {hint}", path.display());
            match why.raw_os_error() {
                Some(code) => PyOSError::new_err((code, message)),
                None => PyOSError::new_err(message),
            }
        }
        DedupError::Stopped => errors::value(failure, "run it again"),
    }
}

pub fn shingle_of(kind: &str, n: usize) -> PyResult<Shingle> {
    if !(1..=1000).contains(&n) {
        return Err(errors::value(
            format_args!("n: got {n}, wanted 1 to 1000"),
            "5 words or 12 characters are usual",
        ));
    }
    match kind {
        "word" => Ok(Shingle::Words(n)),
        "char" => Ok(Shingle::Characters(n)),
        _ => Err(errors::value(
            format_args!("shingle: got {kind:?}, wanted \"word\" or \"char\""),
            "\"char\" suits very short texts",
        )),
    }
}

pub fn share_of(name: &str, value: f64, least: f64) -> PyResult<f64> {
    if value >= least && value <= 1.0 {
        return Ok(value);
    }
    Err(errors::value(
        format_args!("{name}: got {value}, wanted {least} to 1"),
        "0.8 is usual for near duplicates",
    ))
}

/// The first row with the same bytes (or the same words) of every row.
#[pyfunction]
#[pyo3(signature = (texts, *, normalised=false, threads=1, progress=None))]
fn dedup_exact(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    normalised: bool,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Array> {
    let threads = control::threads(threads)?;
    let texts = Texts::extract(texts)?;
    let rows = texts.rows()?;
    let first = run(py, progress, |watch| {
        if normalised {
            first_rows_normalised(&rows, Simd::best(), threads, watch)
        } else {
            first_rows(&rows, threads, watch)
        }
    })?;
    Ok(Array::from_vec(first))
}

/// 1 for every row that is its own label, else 0.
#[pyfunction]
fn dedup_keep(labels: &Bound<'_, PyAny>) -> PyResult<Array> {
    let Some(labels) = Numbers::<u32>::of(labels)? else {
        return Err(errors::kind(
            "labels: wanted an array of uint32",
            "what exact() or near() gave",
        ));
    };
    // SAFETY: the GIL is held, and each value is read once.
    let labels = unsafe { labels.slice() };
    Ok(Array::from_vec(
        labels
            .iter()
            .enumerate()
            .map(|(row, &label)| u8::from(row == label as usize))
            .collect(),
    ))
}

/// Labels, verified pairs and counts of near duplicates.
#[pyfunction]
#[pyo3(signature = (
    texts, *, threshold=0.8, shingle="word", n=5, parts=None, threads=1, spill_dir=None, simd=None, progress=None
))]
#[allow(clippy::too_many_arguments)]
fn dedup_near(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    threshold: f64,
    shingle: &str,
    n: usize,
    parts: Option<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
    threads: usize,
    spill_dir: Option<PathBuf>,
    simd: Option<&str>,
    progress: Option<Py<PyAny>>,
) -> PyResult<NearResult> {
    let how = Near {
        threshold: share_of("threshold", threshold, 0.1)?,
        shingle: shingle_of(shingle, n)?,
        threads: control::threads(threads)?,
        simd: control::simd(simd)?,
        spill: spill_dir,
    };
    let texts = Texts::extract(texts)?;
    let rows = texts.rows()?;
    let parts = parts
        .map(|(ends, offsets)| parts_of(&ends, &offsets, &rows))
        .transpose()?;
    let Duplicates {
        labels,
        pairs,
        counts,
    } = run(py, progress, |watch| {
        near_in_parts(&rows, parts.as_ref(), &how, watch)
    })?;
    let columns = vec![
        (
            "left".to_owned(),
            Array::from_vec(pairs.iter().map(|p| p.left).collect()),
        ),
        (
            "right".to_owned(),
            Array::from_vec(pairs.iter().map(|p| p.right).collect()),
        ),
        (
            "jaccard".to_owned(),
            Array::from_vec(pairs.iter().map(|p| p.jaccard).collect()),
        ),
    ];
    let counts = (
        counts.n_equal_rows,
        counts.n_candidates,
        counts.n_checked,
        counts.n_apart,
    );
    Ok((
        Array::from_vec(labels),
        Batch::new(pairs.len(), columns),
        counts,
    ))
}

/// The sketches (128 numbers each, one after the other) of sets of 64-bit hashes.
#[pyfunction]
#[pyo3(signature = (hashes, offsets, *, threads=1, simd=None, progress=None))]
fn dedup_sketch(
    py: Python<'_>,
    hashes: &Bound<'_, PyAny>,
    offsets: &Bound<'_, PyAny>,
    threads: usize,
    simd: Option<&str>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Array> {
    let (threads, simd) = (control::threads(threads)?, control::simd(simd)?);
    let Some(hashes) = Numbers::<u64>::of(hashes)? else {
        return Err(errors::kind(
            "hashes: wanted an array of uint64",
            "numpy.asarray(hashes, numpy.uint64)",
        ));
    };
    // SAFETY: the sketch reads each hash once and any value will do, so a racing writer spoils his own result only.
    let hashes = unsafe { hashes.slice() };
    let offsets = offsets_of(offsets, hashes.len())?;
    let mut flat = Buffer::<u32>::with_capacity((offsets.len() - 1) * SLOTS);
    let out = flat.room().as_chunks_mut::<SLOTS>().0;
    run(py, progress, |watch| {
        Ok(sketch_flat(
            simd,
            hashes,
            |i| offsets[i],
            out,
            threads,
            watch,
        )?)
    })?;
    // SAFETY: the sketches fill the room exactly, and all of them were written: it was not stopped.
    unsafe { flat.set_len(flat.capacity()) };
    Ok(Array::numbers(flat))
}

/// A copy of where the parts of each row end, checked.
fn parts_of(
    ends: &Bound<'_, PyAny>,
    offsets: &Bound<'_, PyAny>,
    rows: &[&[u8]],
) -> PyResult<Parts> {
    let Some(ends) = Numbers::<u32>::of(ends)? else {
        return Err(errors::kind(
            "parts: wanted ends as an array of uint32",
            "array.array(\"I\", ends)",
        ));
    };
    // SAFETY: the GIL is held, and each value is read once, into a copy that is checked.
    let ends = unsafe { ends.slice() }.to_vec();
    let offsets = offsets_of(offsets, ends.len())?;
    Parts::new(ends, offsets, rows).map_err(raised)
}

/// A copy of the offsets, checked to rise and to stay within `n` hashes.
fn offsets_of(object: &Bound<'_, PyAny>, n: usize) -> PyResult<Vec<usize>> {
    let offsets: Vec<usize> = if let Some(numbers) = Numbers::<u64>::of(object)? {
        // SAFETY: the GIL is held, and each value is read once, into a copy that is checked.
        unsafe { numbers.slice() }
            .iter()
            .map(|&at| usize::try_from(at).unwrap_or(usize::MAX))
            .collect()
    } else if let Some(numbers) = Numbers::<i64>::of(object)? {
        // SAFETY: as above.
        unsafe { numbers.slice() }
            .iter()
            .map(|&at| usize::try_from(at).unwrap_or(usize::MAX))
            .collect()
    } else {
        return Err(errors::kind(
            "offsets: wanted an array of uint64 or int64",
            "numpy.asarray(offsets, numpy.int64)",
        ));
    };
    let rises = offsets.is_sorted() && offsets.last().is_some_and(|&end| end <= n);
    if !rises || offsets.len() - 1 > MOST_ROWS {
        return Err(errors::value(
            format_args!(
                "offsets: {} of them for {n} hashes, wanted one more than sets, rising from 0 to {n}",
                offsets.len()
            ),
            "set i holds hashes[offsets[i]:offsets[i + 1]]",
        ));
    }
    Ok(offsets)
}

/// The hash of a word's lower-cased UTF-8.
#[pyfunction]
fn word_hash(word: &Bound<'_, PyBytes>) -> u64 {
    hash::word(word.as_bytes())
}

/// The vector levels of this processor, the widest first.
#[pyfunction]
fn simd_levels() -> Vec<&'static str> {
    Simd::available().into_iter().map(Simd::name).collect()
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("HASH_VERSION", HASH_VERSION)?;
    module.add_function(wrap_pyfunction!(dedup_exact, module)?)?;
    module.add_function(wrap_pyfunction!(dedup_keep, module)?)?;
    module.add_function(wrap_pyfunction!(dedup_near, module)?)?;
    module.add_function(wrap_pyfunction!(dedup_sketch, module)?)?;
    module.add_function(wrap_pyfunction!(word_hash, module)?)?;
    module.add_function(wrap_pyfunction!(simd_levels, module)?)
}
