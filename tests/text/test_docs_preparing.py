"""The guide to preparing a text says what the rules say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from upwell.text.cleaning import STEPS
from upwell.text.cleaning.quality import RULES
from upwell.text.cleaning.words import words

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _numbers(cell: str) -> list[float]:
    """The limits that a cell names; a number of words in front of a comma is not one."""
    limits = re.sub(r"^\d+ (?:words|个词)[,，]", "", cell)
    return [
        float(number) / (100 if percent else 1)
        for number, percent in re.findall(r"(\d+(?:\.\d+)?)(%?)", limits.replace("U+FFFD", ""))
    ]


@pytest.mark.parametrize(("page", "language"), [("preparing.md", "en"), ("preparing.zh.md", "zh")])
def test_guide_gives_every_rule_and_step(page: str, language: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    table = text.split("<!-- rules -->")[1].split("<!-- end of rules -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
    assert len(rows) == len(RULES)
    w = words(language)
    for rule, (reason, basic, web) in zip(RULES, rows, strict=True):
        assert reason == w[rule.reason]
        for limits, cell in ((rule.basic, basic), (rule.web, web)):
            wanted = [] if limits is None else [limit for limit in limits if limit != float("inf")]
            if len(wanted) == 2 and wanted[0] == 0:
                wanted = wanted[1:]
            if len(wanted) == 2 and wanted[1] == 1:
                wanted = wanted[:1]
            assert _numbers(cell) == pytest.approx(wanted), (rule.reason, cell)
    for step in STEPS:
        assert f"| `{step}` |" in text
