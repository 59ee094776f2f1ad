"""upwell train as people use it: once, again, interrupted, killed, twice at a time, on bad input."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import TINY, environment, run_process, write_text
from upwell.cli import main
from upwell.text.files import lock_file


def one_line(error: str) -> str:
    lines = error.strip().splitlines()
    assert len(lines) == 1, error
    assert "Traceback" not in error
    return lines[0]


def test_train_prints_plan_progress_result_and_json(tmp_path: Path) -> None:
    text = write_text(tmp_path / "novel.txt")
    done = run_process("train", text, *TINY, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for word in ("run ", "text ", "model ", "parameters ", "budget ", "machine ", "valid ", "done ", "Next"):
        assert any(line.startswith(word) or word in line for line in done.stderr.splitlines()), word
    result = json.loads(done.stdout.splitlines()[-1])
    assert {"run", "model", "size", "parameters", "tokens", "seconds", "tokens_per_second"} <= result.keys()
    assert {"matmul_peak_share", "valid_bpb", "valid_loss"} <= result.keys()
    assert set(result["parameters"]) == {"total", "non_embedding"}
    assert result["valid_bpb"] < 3
    assert Path(result["run"]) == Path("runs/novel")
    for name in ("config.json", "model.safetensors", "tokenizer.json", "metrics.jsonl", "README.md"):
        assert (tmp_path / "runs/novel" / name).stat().st_size > 0
    assert json.loads((tmp_path / "runs/novel/config.json").read_text(encoding="utf-8"))["format"] == 1


def test_a_run_is_not_overwritten_and_a_finished_one_prints_its_result(
    upwell: Any, tiny_run: Path, tmp_path: Path
) -> None:
    before = (tiny_run / "model.safetensors").read_bytes()
    again = upwell("train", "--resume", tiny_run, "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout.splitlines()[-1])["tokens"] == 19_968
    text = write_text(tmp_path / "text.txt")
    other = upwell("train", text, *TINY, "--out", tiny_run, "--quiet", "--json")
    assert Path(json.loads(other.stdout.splitlines()[-1])["run"]) == tiny_run.with_name("run-2")
    assert (tiny_run / "model.safetensors").read_bytes() == before


def test_text_from_standard_input_can_be_resumed(upwell: Any, tmp_path: Path) -> None:
    text = write_text(tmp_path / "text.txt").read_bytes()
    done = upwell("train", "-", *TINY, "--quiet", "--json", input=text, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs/stdin/stdin.txt").read_bytes() == text
    assert upwell("train", "--resume", tmp_path / "runs/stdin").returncode == 0


def start(arguments: list[Any], folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "upwell", "train", *map(str, arguments)]
    return subprocess.Popen(command, env=environment(), cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_saves_says_how_to_go_on_and_resumes(upwell: Any, tmp_path: Path) -> None:
    text = write_text(tmp_path / "text.txt")
    options = [text, *TINY[:2], "--minutes", "5", *TINY[4:], "--out", tmp_path / "run", "--quiet"]
    process = start(options, tmp_path)
    wait_for(tmp_path / "run/metrics.jsonl", process)
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=60)[1].decode("utf-8")
    assert process.returncode == 130, error
    assert one_line(error).startswith("stopped; saved. Go on with: upwell train --resume ")
    steps = sorted(path.name for path in (tmp_path / "run/checkpoints").iterdir())
    assert steps[-1] != "step-00000000"
    assert "unfinished" in upwell("info", tmp_path / "run").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_killed_anywhere_the_run_ends_with_the_same_weights(upwell: Any, tmp_path: Path) -> None:
    text = write_text(tmp_path / "text.txt")
    options = [text, *TINY[:2], "--tokens", "150k", *TINY[4:], "--quiet"]
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    assert upwell("train", *options, "--out", alone).returncode == 0
    rng = random.Random(1)
    for _ in range(3):
        fresh = not (killed / "config.json").exists()
        process = start([*options, "--out", killed] if fresh else ["--resume", killed, "--quiet"], tmp_path)
        time.sleep(rng.uniform(0.5, 3.5))
        process.kill()
        process.communicate()
    done = (
        upwell("train", "--resume", killed, "--quiet")
        if killed.exists()
        else upwell("train", *options, "--out", killed)
    )
    assert done.returncode == 0, done.stderr
    assert (alone / "model.safetensors").read_bytes() == (killed / "model.safetensors").read_bytes()


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if path.exists() and path.stat().st_size:
            return
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)
    raise AssertionError(f"{path} did not appear")


def test_a_second_process_on_a_run_gets_one_clear_line(upwell: Any, tiny_run: Path) -> None:
    with lock_file(tiny_run / "lock"):
        done = upwell("train", "--resume", tiny_run)
    assert done.returncode == 2
    assert str(os.getpid()) in done.stderr.strip().splitlines()[-1]
    assert len(done.stderr.strip().splitlines()) <= 2  # the run's name, and the reason


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.txt", "--resume", "b"], "name a source of text"),
        (["missing.txt"], "missing.txt"),
        (["empty.txt"], "empty"),
        (["binary.txt"], "binary.txt"),
        (["latin1.txt"], "--encoding"),
        (["short.txt"], "too short"),
        (["text.txt", "--minutes", "1", "--tokens", "5"], "give one budget"),
        (["text.txt", "--minutes", "0"], "--minutes"),
        (["text.txt", "--size", "huge"], "size 'huge'"),
        (["text.txt", "--size", "900b", "--tokens", "1k"], "size"),
        (["text.txt", "--model", "lsmt"], "did you mean 'lstm'"),
        (["text.txt", "--model", "(gru"], "without its ')'"),
        (["text.txt", "--tokenizer", "letters"], "letters"),
        (["text.txt", "--dtype", "int4"], "--dtype int4"),
        (["text.txt", "--threads", "0"], "--threads 0"),
        (["text.txt", "--device", "gpu"], "--device gpu: choose cpu or cuda"),
        (["text.txt", "--first", "short.txt", "--tokens", "1m"], "--first: a text of"),
        (["text.txt", "--first", "missing.txt"], "missing.txt"),
        (["text.txt", "--mintues", "1"], "--mintues"),
        (["text.txt", "--dropout", "1.5"], "dropout"),
        (["text.txt", "--resume", "runs/text"], "not both"),
        (["--resume", "nowhere"], "nowhere"),
        (["--resume", "."], "config.json"),
    ],
)
def test_bad_input_is_one_line_and_exit_2_and_leaves_nothing_behind(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "text.txt")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "short.txt").write_bytes(b"hello\n")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "latin1.txt").write_bytes("déjà vu\n".encode("latin-1") * 100)
    assert main(["train", *arguments, "--quiet"]) == 2
    assert said in one_line(capfd.readouterr().err)
    assert not (tmp_path / "runs").exists()


def test_bad_input_does_not_cost_the_run_that_was_to_be_overwritten(
    upwell: Any, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_run, tmp_path / "run")
    (tmp_path / "short.txt").write_bytes(b"hello\n")
    kept = (tmp_path / "run/model.safetensors").read_bytes()
    for bad in (["missing.txt"], ["short.txt"], [str(tiny_run.parent / "text.txt"), "--rows", "1000"]):
        assert upwell("train", *bad, "--out", "run", "--overwrite", "--quiet", cwd=tmp_path).returncode == 2
    assert (tmp_path / "run/model.safetensors").read_bytes() == kept


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_line(upwell: Any, tmp_path: Path) -> None:
    text = write_text(tmp_path / "text.txt")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    done = upwell("train", text, *TINY, "--quiet", "--out", locked / "run")
    assert done.returncode == 1
    assert "locked" in one_line(done.stderr)


def test_changed_text_is_noticed_on_resume(upwell: Any, tmp_path: Path) -> None:
    text = write_text(tmp_path / "text.txt")
    assert upwell("train", text, *TINY, "--quiet", "--out", tmp_path / "run").returncode == 0
    (tmp_path / "run/result.json").unlink()
    write_text(text, 500)
    done = upwell("train", "--resume", tmp_path / "run", "--quiet")
    assert done.returncode == 2
    assert "is not what this run was begun with" in one_line(done.stderr)
