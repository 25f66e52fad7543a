//! The door of decontamination: the n-grams of held-out texts, made once, and what each batch of a corpus shares with them.

use pyo3::prelude::*;
use sctk_data::dedup::{HeldOut as Grams, Overlap, overlaps};
use sctk_data::text::Simd;

use crate::arrow::{Array, Batch};
use crate::control;
use crate::dedup::{run, share_of, shingle_of};
use crate::texts::Texts;

/// The runs of `n` words of held-out texts; the texts themselves are not kept.
#[pyclass(frozen, module = "sctk_rs")]
pub struct HeldOut(Grams);

#[pymethods]
impl HeldOut {
    #[new]
    #[pyo3(signature = (texts, *, n=13, progress=None))]
    fn new(
        py: Python<'_>,
        texts: &Bound<'_, PyAny>,
        n: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        shingle_of("word", n)?;
        let texts = Texts::extract(texts)?;
        let rows = texts.rows()?;
        run(py, progress, |watch| {
            Grams::new(&rows, n, Simd::best(), watch)
        })
        .map(Self)
    }

    /// The held-out rows (uint32) with fewer than `n` words: of them nothing can be found.
    #[getter]
    fn too_short(&self) -> Array {
        Array::from_vec(self.0.too_short.clone())
    }

    /// Every (row of `texts`, held-out row) that share at least `min_share` of the held-out row's n-grams, see `Contamination`.
    #[pyo3(signature = (texts, *, min_share=0.0, threads=1, progress=None))]
    fn overlaps(
        &self,
        py: Python<'_>,
        texts: &Bound<'_, PyAny>,
        min_share: f64,
        threads: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Batch> {
        let min_share = share_of("min_share", min_share, 0.0)?;
        let threads = control::threads(threads)?;
        let texts = Texts::extract(texts)?;
        let rows = texts.rows()?;
        let found = run(py, progress, |watch| {
            overlaps(&rows, &self.0, min_share, threads, watch)
        })?;
        Ok(columns(&found))
    }
}

fn columns(found: &[Overlap]) -> Batch {
    let column = |name: &str, values: Array| (name.to_owned(), values);
    let columns = vec![
        column(
            "row",
            Array::from_vec(found.iter().map(|o| o.row).collect()),
        ),
        column(
            "held_out",
            Array::from_vec(found.iter().map(|o| o.held_out).collect()),
        ),
        column(
            "n_shared",
            Array::from_vec(found.iter().map(|o| o.n_shared).collect()),
        ),
        column(
            "share",
            Array::from_vec(found.iter().map(|o| o.share).collect()),
        ),
        column(
            "begin",
            Array::from_vec(found.iter().map(|o| o.span.start as u64).collect()),
        ),
        column(
            "end",
            Array::from_vec(found.iter().map(|o| o.span.end as u64).collect()),
        ),
    ];
    Batch::new(found.len(), columns)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<HeldOut>()
}
