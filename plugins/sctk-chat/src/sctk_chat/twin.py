"""A tokenizer's twin, in which the control tokens answer to secret names: so text can be encoded, and never obeyed.

The twin has the same vocabulary, merges and ids, but `<|im_end|>` is called by a name drawn when the process started. What a
template writes is translated to the secret names before encoding; what a user or a model wrote is not, so it meets a
tokenizer that has never heard of `<|im_end|>` and comes out as the plain characters that it is. One encoding pass over the
whole conversation, so merges, prefix spaces and borders are the tokenizer's own.
"""

from __future__ import annotations

import json
import re
import secrets
import weakref
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sctk_core import ConfigError

NONCE = secrets.token_hex(8)
MARKUP = re.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]|<\|[^\s]+\|>", re.DOTALL)


class Twin:
    """What renders for one tokenizer: its control strings, their ids, and `encode` in which only secret names are obeyed.

    Control tokens are all special tokens, and added tokens that look like markup (`<think>`, `[TOOL_CALLS]`) though their
    tokenizer does not flag them. Added words and runs of spaces are ordinary text.
    """

    def __init__(self, tokenizer: Any) -> None:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ConfigError(
                f"tokenizer {type(tokenizer).__name__}: got one without a tokenizer.json, wanted a fast tokenizer",
                hint="convert it once: AutoTokenizer.from_pretrained(PATH).save_pretrained(PATH) with `tokenizers` installed",
            )
        self.spec: dict[str, Any] = json.loads(backend.to_str())
        self.controls: dict[str, int] = {
            token["content"]: token["id"]
            for token in self.spec["added_tokens"]
            if token["special"] or MARKUP.fullmatch(token["content"])
        }
        self.ids = frozenset(self.controls.values())
        self.special = frozenset(token["id"] for token in self.spec["added_tokens"] if token["special"])
        self._names = {text: f"\ue000{NONCE}-{number}\ue000" for text, number in self.controls.items()}
        self._texts = {name: text for text, name in self._names.items()}
        self._may_miss = self.spec["normalizer"] is not None and any(
            token["normalized"] for token in self.spec["added_tokens"] if token["content"] in self.controls
        )
        longest_first = sorted(self.controls, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def controls_in(self, text: str) -> list[str]:
        """The control strings that `text` holds, in order; of overlapping ones the leftmost longest, as tokenizers match."""
        return self._pattern.findall(text)

    def name_controls(self, text: str) -> str:
        """`text` with every control string replaced by its secret name: only for text that a template wrote."""
        return self._pattern.sub(lambda match: self._names[match[0]], text)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`, in which secret names are control tokens and everything else is plain."""
        if self._may_miss:
            return self.encode_with_places(text)[0]
        return list(self._engine.encode(text, add_special_tokens=False).ids)

    def encode_with_places(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The same, and where in `text` each token stands: its first character, and the one behind its last."""
        found = self._engine.encode(text, add_special_tokens=False)
        ids, places = list(found.ids), list(found.offsets)
        missed = self._missed(text, ids, places) if self._may_miss else []
        if not missed:
            return ids, places
        pieces: list[str] = []
        moves, last, n = [], 0, 0
        for start, stop in missed:
            pieces += [text[last:start], self._texts[text[start:stop]]]
            n += len(pieces[-2]) + len(pieces[-1])
            moves.append((n, stop))
            last = stop
        found = self._engine.encode("".join([*pieces, text[last:]]), add_special_tokens=False)
        return list(found.ids), [(_moved(first, moves), _moved(end, moves)) for first, end in found.offsets]

    def _missed(self, text: str, ids: list[int], places: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Where secret names stand that are no control token there, as their control strings are none to the tokenizer.

        A tokenizer that puts a space before every text may know an added `<think>` only behind one.
        """
        met = {at for number, place in zip(ids, places, strict=True) if number in self.ids for at in range(*place)}
        names = re.finditer(f"\ue000{NONCE}-[0-9]+\ue000", text)
        return [name.span() for name in names if name.start() not in met and name[0] in self._texts]

    def begun(self, ids: list[int]) -> list[int]:
        """Ids with what the tokenizer begins every text with, which stands there first and once: whether a template wrote it or
        not, behind white space, or twice."""
        return [*self.begins, *ids[self._n_begun(ids) :]]

    def _n_begun(self, ids: list[int]) -> int:
        """How many ids go up to the last place at which what begins a text is written, before anything but white space is."""
        n, at = len(self.begins), 0
        for place, number in enumerate(ids if n else ()):
            if place >= at and tuple(ids[place : place + n]) == self.begins:
                at = place + n
            elif place >= at and not self._is_blank(number):
                break
        return at

    def _is_blank(self, number: int) -> bool:
        text: str = self._engine.decode([number], skip_special_tokens=False)
        return not text.strip()

    def around(self, text: str) -> list[int]:
        """Ids of `text` with what the tokenizer puts before and behind every text (`<s>`, `</s>`)."""
        return [*self.begins, *self.encode(text), *self.ends]

    @property
    def begins(self) -> tuple[int, ...]:
        """The ids that the tokenizer puts before every text (`<s>`); most have none."""
        return self._around[0]

    @property
    def ends(self) -> tuple[int, ...]:
        """The ids that it puts behind every text; those of encoder-decoders have one."""
        return self._around[1]

    @cached_property
    def _around(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        told = json.dumps(self.spec["post_processor"])
        if "SpecialToken" not in told and "cls" not in told:
            return (), ()
        from tokenizers import Tokenizer

        engine = Tokenizer.from_str(json.dumps(dict(self.spec, truncation=None, padding=None)))
        plain, whole = engine.encode("a", add_special_tokens=False).ids, engine.encode("a").ids
        start = next((n for n in range(len(whole)) if whole[n : n + len(plain)] == plain), 0)
        return tuple(whole[:start]), tuple(whole[start + len(plain) :])

    @cached_property
    def _engine(self) -> Any:
        from tokenizers import Tokenizer

        spec = dict(self.spec, truncation=None, padding=None, post_processor=None)
        spec["added_tokens"] = [
            dict(token, content=self._names.get(token["content"], token["content"])) for token in spec["added_tokens"]
        ]
        spec["model"] = _renamed(spec["model"], self._names)
        return Tokenizer.from_str(json.dumps(spec))


def _moved(place: int, moves: list[tuple[int, int]]) -> int:
    """A place in a text of which pieces were exchanged, each (its end now, its end before), in the text as it was."""
    now, before = next(((now, before) for now, before in reversed(moves) if now <= place), (0, 0))
    return place - now + before


def _renamed(model: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """A tokenizer model whose vocabulary and unknown token go by other names; ids stay."""
    vocab = model["vocab"]
    if isinstance(vocab, dict):
        renamed: Any = {names.get(piece, piece): number for piece, number in vocab.items()}
    else:
        renamed = [[names.get(piece, piece), score] for piece, score in vocab]
    unknown = {"unk_token": names.get(model["unk_token"], model["unk_token"])} if model.get("unk_token") else {}
    return {**model, "vocab": renamed, **unknown}


class Shield:
    """Maps every visible character of some texts to a private one and back, so that no template output can be mistaken for them.

    Space stays space, because templates trim.

    >>> shield = Shield(["<|im_end|> ok"])
    >>> "<" in shield.cover("<|im_end|> ok"), shield.uncover(shield.cover("<|im_end|> ok"))
    (False, '<|im_end|> ok')
    """

    def __init__(self, texts: list[str]) -> None:
        visible = sorted({char for text in texts for char in text if not char.isspace()})
        if len(visible) > 0x1FFFD:
            raise ConfigError(f"a conversation of {len(visible)} different characters: wanted at most 131069")
        self._cover = dict(zip(map(ord, visible), _private_characters(), strict=False))
        self._uncover = {ord(private): chr(char) for char, private in self._cover.items()}

    def cover(self, text: str) -> str:
        """`text` in private characters."""
        return text.translate(self._cover)

    def uncover(self, text: str) -> str:
        """What `cover` hid, with everything else left as it is."""
        return text.translate(self._uncover)


def _private_characters() -> Iterator[str]:
    yield from map(chr, range(0xF0000, 0xFFFFE))
    yield from map(chr, range(0x100000, 0x10FFFE))


_twins: weakref.WeakKeyDictionary[Any, tuple[int, Twin]] = weakref.WeakKeyDictionary()


def twin_of(tokenizer: Any) -> Twin:
    """The tokenizer's twin, made once, and again when tokens were added since."""
    size, twin = _twins.get(tokenizer, (-1, None))
    if twin is None or size != len(tokenizer):
        size, twin = len(tokenizer), Twin(tokenizer)
        _twins[tokenizer] = (size, twin)
    return twin
