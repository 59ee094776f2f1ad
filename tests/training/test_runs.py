"""Run folders: never overwritten unasked, read with suspicion."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fuzz import TARGETS, fuzz
from upwell.errors import UserError
from upwell.text.files import lock_file
from upwell.training.options import TrainOptions
from upwell.training.runs import Run, create_run


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("novel.txt", "novel"),
        ("texts/红楼梦.txt.gz", "红楼梦"),
        ("a b/*.md", "a-b"),
        ("*.txt", "text"),
        ("-", "stdin"),
        ("folder/", "folder"),
    ],
)
def test_a_run_is_named_after_its_source(
    source: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in ("", "-2", "-3"):
        folder = make(source).folder  # the name on the disk, as bytes: in an old locale Python writes them otherwise
        assert os.fsencode(folder) == os.path.join("runs", f"{name}{number}").encode()


def make(source: str = "a.txt", out: Path | None = None, *, overwrite: bool = False) -> Run:
    def fill(run: Run, final: Path) -> None:
        run.write_config({"sources": [source], "options": TrainOptions().to_dict()})
        assert not (final / "config.json").exists()

    return create_run(source, out=None if out is None else str(out), overwrite=overwrite, fill=fill)


def test_overwrite_replaces_a_run_unless_it_is_training(tmp_path: Path) -> None:
    run = make("a.txt", tmp_path / "run")
    (run.folder / "old").write_text("x", encoding="utf-8")
    with lock_file(run.lock_path), pytest.raises(UserError):
        make("b.txt", tmp_path / "run", overwrite=True)
    assert (run.folder / "old").exists()
    assert make("b.txt", tmp_path / "run", overwrite=True).options()[0] == ("b.txt",)
    assert not (run.folder / "old").exists()


def test_a_run_appears_complete_or_not_at_all(tmp_path: Path) -> None:
    def fill(run: Run, final: Path) -> None:
        run.write_config({})
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        create_run("a.txt", out=str(tmp_path / "run"), overwrite=False, fill=fill)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "run").mkdir()  # an empty folder is taken
    assert make(out=tmp_path / "run").folder == tmp_path / "run"


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="not empty and not a run"):
            make(out=tmp_path, overwrite=overwrite)
    with pytest.raises(UserError, match="is a file"):
        make(out=tmp_path / "thesis.doc")
    with pytest.raises(UserError, match="a file stands where a folder is needed"):
        make(out=tmp_path / "thesis.doc" / "run")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as JSON"),
        (b"\x80\x04K\x01.", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b'{"format": 2, "kind": "language model"}', "not a language model of format 1"),
        (b'{"format": 1, "kind": "language model", "netwrok": 1}', "did you mean 'network'"),
        (b'{"format": 1, "kind": "language model"}', "holds no network"),
        (b" " * (17 << 20), "too many for this file"),
    ],
)
def test_a_damaged_config_is_one_clear_line(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(UserError, match=said) as caught:
        Run(tmp_path).network_config()
    assert "\n" not in str(caught.value)


COMPUTE = {"device": "cpu", "dtype": "float32", "threads": 2, "workers": 2}


@pytest.mark.parametrize(
    ("compute", "machine", "said"),
    [
        (None, {}, "expected a JSON object"),
        ({**COMPUTE, "threads": "2"}, {}, "threads must be of type int"),
        ({**COMPUTE, "dtype": "int4"}, {}, "--dtype int4"),
        ({**COMPUTE, "workers": 3}, {}, "3 workers of 2 threads cannot be"),
        ({**COMPUTE, "wokers": 1}, {}, "did you mean 'workers'"),
        (COMPUTE, {"matmul_peaks": {"bfloat16": 1e9}}, "no matmul peak of float32"),
        (COMPUTE, [], "no matmul peak of float32"),
    ],
)
def test_a_damaged_way_of_computing_is_one_clear_line(
    compute: object, machine: object, said: str, tmp_path: Path
) -> None:
    run = Run(tmp_path)
    run.write_config({"compute": compute, "machine": machine})
    with pytest.raises(UserError, match=said):
        run.compute()


def test_the_way_of_computing_is_read_back(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write_config({"compute": COMPUTE, "machine": {"matmul_peaks": {"float32": 1.5e11}}})
    compute, peak = run.compute()
    assert (compute.describe(), peak) == ("cpu, float32, 2 workers of 1 thread", 1.5e11)


def test_a_missing_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such run"):
        Run(tmp_path / "nowhere").config()
    with pytest.raises(UserError, match=r"config\.json: no such file"):
        Run(tmp_path).config()


def test_a_result_is_read_back(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert run.result() is None
    run.result_path.write_text(json.dumps({"format": 1, "tokens": 3}), encoding="utf-8")
    assert run.result() == {"tokens": 3}


def test_damaged_run_folders_raise_user_errors_only() -> None:
    failures, outcomes = fuzz(300, seed=2, targets={"runs": TARGETS["runs"]})
    assert failures == []
    assert outcomes["runs refused"] > 150


@pytest.mark.parametrize(
    "formats", [5, [], {"qa": 1}, {"qa": {"en": {"template": 7, "separator": "", "lines": False}}}, {"qa": {"en": []}}]
)
def test_a_run_with_strange_prompt_formats_is_refused_in_one_line(formats: Any, tmp_path: Path) -> None:
    run = make("a.txt", tmp_path / "run")
    run.write_config({**run.config(), "formats": formats})
    with pytest.raises(UserError, match="format"):
        run.formats()
