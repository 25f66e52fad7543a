from collections.abc import Callable, Mapping
from os import PathLike
from typing import Self, final

from typing_extensions import Buffer

from sctk_rs.packing import How

__version__: str

class DefectError(RuntimeError):
    """The Rust core broke a promise of its own."""

@final
class Array(Buffer):
    @property
    def type(self) -> str: ...
    @property
    def values(self) -> Array: ...
    @property
    def offsets(self) -> Array: ...
    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

@final
class Batch:
    @property
    def column_names(self) -> list[str]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, key: str, /) -> Array: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Loss:
    @property
    def rows_empty(self) -> int: ...
    @property
    def rows_truncated(self) -> int: ...
    @property
    def rows_dropped(self) -> int: ...
    @property
    def rows_split(self) -> int: ...
    @property
    def tokens_lost(self) -> int: ...
    @property
    def tokens_kept(self) -> int: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...

@final
class Plan:
    @property
    def order(self) -> Array: ...
    @property
    def bin_offsets(self) -> Array: ...
    @property
    def bins(self) -> Array: ...
    @property
    def starts(self) -> Array | None: ...
    @property
    def n_tokens(self) -> Array | None: ...
    @property
    def loss(self) -> Loss: ...
    def __len__(self) -> int: ...

@final
class Packed:
    @property
    def table(self) -> Batch: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def loss(self) -> Loss: ...
    def __len__(self) -> int: ...

@final
class Rows:
    def __new__(cls, table: object) -> Self: ...
    def __len__(self) -> int: ...

@final
class Packer:
    def __new__(
        cls,
        capacity: int,
        strategy: str = "best-fit",
        *,
        overflow: str = "error",
        most_rows: int | None = None,
        seed: int | None = None,
        how: How | None = None,
    ) -> Self: ...
    def pack(
        self,
        table: object,
        columns: list[str] | None = None,
        *,
        groups: object | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Packed: ...
    def pack_pairs(
        self,
        table: object,
        columns: Mapping[str, tuple[str, str]],
        *,
        groups: object | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Packed: ...
    def _pack_window(
        self,
        parts: list[Rows],
        span: tuple[int, int],
        number: int,
        columns: list[str] | None = None,
        *,
        groups: str | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Packed: ...

def plan(
    lengths: object,
    capacity: int,
    strategy: str = "best-fit",
    *,
    overflow: str = "error",
    most_rows: int | None = None,
    seed: int | None = None,
    groups: object | None = None,
) -> Plan: ...
def _selftest_texts(texts: object) -> list[bytes]: ...
def _selftest_groups(groups: object) -> tuple[list[int], list[bytes]]: ...
def _selftest_lists(column: object) -> list[Batch]: ...
def _selftest_panic() -> None: ...
def _selftest_spin(n_chunks: int, threads: int = 1, progress: Callable[[int, int], object] | None = None) -> None: ...

HASH_VERSION: int

def dedup_exact(
    texts: object,
    *,
    normalised: bool = False,
    threads: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> Array: ...
def dedup_keep(labels: object) -> Array: ...
def dedup_near(
    texts: object,
    *,
    threshold: float = 0.8,
    shingle: str = "word",
    n: int = 5,
    parts: tuple[object, object] | None = None,
    threads: int = 1,
    spill_dir: str | PathLike[str] | None = None,
    simd: str | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[Array, Batch, tuple[int, int, int, int]]: ...
def dedup_sketch(
    hashes: object,
    offsets: object,
    *,
    threads: int = 1,
    simd: str | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Array: ...

@final
class HeldOut:
    def __new__(
        cls, texts: object, *, n: int = 13, progress: Callable[[int, int], object] | None = None
    ) -> HeldOut: ...
    @property
    def too_short(self) -> Array: ...
    def overlaps(
        self,
        texts: object,
        *,
        min_share: float = 0.0,
        threads: int = 1,
        progress: Callable[[int, int], object] | None = None,
    ) -> Batch: ...

def word_hash(word: bytes) -> int: ...
def simd_levels() -> list[str]: ...
def text_words(text: str, *, alphabet: str = "every-script") -> list[str]: ...
def text_comparable(text: str) -> str: ...
def text_answer_words(text: str) -> list[str]: ...
def text_number(text: str) -> str | None: ...

_Run = tuple[int, str | None, Callable[[int, int], object] | None]

def consistency_similarity(
    texts: object, groups: object | None, score: tuple[str, int, float], words: str, single: bool, run: _Run
) -> Array: ...
def consistency_selfcheck(
    texts: object, groups: object | None, n: int, smoothing: float, words: str, run: _Run
) -> tuple[Array, Array]: ...
def consistency_clusters(
    matrix: object, groups: object | None, limit: tuple[float, bool], linkage: str, run: _Run
) -> Array: ...
def consistency_entropy(
    labels: object, groups: object, estimator: str, log_likelihoods: object | None, run: _Run
) -> Array: ...
def consistency_vote(texts: object, groups: object | None, compare: str, run: _Run) -> tuple[Array, Array, Array]: ...
