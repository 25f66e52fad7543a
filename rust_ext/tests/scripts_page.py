"""The part of docs/data.md on scripts, made by cutting a text of each: `python rust_ext/tests/scripts_page.py` writes it."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sctk_rs import consistency
from sctk_rs.text import words

PAGE = Path(__file__).parents[2] / "docs/data.md"
BEGIN, END = "<!-- scripts: made by rust_ext/tests/scripts_page.py -->", "<!-- end of scripts -->"
SPACES, CHARACTERS, DICTIONARY = "its spaces", "characters", "icu_segmenter"
TEXTS: dict[str, tuple[str, str]] = {
    "Latin": (SPACES, "Die Straße war 3,5 km lang."),
    "Greek": (SPACES, "Ο ΔΡΟΜΟΣ ήταν μακρύς"),
    "Cyrillic": (SPACES, "Дорога была длинной"),
    "Armenian": (SPACES, "Ճանապարհը երկար էր։"),
    "Georgian": (SPACES, "გზა გრძელი იყო"),
    "Hebrew": (SPACES, "הַדֶּרֶךְ הייתה ארוכה"),
    "Arabic": (SPACES, "كان الطريق ١٢ كيلومترا"),
    "Devanagari": (SPACES, "सड़क १२ किमी लंबी थी।"),
    "Bengali": (SPACES, "রাস্তাটা দীর্ঘ ছিল"),
    "Tamil": (SPACES, "சாலை நீளமாக இருந்தது"),
    "Ethiopic": (SPACES, "መንገዱ ረጅም ነበር።"),
    "Tibetan": (SPACES, "ལམ་རིང་པོ་རེད།"),
    "Hangul": (SPACES, "길이 길었다"),
    "Han": (CHARACTERS, "路很长。"),
    "kana": (CHARACTERS, "道はﾅｶﾞい"),
    "Thai": (DICTIONARY, "ถนนยาวมาก"),
    "Lao": (DICTIONARY, "ຖະໜົນຍາວຫຼາຍ"),
    "Khmer": (DICTIONARY, "ផ្លូវវែងណាស់"),
    "Burmese": (DICTIONARY, "လမ်းရှည်သည်"),
    "signs": (SPACES, "x <= -3.5, 12 ÷ 4 = 3, C++ ≠ C#, 10²"),
    "emoji": (SPACES, "👍🏽 🇫🇷 !?"),
}


def part() -> str:
    """What stands between BEGIN and END, both included."""
    lines = ["", _line("script", "words parted by", "a text", "its words", "the same decomposed, in capitals")]
    lines.append(_line(*["---"] * 5))
    lines += [_line(script, by, text, *_said(text)) for script, (by, text) in TEXTS.items()]
    return "\n".join([BEGIN, *lines, END, ""])


def _said(text: str) -> Iterator[str]:
    yield ", ".join(f"`{word}`" for word in words(text)) or "none: null, and counted"
    other = unicodedata.normalize("NFD", text).upper()
    alike = float(np.asarray(consistency.jaccard([[text, other]]).values)[1])
    yield "no score" if np.isnan(alike) else "the same words" if alike == 1 else f"{alike:.2f} of the words"


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    """Puts the part into its page."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(before + part() + rest.partition(END + "\n")[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
