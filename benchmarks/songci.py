"""Song ci in the forms of their tunes: do they keep them, what does that cost, is anything copied.

    python -m benchmarks.songci                                # trains, writes docs/results/songci.json and the pages
    python -m benchmarks.songci --minutes 1 --poems 20 --keep-nothing

`upwell train --task write` on the training poems, one thread; then poems for tunes and authors of test poems, in the form of
the tune, with its tones too, and freely. Forms, rhymes and tones are checked by code of this program's own, from forms.json and the
finals of pypinyin; perplexity is the model's own, of a character behind tune and author; the longest stretch that a poem shares with any
training poem stands beside that of test poems, which nobody copied.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import json
import math
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import call, fill_table, write_result
from upwell import Writer

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "lm-zh-songci"
PAGES = [Path(__file__).resolve().parents[1] / "docs" / name for name in ("writing.md", "writing.zh.md")]
COLUMNS = "tune=1,author=2,text=3"
SHOWN = 20
WAYS: dict[str, dict[str, Any]] = {"form": {}, "form and tones": {"tones": True}, "free": {"form": False}}
FINALS = (
    *("a ia ua", "o e uo", "ie ve", "ai uai", "ei uei", "ao iao", "ou iou", "an ian uan van", "en in uen vn"),
    *("ang iang uang", "eng ing ueng ong iong", "i er v", "-i", "u"),
)
"""The fourteen classes of the Chinese New Rhymes by their finals; -i is what follows z c s zh ch sh r."""
CLASS_OF = {final: number for number, finals in enumerate(FINALS) for final in finals.split()}


def rows_of(path: Path) -> list[list[str]]:
    """Tune, author, text of each poem."""
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def rhyme_of(character: str) -> int | None:
    """The number of a character's class of rhymes."""
    from pypinyin import Style, pinyin

    [[final]] = pinyin(character, style=Style.FINALS, strict=True)
    [[initial]] = pinyin(character, style=Style.INITIALS, strict=True)
    return CLASS_OF.get("-i" if final == "i" and initial in "z c s zh ch sh r".split() else final)


def is_level(character: str) -> bool | None:
    """Whether a character has a level tone, None for a neutral one."""
    from pypinyin import Style, pinyin

    [[syllable]] = pinyin(character, style=Style.TONE3, neutral_tone_with_five=True)
    return None if syllable[-1] == "5" else syllable[-1] in "12"


def check(text: str, form: dict[str, Any]) -> dict[str, bool]:
    """Whether a text has the lines and marks of a form, its rhymes without a character twice, and its tones."""
    found = re.findall(r"([^，。、]*)([，。、])", text)
    lines = [line for line, _ in found]
    kept = [len(line) for line in lines] == [line[0] for line in form["lines"]]
    kept &= [mark for _, mark in found] == [line[1] for line in form["lines"]] and "".join(map("".join, found)) == text
    if not kept:
        return {"lines": False, "rhymes": False, "distinct": False, "tones": False}
    groups: dict[int, list[str]] = {}
    for line, (_, _, rhyme, _) in zip(lines, form["lines"], strict=True):
        if rhyme is not None:
            groups.setdefault(rhyme, []).append(line[-1])
    ends = [end for group in groups.values() for end in group]
    tones = "".join(line[3] for line in form["lines"])
    return {
        "lines": True,
        "rhymes": all(len({rhyme_of(end) for end in group}) == 1 for group in groups.values()),
        "distinct": len(set(ends)) == len(ends),
        "tones": all(
            tone == "中" or is_level(character) == (tone == "平")
            for character, tone in zip("".join(lines), tones, strict=True)
        ),
    }


def longest_shared(text: str, grams: Sequence[set[str]]) -> int:
    """Characters of the longest stretch of a text, marks left out, that stands in the training poems."""
    plain = re.sub("[，。、]", "", text)
    for size in range(len(grams) - 1, 0, -1):
        if any(plain[i : i + size] in grams[size] for i in range(len(plain) - size + 1)):
            return size
    return 0


def grams_of(texts: Sequence[str], longest: int = 12) -> list[set[str]]:
    """All stretches of texts, marks left out, by their number of characters."""
    plain = [re.sub("[，。、]", "", text) for text in texts]
    return [{text[i : i + size] for text in plain for i in range(len(text) - size + 1)} for size in range(longest + 1)]


def closest(text: str, lines: Sequence[str], index: dict[str, set[int]]) -> tuple[str, str, int]:
    """The line of a text that is nearest to one of training, that one, and their longest common stretch in characters."""
    best = ("", "", 0, 0.0)
    for line in re.split("[，。、]", text):
        near = {number for pair in itertools.pairwise(line) for number in index.get("".join(pair), ())}
        for number in near:
            matcher = difflib.SequenceMatcher(None, line, lines[number], autojunk=False)
            shared = matcher.find_longest_match().size
            if (shared, matcher.ratio()) > best[2:]:
                best = (line, lines[number], shared, matcher.ratio())
    return best[:3]


def perplexity(writer: Writer, rows: Sequence[Sequence[str]]) -> float:
    """Of a character, the end of the text among them, behind tune and author."""
    pairs = [(writer.prompt(*parts), text) for *parts, text in rows]
    found = writer.model.answerer.likelihoods(pairs, lines=True)
    return math.exp(sum(one.nats for one in found) / sum(one.tokens for one in found))


def share(values: Sequence[bool]) -> float:
    """Of those that are true."""
    return sum(values) / len(values)


