"""upwell write: prompts of several parts, forms of verse, keywords."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import TINY, run_process
from tests.poems import poems


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("write")
    rows = "".join("\t".join(row) + "\n" for row in poems(200))
    (folder / "poems.tsv").write_text("tune\tauthor\ttext\n" + rows, encoding="utf-8")
    done = run_process("train", folder / "poems.tsv", "--task", "write", *TINY, "--out", folder / "run")
    assert done.returncode == 0, done.stderr
    assert "tune: tune (by its name); author: author (by its name)" in done.stderr
    assert f'upwell write {folder / "run"} "a prompt"' in done.stdout
    return folder / "run"


def test_texts_are_written_for_a_prompt(upwell: Any, run: Path) -> None:
    done = upwell("write", run, "浣溪沙", "甲", "--free", "--max-tokens", 9, "--seed", 1)
    assert done.returncode == 0, done.stderr
    assert upwell("write", run, "浣溪沙", "甲", "--free", "--max-tokens", 9, "--seed", 1).stdout == done.stdout
    several = upwell("write", run, "浣溪沙", "甲", "--free", "--max-tokens", 9, "--seed", 1, "--n", 2, "--json").stdout
    first, second = map(json.loads, several.splitlines())
    assert first["text"] == done.stdout.removesuffix("\n") and second["seed"] == 2
    assert first["prompt"] == {"tune": "浣溪沙", "author": "甲"} and first["form"] is None


def test_texts_are_in_the_form_of_their_tune(upwell: Any, run: Path) -> None:
    pytest.importorskip("pypinyin", reason='pypinyin is not installed: pip install "upwell[tasks]"')
    done = upwell("write", run, "浣溪沙", "--tones", "--keyword", "春江", "--json", "--seed", 5)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [len(line) for line in found["text"].replace("，", "。").split("。")] == [5, 5, 5, 5, 0]
    assert "春江" in found["text"] and found["form"].startswith("5。5。5，5。 (")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "has the parts tune, author; give the first or more"),
        (("浣溪沙", "--free", "--tones"), "tones are of a form"),
        (("西江月", "--tones"), "has no form of verse here"),
        (("浣溪沙", "--n", "0"), "at least one text"),
    ],
)
def test_what_cannot_be_written_is_told(words: tuple[str, ...], said: str, upwell: Any, run: Path) -> None:
    if "form" in said:
        pytest.importorskip("pypinyin", reason='pypinyin is not installed: pip install "upwell[tasks]"')
    done = upwell("write", run, *words)
    assert done.returncode == 2 and said in done.stderr


def test_a_run_of_plain_text_is_refused(upwell: Any, tiny_run: Path) -> None:
    done = upwell("write", tiny_run, "a prompt")
    assert done.returncode == 2 and "learned no prompts with their texts" in done.stderr
