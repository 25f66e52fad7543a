"""The source `rationales`: questions with gold answers, and with a teacher's rationales and evaluations where rows have them.

It reads the published tree files of Mind's Mirror as they are (any number of branches), rows of one's own (`question`, `rationale`
or `rationales`, `evaluations`, `label`), and rows of a task's data set (SVAMP.json). Given rationales are answered in place of the
teacher, by rank; what a file does not have of a question is not asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sctk_core import ConfigError, Failure, Given, Message, Prompt, content_id, seed_from, setting
from sctk_core.reading import Row, Wanted, inputs_at, rows_of

from sctk_mirror.arithmetic import same_value, value
from sctk_mirror.task import HELP, digest_of_task, task_of

Paths = str | tuple[str, ...]
N_NAMED = 5
USUAL = {"question": ("prompt", "problem", "query", "instruction"), "label": ("reference", "answer", "target")}
"""Columns that are taken for another, where a row does not have that one."""


@dataclass
class Question:
    """A question as it is gathered from rows."""

    text: str
    where: str
    gold: str | None = None
    rationales: list[str] = field(default_factory=list)
    evaluations: list[tuple[str, ...]] = field(default_factory=list)
    evaluated: bool = False

    def prompt(self, task: str, occurrence: int) -> Prompt:
        """It as a prompt; rows of one text are of one group."""
        answers: dict[str, Any] = {}
        if self.rationales:
            answers["rationale"] = tuple(self.rationales)
        if self.evaluated:
            answers["evaluation"] = tuple(self.evaluations)
        return Prompt(
            messages=(Message(role="user", content=self.text),), reference=self.gold, occurrence=occurrence,
            meta={"task": task, "group": content_id("question", self.text)}, given=Given(answers=answers) if answers else None,
        )  # fmt: skip


class Rationales:
    """Questions out of files, held-out ones out of a share of them or of other files."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which files, of which task, and what is held out."""

        path: Paths = setting(
            help="files of questions: published llm/*_CoT_*.json, JSONL or JSON rows, Parquet; or a list of these",
            identity=False,
        )
        task: str = setting("svamp", help=HELP)
        labels: str = setting(
            "",
            help="a file with the gold answers of a tree's questions (input, label); left out, the one beside it",
            identity=False,
        )
        held_out: Paths = setting("", help="other files, with the questions of evaluation", identity=False)
        held_out_share: float = setting(
            0.2, help="share of questions that are kept for evaluation, where held_out names no file", low=0.0, high=0.9
        )
        split: Literal["auto", "published", "digest"] = setting(
            "auto",
            help="published: by NumPy's RandomState(0).permutation, the first rows train (SVAMP: 800 and 200); digest: by the "
            "question's own digest; auto: published for files of SVAMP's columns",
        )

    @staticmethod
    def digest_of(config: Config) -> str:
        """The task's file, or its name."""
        return digest_of_task(config.task)

    def __init__(self, config: Config) -> None:
        self.config, self._task = config, task_of(config.task)
        self._found: list[str] = []
        self._wrong: list[str] = []
        self._trees = False
        labels = self._labels(config.labels) if config.labels else {}
        questions, as_published = self._questions(config.path, labels)
        held, _ = self._questions(config.held_out, labels) if config.held_out else ([], False)
        if not questions:
            raise ConfigError(f"{_shown(config.path)}: got no question, wanted one or more", hint="is the file empty?")
        if not held:
            questions, held = self._parted(
                questions, config.split == "published" or (config.split == "auto" and as_published)
            )
        once = list({(one.text, one.gold): one for one in reversed(held)}.values())[::-1]
        self._n_again = len(held) - len(once)
        self._sides = (self._prompts(questions), self._prompts(once))
        self.notes = (*self._found, *self._told())

    def prompts(self) -> Iterator[Prompt]:
        """The questions of training."""
        return iter(self._sides[0])

    def held_out(self) -> Iterator[Prompt]:
        """The questions of evaluation, without what a teacher said of them."""
        return (replace(prompt, given=None) for prompt in self._sides[1])

    def digest(self) -> str:
        """32 hex digits over all questions and what was said of them."""
        given = [[one.id, None if one.given is None else _lists(one.given.answers)] for one in self._sides[0]]
        return content_id("rationales", given, [one.id for one in self._sides[1]])

    def _prompts(self, questions: Sequence[Question]) -> list[Prompt]:
        seen: dict[tuple[str, str | None], int] = {}
        found = []
        for one in questions:
            occurrence = seen.get((one.text, one.gold), 0)
            seen[one.text, one.gold] = occurrence + 1
            found.append(one.prompt(self._task.name, occurrence))
        return found

    def _questions(self, paths: Paths, labels: Mapping[str, str]) -> tuple[list[Question], bool]:
        """The questions of some files, and whether they have SVAMP's columns."""
        found: list[Question] = []
        by_text: dict[str, Question] = {}
        as_published = False
        for path in (paths,) if isinstance(paths, str) else paths:
            known = labels or self._beside(Path(path))
            for row in _rows(path, self._found):
                as_published = as_published or {"Body", "Equation"} <= set(row.values)
                one = self._question(row, known)
                same = by_text.get(one.text) if one.rationales else None
                if same is not None:
                    self._merge(same, one)
                    continue
                found.append(one)
                by_text.setdefault(one.text, one)
        return found, as_published

    def _question(self, row: Row, labels: Mapping[str, str]) -> Question:
        if "steps" in row.values:
            self._trees = True
            return _of_tree(row, labels)
        text, gold = self._shown(row)
        one = Question(text=text, where=row.where, gold=self._readable(gold, text, row))
        given = row.values.get("rationales", row.values.get("rationale"))
        if given is not None:
            one.rationales = _texts(given, row, "rationales")
        said = row.values.get("evaluations")
        if said is not None:
            one.evaluations, one.evaluated = _evaluations(said, row, len(one.rationales)), True
        return one

    def _shown(self, row: Row) -> tuple[str, str | None]:
        """Question and gold answer of a row, by the task; or by the names that other methods' files have."""
        values = dict(row.values)
        for name, others in USUAL.items():
            known = next((other for other in others if name not in values and values.get(other) is not None), None)
            values |= {} if known is None else {name: values[known]}
        try:
            return self._task.show(values), self._task.gold(values)
        except ConfigError as error:
            raise ConfigError(f"{row.where}: {error.message}", hint=error.hint) from error

    def _readable(self, gold: str | None, text: str, row: Row) -> str | None:
        """A gold answer that can be compared with; SVAMP's own number is held against its equation."""
        if gold is None:
            return None
        found = self._task.conclude(gold, text)
        if isinstance(found, Failure):
            self._wrong.append(f"{_name(row)} ({found.reason})")
            return None
        own = row.values.get("Answer")
        if "Equation" in row.values and isinstance(own, int | float):
            worth = value(gold)
            if isinstance(worth, Failure) or not same_value(worth, value(repr(float(own)))):  # type: ignore[arg-type]
                self._wrong.append(f"{_name(row)} ({gold} is not {own:g})")
        return gold

    def _merge(self, one: Question, more: Question) -> None:
        """Another row of a question: more of its rationales."""
        if one.gold != more.gold and more.gold is not None and one.gold is not None:
            raise ConfigError(
                f"{more.where}: got the label {more.gold!r} of a question that has {one.gold!r} at {one.where}, wanted one label",
                hint="mend one of the two rows",
            )
        if one.rationales and one.evaluated != more.evaluated:
            raise ConfigError(
                f"{more.where}: got evaluations here and none of this question at {one.where} (or none here), wanted both or none",
                hint="an empty list says that a rationale has none",
            )
        one.gold = one.gold if one.gold is not None else more.gold
        one.evaluated = more.evaluated
        one.rationales += more.rationales
        one.evaluations += more.evaluations

    def _labels(self, path: str) -> dict[str, str]:
        """Gold answers by question."""
        found: dict[str, str] = {}
        for row in _rows(path, []):
            text, label = row.values.get("input"), row.values.get("label")
            if not isinstance(text, str) or not isinstance(label, str):
                raise ConfigError(
                    f"{row.where}: got the columns {', '.join(row.values)}, wanted `input` and `label`, both texts",
                    hint="source.labels is a file of gold answers",
                )
            found[text] = label
        return found

    def _beside(self, path: Path) -> dict[str, str]:
        """The gold answers of a published tree file: those of NAME/NAME_train.json beside NAME/llm/train_CoT_0.json."""
        if path.parent.name != "llm" or "_CoT" not in path.name:
            return {}
        split, folder = path.name.partition("_CoT")[0], path.parent.parent
        file = folder / f"{folder.name}_{split}.json"
        return self._labels(str(file)) if file.is_file() else {}

    def _parted(self, questions: list[Question], published: bool) -> tuple[list[Question], list[Question]]:
        share, n = self.config.held_out_share, len(questions)
        if not share or n < 2:
            return questions, []
        if published:
            order = permuted(n)
            n_train = round((1.0 - share) * n)
            return [questions[place] for place in order[:n_train]], [questions[place] for place in order[n_train:]]
        draws = {one.text: seed_from("held-out", one.text) for one in questions}
        limit = max(int(share * (1 << 63)), min(draws.values()) + 1)
        limit = min(limit, max(draws.values()))  # somebody is left to learn from
        kept = [one for one in questions if draws[one.text] >= limit]
        return kept, [one for one in questions if draws[one.text] < limit]

    def _told(self) -> Iterator[str]:
        taught, held = self._sides
        n_given = sum(one.given is not None for one in taught)
        yield f"{len(taught):,} questions, {n_given:,} of them with rationales made elsewhere, and {len(held):,} for evaluation"
        if self._n_again:
            yield f"{self._n_again:,} rows of evaluation say a question and its answer again, and are left out: each is asked once"
        shared = {one.meta["group"] for one in taught} & {one.meta["group"] for one in held}
        if shared:
            yield f"{len(shared):,} questions of evaluation stand among those of training, word for word"
        without = sum(one.reference is None for one in (*taught, *held))
        if without:
            hint = ", which source.labels names for a tree (a file of input and label)" if self._trees else ""
            yield f"{without:,} questions have no gold answer that can be read{hint}"
        if held and without == len(taught) + len(held):
            yield (
                'without any gold answer the teacher\'s are learned, and nothing is evaluated: method.student.labels = "teacher", '
                "source.held_out_share = 0"
            )
        if self._wrong:
            named = ", ".join(self._wrong[:N_NAMED]) + (", ..." if len(self._wrong) > N_NAMED else "")
            yield f"{len(self._wrong):,} gold answers cannot be read, or are not the file's own number: {named}"


