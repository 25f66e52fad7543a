"""The data core of sctk: words, packing, deduplication and consistency scores, in Rust.

Columns come in from Arrow (pyarrow, polars, datasets), NumPy or lists, in place, and go out as `Array`
and `Batch`, which those libraries read without a copy. The GIL is released; every result is the same for any
number of threads.
"""

from sctk_rs._native import Array, Batch, DefectError, __version__

__all__ = ["Array", "Batch", "DefectError", "__version__"]
