"""A step of trainer `multi-task` beside Seq2SeqTrainer with two passes, on the same T5, the same rows and the same order.

The other is a subclass that does as distilling step-by-step's trainer does (arXiv 2305.02301, after which 2311.09214): a forward
pass for the answers, one for the explanations, and alpha of one mean plus 1 - alpha of the other. Every training is a process of
its own, ours and theirs by turns, and by turns the one or the other first. Times are of the processor (with one thread what a step
takes on a machine of its own) and by the clock, the first two steps left out; losses are compared step by step. Inputs, answers and
explanations are as long as those of SVAMP.

    python benches/multi_task.py --size mini --steps 12 --rounds 3 --threads 1
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

SIZES: dict[str, dict[str, int]] = {
    "tiny": {"d_model": 128, "d_kv": 32, "d_ff": 256, "num_layers": 3, "num_decoder_layers": 3, "num_heads": 4},
    "mini": {"d_model": 256, "d_kv": 64, "d_ff": 512, "num_layers": 4, "num_decoder_layers": 4, "num_heads": 4},
    "small": {"d_model": 512, "d_kv": 64, "d_ff": 1024, "num_layers": 8, "num_decoder_layers": 8, "num_heads": 6},
}
"""Shapes of T5 v1.1 with a tied head; the last is that of t5-v1_1-small; all have its 32,128 words (tiny: 2,048)."""
ALPHA, RATE, SKIPPED = 0.5, 5e-5, 2
WORDS = "the a of and pens box he she gave away left each how many are there in all so first we take what was then"
PART = WORDS.split()


def make_model(path: Path, size: str) -> None:
    """An untrained T5 whose tokenizer has every word of the rows."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    n_vocab = 2048 if size == "tiny" else 32128
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -4.0)]
    pieces += [(f"\u2581{word}", -6.0) for word in (*PART, "predict:", "explain:", *map(str, range(100)), *"()+-*/.?")]
    pieces += [(f"\u2581filler{n}", -20.0) for n in range(n_vocab - len(pieces))]
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=n_vocab, feed_forward_proj="gated-gelu", decoder_start_token_id=0,
        **SIZES[size],
    )  # fmt: skip
    T5ForConditionalGeneration(config).save_pretrained(path)
    T5Tokenizer(vocab=pieces, extra_ids=0).save_pretrained(path)


def rows(n: int) -> list[tuple[str, str, str]]:
    """Questions of 20 to 60 words, equations of 3 to 7 tokens, explanations of 15 to 120."""
    draws, found = random.Random(0), []
    for _ in range(n):
        question = " ".join(draws.choices(PART, k=draws.randint(20, 60)))
        answer = f"( {draws.randrange(100)} {draws.choice('+-*/')} {draws.randrange(100)} )"
        reason = " ".join(draws.choices(PART, k=int(draws.triangular(15, 120, 45))))
        found.append((question, answer, reason))
    return found


Times = list[tuple[float, float]]
"""When steps ended, in seconds of the processor and by the clock."""
CLOCKS = ("processor", "clock")


def now() -> tuple[float, float]:
    """The time by both clocks."""
    return time.process_time(), time.perf_counter()


def ours(model: str, given: argparse.Namespace) -> tuple[list[float], Times]:
    """Losses, and the times at which steps ended."""
    from sctk_core import Message, ModelRef, Prompt, Sample
    from sctk_trl.multi_task import MultiTask
    from sctk_trl.settings import Compute, Keeping, MultiTaskSettings, TaskOptimiser

    def sample(task: str, question: str, text: str) -> Sample:
        return Sample(prompt=Prompt(messages=(Message(role="user", content=f"{task}: {question}"),)), text=text)

    found = rows(given.batch * given.steps)
    data = {
        "predict": [sample("predict", q, a) for q, a, _ in found],
        "explain": [sample("explain", q, r) for q, _, r in found],
    }
    optimiser = TaskOptimiser(
        learning_rate=RATE, epochs=1.0, batch=given.batch, micro_batch=given.micro if given.micro < given.batch else 0
    )
    compute = Compute(device="cpu", keep=Keeping(every_minutes=0.0, checked_rows=1))
    ends: Times = []
    config = MultiTaskSettings(alpha=ALPHA, keep="last", optimiser=optimiser, compute=compute)
    trainer = MultiTask(config, progress=lambda step, n, numbers: ends.append(now()))
    with tempfile.TemporaryDirectory() as folder:
        report = trainer.train(data, ModelRef(path=model), Path(folder) / "out")
    return list(report.losses), ends


