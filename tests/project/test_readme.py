"""The README's commands run as they stand, in a fresh copy of the checkout; the Chinese README has the same ones."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.default_run import BEGIN, END, READMES, block
from upwell.training.schedules import Budget, parse_count

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = json.loads((Path(__file__).parent / "readme_manifest.json").read_text(encoding="utf-8"))

DEFAULT_BUDGET = Budget.choose(minutes=None, tokens=None, epochs=None)


def blocks(name: str) -> list[tuple[str, str]]:
    """Language and content of each fenced block, in order."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def commands(name: str) -> list[str]:
    """Every line of the bash blocks, and each Python block whole; blocks of text show what came out."""
    found = []
    for language, content in blocks(name):
        assert language in ("bash", "python", "text"), f"{name}: {language}"
        if language != "text":
            found += content.splitlines() if language == "bash" else [content]
    return [command for command in found if command.strip()]


def test_both_readmes_have_the_same_commands_in_the_same_order() -> None:
    assert commands("README.md") == commands("README.zh.md")
    assert len(commands("README.md")) >= 15


def test_the_manifest_only_lowers_budgets_or_says_why_a_command_is_left_out() -> None:
    known = {command if "\n" not in command else "python" for command in commands("README.md")}
    assert MANIFEST.keys() <= known
    for command, entry in MANIFEST.items():
        assert len(entry.get("skip", entry.get("reason", "lowered"))) >= 7
        for before, after in entry.get("lower", {}).items():
            assert before in command or command == "python"
            name, value = re.split(r"[ =]", before)
            other, lower = re.split(r"[ =]", after)
            assert name == other and name.strip("-") in ("minutes", "tokens", "epochs", "max-tokens")
            assert parse_count(lower, option=name) < parse_count(value, option=name)
        if budget := entry.get("budget"):  # in place of the one that holds when none is named
            name, value = budget.split()
            assert name == "--minutes" and name not in command and float(value) < DEFAULT_BUDGET.amount
        for name, value in entry.get("environment", {}).items():
            default = re.search(rf"^{name} \?= (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            assert default and float(value) < float(default[1])


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_figures_are_those_of_the_recorded_results(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    rows = {row for row in text.splitlines() if row.startswith("|")}

    def figures(result: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((ROOT / "docs/results" / f"{result}.json").read_text(encoding="utf-8"))
        return found["figures"]

    families = figures("three_minutes")
    for run in families["runs"]:
        loss = f"{run['valid_loss']:.3f}"
        if run["family"] == "lstm":  # one row for its seeds
            lstm = families["lstm"]
            loss = f"{lstm['median']:.3f} ({lstm['low']:.3f}–{lstm['high']:.3f})"
        assert f"| `{run['family']}` | {loss} |" in rows
    for row in figures("beside_ngrams")["rows"]:
        shown = [row[key] for key in ("lstm_bits_per_byte", "kneser_ney_5_bits_per_byte", "xz_after_training_text")]
        assert f"| `{row['text']}`, {row['tokenizer']} | {' | '.join(f'{value:.2f}' for value in shown)} |" in rows


@pytest.mark.parametrize("language", READMES)
def test_the_default_run_is_shown_as_it_was_recorded(language: str) -> None:
    """After a new measurement: python -m benchmarks.default_run --redraw."""
    found = json.loads((ROOT / "docs/results/default_run.json").read_text(encoding="utf-8"))
    text = (ROOT / READMES[language]).read_text(encoding="utf-8")
    assert text.split(BEGIN)[1].split(END)[0].strip() == block(found, language)
    assert (ROOT / "docs/images/default_run.png").exists()


@pytest.mark.readme
@pytest.mark.skipif(sys.platform == "win32", reason="the README's commands are those of a POSIX shell")
def test_every_command_runs_in_a_fresh_copy(tmp_path: Path) -> None:
    files = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(files, cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode("utf-8").strip("\0").split("\0"):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "OMP_NUM_THREADS")}
    environment["PATH"] = f"{tmp_path / '.venv' / 'bin'}{os.pathsep}{environment['PATH']}"
    for command in commands("README.md"):
        is_python = "\n" in command
        entry = MANIFEST.get("python" if is_python else command, {})
        if "skip" in entry:
            continue
        for before, after in entry.get("lower", {}).items():
            assert before in command
            command = command.replace(before, after)
        command = f"{command} {entry.get('budget', '')}".strip()
        done = subprocess.run(
            [str(tmp_path / ".venv/bin/python"), "-c", command] if is_python else ["bash", "-ec", command],
            cwd=tmp_path,
            env={**environment, **entry.get("environment", {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert done.returncode == 0, f"{command}\n{said}"
        print(f"ok  {command.splitlines()[0]}")