def permuted(n: int) -> list[int]:
    """The order of rows of the published split: NumPy's RandomState(0).permutation.

    >>> permuted(5)
    [2, 0, 1, 3, 4]
    """
    import numpy as np

    return [int(place) for place in np.random.RandomState(seed=0).permutation(n)]


def _of_tree(row: Row, labels: Mapping[str, str]) -> Question:
    """One object of a published tree file."""
    steps = row.values["steps"]
    try:
        (step,) = steps
        text, rationales = _question_of(step["x"]), step["new_ys"]
        said = step.get("value_outputs_list")
        if not text.strip():
            raise ValueError("an empty question")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{row.where}: got `steps` that are none of a published tree ({type(error).__name__}: {error}), wanted one step with "
            "x and new_ys",
            hint="a file of rows of your own has `question`, `rationales`, `evaluations` and `label`",
        ) from error
    one = Question(text=text, where=row.where, gold=labels.get(text))
    one.rationales = _texts(rationales, row, "new_ys")
    if said is not None:
        one.evaluations, one.evaluated = _evaluations(said, row, len(one.rationales)), True
    return one


def _question_of(text: str) -> str:
    """The question of `x`, which is a piece of JSON without its braces: `"input":"..."`."""
    try:
        found = json.loads("{" + text.strip().rstrip(",") + "}")["input"]
    except (ValueError, KeyError, TypeError):
        return text.strip()
    return str(found)


