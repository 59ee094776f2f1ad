"""Mixed dirty text of any size, with what was planted in it: English, Chinese and German sentences of real sets in new orders.

    python -m benchmarks.dirty_text 1000 dirty.jsonl     # about 1,000 MB

Of a hundred documents ten are equal to one before, ten nearly so (a word in fifty is another), twelve carry markup, five
mojibake, five private data, three are noise. The same size gives the same bytes.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
KINDS = {"equal": 10, "near": 10, "markup": 12, "mojibake": 5, "private": 5, "noise": 3}
"""Planted, in a hundred documents."""
_LATELY = 400  # documents that a copy may be of


def sentences() -> dict[str, list[str]]:
    """Sentences by language."""
    english = (DATA / "lm-en-novels" / "train.txt").read_text(encoding="utf-8")
    chinese = (DATA / "lm-zh-hongloumeng" / "train.txt").read_text(encoding="utf-8")
    news = (DATA / "lm-zh-peoplesdaily" / "train.txt").read_text(encoding="utf-8")
    german = (DATA / "mt-en-de-multi30k" / "train.tsv").read_text(encoding="utf-8")
    return {
        "en": [part for part in re.split(r"(?<=[.!?])\s+", " ".join(english.split())) if 20 < len(part) < 300],
        "zh": [part for part in re.split(r"(?<=[。！？])|\n", chinese + news) if 8 < len(part) < 120],
        "de": [line.split("\t")[1] for line in german.splitlines()],
    }


def documents(megabytes: float, *, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Documents of about so many MB in all: `text`, and `planted`, the kind or "" ("of": the number of the original)."""
    chance = random.Random(seed)
    pools = sentences()
    written, number = 0, 0
    lately: list[tuple[int, str, str]] = []
    kinds = [kind for kind, count in KINDS.items() for _ in range(count)] + [""] * (100 - sum(KINDS.values()))
    while written < megabytes * 1e6:
        kind = chance.choice(kinds) if lately else ""
        row: dict[str, Any] = {"planted": kind}
        if kind in ("equal", "near"):
            row["of"], language, text = chance.choice(lately)
            if kind == "near":
                text = edited(text, language, chance)
        else:
            language = chance.choices(["en", "zh", "de"], [6, 3, 1])[0]
            text = _written(pools[language], language, chance)
            if not kind:
                lately.append((number, language, text))
                del lately[:-_LATELY]
            text = PLANT.get(kind, lambda text, chance: text)(text, chance)
        written += len(text.encode("utf-8"))
        number += 1
        yield {"text": text, **row}


def _written(pool: list[str], language: str, chance: random.Random) -> str:
    paragraphs = []
    for _ in range(chance.randint(2, 8)):
        paragraphs.append(("" if language == "zh" else " ").join(chance.choices(pool, k=chance.randint(2, 8))))
    return "\n\n".join(paragraphs)


def edited(text: str, language: str, chance: random.Random) -> str:
    """A near copy: a word (in Chinese a character) in fifty is another."""
    units = list(text) if language == "zh" else text.split(" ")
    for place in chance.sample(range(len(units)), max(1, len(units) // 50)):
        units[place] = "某" if language == "zh" else "another"
    return ("" if language == "zh" else " ").join(units)


def _marked(text: str, chance: random.Random) -> str:
    body = "".join(
        f'<p class="c{chance.randint(0, 9)}">{part.replace("&", "&amp;")}</p>\n' for part in text.split("\n\n")
    )
    return f"<html><head><title>T</title><style>p {{ margin: 0 }}</style></head><body><div>{body}</div><script>go({chance.random()})</script></body></html>"


def _garbled(text: str, chance: random.Random) -> str:
    return (
        text.replace("'", "’").encode("utf-8").decode("cp1252", "replace")
        if text.isascii()
        else text.encode("utf-8").decode("latin-1")
    )


def _private(text: str, chance: random.Random) -> str:
    digits = "".join(chance.choices("0123456789", k=4))
    found = chance.choice(
        [
            f"mail user{digits}@example.com",
            f"call +1 415-555-{digits}",
            f"from 8.8.{chance.randint(0, 255)}.{chance.randint(1, 254)}",
        ]
    )
    return f"{text} Please {found}."


def _noise(text: str, chance: random.Random) -> str:
    return chance.choice(["buy now " * 200, "| " * 300, "\n".join(["Home", "About", "Contact"] * 60)])


PLANT = {"markup": _marked, "mojibake": _garbled, "private": _private, "noise": _noise}
"""What each kind of dirt makes of a text."""


def write(path: Path, megabytes: float) -> None:
    """Write them as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        for row in documents(megabytes):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[2]), float(sys.argv[1]))
