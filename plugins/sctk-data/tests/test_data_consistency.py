"""`sctk data consistency` from outside: every value against plain Python and the usual libraries; null where there is none."""

from __future__ import annotations

import json
import math
import random
import re
import string
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import polars as pl
import pytest
from rapidfuzz.distance import Levenshtein
from rouge_score.rouge_scorer import RougeScorer
from sctk_cli.main import main
from sctk_core.statistics import mean_with_interval

SCORER = RougeScorer(["rouge1", "rouge2", "rougeL"])


def told(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of one command."""
    capfd.readouterr()
    code = main(["data", "consistency", *map(str, arguments)])
    return code, *capfd.readouterr()


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def some_questions() -> list[list[str]]:
    """Answers in ragged groups of 0 to 7, some equal, some without words."""
    pick = random.Random(7)
    words = ["the", "cat", "sat", "A", "dog,", "ran", "42", "Über", "..."]
    return [[" ".join(pick.choices(words, k=pick.randint(0, 6))) for _ in range(n % 8)] for n in range(40)]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def similarity(score: str, a: str, b: str) -> float:
    if score.startswith("rouge"):
        return float(SCORER.score(a, b)[score.replace("-l", "L").replace("-", "")].fmeasure)
    if score == "jaccard":
        x, y = set(words(a)), set(words(b))
        return len(x & y) / max(1, len(x | y))
    return float(Levenshtein.normalized_similarity(*((words(a), words(b)) if score == "word-edit" else (a, b))))


def with_others(score: str, answers: list[str]) -> list[float | None]:
    """Of each answer the mean similarity with the others."""
    found: list[float | None] = []
    for i, a in enumerate(answers):
        others = [similarity(score, a, b) for j, b in enumerate(answers) if j != i]
        found.append(mean(others) if others else None)
    return found


def selfcheck(answers: list[str]) -> list[float | None]:
    counts = Counter(word for text in answers for word in words(text))
    n = sum(counts.values())
    found = [[-math.log(counts[word] / n) for word in words(text)] for text in answers]
    return [mean(one) if one and len(answers) > 1 else None for one in found]


def plain(text: str) -> str:
    """SQuAD's normalisation."""
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def close(got: Any, want: Any) -> bool:
    if isinstance(want, list):
        return len(got) == len(want) and all(map(close, got, want))
    return got is want if want is None or got is None else got == pytest.approx(want, abs=1e-12)


def mean_of(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
@pytest.mark.parametrize("score", ["rouge-l", "rouge-1", "rouge-2", "jaccard", "word-edit", "char-edit", "selfcheck"])
def test_scores_are_those_of_the_oracle(
    score: str, form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    questions = some_questions()
    rows = [{"question": f"q{n}", "answers": answers} for n, answers in enumerate(questions)]
    file, out = tmp_path / f"in.{form}", tmp_path / f"out.{form}"
    if form == "jsonl":
        written(file, rows)
    else:
        pl.DataFrame(rows).write_parquet(file, row_group_size=7)
    published = [] if score == "char-edit" else ["--words", "published"]
    code, summary, _ = told(capfd, file, "--score", score, "--json", "--out", out, *published)
    assert code == 0
    got = pl.read_parquet(out).to_dicts() if form == "parquet" else [json.loads(line) for line in out.open()]
    name = score.replace("-", "_")
    wanted = [selfcheck(one) if score == "selfcheck" else with_others(score, one) for one in questions]
    for row, answers, want in zip(got, questions, wanted, strict=True):
        assert row["answers"] == answers
        assert row["n_answers"] == len(answers)
        assert close(row[f"answer_{name}"], want)
        assert close(row[name], mean_of(want))
        assert (row[name] is None) == (mean_of(want) is None)
    values = [row[name] for row in got if row[name] is not None]
    assert any(len(one) < 2 for one in questions)
    estimate = mean_with_interval(values)
    without = sum(len(want) > 1 and value is None for want in wanted for value in want)
    assert json.loads(summary) == {
        "questions": 40, "answers": sum(map(len, questions)), "score": score, "column": "answers",
        "without_words": without, "mean": estimate.value, "low": estimate.low, "high": estimate.high, "n": len(values),
        "interval": "bootstrap", "bad_rows": 0,
        "bad_reasons": {},
    }  # fmt: skip


def test_a_vote_is_squads_and_a_lone_answer_has_no_share(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    questions = some_questions()
    file = written(tmp_path / "in.jsonl", [{"samples": answers} for answers in questions])
    code, out, err = told(capfd, file, "--score", "vote", "--words", "published")
    assert code == 0
    for row, answers in zip(map(json.loads, out.splitlines()), questions, strict=True):
        counts = Counter(map(plain, answers))
        if not answers:
            assert (row["vote"], row["votes"], row["vote_share"]) == (None, None, None)
            continue
        votes = max(counts.values())
        winner = next(text for text in answers if counts[plain(text)] == votes)
        assert (row["vote"], row["votes"]) == (winner, votes)
        assert row["vote_share"] == (votes / len(answers) if len(answers) > 1 else None)
        assert row["answer_cluster"] == [list(counts).index(plain(text)) for text in answers]
    assert "mean vote_share: " in err
    assert "10 questions without vote_share (null)" in err


def test_entropy_is_that_of_greedy_clusters(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    questions = some_questions()
    file = written(tmp_path / "in.jsonl", [{"answers": answers} for answers in questions])
    code, out, _ = told(capfd, file, "--score", "entropy", "--by", "jaccard", "--above", "0.4", "--words", "published")
    assert code == 0
    n_several = 0
    for row, answers in zip(map(json.loads, out.splitlines()), questions, strict=True):
        firsts: list[str] = []
        labels = []
        for text in answers:
            found = [n for n, first in enumerate(firsts) if similarity("jaccard", text, first) > 0.4]
            labels.append(found[0] if found else len(firsts))
            if not found:
                firsts.append(text)
        shares = [count / len(answers) for count in Counter(labels).values()]
        entropy = -sum(share * math.log(share) for share in shares) if len(answers) > 1 else None
        assert row["answer_cluster"] == labels
        assert row["n_clusters"] == len(firsts)
        assert close(row["entropy"], entropy)
        n_several += 1 < len(firsts) < len(answers)
    assert n_several > 5


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_rows_of_one_answer_are_grouped_wherever_they_stand(
    form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    questions = some_questions()
    rows = [{"q": n, "answer": text, "at": i} for n, answers in enumerate(questions) for i, text in enumerate(answers)]
    random.Random(1).shuffle(rows)
    halves = [tmp_path / f"{name}.{form}" for name in "ab"]
    for path, half in zip(halves, (rows[:50], rows[50:]), strict=True):
        if form == "jsonl":
            written(path, half)
        else:
            pl.DataFrame(half).write_parquet(path)
    options = ["--group-by", "q", "--score", "rouge-1", "--threads", "2", "--words", "published"]
    code, out, err = told(capfd, *halves, *options)
    assert code == 0
    got = [json.loads(line) for line in out.splitlines()]
    assert [{name: row[name] for name in ("q", "answer", "at")} for row in got] == rows
    for row in got:
        others = [one["answer"] for one in rows if one["q"] == row["q"]]
        own = rows.index({name: row[name] for name in ("q", "answer", "at")})
        place = [one["at"] for one in rows if one["q"] == row["q"]].index(rows[own]["at"])
        want = with_others("rouge-1", others)
        assert row["n_answers"] == len(others)
        assert close(row["answer_rouge_1"], want[place])
        assert close(row["rouge_1"], mean_of(want))
    assert f"35 questions with {len(rows)} answers" in err


def test_answers_of_every_script_agree_and_what_has_no_words_has_no_score(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    questions = [["नमस्ते दुनिया", "नमस्ते, दुनिया!"], ["สวัสดีครับ", "สวัสดีครับ"], ["👍", "👍"], ["да", "?!", "Да."], ["нет"]]
    file = written(tmp_path / "in.jsonl", [{"answers": answers} for answers in questions])
    for score, same in (("rouge-l", 1.0), ("rouge-1", 1.0), ("jaccard", 1.0), ("word-edit", 1.0), ("entropy", 0.0)):
        code, out, err = told(capfd, file, "--score", score)
        rows = [json.loads(line) for line in out.splitlines()]
        name = score.replace("-", "_")
        assert (code, [row[name] for row in rows]) == (0, [same, same, None, same, None])
        assert "3 answers without " in err
        assert f"2 questions without {name} (null)" in err
        kind = "answer_cluster" if score == "entropy" else f"answer_{name}"
        assert [n for n, value in enumerate(rows[3][kind]) if value is None] == [1]
        assert rows[2][kind] == [None, None]


def test_a_vote_counts_numbers_by_their_value(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    questions = [["-8", "8", "−8.0", "8"], ["€2,500", "2500", "25"], ["k < 4", "k > 4", "k>4"]]
    file = written(tmp_path / "in.jsonl", [{"answers": answers} for answers in questions])
    code, out, _ = told(capfd, file, "--score", "vote")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, [(row["vote"], row["votes"]) for row in rows]) == (0, [("-8", 2), ("€2,500", 2), ("k > 4", 2)])
    assert rows[0]["answer_cluster"] == [0, 1, 0, 1]


def test_a_line_keeps_its_bytes_up_to_the_brace(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b' {"answers" : ["a", "\\u00e9"],  "x": 1.50 } \r\n{"answers": ["{}", "}"]}')
    code, out, _ = told(capfd, file, "--score", "jaccard")
    assert code == 0
    first, second = out.splitlines()
    assert (
        first
        == '{"answers" : ["a", "\\u00e9"],  "x": 1.50, "n_answers": 2, "jaccard": 0.0, "answer_jaccard": [0.0, 0.0]}'
    )
    assert json.loads(second)["answers"] == ["{}", "}"]


@pytest.mark.parametrize("mode", [[], ["--group-by", "q", "--column", "answer"]])
def test_the_same_bytes_for_any_number_of_threads(
    mode: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"q": n % 7, "answer": " ".join(one), "answers": one} for n, one in enumerate(some_questions())]
    file = written(tmp_path / "in.jsonl", rows)
    outputs = []
    for threads in ("1", "4"):
        out = tmp_path / f"{threads}.parquet"
        assert told(capfd, file, *mode, "--threads", threads, "--out", out)[0] == 0
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize(
    ("row", "arguments", "words"),
    [
        ({"answers": None}, [], ["in.jsonl:2", "null in 'answers'", "--skip-bad"]),
        ({"answers": ["a", None]}, [], ["in.jsonl:2", "an answer that is no text"]),
        ({"answers": "a"}, [], ["in.jsonl:2", "no list in 'answers'"]),
        ({"other": 1}, [], ["in.jsonl:2", "no column 'answers'"]),
        ({"answers": ["a"], "rouge_l": 5}, [], ["in.jsonl:2", "'rouge_l'", "rename"]),
        ({"answers": ["a"]}, ["--group-by", "q", "--column", "text"], ["in.jsonl:2", "no column 'q'"]),
        ({"q": None, "text": "a"}, ["--group-by", "q", "--column", "text"], ["in.jsonl:2", "null in 'q'"]),
        ({"q": 1}, ["--group-by", "q", "--column", "text"], ["in.jsonl:2", "no column 'text'"]),
        ({"answers": ["a"] * 4097}, [], ["in.jsonl:2", "4,097 answers to one question"]),
        ({"answers": []}, ["--score", "rouge"], ["--score"]),
        ({"answers": []}, ["--by", "jaccard"], ["--by without --score entropy"]),
        (
            {"answers": []},
            ["--words", "published", "--score", "char-edit"],
            ["--words without a --score that compares"],
        ),
    ],
)
def test_a_row_that_cannot_be_scored_is_told(
    row: dict[str, Any], arguments: list[str], words: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good = {"q": 1, "text": "a", "answers": ["a", "b"]}
    file = written(tmp_path / "in.jsonl", [good, row])
    code, _, err = told(capfd, file, *arguments, "--out", tmp_path / "out.jsonl")
    assert code == 2
    for word in words:
        assert word in err
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_bad_rows_are_skipped_and_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"q": 1, "t": "x"}, {"q": None, "t": "y"}, {"q": 1, "t": "x"}, {"q": 2, "t": None}]
    written(tmp_path / "in.jsonl", rows)
    pl.DataFrame(rows).write_parquet(tmp_path / "in.parquet")
    for file in (tmp_path / "in.jsonl", tmp_path / "in.parquet"):
        code, out, err = told(capfd, file, "--group-by", "q", "--column", "t", "--skip-bad")
        assert (code, [json.loads(line)["rouge_l"] for line in out.splitlines()]) == (0, [1.0, 1.0])
        assert "bad rows left out: 2, the first at " in err
    pl.DataFrame({"answers": [["a", None], None, ["b"]]}).write_parquet(tmp_path / "lists.parquet")
    code, out, err = told(capfd, tmp_path / "lists.parquet", "--skip-bad")
    assert (code, json.loads(out)["answers"]) == (0, ["b"])
    assert "2 x null in 'answers'" in err


def test_a_lists_column_that_is_not_plain_is_asked_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "in.jsonl", [{"left": ["a"], "right": ["b"]}])
    code, _, err = told(capfd, file)
    assert code == 2
    assert "2 columns that may hold the answers (columns: left, right)" in err
    assert told(capfd, file, "--column", "right")[0] == 0


def test_the_interval_of_many_questions_is_the_normal_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "in.jsonl", [{"answers": ["a", "a" if n % 4 else "b"]} for n in range(6000)])
    code, out, _ = told(capfd, file, "--json", "--out", tmp_path / "out.jsonl")
    found = json.loads(out)
    assert (code, found["mean"], found["n"], found["interval"]) == (0, 0.75, 6000, "normal")
    half = 1.959964 * math.sqrt(0.75 * 0.25 / 5999)
    assert (found["low"], found["high"]) == (pytest.approx(0.75 - half, abs=1e-6), pytest.approx(0.75 + half, abs=1e-6))


def test_questions_that_are_objects_are_one_in_whatever_order_their_members_stand(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"q": {"a": 1, "b": 2}, "answer": "x"}\n{"q": {"b": 2, "a": 1}, "answer": "x"}\n')
    assert main(["data", "consistency", str(file), "--group-by", "q", "--column", "answer"]) == 0
    rows = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [(row["n_answers"], row["rouge_l"]) for row in rows] == [(2, 1.0), (2, 1.0)]


def test_numbers_and_truth_are_answers_of_a_group(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"q": "a", "answer": 2500}, {"q": "a", "answer": "2,500"}, {"q": "a", "answer": 2.5}]
    mixed = written(tmp_path / "in.jsonl", [*rows, {"q": "b", "answer": False}, {"q": "b", "answer": "false"}])
    pl.DataFrame({"q": ["a", "a", "b"], "answer": [4.0, 4.0, 0.25]}).write_parquet(tmp_path / "in.parquet")
    options = ["--score", "vote", "--group-by", "q", "--column", "answer"]
    code, out, _ = told(capfd, mixed, *options)
    assert (code, [json.loads(line)["answer_cluster"] for line in out.splitlines()]) == (0, [0, 0, 1, 0, 0])
    code, out, _ = told(capfd, tmp_path / "in.parquet", *options)
    assert (code, [json.loads(line)["votes"] for line in out.splitlines()]) == (0, [2, 2, 1])
    dates = [{"q": "a", "answer": {"day": 1}}]
    assert "no text but a dict in 'answer'" in told(capfd, written(tmp_path / "bad.jsonl", dates), *options)[2]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize("column", ["", "said"])
def test_a_list_that_is_written_in_a_cell_is_a_list(
    ending: str, column: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cells = ['["red kites", "red kites", "a blue one"]', "['it flies', \"it doesn't\"]", "[4, 4.0, 5]", "[]"]
    frame = pl.DataFrame({"question": ["q1", "q2", "q3", "q4"], column or "answers": cells})
    path = tmp_path / f"rows.{ending}"
    {
        "csv": frame.write_csv,
        "tsv": lambda place: frame.write_csv(place, separator="\t"),
        "jsonl": frame.write_ndjson,
        "parquet": frame.write_parquet,
    }[ending](path)
    named = ["--column", column] if column else []
    code, out, err = told(capfd, path, "--score", "vote", "--out", tmp_path / "out.jsonl", "--json", *named)
    assert code == 0, err
    counts = json.loads(out)
    assert (counts["questions"], counts["answers"], counts["column"]) == (4, 8, column or "answers")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["n_answers"] for row in rows] == [3, 2, 3, 0]
    assert rows[0]["vote"] == "red kites"
    assert [row[column or "answers"] for row in rows] == cells  # what was read is given back as it was


def test_a_list_without_commas_and_a_text_in_its_place_are_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("""question,answers\nq,"['a', 'b']"\nr,"['a' 'b']"\ns,Paris\n""")
    code, _, err = told(capfd, path, "--out", tmp_path / "out.jsonl")
    assert (code, "rows.csv:3: got a list of texts without commas in 'answers'" in err) == (2, True)
    code, out, _ = told(capfd, path, "--out", tmp_path / "out.jsonl", "--skip-bad", "--json")
    assert (code, json.loads(out)["questions"]) == (0, 1)
