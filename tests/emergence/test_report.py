"""The page, the sentences, the explanation, the verb, and the guide's own example."""

from __future__ import annotations

import copy
import json
import re
import string
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upwell.cli import main
from upwell.emergence import Budget, Ladder
from upwell.emergence.circuits import Copy
from upwell.emergence.presets import CIRCUITS, PRESETS
from upwell.emergence.report.explanation import explanation
from upwell.emergence.report.figures import Panel, heat_map, short
from upwell.emergence.report.page import render
from upwell.emergence.report.sentences import verdict_sentence
from upwell.emergence.report.words import LANGUAGES, words
from upwell.emergence.statistics.verdicts import VERDICTS

ROOT = Path(__file__).resolve().parents[2]
BUDGET = Budget(steps=20, rows=8, evaluations=3, check_items=16, test_items=32)


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> Ladder:
    """A ladder large enough for every part of the report, too short to learn anything."""
    small = Ladder(
        [Copy(length=3, symbols=4)],
        models=["gru", "mingru"],
        sizes=[300, 1000, 2500, 6000, 14000],
        seeds=3,
        budget=BUDGET,
        workers=1,
        out=tmp_path_factory.mktemp("ladder"),
    )
    small.run()
    return small


@pytest.fixture(scope="module")
def report(ladder: Ladder) -> dict[str, Any]:
    return json.loads((ladder.folder / "report.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_both_languages_have_the_same_texts_with_the_same_fields() -> None:
    english, chinese = words("en"), words("zh")

    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert english.keys() == chinese.keys()
    assert all(fields(english[key]) == fields(chinese[key]) for key in english)
    assert set(VERDICTS) <= english.keys()


def test_every_verdict_of_the_code_has_a_sentence(report: dict[str, Any]) -> None:
    source = (ROOT / "upwell/emergence/statistics/verdicts.py").read_text(encoding="utf-8")
    reasons = set(re.findall(r'Verdict\("[\w-]+", "([\w ]+)"', source)) | {"both metrics", "continuous metric"}
    ability = report["abilities"]["copy"]
    for language in LANGUAGES:
        for reason in reasons:
            family = copy.deepcopy(ability["families"]["gru"])
            family["verdict"]["reason"] = reason
            assert len(verdict_sentence(family, ability, words(language))) > 20


class _Balance(HTMLParser):
    """Fails on a tag that is closed in the wrong order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_and_asks_for_nothing_outside(report: dict[str, Any], language: str) -> None:
    page = render(report, language=language)
    parser = _Balance()
    parser.feed(page)
    assert not parser.open
    for outside in ("http", "<script", "<link", "<img", "@import", "url("):
        assert outside not in page
    assert "prefers-color-scheme:dark" in page and "@media print" in page
    w = words(language)
    for section in (
        "what appeared",
        "curves",
        "predicted",
        "crossing",
        "contrast",
        "fits",
        "seeds",
        "forecast",
        "audit",
    ):
        assert w[section] in page
    assert "nan" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).lower().split()


def test_the_report_holds_what_is_needed_to_doubt_it(report: dict[str, Any]) -> None:
    audit = report["audit"]
    assert audit["leaks"] == {"copy": 0.0} and len(audit["rates"]) == 10 and audit["flops"] > 0
    assert {"python", "torch", "numpy", "scipy"} <= audit["versions"].keys()
    family = report["abilities"]["copy"]["families"]["gru"]
    assert len(family["scores"]["match"]["seeds"]) == 5 and len(family["scores"]["match"]["seeds"][0]) == 3
    assert set(family["shapes"]["match"]["families"]) == {"constant", "line", "power law", "hinge", "logistic"}
    assert family["verdict"]["label"] in VERDICTS and len(family["forecasts"]) == 15


def test_statistics_are_the_same_each_time(ladder: Ladder, report: dict[str, Any]) -> None:
    from upwell.emergence.analysis import analyse

    again = json.loads(json.dumps(analyse(ladder)))
    assert again["abilities"] == report["abilities"]


def test_figures_place_points_and_ticks() -> None:
    panel = Panel("a <b>", (1e3, 1e5), (0, 1), label="N")
    panel.line([1e3, 1e4, 1e5], [0, None, 1], "match")
    panel.dots([1e4], [0.5], "match")
    svg = panel.svg()
    assert "a &lt;b&gt;" in svg and "10k: 0.5" in svg and ">100k<" in svg
    cells = heat_map("t", [1, 2], [1e3, 1e4], [[0, 0.5], [0.2, 1]], [None, 2], "step")
    assert cells.count('class="cell"') == 4 and cells.count('class="first"') == 1
    assert [short(v) for v in (999, 1500, 2.5e6)] == ["999", "1.5k", "2.5M"]


def test_presets_name_abilities_that_exist() -> None:
    names = {ability.name for ability in CIRCUITS}
    assert all(set(preset.tasks) <= names for preset in PRESETS.values())
    quick = PRESETS["quick"]
    assert len(quick.tasks) >= 3 and len(quick.sizes) >= 5 and quick.seeds >= 3 and len(quick.models) >= 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_explain_says_what_each_verdict_means(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emerge", "--explain", "--language", language]) == 0
    said = capsys.readouterr().out
    assert said.strip() == explanation(language).strip()
    assert all(words(language)[verdict] in said for verdict in VERDICTS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--preset", "huge"], "--preset huge"),
        (["--tasks", "coppy"], "did you mean copy"),
        (["--language", "fr"], "--language fr"),
        (["--resume", "nowhere"], "nowhere"),
        (["--resume", "here", "--seeds", "3"], "leave out --seeds"),
        (["--seeds", "0"], "--seeds 0"),
    ],
)
def test_mistakes_are_one_line_and_exit_two(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["emerge", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_ladder_is_not_overwritten_and_resumes_to_json(ladder: Ladder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emerge", "--out", str(ladder.folder)]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main(["emerge", "--resume", str(ladder.folder), "--workers", "1", "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["out"] == str(ladder.folder)
    assert (
        set(last["verdicts"]["copy"]) == {"gru", "mingru"} and len(last["verdicts"]["copy"]["gru"]["exact_match"]) == 5
    )


def python_blocks(name: str) -> list[str]:
    return re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs" / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_ability_of_the_guide_is_short_and_runs(tmp_path: Path) -> None:
    (block,) = python_blocks("emergence.md")
    assert [block] == python_blocks("emergence.zh.md")
    lines = block.split("class Backwards")[1].split("\n\n\n")[0].splitlines()
    assert len(lines) < 40
    names: dict[str, Any] = {"__name__": "guide"}
    exec(block, names)
    ability = names["Backwards"]()
    rows = ability.rows(np.random.default_rng(0), 50)
    assert (rows.targets == rows.inputs[:, 3::-1]).all()
    made = Ladder([ability], models=["gru"], sizes=[1500, 6000], seeds=2, budget=BUDGET, workers=1, out=tmp_path)
    assert made.run()["abilities"]["backwards"]["families"]["gru"]["verdict"]["label"] == "undetermined"
