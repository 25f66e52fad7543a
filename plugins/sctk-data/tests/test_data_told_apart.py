"""What the commands tell apart and hold equal: signs that mean something, accents in two pieces, scripts without spaces."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from sctk_cli.main import main


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def told(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    capfd.readouterr()
    code = main(["data", *map(str, arguments), "--json", "--force"])
    out, err = capfd.readouterr()
    assert code == 0, err
    summary: dict[str, Any] = json.loads(out.splitlines()[-1])
    return summary


APART = {
    "relations": ["Solve x ≤ 3.", "Solve x ≥ 3.", "Solve x ≠ 3.", "Solve x = 3."],
    "powers and products": ["Compute 2^3 for me.", "Compute 2*3 for me.", "Compute 2/3 for me.", "Compute 23 for me."],
    "notes of music": ["Play it in F# major.", "Play it in F major."],
    "languages": ["Port this to C.", "Port this to C#.", "Port this to C++."],
    "signs of numbers": ["It was -4 degrees.", "It was 4 degrees.", "It was 0.4 degrees."],
    "percent": ["Add 5% to it.", "Add 5 to it."],
}


@pytest.mark.parametrize("kind", APART)
def test_rows_that_differ_in_a_sign_stay(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"prompt": text} for text in APART[kind]]
    again = {"prompt": APART[kind][0].upper()}
    found = told(capfd, "dedup", written(tmp_path / "a.jsonl", [*rows, again]), "--out", tmp_path / "kept.jsonl")
    assert (found["kept"], found["removed"]) == (len(rows), 1)


ACCENTS = {
    "French": "L'élève a mangé à l'école où le maître sévère préférait l'été aux fêtes de Noël",
    "Vietnamese": "Đường đến trường rất dài và mỗi buổi sáng các em nhỏ phải đi bộ qua những cánh đồng",
    "Greek": "Ο μικρός γάτος κοιμάται ήσυχα πάνω στο παλιό τραπέζι της κουζίνας κάθε απόγευμα του χειμώνα",
    "Korean": "작은 고양이는 겨울 오후마다 낡은 부엌 식탁 위에서 조용히 잠을 자고 아이들은 밖에서 눈을 가지고 놀았다",
    "Japanese": "ガラスのびんがテーブルのうえでひかり、こどもたちはパンをたべながらゲームをした",
    "Hindi": "क़िले के बाहर बच्चे ज़ोर से हँस रहे थे और बूढ़ा दादा पेड़ के नीचे चुपचाप बैठा सोच रहा था",
}


@pytest.mark.parametrize("language", ACCENTS)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_the_same_text_in_other_code_points_is_a_copy_and_a_leak(
    form: Any, language: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = ACCENTS[language]
    other = unicodedata.normalize(form, text)
    path = written(tmp_path / "a.jsonl", [{"text": text}, {"text": other}])
    for mode in ("--near", "--normalised"):
        assert told(capfd, "dedup", path, mode, "--out", tmp_path / "kept.jsonl")["removed"] == 1
    held = written(tmp_path / "held.jsonl", [{"text": other}])
    corpus = written(tmp_path / "b.jsonl", [{"text": f"{text} (2)"}])
    assert told(capfd, "decontaminate", corpus, "--against", held, "--out", tmp_path / "clean.jsonl")["removed"] == 1


UNSPACED = {
    "Thai": "แมวตัวเล็กนอนหลับอยู่บนโต๊ะในครัวทุกบ่ายของฤดูหนาวขณะที่เด็กๆเล่นกันอยู่ข้างนอก",
    "Lao": "ແມວນ້ອຍນອນຢູ່ເທິງໂຕະໃນເຮືອນຄົວທຸກຕອນບ່າຍຂອງລະດູໜາວໃນຂະນະທີ່ເດັກນ້ອຍຫຼິ້ນຢູ່ຂ້າງນອກ",
    "Khmer": "ឆ្មាតូចដេកលើតុក្នុងផ្ទះបាយរាល់រសៀលនៃរដូវរងាខណៈពេលដែលកុមារលេងនៅខាងក្រៅ",
    "Burmese": "ကြောင်လေးသည်ဆောင်းရာသီနေ့လယ်ခင်းတိုင်းမီးဖိုချောင်စားပွဲပေါ်တွင်အိပ်နေသည်ကလေးများအပြင်ဘက်တွင်ကစားကြသည်",
    "Chinese": "小猫每个冬天的下午都安静地睡在厨房的桌子上孩子们在外面玩雪",
    "Japanese": "子猫は冬の午後いつも台所のテーブルの上で静かに眠り子供たちは外で雪遊びをした",
}


@pytest.mark.parametrize("script", UNSPACED)
def test_a_script_without_spaces_has_copies_and_leaks(
    script: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = UNSPACED[script]
    changed = text + text[:4]
    path = written(tmp_path / "a.jsonl", [{"text": text * 2}, {"text": text + changed}, {"text": text[::-1]}])
    assert told(capfd, "dedup", path, "--out", tmp_path / "kept.jsonl")["removed"] == 1
    held, corpus = (written(tmp_path / f"{name}.jsonl", [{"text": one}]) for name, one in (("h", text), ("c", changed)))
    found = told(capfd, "decontaminate", corpus, "--against", held, "--out", tmp_path / "clean.jsonl")
    assert (found["removed"], found["held_out_too_short"]) == (1, 0)


AGREE = {
    "Russian": ("Дорога была длинной.", "дорога была длинной", "Дорога была короткой."),
    "Bengali": ("রাস্তাটা দীর্ঘ ছিল।", "রাস্তাটা দীর্ঘ ছিল", "রাস্তাটা ছোট ছিল।"),
    "Arabic": ("كان الطريق طويلا.", "كان الطريق طويلا", "كان الطريق قصيرا."),
    "Khmer": ("ផ្លូវវែងណាស់។", "ផ្លូវវែងណាស់", "ផ្លូវខ្លីណាស់។"),
}


@pytest.mark.parametrize("script", AGREE)
def test_answers_that_are_the_same_agree_and_others_do_not(
    script: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one, same, other = AGREE[script]
    path = written(
        tmp_path / "a.jsonl", [{"question": "q", "answers": [one, same]}, {"question": "r", "answers": [one, other]}]
    )
    told(capfd, "consistency", path, "--out", tmp_path / "scores.jsonl")
    alike, unlike = (json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines())
    scores = {
        name for name, value in alike.items() if isinstance(value, float) and name.startswith(("rouge", "jaccard"))
    }
    assert scores
    assert all(alike[name] == 1.0 > unlike[name] > 0 for name in scores), (alike, unlike)


VOTES = {
    "signs": (["-7", "−7", "7", "7 ", "-7."], "-7", 3),
    "fractions": (["3/4", "3/4.", "34", "3,4", "34"], "3/4", 2),
    "thousands and currency": (["$1,200", "1200", "1 200", "€1.2", "12"], "$1,200", 3),
    "relations": (["y < 2", "y > 2", "y < 2.", "y > 2", "y > 2"], "y > 2", 3),
}


@pytest.mark.parametrize("kind", VOTES)
def test_a_vote_counts_what_is_meant(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    answers, winner, n = VOTES[kind]
    path = written(tmp_path / "a.jsonl", [{"question": "q", "answers": answers}])
    told(capfd, "consistency", path, "--score", "vote", "--out", tmp_path / "scores.jsonl")
    (row,) = (json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines())
    assert (row["vote"], row["votes"]) == (winner, n)
