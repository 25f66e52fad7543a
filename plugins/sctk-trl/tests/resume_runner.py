"""Trains in forks that are killed after some of their steps, goes on, and says which ended with other bytes.

`python resume_runner.py MODEL ROOT SEED N_ROUNDS [CASE...]`: each case is trained whole, then N_ROUNDS times with SIGKILL (once
with an interrupt) after steps drawn by SEED, until it ends. Nothing is patched: a child kills itself from the progress that
trainers tell. Each run is a fork, so that TRL is imported once and used by nobody before.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from sctk_core import Message, ModelRef, Pair, Prompt, Sample
from sctk_trl import completion_trainer, multi_task_trainer, preference_trainer  # noqa: F401 - imported before the forks
from sctk_trl.multi_task import MultiTask
from sctk_trl.preference import Preference
from sctk_trl.settings import Compute, Keeping, Lora, Memory, Optimiser, PreferenceOptimiser, TaskOptimiser
from sctk_trl.sft import Sft

torch.set_num_threads(1)
WORDS = ["the", "film", "is", "good", "bad", "dull", "long", "fine", "I", "like", "it", "a", "lot", "no", "story", "so"]
KEEP = Keeping(every_minutes=0.0, every_steps=2)
FULL = Compute(device="cpu", keep=KEEP)
SHORT = Compute(device="cpu", keep=KEEP, precision="bfloat16", memory=Memory(weights="bfloat16"))
PACKED = Compute(device="cpu", keep=KEEP, packing=True)


def cases() -> dict[str, Any]:
    """name -> trainer class and settings; each has dropout or draws of its own, several epochs, a schedule."""
    sft = Optimiser(learning_rate=1e-2, epochs=3.0, batch_size=2, accumulation=2, warmup_share=0.2)
    pairs = PreferenceOptimiser(learning_rate=1e-2, epochs=3.0, batch_size=2, accumulation=2, schedule="cosine")
    tasks = TaskOptimiser(learning_rate=1e-2, epochs=3.0, batch=4, micro_batch=3, warmup_share=0.2)
    lora = Lora(rank=4, dropout=0.2)
    return {
        "sft full": (Sft, {"optimiser": sft, "compute": FULL}),
        "sft lora": (Sft, {"optimiser": sft, "compute": FULL, "lora": lora}),
        "sft short": (Sft, {"optimiser": sft, "compute": SHORT}),
        "pairs full": (Preference, {"optimiser": pairs, "compute": FULL}),
        "pairs lora": (Preference, {"optimiser": pairs, "compute": FULL, "lora": lora}),
        "tasks best": (MultiTask, {"optimiser": tasks, "compute": FULL, "dropout": 0.1}),
        "tasks last": (MultiTask, {"optimiser": tasks, "compute": FULL, "lora": lora, "keep": "last"}),
        "pairs packed": (Preference, {"optimiser": pairs, "compute": PACKED, "max_length": 60}),
    }


def rows(trainer: type) -> Any:
    """Fourteen pairs of texts, or their better sides, or both sides as two tasks and three rows to choose the weights by."""
    draws = random.Random(5)
    found: list[Any] = []
    for n in range(14):
        prompt = Prompt(messages=(Message(role="user", content=f"film {n}?"),))
        better, worse = (" ".join(draws.choices(WORDS, k=draws.randint(2, 9))) for _ in range(2))
        chosen, rejected = Sample(prompt=prompt, text=better, sweep=1), Sample(prompt=prompt, text=worse)
        pair = Pair(
            prompt=prompt, chosen=chosen, rejected=rejected, margin=None, probability=draws.choice((0.2, 0.9, 1.0))
        )
        found.append(pair if trainer in (Preference, MultiTask) else chosen)
    if trainer is MultiTask:
        sides = {"predict": [pair.rejected for pair in found], "explain": [pair.chosen for pair in found]}
        return {**sides, "validation": [pair.chosen for pair in found[:3]]}
    return found


def fork(case: Any, model: str, out: Path, strike: Callable[[int], None]) -> tuple[int, dict[str, Any]]:
    """One training in a fork; its status (minus the signal that ended it, 130 for an interrupt), and what it came to."""
    said = out.with_suffix(".said.json")
    said.unlink(missing_ok=True)
    pid = os.fork()
    if not pid:
        code = 1
        try:
            seen: list[int] = []

            def told(step: int, n_steps: int, numbers: Any) -> None:
                seen.append(step)
                strike(step)

            trainer, settings = case
            report = trainer(trainer.Config(**settings), progress=told).train(rows(trainer), ModelRef(path=model), out)
            files = {path.relative_to(out).as_posix(): path for path in sorted(out.rglob("*")) if path.is_file()}
            digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
            digests |= {"losses": repr(report.losses), "metrics": repr(sorted(report.metrics.items()))}
            said.write_text(json.dumps({"digests": digests, "first": seen[0] if seen else 0, "steps": report.n_steps}))
            code = 0
        except KeyboardInterrupt as stop:
            said.write_text(json.dumps({"kept": str(stop)}))
            code = 130
        except BaseException:  # noqa: BLE001 - told to the parent
            said.write_text(json.dumps({"error": traceback.format_exc()[-3000:]}))
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, json.loads(said.read_text()) if said.exists() else {}


def striking(at: int, how: int) -> Callable[[int], None]:
    """Sends this process a signal after its `at`-th step; 0: never."""
    return lambda step: os.kill(os.getpid(), how) if step == at else None


def killed_and_resumed(case: Any, model: str, out: Path, kills: list[tuple[int, int]]) -> dict[str, Any]:
    """A training struck after each of these steps in turn, then left to end."""
    statuses, kept = [], ""
    for at, how in kills:
        status, told = fork(case, model, out, striking(at, how))
        statuses.append(status)
        kept = told.get("kept", kept)
        if status not in (-9, 130):
            break
    status, told = fork(case, model, out, striking(0, 0))
    return {"statuses": [*statuses, status], "kept": kept, **told}


def main(model: str, root: Path, seed: int, n_rounds: int, *wanted: str) -> dict[str, Any]:
    """What became of each case: `differed` is the files and numbers that came out otherwise."""
    draws, report = random.Random(seed), {}
    for name, case in cases().items():
        if wanted and name not in wanted:
            continue
        status, whole = fork(case, model, root / name / "whole", striking(0, 0))
        assert status == 0, whole.get("error")
        rounds = []
        for number in range(n_rounds):
            ats = sorted(draws.sample(range(1, whole["steps"] + 1), 2))
            how = signal.SIGINT if number == n_rounds - 1 else signal.SIGKILL
            kills = [(at, how) for at in ats]
            out = root / name / str(number)
            found = killed_and_resumed(case, model, out, kills)
            there = found.get("digests", {})
            differed = [key for key, value in whole["digests"].items() if there.get(key) != value]
            left = out.with_name(out.name + ".resume").exists()
            rounds.append(
                {"kills": ats, "differed": differed, "left": left} | {k: v for k, v in found.items() if k != "digests"}
            )
            shutil.rmtree(out, ignore_errors=True)
        report[name] = {"steps": whole["steps"], "rounds": rounds}
    return report


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:])))
