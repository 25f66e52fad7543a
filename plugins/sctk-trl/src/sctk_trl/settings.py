"""Settings of the trainers `sft`, `preference` and `multi-task`, and what they share: adapter, optimiser, arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from sctk_core import setting


@dataclass(frozen=True, kw_only=True)
class Lora:
    """A low-rank adapter on the linear layers; rank 0 trains all weights instead."""

    rank: int = setting(0, help="rank of the adapter; 0 trains all weights", low=0, high=1024)
    alpha: float = setting(16.0, help="scale of the adapter: alpha / rank", low=0.0)
    dropout: float = setting(0.0, help="dropout before the adapter; the model's own is never used", low=0.0, high=0.9)
    targets: tuple[str, ...] = setting((), help="names of the modules that get an adapter; empty: every linear layer")


@dataclass(frozen=True, kw_only=True)
class Optimiser:
    """AdamW and its schedule. One step sees batch_size * accumulation rows."""

    learning_rate: float | None = setting(
        None, help="peak learning rate; nothing: 2e-5, with an adapter 2e-4, as TRL trains", low=0.0
    )
    epochs: float = setting(4.0, help="passes over the rows", unit="epochs", low=0.0)
    max_steps: int = setting(0, help="steps in all; 0: as many as the epochs have", unit="steps", low=0)
    batch_size: int = setting(8, help="rows per forward pass", unit="rows", low=1)
    accumulation: int = setting(1, help="forward passes per step", low=1)
    schedule: Literal["linear", "cosine", "constant"] = setting("linear", help="how the learning rate decays")
    warmup_share: float = setting(0.0, help="share of the steps in which the learning rate rises", low=0.0, high=0.99)
    weight_decay: float = setting(0.0, help="decoupled weight decay", low=0.0)
    max_grad_norm: float = setting(1.0, help="gradients are clipped to this norm; 0 leaves them", low=0.0)

    usual: ClassVar[tuple[float, float]] = (2e-5, 2e-4)
    """What the field uses for all weights and for an adapter: the examples of TRL's scripts/sft.py."""

    def rate(self, lora: Lora) -> float:
        """The peak learning rate: as it is set, or as the field has it.

        >>> PreferenceOptimiser().rate(Lora(rank=8))
        5e-06
        """
        return self.usual[lora.rank > 0] if self.learning_rate is None else self.learning_rate


@dataclass(frozen=True, kw_only=True)
class PreferenceOptimiser(Optimiser):
    """The same with the smaller step and the single pass that preference losses are usually given."""

    learning_rate: float | None = setting(
        None, help="peak learning rate; nothing: 5e-7, with an adapter 5e-6, as TRL trains", low=0.0
    )
    epochs: float = setting(1.0, help="passes over the pairs", unit="epochs", low=0.0)

    usual: ClassVar[tuple[float, float]] = (5e-7, 5e-6)
    """The examples of TRL's scripts/dpo.py; all weights as Zephyr and Tulu 3 had them (arXiv 2310.16944, 2411.15124)."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What takes the memory of a training beside activations."""

    weights: Literal["float32", "bfloat16"] = setting(
        "float32", help="trained weights; bfloat16: with moments 6 bytes a weight instead of 12, rounded stochastically"
    )
    moments: Literal["full", "paged", "8-bit", "paged 8-bit"] = setting(
        "full", help="AdamW's two moments; others by bitsandbytes: paged lie in the CPU's memory, 8-bit take a quarter"
    )


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What is kept: of what was learned in the saved weights, and of a training that is killed."""

    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "auto", help="of the saved weights; auto: as the model came; what is shortened is rounded so that it keeps all"
    )
    checked_rows: int = setting(
        512, help="rows on which the saved model is read again; 0: all", unit="rows", low=0, identity=False
    )
    every_minutes: float = setting(
        10.0, help="time between two checkpoints; 0: none by time", unit="minutes", low=0.0, identity=False
    )
    every_steps: int = setting(
        0, help="steps between two checkpoints; 0: none by steps", unit="steps", low=0, identity=False
    )


@dataclass(frozen=True, kw_only=True)
class Compute:
    """What is computed with. `bfloat16` multiplies in bfloat16; trained weights and losses stay in float32."""

    precision: Literal["float32", "bfloat16", "float16"] = setting(
        "float32", help="arithmetic of the forward and backward pass; float16 is refused: T5 and others overflow in it"
    )
    device: Literal["auto", "cpu"] = setting("auto", help="auto: an accelerator where there is one")
    gradient_checkpointing: bool = setting(False, help="recompute activations: less memory, about 20 % slower")
    attention: str = setting("auto", help="attention implementation of transformers (sdpa, eager, flash_attention_2)")
    packing: bool = setting(
        False,
        help="rows side by side in bins of max_length tokens (a pair: of twice that); batch_size then counts bins",
    )
    log_every: int = setting(20, help="steps between two lines of progress", unit="steps", low=1, identity=False)
    memory: Memory = setting(Memory(), help="weights and moments of the optimiser")
    keep: Keeping = setting(Keeping(), help="precision of what is saved, and checkpoints")


@dataclass(frozen=True, kw_only=True)
class SftSettings:
    """Settings of trainer `sft`."""

    max_length: int = setting(1024, help="rows longer than this are declined, never cut", unit="tokens", low=2)
    seed: int = setting(0, help="seed of shuffling, dropout and the adapter's start", low=0)
    lora: Lora = setting(Lora(), help="a low-rank adapter instead of full weights")
    optimiser: Optimiser = setting(Optimiser(), help="AdamW and its schedule")
    compute: Compute = setting(Compute(), help="precision, device, memory")


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What the loss assumes of the labels, beyond the pair's own probability."""

    assume: Literal["none", "conservative", "robust"] = setting(
        "none", help="conservative: tau becomes eps + (1 - 2 eps) tau (cDPO); robust: (tau - eps) / (1 - 2 eps)"
    )
    eps: float = setting(0.0, help="rate at which labels are taken to be flipped", low=0.0, high=0.49)


