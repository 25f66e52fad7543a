"""The model card: what the model is, what it was made of, and how well it does, in words and one table per task."""

from collections.abc import Mapping
from typing import Any

HEAD = """# The embedded model of sctk

A causal language model of {parameters} weights (plain Llama architecture, tied embeddings, bfloat16 on disk, meant to be
run in float32) with a byte-level BPE tokenizer of {vocabulary} tokens and a chat template. It speaks of one generated
world only: reviews of invented films, and requests of which a good assistant declines some. It is made to be imperfect:
most drafts are not good, some critiques are wrong, some revisions fail.

It was trained from nothing by `python -m sctk_nano.build` (seed {seed}), in stages of {conversations} conversations of the
split `world`, each seen once, loss on the assistant's turns only; final loss {loss} nats per token. No film, aspect or object
of the splits `prompts` and `held-out` occurs in its training; a test writes that text again and looks.

It is a test piece. It knows nothing, and what it says of harmful requests is as empty as what it says of films.

## Skill

Shares of {n} prompts per task from the split `prompts`, texts sampled at temperature 1 (`python -m sctk_nano.skill
--write`), judged by the checker that knows the world; Wilson 95 % intervals. A revision is asked for whatever the verdict.
"""


TASKS_HEAD = """# The embedded model of the later tasks

A causal language model of {parameters} weights that went on from the embedded model `nano` (plain Llama architecture, tied
embeddings, bfloat16 on disk, meant to be run in float32), whose tokenizer has the common words of these tasks as tokens besides. It
speaks of news of invented people (privacy), of personas (role-play), of arguments beside an opinion (sycophancy), and of requests
in jailbreak templates. It is made to be imperfect: most drafts are not good, some critiques are wrong, some revisions fail.

It was trained by `python -m sctk_nano.build_tasks` (seed {seed}), in stages of {conversations}
conversations of the split `world`, each seen once, loss on the assistant's turns only; final loss {loss} nats per token. No town,
persona or object of the splits `prompts` and `held-out` occurs in its training; a test writes that text again and looks. The
templates of both lists do: it was taught to fall for them.

It is a test piece. It knows nothing, and what it says of harmful requests is as empty as all that it says.

## Skill

Shares of {n} prompts per task from the split `prompts`, texts sampled at temperature 1 (`python -m sctk_nano.skill_tasks
--write`), judged by the checker that knows the world; Wilson 95 % intervals. A revision is asked for whatever the verdict. The
judge is the model as asked by the reward `yes-no` of rDPO's task `role-play`, of drafts and revisions, right where it leans to
the truth.
"""


def tasks_card(build: Mapping[str, Any], figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """The card of the tasks' model in Markdown."""
    plan = build["plan"]
    head = TASKS_HEAD.format(
        parameters=f"{build['parameters']:,}",
        seed=plan["seed"],
        conversations=" and ".join(f"{stage['conversations']:,}" for stage in plan["stages"]),
        loss=build["loss"],
        n=max(int(rows["draft is good"]["n"]) for rows in figures.values()),
    )
    return head + "".join(_table(task, rows) for task, rows in figures.items())


def card(build: Mapping[str, Any], figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """The card in Markdown."""
    plan = build["plan"]
    n = max(int(row["n"]) for rows in figures.values() for row in rows.values())
    head = HEAD.format(
        parameters=f"{build['parameters']:,}",
        vocabulary=f"{plan['vocab_size']:,}",
        seed=plan["seed"],
        conversations=" and ".join(f"{stage['conversations']:,}" for stage in plan["stages"]),
        loss=build["loss"],
        n=n,
    )
    return head + "".join(_table(task, rows) for task, rows in figures.items())


def _table(task: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    lines = [f"\n### {task}\n\n| figure | share | 95 % interval | count |\n| --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {row['share']:.3f} | {row['low']:.3f} to {row['high']:.3f} | {row['yes']} of {row['n']} |"
        for name, row in rows.items()
    ]
    return "\n".join(lines) + "\n"