def figures_of(
    writer: Writer, rows: list[list[str]], forms: dict[str, Any], grams: Sequence[set[str]]
) -> dict[str, Any]:
    """What is kept, perplexity, and what is shared with training, of poems with their tunes and authors."""
    checks = [check(text, forms[tune]) for tune, _, text in rows]
    shared = [longest_shared(text, grams) for _, _, text in rows]
    kept = {name: share([found[name] for found in checks]) for name in ("lines", "rhymes", "distinct", "tones")}
    return {
        "poems": len(rows),
        "share": {**kept, "lines, rhymes and distinct": share([all(list(found.values())[:3]) for found in checks])},
        "perplexity": perplexity(writer, rows),
        "longest_shared": {"median": statistics.median(shared), "most": max(shared), "counts": dict(Counter(shared))},
    }


def write_all(writer: Writer, asked: Sequence[tuple[str, str]], seed: int, **way: Any) -> tuple[list[list[str]], float]:
    """A poem for each tune and author, and seconds for a poem."""
    started = time.perf_counter()
    texts: list[str] = []
    for start in range(0, len(asked), 50):
        texts += writer.write_batch(asked[start : start + 50], seed=seed + start, **way)
    seconds = (time.perf_counter() - started) / len(asked)
    return [[*parts, text] for parts, text in zip(asked, texts, strict=True)], seconds


def train(data: Path, minutes: float, out: Path, options: Sequence[str]) -> None:
    """Make the run."""
    command = [sys.executable, "-m", "upwell", "train", str(data / "train.tsv"), "--valid", str(data / "valid.tsv")]
    command += [
        "--task",
        "write",
        "--columns",
        COLUMNS,
        "--minutes",
        f"{minutes:g}",
        "--threads",
        "1",
        "--out",
        str(out),
    ]
    call([*command, *options, "--quiet", "--json"])


def tables(figures: dict[str, Any], words: Callable[[str], str]) -> tuple[str, str]:
    """Figures, and poems with their closest training line, as Markdown; `words` turns English into the page's language."""
    heads = ["", "lines and marks", "rhymes", "tones", "perplexity", "longest stretch shared, median (most)"]
    lines = [f"| {' | '.join(map(words, heads))} |", "|" + "---|" * len(heads)]
    for name, found in figures["ways"].items():
        kept = [f"{100 * found['share'][what]:.0f}%" for what in ("lines", "lines, rhymes and distinct", "tones")]
        shared = found["longest_shared"]
        cells = [words(name), *kept, f"{found['perplexity']:.1f}", f"{shared['median']:g} ({shared['most']})"]
        lines.append(f"| {' | '.join(cells)} |")
    poems = [f"| {' | '.join(map(words, ('tune, author', 'poem', 'closest training line')))} |", "|---|---|---|"]
    for poem in figures["shown"]:
        cells = [f"{poem['tune']}，{poem['author']}", poem["text"], f"{poem['line']} → {poem['closest']}"]
        poems.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines), "\n".join(poems)


CHINESE = {
    "lines and marks": "句长与标点",
    "rhymes": "押韵",
    "tones": "平仄",
    "perplexity": "困惑度",
    "longest stretch shared, median (most)": "与训练词共有的最长片段，中位数（最长）",
    "form": "按词谱",
    "form and tones": "按词谱和平仄",
    "free": "不加约束",
    "test poems": "测试集中的词",
    "tune, author": "词牌，作者",
    "poem": "词",
    "closest training line": "最接近的训练词句",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--poems", type=int, default=200)
    parser.add_argument("--run", type=Path, help="one that is trained already")
    parser.add_argument("--keep-nothing", action="store_true", help="print, and leave the files as they are")
    parser.add_argument("options", nargs="*", help="of upwell train, behind --")
    arguments = parser.parse_args()
    rng = random.Random(0)
    train_rows, test_rows = (rows_of(arguments.data / f"{name}.tsv") for name in ("train", "test"))
    with tempfile.TemporaryDirectory() as folder:
        run = arguments.run or Path(folder, "run")
        if arguments.run is None:
            train(arguments.data, arguments.minutes, run, arguments.options)
        trained = json.loads((run / "result.json").read_text(encoding="utf-8"))
        writer = Writer.load(run, threads=1)
        forms = json.loads((run / "forms.json").read_text(encoding="utf-8"))["forms"]
        grams = grams_of([text for _, _, text in train_rows])
        known = [row for row in test_rows if row[0] in forms]
        asked = [(tune, author) for tune, author, _ in (rng.choice(known) for _ in range(arguments.poems))]
        written, ways = {}, {}
        for name, way in WAYS.items():
            written[name], seconds = write_all(writer, asked, 1000, **way)
            ways[name] = {**figures_of(writer, written[name], forms, grams), "seconds_a_poem": seconds}
        ways["test poems"] = figures_of(writer, known, forms, grams)
    lines = sorted({line for _, _, text in train_rows for line in re.split("[，。、]", text) if line})
    index: dict[str, set[int]] = {}
    for number, line in enumerate(lines):
        for pair in itertools.pairwise(line):
            index.setdefault("".join(pair), set()).add(number)
    shown = []
    for tune, author, text in written["form and tones"][:SHOWN]:
        line, near, size = closest(text, lines, index)
        shown.append({"tune": tune, "author": author, "text": text, "line": line, "closest": near, "shared": size})
    names = ("size", "parameters", "tokens", "seconds", "valid_bpb", "valid_loss", "best_step", "steps")
    figures = {
        "training": {name: trained[name] for name in names},
        "tunes_with_a_form": len(forms),
        "test_poems_with_a_form": f"{len(known)} of {len(test_rows)}",
        "ways": ways,
        "shown": shown,
    }
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    if arguments.keep_nothing:
        return
    write_result("songci", figures)
    for page, words in zip(PAGES, (str, lambda word: CHINESE.get(word, word)), strict=True):
        text = page.read_text(encoding="utf-8")
        for name, table in zip(("songci", "songci poems"), tables(figures, words), strict=True):
            text = fill_table(text, name, table)
        page.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