@dataclass(frozen=True, kw_only=True)
class PreferenceSettings:
    """Settings of trainer `preference`."""

    beta: float = setting(0.1, help="scale of the implicit reward: h = beta * log-ratio difference", low=1e-6)
    link: Literal["logistic", "squared"] = setting("logistic", help="f: -log sigma(h), or (h - 1/2)^2 / beta^2 (IPO)")
    noise: Noise = setting(Noise(), help="label noise that the loss corrects for")
    max_length: int = setting(1024, help="pairs longer than this are declined, never cut", unit="tokens", low=2)
    seed: int = setting(0, help="seed of shuffling and the adapter's start", low=0)
    lora: Lora = setting(Lora(), help="a low-rank adapter instead of full weights")
    optimiser: PreferenceOptimiser = setting(PreferenceOptimiser(), help="AdamW and its schedule")
    compute: Compute = setting(Compute(), help="precision, device, memory")


@dataclass(frozen=True, kw_only=True)
class TaskOptimiser:
    """AdamW and its schedule. One step sees `batch` rows of each table."""

    learning_rate: float | None = setting(
        None, help="peak learning rate; nothing: 5e-5 as arXiv 2311.09214 trains, with an adapter 5e-4", low=0.0
    )
    epochs: float = setting(10.0, help="passes over the rows", unit="epochs", low=0.0)
    max_steps: int = setting(0, help="steps in all; 0: as many as the epochs have", unit="steps", low=0)
    batch: int = setting(16, help="rows of each table per step", unit="rows", low=1)
    micro_batch: int = setting(
        0, help="rows of each table per forward pass, 0: all of the step; memory and time change, what is learned does not",
        unit="rows", low=0,
    )  # fmt: skip
    schedule: Literal["linear", "cosine", "constant"] = setting("linear", help="how the learning rate decays")
    warmup_share: float = setting(0.0, help="share of the steps in which the learning rate rises", low=0.0, high=0.99)
    weight_decay: float = setting(0.0, help="decoupled weight decay", low=0.0)

    usual: ClassVar[tuple[float, float]] = (5e-5, 5e-4)
    max_grad_norm: ClassVar[float] = 1.0
    accumulation: ClassVar[int] = 1

    @property
    def batch_size(self) -> int:
        """What the training loop takes at once: a whole step."""
        return self.batch

    def rate(self, lora: Lora) -> float:
        """The peak learning rate: as it is set, or as the field has it."""
        return self.usual[lora.rank > 0] if self.learning_rate is None else self.learning_rate


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How long rows may be; nothing is cut."""

    max_input_tokens: int = setting(1024, help="longest input", unit="tokens", low=1)
    max_target_tokens: int = setting(256, help="longest target, its end included", unit="tokens", low=1)
    too_long: Literal["decline", "error"] = setting(
        "decline", help="of a row that is longer: left out and counted, or the training ends"
    )


@dataclass(frozen=True, kw_only=True)
class MultiTaskSettings:
    """Settings of trainer `multi-task`."""

    alpha: float = setting(
        0.5, help="alpha CE(predict) + (1 - alpha) CE(explain); of no use with one table", low=0.0, high=1.0
    )
    keep: Literal["best", "least-loss", "last"] = setting(
        "best",
        help="best: the epoch that answers most validation rows exactly, where there are some, and of equals the one of least "
        "loss; least-loss: by loss alone; last: the last",
    )
    dropout: float = setting(
        0.0, help="dropout of the student's own layers; T5 was published with 0.1 for tuning", low=0.0, high=0.9
    )
    seed: int = setting(0, help="seed of shuffling, dropout and the adapter's start", low=0)
    lengths: Lengths = setting(Lengths(), help="longest input and target")
    lora: Lora = setting(Lora(), help="a low-rank adapter instead of full weights")
    optimiser: TaskOptimiser = setting(TaskOptimiser(), help="AdamW and its schedule")
    compute: Compute = setting(Compute(), help="precision, device, memory")


Settings = SftSettings | PreferenceSettings | MultiTaskSettings
