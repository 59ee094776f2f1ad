"""upwell world"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from upwell.errors import UserError

if TYPE_CHECKING:
    from upwell.world.specification import Specification

EXAMPLES = 5
AUDITED = 2_000
"""Test examples of each view and language; ten times as many training examples are searched."""
BOUNDED = 300
"""Examples of each view, language and level that the entropy bound is measured on."""


def world(
    *,
    view: str | None = None,
    language: str | None = None,
    level: str | None = None,
    split: str = "train",
    n: int | None = None,
    seed: int = 0,
    jsonl: Annotated[bool, Parameter(negative="")] = False,
    audit: Annotated[bool, Parameter(negative="")] = False,
    entropy: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Show examples of the embedded micro-world, the text that upwell train learns when none is named.

    English and Chinese, made by rules from a simulated world, so that every answer is known; all splits are parted by
    meaning. With --jsonl it is a data set: one object a line. To train on a part of it, name it as a source, e.g.
    world:level=2,views=translation+qa,language=zh,seed=1,megabytes=20.

    Parameters
    ----------
    view
        story, translation, qa, classification, summarization, fewshot, arithmetic, dictionary, entities or scenes;
        several joined by +. By default all, by their share of the mixture.
    language
        en or zh; by default both.
    level
        1 to 4, several joined by +; 4 is out of distribution. By default 1+2+3.
    split
        train, valid or test.
    n
        Number of examples (5); of test examples of each view and language with --audit (2000), and of examples of each
        view, language and level with --entropy (300).
    seed
        Another seed gives other examples.
    jsonl
        One JSON object a line, with all that is known of the example.
    audit
        Search the test examples in ten times as many training examples, across views and languages; exit code 1 if a
        meaning or a text is in both.
    entropy
        The bits of choice per byte: what no model can beat.
    as_json
        Print one JSON object as the last line (with --audit or --entropy).
    """
    from upwell.world.specification import PREFIX, Specification

    if audit and entropy:
        raise UserError("--audit and --entropy are two commands; give one of them")
    if n is not None and n < 1:
        raise UserError(f"--n {n}: must be at least 1")
    given = {"views": view, "language": language, "level": level, "split": split, "seed": str(seed)}
    spec = Specification.parse(PREFIX + ",".join(f"{key}={value}" for key, value in given.items() if value))
    if audit:
        return _audit(spec, n or AUDITED, as_json=as_json)
    if entropy:
        _entropy(spec, n or BOUNDED, as_json=as_json)
    else:
        _show(spec, n or EXAMPLES, jsonl=jsonl or as_json)
    return 0


def _show(spec: Specification, count: int, *, jsonl: bool) -> None:
    from upwell.world.corpus import make_example

    for index in range(count):
        example = make_example(spec, index)
        if jsonl:
            print(json.dumps({**example.to_dict(), "text": example.text}, ensure_ascii=False))
            continue
        told = ", ".join(f"{name} {value}" for name, value in example.difficulty.items())
        head = f"{example.view}, {example.kind}, {example.language}, level {example.level}"
        print(f"[{head}; {told}; {example.bits:.0f} bits]\n{example.text}\n")


def _audit(spec: Specification, count: int, *, as_json: bool) -> int:
    from upwell.world.audit import audit
    from upwell.world.corpus import processors

    held = "test" if spec.split == "train" else spec.split
    findings = audit(
        views=spec.views,
        languages=spec.languages,
        levels=spec.levels,
        train_examples=10 * count,
        test_examples=count,
        held_out=(held,),
        seed=spec.seed,
        processes=processors() if count >= 200 else 1,
        progress=lambda said: print(f"searched {said}", file=sys.stderr),
    )[held]
    rows = [
        (
            finding.view,
            finding.language,
            f"{finding.train_duplicates:.1%}",
            f"{finding.test_duplicates:.1%}",
            f"{finding.meanings}",
            f"{finding.texts}",
            f"{finding.known_runs / max(1, finding.runs):.2%}",
            f"{finding.seen / finding.test_examples:.2%}",
        )
        for finding in findings
    ]
    _table(
        f"{count} {held} examples of each row, searched in {10 * count} training examples of every row",
        ("view", "", "repeats train", f"repeats {held}", "meanings in both", "texts in both", "runs known", "seen"),
        rows,
    )
    clean = not any(finding.meanings or finding.texts for finding in findings)
    if as_json:
        print(json.dumps({"clean": clean, "findings": [finding.to_dict() for finding in findings]}))
    return 0 if clean else 1


def _entropy(spec: Specification, count: int, *, as_json: bool) -> None:
    from upwell.world.entropy import bounds

    found = bounds(
        views=spec.views,
        languages=spec.languages,
        levels=spec.levels,
        split=spec.split,
        count=count,
        seed=spec.seed,
    )
    rows = [
        (
            bound.view,
            bound.language,
            str(bound.level),
            f"{bound.bits_per_byte:.4f}",
            f"{bound.error:.4f}",
            f"{bound.bits / bound.examples:.0f}",
            f"{bound.num_bytes / bound.examples:.0f}",
        )
        for bound in found
    ]
    _table(
        f"Bits of choice, over {count} examples each",
        ("view", "", "level", "bits a byte", "± s.e.", "bits an example", "bytes an example"),
        rows,
    )
    if as_json:
        print(json.dumps({"bounds": [bound.to_dict() for bound in found]}))


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table: Any = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number < 2 else "right")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table)
