"""What a preference training takes and what is left of it in the file: peak memory, time, and margins, by choice of settings.

Each line is one training in a process of its own. The memory is what the process had at most, less what it had when its
libraries were imported. `reported` is the mean h of the trainer's report; `measured` is the same by plain forward passes, one
answer at a time, over the saved model and the base, both loaded from disk. The texts are made up; any model will do.

    python benches/training.py MODEL --ways full "full short" lora --rows 16 --steps 8 --tokens 64
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WAYS: dict[str, dict[str, Any]] = {
    "full": {},
    "full checkpointed": {"gradient_checkpointing": True},
    "full bf16": {"precision": "bfloat16"},
    "full short": {"precision": "bfloat16", "memory": {"weights": "bfloat16"}},
    "full short checkpointed": {
        "precision": "bfloat16", "memory": {"weights": "bfloat16"}, "gradient_checkpointing": True,
    },
    "full 8-bit": {"memory": {"moments": "8-bit"}},
    "lora": {"lora": True},
    "lora checkpointed": {"lora": True, "gradient_checkpointing": True},
    "lora bf16": {"lora": True, "precision": "bfloat16"},
    "full saved in float32": {"keep": {"precision": "float32"}},
}  # fmt: skip
BETA = 0.1
WORDS = ("the", "film", "was", "good", "bad", "dull", "bright", "long", "story", "actor", "we", "like", "hate", "never")


def peak_gb() -> float:
    """The most memory that this process has had, in GB of 1e9 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def pairs(n_rows: int, n_words: int) -> list[Any]:
    """Pairs of made-up answers of about so many words."""
    from sctk_core import Message, Pair, Prompt, Sample

    draws, found = random.Random(1), []
    for n in range(n_rows):
        prompt = Prompt(messages=(Message(role="user", content=f"Tell me of film {n}."),))
        sides = [" ".join(draws.choices(WORDS, k=draws.randint(n_words // 2, n_words))) for _ in range(2)]
        chosen, rejected = (Sample(prompt=prompt, text=text, sweep=1 - k) for k, text in enumerate(sides))
        found.append(Pair(prompt=prompt, chosen=chosen, rejected=rejected, margin=None, probability=1.0))
    return found


def measured(path: str, base: str, rows: list[Any], dtype: Any) -> float:
    """Mean h of the model at `path` against `base`."""
    import torch
    from transformers import AutoModelForCausalLM

    def logps(name: str) -> list[float]:
        model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype).eval()
        found = []
        for row in rows:
            for ids in (row.chosen_ids, row.rejected_ids):
                with torch.no_grad():
                    logits = model(torch.tensor([row.prompt_ids + ids])).logits[0, len(row.prompt_ids) - 1 : -1]
                found.append(float(logits.float().log_softmax(-1).gather(1, torch.tensor(ids)[:, None]).sum()))
        return found

    moved = [now - before for now, before in zip(logps(path), logps(base), strict=True)]
    return BETA * (sum(moved[::2]) - sum(moved[1::2])) / len(rows)


def child(model: str, way: str, rows: int, steps: int, tokens: int, rate: float | None, threads: int) -> dict[str, Any]:
    """One training, and its figures."""
    import torch

    torch.set_num_threads(threads)
    from sctk_core import ModelRef
    from sctk_core.config import parse
    from sctk_trl import preference_trainer  # noqa: F401 - so that its memory is not counted
    from sctk_trl.encoding import tokens_of
    from sctk_trl.preference import Preference
    from sctk_trl.rows import pair_table
    from sctk_trl.settings import Compute, Lora
    from sctk_trl.student import load_student

    compute = dict(WAYS[way])
    lora = {"rank": 8} if compute.pop("lora", False) else {}
    size = 4
    optimiser = {"batch_size": size, "epochs": steps * size / rows} | ({} if rate is None else {"learning_rate": rate})
    settings = {"beta": BETA, "optimiser": optimiser, "compute": compute | {"device": "cpu"}, "lora": lora}
    config, data = parse(Preference.Config, settings, where="[trainer]"), pairs(rows, tokens)
    before, began = peak_gb(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Preference(config).train(data, ModelRef(path=model), Path(folder) / "out")
        found = {"way": way, "peak_gb": round(peak_gb() - before, 2), "seconds": round(time.monotonic() - began)}
        table = pair_table(data, tokens_of(load_student(ModelRef(path=model), Lora(), Compute()), 4096))
        exact = config.compute.precision == "float32" or not (lora or config.compute.memory.weights == "bfloat16")
        dtype = torch.float32 if exact else "auto"
        found["reported"] = report.metrics["mean_h"]
        found["measured"] = measured(report.model.path, model, table.rows, dtype)
    for name in ("trained_mean_h", "share_kept", "share_weights_unchanged", "learning_rate"):
        found[name] = report.metrics[name]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=64, help="words of an answer, at most")
    parser.add_argument("--rate", type=float, default=None, help="learning rate; left out: the trainer's own")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--child", action="store_true")
    given = parser.parse_args()
    if given.child:
        one = child(given.model, given.ways[0], given.rows, given.steps, given.tokens, given.rate, given.threads)
        print(json.dumps(one))
        return
    print("| way | peak GB | seconds | reported | measured | of what was trained | weights that never moved |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for way in given.ways:
        command = [sys.executable, __file__, given.model, "--child", "--ways", way]
        for name in ("rows", "steps", "tokens", "rate", "threads"):
            if getattr(given, name) is not None:
                command += [f"--{name}", str(getattr(given, name))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"| {way} | {done.stderr.strip().splitlines()[-1][:150]} |", flush=True)
            continue
        one = json.loads(done.stdout.splitlines()[-1])
        numbers = f"{one['reported']:.4f} | {one['measured']:.4f} | {one['share_kept']:.3f} | {one['share_weights_unchanged']:.3f}"
        print(f"| {way} | {one['peak_gb']:.1f} | {one['seconds']} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
