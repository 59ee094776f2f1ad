"""The two scripts of Chinese: which one a text is in, and one brought to the other.

A character belongs to one script alone where only the character set of that one has it: GB 2312, which was made for simplified
Chinese, or Big5, made for traditional. Most characters are in both.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Iterable
from importlib.util import find_spec

from upwell.errors import UserError

SCRIPTS = ("simplified", "traditional", "keep")
MIXED = 0.01
"""Share of the Chinese texts from which on the rarer script is no accident."""
_KANA = re.compile("[\u3041-\u30fe]")


def has_converter() -> bool:
    """Whether OpenCC is installed: `pip install "upwell[text]"`."""
    return find_spec("opencc") is not None


def converter(script: str) -> Callable[[str], str]:
    """What brings a text to `script`; `keep` leaves it. A UserError for another word, and where OpenCC is missing."""
    if script not in SCRIPTS:
        raise UserError(f"--script {script}: choose {', '.join(SCRIPTS)}")
    if script == "keep":
        return lambda text: text
    if not has_converter():
        raise UserError(f'--script {script}: needs OpenCC: pip install "upwell[text]"; --script keep does without')
    convert = importlib.import_module("opencc").OpenCC("t2s" if script == "simplified" else "s2t").convert
    return lambda text: text if text.isascii() else str(convert(text))


def count_scripts(texts: Iterable[str]) -> dict[str, int]:
    """Texts that hold a character of one script alone, by script, one that mixes them twice; and those with `kana`, which are
    Japanese and count as nothing else.
    """
    simplified, traditional = _characters()
    counts = {"simplified": 0, "traditional": 0, "kana": 0}
    for text in texts:
        if text.isascii():
            continue
        if _KANA.search(text):
            counts["kana"] += 1
            continue
        counts["simplified"] += not simplified.isdisjoint(text)
        counts["traditional"] += not traditional.isdisjoint(text)
    return counts


def is_mixed(texts: Iterable[str]) -> bool:
    """Whether some of the texts are in one script of Chinese and some in the other."""
    counts = count_scripts(texts)
    rarer, other = sorted((counts["simplified"], counts["traditional"]))
    return rarer > MIXED * other and other > counts["kana"]


@functools.cache
def _characters() -> tuple[frozenset[str], frozenset[str]]:
    """Those of the simplified script alone, and of the traditional one."""
    sets = [{chr(code) for code in range(0x4E00, 0xA000) if _has(name, chr(code))} for name in ("gb2312", "big5")]
    return frozenset(sets[0] - sets[1]), frozenset(sets[1] - sets[0])


def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
