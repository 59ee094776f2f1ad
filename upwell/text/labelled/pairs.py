"""Sources with their targets: which column is which, and which pairs can be used.

Columns are found by their names (`source` and `target`, `src` and `tgt`), by codes of languages (`en` and `zh`: the first is
the source), or by their places. JSON may hold both under `translation`. A list of targets makes a pair of each.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from upwell.text.labelled.parts import checked
from upwell.text.labelled.rows import Column, Labelled, Pair
from upwell.text.labelled.table import Specs, Table, is_missing, labelled_files, table_of
from upwell.text.scripts import converter, has_converter, is_mixed

LANGUAGES = frozenset(
    "ar bg bn cs cy da de el en es et eu fa fi fr ga gl he hi hr hu hy is it ja ka kk ko la lt lv mk mn ms mt nb nl no "
    "pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur uz vi yue zh eng cmn deu fra spa rus jpn kor zho".split()
)
"""Codes that name a column after the language of its texts; what stands behind a hyphen (zh-cn) does not count."""
INNER = "translation"


@dataclass(frozen=True)
class PairRoles:
    """What the two columns are called, and by which names they are known."""

    source: str
    target: str
    source_names: tuple[str, ...]
    target_names: tuple[str, ...]


TRANSLATIONS = PairRoles(
    "source",
    "target",
    ("source", "src", "source_text", "source_sentence", "input", "original", "原文", "源文"),
    ("target", "tgt", "trg", "target_text", "target_sentence", "translation", "reference", "output", "译文"),
)


def read_pairs(
    specs: Specs,
    roles: PairRoles = TRANSLATIONS,
    *,
    columns: Mapping[str, str] | None = None,
    script: str | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
) -> Labelled[Pair]:
    """Read sources with their targets from a file, or from several of one form.

    Arguments: `columns`, the names of the columns by the names of these `roles`, by default guessed; `script`, as of
    `in_one_script`.
    Raises UserError where the source cannot be read, has no such columns, or has no pair that can be used.
    """
    files = labelled_files(specs, encoding=encoding, errors=errors)
    wanted = [(columns or {}).get(role) for role in (roles.source, roles.target)]
    table = table_of(files, wanted=wanted, errors=errors)
    table = dataclasses.replace(table, rows=[_unnested(row) for row in table.rows])
    found = _columns(table, roles, *wanted)
    left_out, pairs = table.left_out.copy(), []
    for cells in table.rows:
        first, second = (cells.get(column.name) for column in found)
        if is_missing(first):
            left_out[f"without a {roles.source}"] += 1
            continue
        said = [value for value in (second if isinstance(second, list) else [second]) if not is_missing(value)]
        if not said:
            left_out[f"without a {roles.target}"] += 1
        pairs += [Pair(table.text(first).strip(), table.text(value).strip()) for value in said]
    return _usable(pairs, script, name=table.name, columns=found, left_out=left_out)


def pairs_of(sources: Sequence[str], targets: Sequence[str], *, script: str | None = None) -> Labelled[Pair]:
    """Pairs of Python; a UserError where none can be used. `script`: as of `in_one_script`."""
    pairs = [Pair(str(source).strip(), str(target).strip()) for source, target in zip(sources, targets, strict=True)]
    kept = [pair for pair in pairs if pair.source and pair.target]
    left_out = Counter({"without a source or a target": len(pairs) - len(kept)})
    return _usable(kept, script, name="these pairs", columns=(), left_out=left_out)


def _usable(
    pairs: Sequence[Pair], script: str | None, *, name: str, columns: tuple[Column, ...], left_out: Counter[str]
) -> Labelled[Pair]:
    pairs, script, remarks = in_one_script(pairs, script)
    each = {(pair.key, pair.answer): pair for pair in reversed(pairs)}
    kept = tuple(reversed(each.values()))
    left_out["copies of another pair"] += len(pairs) - len(kept)
    return checked(
        Labelled(
            name=name,
            noun="pairs",
            rows=kept,
            columns=columns,
            left_out=dict(+left_out),
            remarks=remarks,
            script=script,
        )
    )


def in_one_script(pairs: Sequence[Pair], script: str | None) -> tuple[list[Pair], str, dict[str, int]]:
    """Pairs whose Chinese is in one script, that script, and what is to be told of it.

    `script`: simplified, traditional or keep; None: simplified where sources or targets mix the two and OpenCC is installed, else
    keep. Raises UserError for another word, and where OpenCC is asked for and missing.
    """
    remarks: dict[str, int] = {}
    if script is None:
        mixed = any(is_mixed(texts) for texts in zip(*((pair.source, pair.target) for pair in pairs), strict=True))
        script = "simplified" if mixed and has_converter() else "keep"
        if mixed and script == "keep":
            remarks['pairs among which both scripts of Chinese are; pip install "upwell[text]" makes them one'] = len(
                pairs
            )
    convert = converter(script)
    brought = [Pair(convert(pair.source), convert(pair.target)) for pair in pairs]
    changed = sum(one != other for one, other in zip(pairs, brought, strict=True))
    return brought, script, remarks | {f"pairs whose Chinese was brought to the {script} script": changed}


def _unnested(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose two texts stand under one name, without it."""
    inner = row.get(INNER)
    return (
        {**{key: value for key, value in row.items() if key != INNER}, **inner} if isinstance(inner, Mapping) else row
    )


def _columns(table: Table, roles: PairRoles, source: str | None, target: str | None) -> tuple[Column, Column]:
    """By name as asked or usual; else by the codes of languages; else the first two, or the one that is left."""
    first = table.find(roles.source, source, (name for name in roles.source_names if name != target))
    second = table.find(roles.target, target, (name for name in roles.target_names if name != source))
    if first and second and first.name == second.name:
        first, second = (first, None) if source else (None, second)
    taken = [column.name for column in (first, second) if column]
    free = [column for column in _texts(table) if column not in taken]
    coded = [column for column in free if _is_language(column)]
    left, how = (coded, "a code of a language") if len(coded) + len(taken) >= 2 else (free, "by its place")
    if len(left) + len(taken) == 2 or not table.is_named:
        names = iter(left)
        first = first or next((Column(roles.source, name, how) for name in names), None)
        second = second or next((Column(roles.target, name, how) for name in names), None)
    if first is None:
        raise table.missing(roles.source, f"{roles.source}s")
    if second is None:
        raise table.missing(roles.target, f"{roles.target}s")
    return first, second


def _texts(table: Table) -> Iterable[str]:
    """Columns that hold text."""
    return [
        column
        for column in table.columns
        if any(isinstance(value, str | list) for value in table.values(column, number=100))
    ]


def _is_language(column: str) -> bool:
    return column.strip().lower().replace("_", "-").partition("-")[0] in LANGUAGES
