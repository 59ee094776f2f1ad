"""Texts that must hold keywords: do they, and how likely does the model find them, beside a regular expression.

    python -m benchmarks.keywords                     # trains on stories of the micro-world, writes docs/results/keywords.json
    python -m benchmarks.keywords --run runs/stories --text stories.txt --keep-nothing

Prompts are the beginnings of held-out stories, keywords words of other ones. Four ways: freely, by `--keyword`, by the regular
expression (.|\\n)*WORD(.|\\n)* (one keyword only, as it has no order to choose), and written at the end of the text, which anyone could do.
The share of texts that hold all their keywords as whole words, and nats per token of the texts under the model, their end left out.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import call, write_result
from upwell import LanguageModel
from upwell.errors import UserError

SOURCE = "world:views=story,language=en,level=1+2,megabytes=3"
SEED = 11


def stories(number: int) -> list[str]:
    """Of the test split, which no training text is of."""
    from upwell.tasks.scorecard import world_examples

    return [example.text.strip() for example in world_examples("story", number, split="test", languages=["en"])]


def tasks(texts: Sequence[str], number: int, keywords: int) -> list[tuple[str, tuple[str, ...]]]:
    """Beginnings of texts, each with keywords from others that the text itself does not hold."""
    rng = random.Random(SEED)
    found = []
    for text in texts[:number]:
        own = set(re.findall(r"[a-z]+", text.lower()))
        words = set(re.findall(r"\b[a-z]{4,}\b", " ".join(rng.sample(list(texts), 5)))) - own
        if len(words) >= keywords:
            found.append((" ".join(text.split()[:6]), tuple(rng.sample(sorted(words), keywords))))
    return found


def write(model: LanguageModel, way: str, prompt: str, words: Sequence[str], tokens: int, seed: int) -> str:
    """A text behind a prompt."""
    options: dict[str, Any] = {"max_tokens": tokens, "temperature": 0.8, "seed": seed}
    if way == "keywords":
        return model.generate(prompt, keywords=tuple(words), **options)
    if way == "regular expression":
        return model.generate(prompt, regex=rf"(.|\n)*{words[0]}(.|\n)*", **options)
    text = model.generate(prompt, **options)
    return text if way == "free" else f"{text} {' '.join(words)}"


def measure(
    model: LanguageModel, way: str, asked: Sequence[tuple[str, tuple[str, ...]]], tokens: int
) -> dict[str, Any]:
    """What one way gives."""
    texts = [write(model, way, prompt, words, tokens, SEED + i) for i, (prompt, words) in enumerate(asked)]
    held, places = [], []
    for text, (_, words) in zip(texts, asked, strict=True):
        at = [re.search(rf"\b{re.escape(word)}\b", text) for word in words]
        held.append(all(at))
        places += [match.start() / len(text) for match in at if match]
    pairs = [(prompt, text) for (prompt, _), text in zip(asked, texts, strict=True)]
    found = model.answerer.likelihoods(pairs, lines=True)
    nats = sum(one.nats for one in found) / sum(one.tokens for one in found)
    return {
        "share_that_hold_all": sum(held) / len(held),
        "nats_per_token": nats,
        "median_place": statistics.median(places) if places else None,
        "examples": [
            f"{prompt} |{text}  [{', '.join(words)}]" for (prompt, words), text in zip(asked[:3], texts, strict=False)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--texts", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=80)
    parser.add_argument("--run", type=Path, help="one that is trained already")
    parser.add_argument("--text", type=Path, help="its held-out text, a paragraph a text")
    parser.add_argument("--keep-nothing", action="store_true", help="print, and leave the files as they are")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        run = arguments.run or Path(folder, "run")
        if arguments.run is None:
            command = [sys.executable, "-m", "upwell", "train", SOURCE, "--minutes", f"{arguments.minutes:g}"]
            call([*command, "--threads", "1", "--out", str(run), "--quiet", "--json"])
        model = LanguageModel.load(run, threads=1)
        texts = stories(2 * arguments.texts)
        if arguments.text is not None:
            texts = [part for part in arguments.text.read_text(encoding="utf-8").split("\n\n") if len(part) > 100]
        for keywords in (1, 3):
            asked = tasks(texts, arguments.texts, keywords)
            ways = ["free", "keywords", "at the end", *(["regular expression"] if keywords == 1 else [])]
            for way in ways:
                try:
                    found = measure(model, way, asked, arguments.tokens)
                except UserError as error:
                    found = {"error": str(error)}
                rows.append({"keywords": keywords, "way": way, "texts": len(asked), **found})
                print(rows[-1], flush=True)
    if not arguments.keep_nothing:
        write_result("keywords", {"source": SOURCE, "max_tokens": arguments.tokens, "rows": rows})


if __name__ == "__main__":
    main()
