"""The data core of sctk: packing, deduplication and consistency scores, in Rust."""

from sctk_rs._native import __version__

__all__ = ["__version__"]
