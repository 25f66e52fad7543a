"""A training that is killed or interrupted after any step goes on and ends with the same bytes."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sctk_core import ModelRef, Pair
from sctk_trl.checkpoints import Checkpoints
from sctk_trl.preference import Preference
from sctk_trl.settings import Compute, Keeping, PreferenceOptimiser
from tiny_models import make_bart, make_t5

RUNNER = Path(__file__).with_name("resume_runner.py")


CASES = ("sft full", "sft lora", "sft short", "pairs full", "pairs lora", "pairs packed", "tasks best", "tasks last")


def test_a_killed_training_ends_with_the_same_bytes(llama: ModelRef, tmp_path: Path) -> None:
    """Two rounds for each case, the first killed, the second interrupted, each twice, at steps drawn anew every time."""
    ends_with_the_same_bytes(llama.path, tmp_path, *CASES)


@pytest.mark.slow
@pytest.mark.parametrize("make", [make_t5, make_bart])
def test_a_killed_training_of_an_encoder_decoder_does_too(make: Callable[..., Path], tmp_path: Path) -> None:
    model = make(tmp_path / "model", ["the film is good bad dull long fine I like it a lot no story so"] * 4)
    ends_with_the_same_bytes(str(model), tmp_path, *CASES[-2:])


def ends_with_the_same_bytes(model: str, tmp_path: Path, *names: str) -> None:
    seed = random.SystemRandom().randrange(1 << 30)
    command = [sys.executable, str(RUNNER), model, str(tmp_path), str(seed), "2", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stderr[-3000:]
    for name, case in json.loads(done.stdout.splitlines()[-1]).items():
        for one in case["rounds"]:
            where = (name, f"seed {seed}", one)
            assert one["statuses"] in ([-9, -9, 0], [130, 130, 0]), where
            assert not one["differed"], where
            assert not one["left"], where
            last = one["kills"][-1]
            if one["statuses"][0] == 130:
                assert one["kept"].startswith(f"step {last} of {case['steps']}"), where
                assert one["first"] in (0, last + 1), where  # nothing was done twice
            elif last < case["steps"]:
                assert one["first"] in (last - 1, last), (
                    where
                )  # a checkpoint every two steps, and the kill comes before it


def test_what_was_made_of_something_else_is_not_gone_on_with(tmp_path: Path) -> None:
    out = tmp_path / "out"
    Checkpoints(out, {"rows": "a"}).keep_reference(torch.tensor([1.5, -2.0]))
    again = Checkpoints(out, {"rows": "a"}).reference()
    assert again is not None
    assert again.tolist() == [1.5, -2.0]
    assert Checkpoints(out, {"rows": "b"}).reference() is None


def test_half_a_checkpoint_is_none(tmp_path: Path) -> None:
    found = Checkpoints(tmp_path / "out", {"rows": "a"})
    (tmp_path / "out.resume" / "step-7.part").mkdir()
    assert found.last is None
    for step in (9, 10):
        (tmp_path / "out.resume" / f"step-{step}").mkdir()
    assert found.last == tmp_path / "out.resume" / "step-10"


def test_every_step_is_told(llama: ModelRef, pairs: list[Pair], tmp_path: Path) -> None:
    told: list[tuple[int, int, set[str]]] = []
    optimiser = PreferenceOptimiser(learning_rate=1e-3, epochs=1.0, batch_size=4)
    config = Preference.Config(optimiser=optimiser, compute=Compute(device="cpu", keep=Keeping(every_steps=1)))
    trainer = Preference(config, progress=lambda step, n, numbers: told.append((step, n, set(numbers))))
    report = trainer.train(pairs, llama, tmp_path / "out")
    assert told == [(n + 1, report.n_steps, {"loss", "margin"}) for n in range(report.n_steps)]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("n", [1, 3])
def test_a_reference_that_was_stored_is_not_computed_again(
    n: int, llama: ModelRef, pairs: list[Pair], tmp_path: Path
) -> None:
    """A training killed before its first step has its reference: another one in its place would be taken as it is."""
    from safetensors.torch import load_file, save_file
    from sctk_trl.checkpoints import MADE_OF, REFERENCE

    keep = Keeping(every_steps=1, every_minutes=0.0)
    optimiser = PreferenceOptimiser(learning_rate=1e-3, epochs=2.0, batch_size=4)
    config = Preference.Config(optimiser=optimiser, compute=Compute(device="cpu", keep=keep))

    class Stop(Exception): ...

    def stop(step: int, n_steps: int, numbers: object) -> None:
        if step == n:
            raise Stop

    with pytest.raises(Stop):
        Preference(config, progress=stop).train(pairs, llama, tmp_path / "out")
    left = tmp_path / "out.resume"
    assert {path.name for path in left.iterdir()} == {MADE_OF, REFERENCE} | ({f"step-{n - 1}"} if n > 1 else set())
    logps = load_file(left / REFERENCE)["logps"]
    save_file({"logps": logps + 7.0}, left / REFERENCE)  # both sides alike: h, and so the steps, stay
    report = Preference(config).train(pairs, llama, tmp_path / "out")
    whole = Preference(replace(config, compute=Compute(device="cpu"))).train(pairs, llama, tmp_path / "whole")
    assert report.losses == pytest.approx(whole.losses, abs=1e-5)
