"""Copies and contradictions among labelled rows, and holding a part of them out.

Two rows are copies where they ask the same (a text, a question about a passage, a sentence; case and white space aside) and
have the same answer. Copies and rows that contradict each other are counted and stay, since a set that others measure on
has them too; but they stay together: none that asks what a training row asks is held out. What is held out is chosen by
hashes of the rows and a seed, so the choice does not depend on their order.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Hashable

from upwell.errors import UserError
from upwell.text.labelled.rows import Labelled, LabelledText, RowKind

HELD_OUT_SHARE = 0.1
MAX_HELD_OUT = 5000
"""Rows: more would make a figure little surer."""
_SEVERAL = {"pairs": "sources with more than one target"}


def checked(data: Labelled[RowKind]) -> Labelled[RowKind]:
    """The same with what is odd about its rows counted; raises UserError where there is none."""
    if not data.rows:
        reasons = ", ".join(f"{count:,} {what}" for what, count in data.left_out.items() if count)
        raise UserError(f"{data.name}: no row can be used ({reasons or 'it has none'})")
    answers: dict[Hashable, set[Hashable]] = {}
    copies = 0
    for row in data.rows:
        said = answers.setdefault(row.key, set())
        copies += row.answer in said
        said.add(row.answer)
    labels = data.labels
    by_case = Counter(label.lower() for label in labels)
    remarks = {
        "copies of another row": copies,
        _SEVERAL.get(data.noun, f"{data.noun} with more than one answer"): sum(
            len(said) > 1 for said in answers.values()
        ),
        "labels that differ only in case": sum(by_case[label.lower()] > 1 for label in labels),
        "labels on a single row": sum(count == 1 for count in labels.values()) if data.noun == "texts" else 0,
    }
    return dataclasses.replace(data, remarks={**data.remarks, **remarks})


def without_copies(held_out: Labelled[RowKind], *others: Labelled[RowKind]) -> Labelled[RowKind]:
    """The rows of `held_out` that ask nothing that a row of `others` (training, validation) asks too; the rest is counted.

    Raises UserError where nothing is left.
    """
    known = {row.key for other in others for row in other.rows}
    kept = [row for row in held_out.rows if row.key not in known]
    if not kept:
        raise UserError(f"{held_out.name}: every row is in {others[0].name} as well, so it can't measure anything")
    return held_out.with_rows(kept, left_out={f"also in {others[0].name}": len(held_out.rows) - len(kept)})


def hold_out(
    data: Labelled[RowKind], *, share: float = HELD_OUT_SHARE, seed: int = 0
) -> tuple[Labelled[RowKind], Labelled[RowKind]]:
    """Cut rows into a training and a held-out part, `share` of the groups but at most `MAX_HELD_OUT`.

    Texts are held out label by label (stratified), questions by passage, tagged sentences by sentence, pairs by source.
    Raises UserError where there are not two groups to part.
    """
    groups: dict[Hashable, list[RowKind]] = {}
    for row in data.rows:
        groups.setdefault(row.group, []).append(row)
    if len(groups) < 2:
        what = "passage" if data.noun == "questions" else "row"
        raise UserError(
            f"{data.name}: has a single {what}, so none can be held out for validation; name a validation file"
        )
    frequency = data.labels
    strata: dict[str, list[Hashable]] = {}
    for group in sorted(groups, key=lambda group: _place(group, seed)):
        strata.setdefault(_stratum(groups[group][0], frequency), []).append(group)
    share = min(share, MAX_HELD_OUT / len(groups))
    held = {
        group
        for members, number in zip(strata.values(), _numbers(strata, share), strict=True)
        for group in members[:number]
    }
    parts: tuple[list[RowKind], list[RowKind]] = ([], [])
    for row in data.rows:
        parts[row.group in held].append(row)
    return data.with_rows(parts[0]), data.with_rows(parts[1])


def _numbers(strata: dict[str, list[Hashable]], share: float) -> list[int]:
    """How many groups of each label to hold out: `share` of them, rounded; and one more of some labels, first of those with most
    groups, where that is less than `share` of all, as it is where every label has few.
    """
    sizes = [len(members) for members in strata.values()]
    numbers = [int(share * size + 0.5) for size in sizes]
    missing = max(1, int(share * sum(sizes))) - sum(numbers)
    for place in sorted(range(len(sizes)), key=lambda place: numbers[place] - share * sizes[place])[: max(0, missing)]:
        numbers[place] += 1
    return numbers


def _stratum(row: RowKind, frequency: dict[str, int]) -> str:
    """The label by which a text is held out, of several the rarest; one stratum for all other rows."""
    if not isinstance(row, LabelledText):
        return ""
    return min(row.labels, key=lambda label: (frequency[label], label), default="")


def _place(group: Hashable, seed: int) -> bytes:
    return hashlib.blake2b(repr((seed, group)).encode("utf-8", "replace"), digest_size=8).digest()
