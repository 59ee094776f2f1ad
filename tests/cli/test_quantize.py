"""Runs with their weights in fewer bits, and what is written by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def test_quantize_writes_a_smaller_run_that_is_nearly_as_good(upwell: Any, tiny_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "small"
    done = upwell("quantize", tiny_run, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    before, after = report["before"], report["after"]
    assert after["bytes"] < before["bytes"]
    assert before["tokens_per_second"] > 0 and after["tokens_per_second"] > 0
    assert after["bits_per_byte"] == pytest.approx(before["bits_per_byte"], rel=0.005)
    assert report == {
        key: value
        for key, value in json.loads((out / "quantised.json").read_text(encoding="utf-8")).items()
        if key != "format"
    }
    text = upwell("generate", out, "the cat", "--max-tokens", 5, "--temperature", 0).stdout
    assert text.startswith("the cat")
    assert upwell("evaluate", out, tiny_run / "config.json").returncode == 0
    again = upwell("quantize", out)
    assert again.returncode == 2 and "is quantised already" in again.stderr


def test_quantize_refuses_what_it_cannot_do(upwell: Any, tiny_run: Path, tmp_path: Path) -> None:
    unknown = upwell("quantize", tiny_run, "--precision", "int3")
    assert unknown.returncode == 2 and "choose among bf16, int8, int4" in unknown.stderr
    taken = upwell("quantize", tiny_run, "--out", tmp_path)
    assert taken.returncode == 2 and "is there already" in taken.stderr


def test_fp32_writes_what_the_network_writes(upwell: Any, tiny_run: Path) -> None:
    words = ("generate", tiny_run, "the cat", "--max-tokens", 20, "--seed", 3)
    assert upwell(*words, "--precision", "fp32").stdout == upwell(*words).stdout
    refused = upwell(*words, "--precision", "fp8")
    assert refused.returncode == 2 and "--precision fp8: choose among fp32, bf16, int8, int4" in refused.stderr
