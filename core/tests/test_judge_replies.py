"""Replies of judges and critics as they are met (`replies/`), and more of each kind that was once misread or lost.

The sets were written by people who had not seen the parser: before it was mended by them, it read 2 of 397, 4 of 441, 1 of 355,
1 of 230, 1 of 317, 0 of 260 and 2 of 300 wrongly, and lost 24, 39, 17, 9, 16, 13 and 23 % of the readable. None may be read as
something else than a person reads in it (`want`; null: nobody can say).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sctk_core import Failure
from sctk_core.parsing import neutralise, parse_score, parse_verdict

REPLIES = Path(__file__).parent / "replies"
MOST_LOST = {  # of the readable; the third set has more languages, and hedges that are failures on purpose
    "judges.jsonl": 0.05,
    "judges_third.jsonl": 0.13,
    "judges_fourth.jsonl": 0.05,
    "judges_fifth.jsonl": 0.05,
    "judges_sixth.jsonl": 0.11,
    "judges_seventh.jsonl": 0.08,
    "judges_eighth.jsonl": 0.19,  # asides, roles and talk with oneself; only its two misread kinds were mended
}


def read(row: dict[str, Any]) -> float | str | None:
    if row["kind"] == "verdict":
        found = parse_verdict(row["text"])
    else:
        low, high = row["scale"]
        found = parse_score(row["text"], low=low, high=high)
    return None if isinstance(found, Failure) else found


def score(text: str, low: float = 0, high: float = 5) -> float | str | None:
    return read({"kind": "score", "text": text, "scale": (low, high)})


def verdict(text: str) -> float | str | None:
    return read({"kind": "verdict", "text": text})


def rows_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (REPLIES / name).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", MOST_LOST)
def test_none_is_read_as_something_else_and_few_of_the_readable_are_lost(name: str) -> None:
    rows = rows_of(name)
    assert len(rows) >= 230
    found = [(row, read(row)) for row in rows]
    assert not [
        (row["id"], row["text"], row["want"], value) for row, value in found if value not in (None, row["want"])
    ]
    lost = [row["text"] for row, value in found if row["want"] is not None and value is None]
    assert len(lost) <= MOST_LOST[name] * sum(row["want"] is not None for row in rows), lost


def test_ways_of_saying_a_score_and_what_only_looks_like_them() -> None:
    """One sentence each: what any reader reads is read, and what says no score of the reply is a failure."""
    rows = rows_of("judge_ways.jsonl")
    assert len(rows) > 800
    assert not [(row["text"], row["want"], read(row)) for row in rows if read(row) != row["want"]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # an average beside the overall score
        ("Mean: 3.33\nOverall Score: 3", 3),
        ("The average is 4.5, but two facts are wrong. My overall score: 3", 3),
        # HTML, LaTeX, ends of turns
        ("<h2>Overall Score: 4</h2><p>Two of 3 facts are right.</p>", 4),
        ('<span class="score">Score:</span> <b>3</b>', 3),
        ("<ul><li>Score: 2</li></ul>", 2),
        ("$\\text{Score}: 3$", 3),
        ("\\textbf{Overall Score:} 4", 4),
        ("$$\\text{Average} = \\frac{5+4}{2} = 4.5$$", 4.5),
        ("Overall Score: 4<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nOverall Score: 1", 4),
        ("Overall Score: 2<end_of_turn>\n<start_of_turn>user\nScore: 5", 2),
        ("Score: 3</s><s>[INST] Score: 5", 3),
        ("The draft prints </s> in the middle of a line. Overall Score: 2", 2),
        # numbers written in other ways
        ("Overall Score: 2 (two)", 2),
        ("Rating: five (5) out of five", 5),
        ("Score: 2 and a half", 2.5),
        ("Overall Score: 4 1/2", 4.5),
        ("Score: 1 3/4 out of 5", 1.75),
        # a word and its number
        ("Rating: Very good (4/5)", 4),
        ("Overall Score: Poor (1)", 1),
        ("Mediocre (2)", 2),
        # remarks that change nothing
        ("Score: 3 (up from 2 after a second look)", 3),
        ("Score: 3 (it could have been a 5 with sources)", 3),
        ("Score: 3, not 4", 3),
        ("Score: 3 (not a 4)", 3),
        # a clause on the whole
        ("Clarity 4/5, accuracy 2/5 → overall 3/5", 3),
        ("Clarity 4, accuracy 2, so overall score: 3", 3),
        ("Considering all of this, my final score: 2", 2),
        ("After weighing both, the overall rating is 3.", 3),
        # prose
        ("I would thus rate this 2 out of 5 because the year isn't right.", 2),
        ("I'd put the response at 3/5.", 3),
        ("I land on a 4.", 4),
        ("I'd give it a 2: the sources are made up.", 2),
        ("On a scale of 0 to 5, this is a 3.", 3),
        ("Overall, it is a 2.", 2),
        ("It's a decent 3/5.", 3),
        ("This response scores a 3 in total.", 3),
        ("My honest rating is 2.", 2),
        ("The score should be 2.", 2),
        ("Overall Score => 4", 4),
        # other languages
        ("Ich gebe der Antwort 3 von 5 Punkten.", 3),
        ("Je donnerais 2 sur 5, car la date est fausse.", 2),
        ("Le daría un 4 de 5.", 4),
        ("Dou 3 de 5.", 3),
        ("Я бы поставил 4 балла.", 4),
        ("我给这个回答3分，因为没有来源。", 3),
        ("评分：4，回答清楚，但有2个错误。", 4),
        ("総合評価：3、根拠が足りない。", 3),
        ("总体评分：2；缺少来源。", 2),
        ("评分：4！很清楚。", 4),
        ("5点満点で３点", 3),
        ("5점 만점에 4점입니다", 4),
        ("نمره نهایی: ۲", 2),
        # JSON by criterion
        ('[{"dimension": "clarity", "rating": 2}, {"dimension": "Overall", "rating": 4, "max": 5}]', 4),
        ('{"criteria": [{"name": "a"}], "overall": 2}', 2),
        # Kimi's thoughts
        ("◁think▷Maybe 4.◁/think▷\n3", 3),
    ],
)
def test_more_of_the_kinds_that_were_lost(text: str, wanted: float | None) -> None:
    assert score(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        # programs
        "def judge(text):\n    rating = 5\n    return rating",
        "class Judge:\n    score = 5\n\n    def run(self):\n        return self.score",
        "score = 0\nfor fact in facts:\n    score += fact.right\nprint(score)",
        "```python\nscore = 4\nif wrong:\n    score -= 1\nprint(score)\n```",
        'function rate(text) {\n  return {"score": 5};\n}',
        'def judge(text):\n    return {"score": 5,\n            "reason": "fine"}',
        "import judge\nscore = 5",
        "let score = 3;\nconsole.log(score)",
        # averages and clauses that are not the judge's
        "If the claim holds, overall score: 5",
        "According to the candidate, overall score: 5",
        "In its own words, final score: 5",
        "Were it shorter, final score: 5",
        "Clarity 4/5, overall 3 of 5 facts are right.",
        "Clarity 4, overall 10/10",
        # numbers with something behind
        "Score: four (5)",
        "Score: 4 (3)",
        "Score: 4 1/3 of the facts",
        "Score: 3 and a half or 4",
        "Score: Good (2 errors)",
        "Score: Good (4/10)",
        "Excellent (5)\nGood (4)\nPoor (1)",
        "Good (4 sources)",
        "Score: unknown (4)",
        "Score: 4 (or 3)",
        "Score: 4 (should be 3)",
        "Score: 4 (could be 3)",
        "Score: 4 (if sourced)",
        "Score: 4, not counting style",
        "Score: 3 (maybe up from 2)",
        "Score: 85%",
        # prose about parts, others, conditions
        "I'd give it a 4/5 for style.",
        "I'd give it a 4 out of 5 in clarity.",
        "I'd put 4 commas in.",
        "I arrive at 3 conclusions.",
        "I'd rate it 5 because it would be kind, if it were true.",
        "Overall, it is a 3 step plan.",
        "Overall, this is one of 5 drafts.",
        "On a scale of 1 to 10, this is a 4.",
        "Because the user gave it a 4, I agree.",
        "The user gave it a 4 because it is kind.",
        "The score should be a number from 0 to 5.",
        "The score should be 5 if it is right.",
        "The score should be between 3 and 4.",
        # other languages
        "Ich gebe dir 3 Beispiele.",
        "Ich würde nicht 5 von 5 geben.",
        "Je donne 3 exemples.",
        "Je ne lui donne pas 5 sur 5.",
        "Le doy 3 razones.",
        "Le doy un 8 de 10.",
        "我给你5个例子。",
        "我不给它5分。",
        "10点満点で4点",
        "评分：4，3",
        "这是4分吗？",
        "评分：4？",
        # JSON by criterion
        '[{"criterion": "clarity", "score": 4}]',
        '[{"criterion": "overall", "score": 4}, {"criterion": "overall", "score": 2}]',
        '[{"criterion": "overall", "score": 4, "max": 10}]',
        # halves of a word
        "Sc**ore**: 5",
        "Sc<b></b>ore: 5",
    ],
)
def test_what_looks_like_these_kinds_and_says_no_score(text: str) -> None:
    assert score(text) is None


@pytest.mark.parametrize(
    ("text", "low", "high", "wanted"),
    [
        ("I'd give it a -0.5.", -1, 1, -0.5),
        ("Score: minus 0.25", -1, 1, -0.25),
        ("The response deserves negative 1.", -1, 1, -1),
        ("Score: 40 percent", 0, 100, 40),
        ("I'd give it 70%.", 0, 100, 70),
        ("Score: 0.4%", 0, 1, None),
        ("Score: 40% to 50%", 0, 100, None),
        ("Score: 40% of the facts are right", 0, 100, None),
        ("Final verdict: 7/10", 1, 10, 7),
        ("The verdict: 7", 1, 10, None),
        ("Score: 3 minus 1", 0, 5, None),
    ],
)
def test_signs_and_shares(text: str, low: float, high: float, wanted: float | None) -> None:
    assert score(text, low, high) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"verdict": "keep", "reason": "It is', "keep"),
        ('{"verdict": "revise", "points": ["Keep the title, but', "revise"),
        ('{"verd', None),
        ("I think it should be kept.", "keep"),
        ("I don't believe this needs any changes.", "keep"),
        ("I see no reason to revise it.", "keep"),
        ("I vote to revise.", "revise"),
        ("Let's revise this.", "revise"),
        ("I'd say keep.", "keep"),
        ("It should be rewritten before publication.", "revise"),
        ("Keep it before noon.", None),
        ("Let's keep in mind that it is short.", None),
        ("I think the tone should be kept.", None),
        ("<b>Verdict:</b> keep", "keep"),
        ("Verdict ⇒ revise", "revise"),
        ("Verdict: revise</s>\n<s>Verdict: keep", "revise"),
        ('def judge(text):\n    verdict = "keep"\n    return verdict', None),
        ("Ver**dict**: keep", None),
    ],
)
def test_verdicts_of_these_kinds(text: str, wanted: str | None) -> None:
    assert verdict(text) == wanted


@pytest.mark.parametrize(
    "candidate",
    [
        "Score:&nbsp;5", "<b>Score</b>: 5", "Score: <i>5</i>", "\\text{Score}: 5", "Score: Excellent (5)", "Score should be 5",
        "Je lui donne 5 sur 5.", "我给这个回答打5分。", "5点満点で5点", "I'd put this at 5/5.", "My actual score is 5.",
        "Score: minus 5", "Clarity 3, overall score: 5", "Sc`ore`: 5",
        "[{\"criterion\": \"overall\", \"score\": 5}]", "Final verdict: 5/5",
        "Overall 4", "Score: (5)",
        "Verdict: keep", "<b>Verdict</b>: keep", "Let's keep it.", "I vote keep.", "Verdict => keep",
    ],
)  # fmt: skip
def test_a_judge_that_repeats_a_candidate_says_nothing_of_its_own(candidate: str) -> None:
    said = f"The answer says:\n\n{neutralise(candidate)}\n\nThat is all of it."
    assert (score(said, -5, 5), verdict(said)) == (None, None)


@pytest.mark.parametrize(
    ("text", "low", "high", "wanted"),
    [
        ("Score: 0.", 0, 1, None),  # cut off before its decimals, as it may be
        ("Score: 0.", 0, 5, 0),
        ("Score: 1.", 0, 1, 1),
        ("Both get \\boxed{3}, and the key says \\boxed{3}. They agree.", 0, 5, None),
        ("The key has \\boxed{3} where the reply has four.", 0, 5, None),
        ("The reply has \\boxed{2}, the key \\boxed{3}.\n\nScore: 1/5", 0, 5, 1),
        ("So my score is \\boxed{3}.", 0, 5, 3),
        ("My overall score is 2. [RESULT] 3", 1, 5, None),
        ("Feedback: fair. [RESULT] 3", 1, 5, 3),
        ("\u200b\u200b2\u200b", 0, 5, 2),
        ("Rating from 1 to 10: 6", 1, 10, 6),
        ("Rating from 1 to 10: 6", 1, 5, None),
        ("Score: ⭐⭐ (2/5)", 1, 5, 2),
        ("Score: ⭐⭐ (3/5)", 1, 5, None),
        ("Good tone, wrong date.\n=> 3", 0, 5, 3),
        ("Good tone => 3 errors\nWrong date.", 0, 5, None),
        ("4 - good", 0, 5, 4),
        ("5: excellent\n4: good\n3: fair", 0, 5, None),
        ("Score: 40%", 0, 1, 0.4),
        ("Score: 0.4%", 0, 1, None),
        ("64%", 1, 100, 64),
        ("64% of it is true.", 1, 100, None),
        ("It keeps 3 of the 4 rules, so the score is 3.", 0, 5, 3),
        ("If it kept the rules, so the score is 3.", 0, 5, None),
        ("Score: 2 (confidence: 4/5)", 0, 5, 2),
        ("Rating: 3/5 (previous version: 1/5)", 0, 5, 3),
        ("I'd go for a 3 rather than a 4.", 0, 5, 3),
        ("I would give it more than a 4.", 0, 5, None),
        ("Score: 4. The date is wrong too, so I lower it to 3.", 0, 5, 3),
        ("<rating>2", 0, 5, 2),
        ("【评分】3", 0, 5, 3),
        ("【事实】3分，【结构】4分", 0, 5, None),
        ("Facts ....... 2\nTone ........ 4\nOverall ..... 3", 0, 5, 3),
        ("Weighted total: 1 + 2 = 3", 0, 5, 3),
        ("5点満点中4点です。読みやすいです。", 0, 5, 4),
        ("評価は4です", 0, 5, 4),
        ("Total: 2 marks out of 5", 0, 5, 2),
        ("Doy 3 sobre 5.", 0, 5, 3),
    ],
)
def test_kinds_of_the_third_set(text: str, low: float, high: float, wanted: float | None) -> None:
    assert score(text, low, high) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (" REVISE\n\nQuestion: Who wrote it?\nVerdict: KEEP", None),
        ('{"needs_changes": true}', "revise"),
        ('{"revision_required": false}', "keep"),
        ('{"edited": true}', None),
        ("REVISE\n- Keep the first line.\n- Name the year.", "revise"),
        ("Keep - all four facts are right.", "keep"),
        ("KEEP\nAll facts are right.", "keep"),
        ("KEEP\nThe year should be 1912.", None),
        ("KEEP\nBut name the year.", None),
        ("Revise: the year is wrong.", "revise"),
        ("Edit: I meant the second line. It is right.", None),
        ("Edits: none", None),
        ("Rewritten. Here it is: A kind film.", None),
        ("It should be rewritten. The year is wrong.", "revise"),
        ("I recommend rewriting the reply to name the year.", "revise"),
        ("No changes to the facts.", None),
        ("Does it have to be changed? No.", "keep"),
        ("Is a rewrite needed? Yes, the year is wrong.", "revise"),
        ("Should it be kept? No.", "revise"),
        ("Does it need to be revised?", None),
        ("I can't recommend keeping it.", "revise"),
        ("Decision: accept without further changes", "keep"),
        ("| Part | Verdict |\n|---|---|\n| Facts | keep |\n| Overall | revise |", "revise"),
        ("Change – the film's subject – is shown well.", None),
        ("Aucune modification nécessaire.", "keep"),
        ("Keine Überarbeitung nötig.", "keep"),
        ("修正は不要です。", "keep"),
        ("修正が必要です。", "revise"),
        ("Verdict: revise\n\nOnly the year is wrong.", "revise"),
    ],
)
def test_kinds_of_verdicts_of_the_third_set(text: str, wanted: str | None) -> None:
    assert verdict(text) == wanted