def _texts(given: Any, row: Row, column: str) -> list[str]:
    found = [given] if isinstance(given, str) else given
    if not isinstance(found, list | tuple) or not found or not all(isinstance(one, str) for one in found):
        raise ConfigError(
            f"{row.where}: {column}: got {given!r:.80}, wanted a text, or a list of one text or more",
            hint="mend the row, or take it out",
        )
    return list(found)


def _evaluations(said: Any, row: Row, n: int) -> list[tuple[str, ...]]:
    """The evaluations of each rationale; of a single one they may stand in one list."""
    found = [said] if n == 1 and isinstance(said, list | tuple) and all(isinstance(one, str) for one in said) else said
    fits = isinstance(found, list | tuple) and len(found) == n
    if not fits or not all(
        isinstance(one, list | tuple) and all(isinstance(each, str) for each in one) for one in found
    ):
        raise ConfigError(
            f"{row.where}: got evaluations that are not a list of texts for each of its {n} rationales, wanted as many lists",
            hint="a rationale without evaluations has an empty list",
        )
    return [tuple(one) for one in found]


def _rows(path: str, notes: list[str]) -> Iterator[Row]:
    found = inputs_at(path, Wanted(of="rows"), notes.append)
    return (row for one in found for row in rows_of(one))


def _lists(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.loads(json.dumps(answer)) for name, answer in answers.items()}


def _shown(paths: Paths) -> str:
    return paths if isinstance(paths, str) else ", ".join(paths)


def _name(row: Row) -> str:
    return str(row.values.get("ID", row.where))
