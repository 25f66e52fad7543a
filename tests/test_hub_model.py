"""A hub model is known by its name, its revision and its chat template: a changed template is another run with other replies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import make_gpt2

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHECKS = """
import json, sys
from pathlib import Path
from sctk_cli.main import main

template = Path(sys.argv[1], "chat_template.jinja")
assert template.is_file()
line = ["check", "--plugin", "rdpo", "--backend"]
codes = [main([*line, "transformers", "--model", "org/tiny"]), main([*line, "vllm", "--model", "org/tiny"])]
Path(sys.argv[1], "README.md").write_text("A model.")
codes.append(main([*line, "transformers", "--model", "org/tiny"]))
template.write_text(template.read_text().replace("<|end|>", "<|end|> "))
codes.append(main([*line, "transformers", "--model", "org/tiny"]))
codes.append(main([*line, "transformers", "--model", "org/nowhere"]))
print(json.dumps(codes))
"""


def cached(home: Path, model: Path) -> Path:
    """`model` as the hub's cache in `home` holds org/tiny; gives the directory of its files."""
    folder = home / "hub" / "models--org--tiny"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    return Path(shutil.copytree(model, folder / "snapshots" / COMMIT))


@pytest.mark.slow
def test_the_template_of_a_hub_model_is_part_of_what_it_is(tmp_path: Path) -> None:
    files = cached(tmp_path, make_gpt2(tmp_path / "gpt2", ["hello there"]))
    env = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    line = [sys.executable, "-c", CHECKS, str(files)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    *lines, codes = done.stdout.splitlines()
    assert json.loads(codes) == [0, 0, 0, 0, 4]
    models = [line.split()[1:3] for line in lines if line.startswith("student ") and "org/" in line]  # name and digest
    fingerprints = [line for line in lines if line.startswith("fingerprint ")]
    assert models[0] == models[1] == models[2] != models[3]
    assert fingerprints[0] == fingerprints[2] != fingerprints[3]
    assert "model 'org/nowhere': its tokenizer could not be loaded" in done.stderr
    assert "hint: check the path or hub name" in done.stderr