def theirs(model: str, given: argparse.Namespace) -> tuple[list[float], Times]:
    """The same of Seq2SeqTrainer with two passes; `micro` rows at a time, which changes what it learns."""
    from transformers import (
        AutoModelForSeq2SeqLM,
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        Seq2SeqTrainer,
        Seq2SeqTrainingArguments,
        TrainerCallback,
    )

    tokenizer = AutoTokenizer.from_pretrained(model)
    student = AutoModelForSeq2SeqLM.from_pretrained(model)
    for module in student.modules():
        for name in ("p", "dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    pad = DataCollatorForSeq2Seq(tokenizer, model=student)

    def encoded(task: str, question: str, text: str) -> dict[str, Any]:
        return {
            "input_ids": tokenizer(f"{task}: {question}").input_ids,
            "labels": tokenizer(text_target=text).input_ids,
        }

    data = [
        {"predict": encoded("predict", q, a), "explain": encoded("explain", q, r)}
        for q, a, r in rows(given.batch * given.steps)
    ]
    losses: list[float] = []
    ends: Times = []

    class TwoPasses(Seq2SeqTrainer):
        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **more: Any) -> Any:
            predict, explain = model(**inputs["predict"]), model(**inputs["explain"])
            loss = ALPHA * predict.loss + (1 - ALPHA) * explain.loss
            losses.append(float(loss.detach()))
            return (loss, predict) if return_outputs else loss

    class Clock(TrainerCallback):
        def on_step_end(self, *more: Any, **others: Any) -> None:
            ends.append(now())

    with tempfile.TemporaryDirectory() as folder:
        args = Seq2SeqTrainingArguments(
            output_dir=folder, per_device_train_batch_size=given.micro, gradient_accumulation_steps=given.batch // given.micro,
            learning_rate=RATE, num_train_epochs=1, seed=0, data_seed=0, use_cpu=True, report_to=[], save_strategy="no",
            logging_strategy="no", disable_tqdm=True, remove_unused_columns=False, dataloader_pin_memory=False,
        )  # fmt: skip
        trainer = TwoPasses(
            model=student, args=args, train_dataset=data, callbacks=[Clock()],
            data_collator=lambda some: {name: pad([one[name] for one in some]) for name in ("predict", "explain")},
        )  # fmt: skip
        trainer.train()
    return losses, ends


def child(model: str, given: argparse.Namespace) -> None:
    """One training; its losses and the seconds of its steps as JSON."""
    import torch

    torch.set_num_threads(given.threads)
    losses, ends = (ours if given.child == "ours" else theirs)(model, given)
    steps = list(pairwise(ends))[SKIPPED - 1 :]
    seconds = {name: [end[k] - begin[k] for begin, end in steps] for k, name in enumerate(CLOCKS)}
    print(json.dumps({"losses": losses} | seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), default="mini")
    parser.add_argument("--batch", type=int, default=16, help="rows of each task per step")
    parser.add_argument("--micro", type=int, default=16, help="rows of each task per forward pass")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    parser.add_argument("--child", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.model, given)
        return
    found: dict[str, list[Any]] = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory() as folder:
        make_model(Path(folder), given.size)
        for turn in range(given.rounds):
            for name in sorted(found, reverse=bool(turn % 2)):
                command = [sys.executable, __file__, "--child", name, "--model", folder, "--size", given.size]
                for setting in ("batch", "micro", "steps", "threads"):
                    command += [f"--{setting}", str(getattr(given, setting))]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found[name].append(json.loads(done.stdout.splitlines()[-1]))
    for clock in CLOCKS:
        report(found, clock)
    if given.micro >= given.batch:
        apart = max(abs(a - b) for a, b in zip(found["ours"][0]["losses"], found["theirs"][0]["losses"], strict=True))
        print(f"losses apart by at most {apart:.2e} over {given.steps} steps, from {found['ours'][0]['losses'][0]:.4f}")


def report(found: dict[str, list[Any]], clock: str) -> None:
    """What a step takes by one clock, and the ratio of the medians, round by round."""
    for name, runs in found.items():
        low, middle, high = statistics.quantiles([one for run in runs for one in run[clock]], n=4)
        n_steps = sum(len(run[clock]) for run in runs)
        print(f"{clock}: {name} {middle:.3f} s a step (quartiles {low:.3f} to {high:.3f}, {n_steps} steps)")
    rounds = zip(*found.values(), strict=True)
    ratios = [statistics.median(a[clock]) / statistics.median(b[clock]) for a, b in rounds]
    print(f"{clock}: ours / theirs {statistics.median(ratios):.3f} ({', '.join(f'{one:.3f}' for one in ratios)})")


if __name__ == "__main__":
    main()
