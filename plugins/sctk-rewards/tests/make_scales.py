"""Writes gold/scales.toml: the words of thousands and more, from the compact numbers of Unicode's CLDR.

    uv run --with babel==2.18.0 python plugins/sctk-rewards/tests/make_scales.py

A word that means several values (billion) has the value 0: it is known to make another number, and not which. Words of one to three
letters are left out (`mi`, `min`, `km` are units first), but for abbreviations that nothing else is.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

OUT = Path(__file__).parents[1] / "src/sctk_rewards/gold/scales.toml"
SHORT = frozenset(
    (
        "bin",
        "mil",
        "mia",
        "mio",
        "mld",
        "mln",
        "mrd",
        "mlr",
        "tys",
        "tis",
        "tsd",
        "mii",
        "mie",
        "bn",
        "mn",
        "jt",
        "rb",
        "cr",
        "tỷ",
        "tuh",
    )
)
ELSEWHERE = frozenset(
    (
        "mile",
        "mill",
        "bill",
        "mano",
        "bion",
        "ming",
        "mion",
        "kilu",
        "libo",
        "puku",
    )
)
"""Words of other meanings, in languages that have more readers."""
NEVER = frozenset(
    (
        "mil",
        "bin",
        "mia",
        "cr",
        "mn",
        "bn",
        "jt",
        "rb",
        "billion",
    )
)
"""Words whose value depends on who writes: mil is a thousand, and a million in a hurry."""
HEAD = "# Words that multiply the number beside them, by value; 0: by one of several. From Unicode's CLDR (make_scales.py).\n"


def patterns() -> Iterator[tuple[str, int]]:
    """Every word that CLDR writes with a number, and what it stands for."""
    from babel import Locale, localedata

    for name in localedata.locale_identifiers():
        for width in ("long", "short"):
            for table in Locale.parse(name).compact_decimal_formats.get(width, {}).values():
                for power, pattern in table.items():
                    text = pattern.pattern.partition(";")[0]
                    if zeros := text.count("0"):
                        yield "".join(text.replace("0", "").split("'")), int(power) // 10 ** (zeros - 1)


def is_kept(word: str) -> bool:
    """Whether a word is read as a scale wherever it stands behind a number."""
    if not word or not all(unicodedata.category(char)[0] in "LM" for char in word) or word in ELSEWHERE:
        return False
    script = unicodedata.name(word[0]).split()[0]
    least = {"LATIN": 4, "CJK": 1, "HANGUL": 1, "ETHIOPIC": 1, "THAI": 2, "LAO": 2, "KHMER": 2, "MYANMAR": 2}
    return word in SHORT or len(word) >= least.get(script, 3)


def main() -> None:
    found: dict[str, set[int]] = defaultdict(set)
    for text, value in patterns():
        word = "".join(char for char in text if unicodedata.category(char) != "Cf").strip(" \xa0\u202f.-").casefold()
        if is_kept(word):
            found[word].add(value)
    by_value: dict[int, list[str]] = defaultdict(list)
    for word, values in sorted(found.items()):
        by_value[values.copy().pop() if len(values) == 1 and word not in NEVER else 0].append(word)
    lines = [f'{value} = "{" ".join(words)}"\n' for value, words in sorted(by_value.items())]
    OUT.write_text(HEAD + "".join(lines), "utf-8")


if __name__ == "__main__":
    main()
