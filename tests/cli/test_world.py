"""upwell world, and training on the world."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import TINY

FIELDS = {
    "view",
    "kind",
    "language",
    "level",
    "split",
    "prompt",
    "answer",
    "reason",
    "options",
    "meaning",
    "bits",
    "difficulty",
    "text",
}


def test_world_shows_examples(upwell: Any) -> None:
    done = upwell("world", "--view", "qa", "--language", "en", "--level", 2, "--n", 3)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("[qa, ") == done.stdout.count("Question: ") == done.stdout.count("Answer: ") == 3
    assert done.stdout == upwell("world", "--view", "qa", "--language", "en", "--level", 2, "--n", 3).stdout
    assert (
        done.stdout != upwell("world", "--view", "qa", "--language", "en", "--level", 2, "--n", 3, "--seed", 1).stdout
    )


def test_world_as_json_lines_has_the_documented_fields(upwell: Any) -> None:
    done = upwell("world", "--n", 20, "--jsonl", "--split", "test")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 20
    assert all(row.keys() == FIELDS and row["split"] == "test" for row in rows)
    assert {row["language"] for row in rows} == {"en", "zh"}


def test_world_audits_itself(upwell: Any) -> None:
    done = upwell("world", "--audit", "--view", "arithmetic+qa", "--n", 30, "--json")
    assert done.returncode == 0, done.stdout
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["clean"] and len(result["findings"]) == 4
    assert "meanings in both" in done.stdout


def test_world_bounds_its_entropy(upwell: Any) -> None:
    done = upwell("world", "--entropy", "--view", "story", "--language", "zh", "--n", 20, "--json")
    assert done.returncode == 0, done.stderr
    assert "bits a byte" in done.stdout
    assert [bound["level"] for bound in json.loads(done.stdout.splitlines()[-1])["bounds"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--view", "storry"], "did you mean story"),
        (["--level", "7"], "choose from"),
        (["--n", "0"], "at least 1"),
        (["--audit", "--entropy"], "give one of them"),
    ],
)
def test_world_refuses_in_one_line(arguments: list[str], said: str, upwell: Any) -> None:
    done = upwell("world", *arguments)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1


def test_training_on_the_world_says_its_bound_and_goes_on(upwell: Any, tmp_path: Path) -> None:
    source = "world:level=1,views=dictionary+arithmetic,megabytes=0.05"
    done = upwell("train", source, *TINY, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert 0 < result["entropy_bound_bpb"] < result["valid_bpb"]
    assert "bound" in done.stderr and "split=valid" in done.stderr and "(bound " in done.stderr
    assert Path(result["run"]).name == "world"
    measured = upwell("evaluate", tmp_path / result["run"], "world:views=dictionary,megabytes=0.01", "--json")
    assert json.loads(measured.stdout.splitlines()[-1])["bits_per_byte"] > 0


def test_plan_knows_the_size_of_a_world_before_it_is_made(upwell: Any) -> None:
    done = upwell(
        "plan", "world:megabytes=2", "--size", "2k", "--epochs", 1, "--threads", 1, "--dtype", "float32", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["training_tokens"] == pytest.approx(2e6 / 3.4, rel=0.05)  # words
