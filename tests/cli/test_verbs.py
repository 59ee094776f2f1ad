"""generate, chat, evaluate, info, plan; help and errors."""

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

from tests.cli.conftest import TINY, environment, run_process, write_text

VERBS = ("train", "generate", "write", "chat", "evaluate", "info", "plan", "prepare")


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_describes_every_option(verb: str, upwell: Any) -> None:
    done = upwell(verb, "--help")
    assert done.returncode == 0 and "Usage: upwell " + verb in done.stdout
    for line in done.stdout.splitlines():
        if line.startswith("│ --"):
            assert len(line.strip("│ ").split("  ", 1)) == 2, f"no words for {line}"


def test_help_does_not_load_torch() -> None:
    program = "import sys; from upwell.cli import main; main(['--help']); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_version_is_printed(upwell: Any) -> None:
    assert upwell("--version").stdout.strip() == "0.1.0"


def test_generate_is_the_same_for_a_seed_and_starts_with_the_prompt(upwell: Any, tiny_run: Path) -> None:
    texts = [upwell("generate", tiny_run, "the cat", "--max-tokens", 40, "--seed", seed).stdout for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert all(text.startswith("the cat") for text in texts)


def test_generate_reads_a_prompt_from_standard_input_and_prints_json(upwell: Any, tiny_run: Path) -> None:
    done = upwell("generate", tiny_run, "-", "--max-tokens", 5, "--json", "--temperature", 0, input="红楼".encode())
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["prompt"] == "红楼"
    assert done.stdout.startswith("红楼" + result["text"])


def test_generate_takes_a_draft_and_counts_what_stayed(upwell: Any, tiny_run: Path) -> None:
    words = ("generate", tiny_run, "the cat", "--max-tokens", 30, "--temperature", 0, "--json")
    alone, drafted = (json.loads(upwell(*words, *more).stdout.splitlines()[-1]) for more in ((), ("--draft", tiny_run)))
    assert drafted["text"] == alone["text"] and "draft" not in alone
    assert drafted["draft"]["run"] == str(tiny_run)
    assert drafted["draft"]["accepted"] == drafted["draft"]["checked"] > 0


def test_generate_keeps_to_a_schema_or_a_pattern(upwell: Any, tiny_run: Path, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"enum": ["红", 3, {"a": null}]}', encoding="utf-8")
    done = upwell("generate", tiny_run, "the cat", "--json-schema", schema, "--json", "--temperature", 3)
    assert json.loads(json.loads(done.stdout.splitlines()[-1])["text"]) in ["红", 3, {"a": None}]
    assert re.fullmatch("[0-9]{4}红\n", upwell("generate", tiny_run, "--regex", "[0-9]{4}红").stdout)
    for words, said in (
        (("--regex", "("), "pattern: unclosed group"),
        (("--json-schema", tmp_path / "none"), "none: cannot be read (No such file or directory)"),
        (("--json-schema", schema, "--regex", "a"), "a text has one form"),
    ):
        done = upwell("generate", tiny_run, *words)
        assert done.returncode == 2 and said in done.stderr and done.stdout in ("", "\n")


def test_generate_into_a_closed_pipe_is_quiet(tiny_run: Path) -> None:
    command = [sys.executable, "-m", "upwell", "generate", str(tiny_run), "--max-tokens", "3000"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="locales of POSIX")
def test_an_old_locale_reads_and_writes_chinese_names_and_prompts(tiny_run: Path, tmp_path: Path) -> None:
    old = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    name, prompt = "红楼.txt".encode(), "红楼".encode()  # as bytes: this process may have the old locale itself
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
        file.write((tiny_run.parent / "text.txt").read_bytes())
    done = run_process("train", name, *TINY, "--json", cwd=tmp_path, **old)
    assert done.returncode == 0, done.stderr
    run = os.path.join(b"runs", prompt)
    assert run in os.listdir(os.fsencode(tmp_path / "runs")) or os.path.isdir(os.path.join(os.fsencode(tmp_path), run))
    again = run_process("train", "--resume", run, "--json", cwd=tmp_path, **old)
    assert json.loads(again.stdout.splitlines()[-1])["tokens"] == json.loads(done.stdout.splitlines()[-1])["tokens"]
    ascii_output = {**old, "PYTHONIOENCODING": "ascii"}
    done = run_process("generate", run, prompt, "--max-tokens", 3, "--json", cwd=tmp_path, **ascii_output)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("??")
    assert json.loads(done.stdout.splitlines()[-1])["prompt"] == "红楼"


def test_chat_goes_on_with_every_line_until_the_end(upwell: Any, tiny_run: Path) -> None:
    lines = b"the cat\n/reset\na dog\n/quit\nnot read\n"
    done = upwell("chat", tiny_run, "--max-tokens", 12, "--temperature", 0, input=lines)
    assert done.returncode == 0, done.stderr
    assert done.stdout == upwell("chat", tiny_run, "--max-tokens", 12, "--temperature", 0, input=lines[:21]).stdout
    assert len(done.stdout) >= 24


def test_chat_keeps_the_turns_that_fit_and_says_what_it_drops(upwell: Any, tmp_path: Path) -> None:
    text = write_text(tmp_path / "text.txt")
    tiny = [*TINY, "--model", "attention", "--context", 48, "--tokenizer", "char"]
    done = upwell("train", text, *tiny, "--out", tmp_path / "run", "--quiet")
    assert done.returncode == 0, done.stderr
    lines = ["a dog ran", "the cat", "the mat", "x" * 60]
    settings = ("--max-tokens", 8, "--temperature", 0)
    done = upwell("chat", tmp_path / "run", *settings, input="\n".join(lines).encode())
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "(the oldest turn was dropped: the model sees 48 tokens)",
        "(the 2 oldest turns were dropped: the model sees 48 tokens)",
        "(the line is too long and lost its beginning: the model sees 48 tokens)",
    ]
    # What was dropped makes no difference, and nothing is before it must be.
    assert done.stdout.endswith(upwell("chat", tmp_path / "run", *settings, input=b"x" * 60).stdout)
    short = upwell("chat", tmp_path / "run", *settings, input=b"a dog ran\nthe cat")
    assert short.stderr == "" and done.stdout.startswith(short.stdout)


def test_generate_holds_its_keywords(upwell: Any, tiny_run: Path) -> None:
    words = ("--keyword", "garden", "--keyword", "园子", "--max-tokens", 30)
    done = upwell("generate", tiny_run, "the cat", *words, "--seed", 1)
    assert done.returncode == 0 and "garden" in done.stdout and "园子" in done.stdout
    done = upwell("generate", tiny_run, "the cat", *words[:4], "--max-tokens", 3)
    assert done.returncode == 2 and "but there is room for 3" in done.stderr


def test_evaluate_agrees_with_the_validation_of_the_run(upwell: Any, tmp_path: Path) -> None:
    text, other = write_text(tmp_path / "text.txt"), write_text(tmp_path / "other.txt", 100)
    done = upwell("train", text, *TINY, "--valid", other, "--out", tmp_path / "run", "--quiet")
    assert done.returncode == 0, done.stderr
    done = upwell("evaluate", tmp_path / "run", other, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    valid = json.loads((tmp_path / "run" / "result.json").read_text(encoding="utf-8"))
    assert result["bits_per_byte"] == pytest.approx(valid["valid_bpb"], rel=1e-4)
    assert result["bytes"] == len(other.read_bytes())


def test_info_tells_shape_and_result(upwell: Any, tiny_run: Path) -> None:
    shown = upwell("info", tiny_run).stdout
    for word in ("lstm", "width", "parameters", "result"):
        assert word in shown
    assert json.loads(upwell("info", tiny_run, "--json").stdout)["parameters"]["total"] > 1000


def test_plan_says_what_a_run_would_cost(upwell: Any, tmp_path: Path) -> None:
    text = write_text(tmp_path / "text.txt")
    done = upwell("plan", text, "--size", "20k", "--epochs", 2, "--threads", 1, "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout.splitlines()[-1])
    assert plan["parameters"]["non_embedding"] == pytest.approx(20_000, rel=0.2)
    assert plan["seconds"] > 0 and plan["flops"] == pytest.approx(plan["training_tokens"] * plan["flops_per_token"])
    assert not (tmp_path / "runs").exists()


def test_plan_for_named_hardware_cites_its_source(upwell: Any) -> None:
    done = upwell("plan", "--text-bytes", 1e9, "--model", "attention", "--minutes", 60, "--hardware", "a100", "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout.splitlines()[-1])
    assert "datasheet" in plan["machine"] and plan["matmul_peak"] == 312e12
    assert plan["seconds"] == pytest.approx(3600)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b'{"format": 1, "kind": "language model", "network": {"vocab_size": 1000000000000}}'),
        ("model.safetensors", b"\x80\x04\x95pickle"),
        ("model.safetensors", b""),
        ("tokenizer.json", b"{}"),
        ("tokenizer.json", b"\xff\xfe"),
    ],
)
@pytest.mark.parametrize("verb", ["generate", "evaluate"])
def test_a_damaged_run_is_one_line(
    verb: str, name: str, content: bytes, upwell: Any, tiny_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    (run / name).write_bytes(content)
    extra = [write_text(tmp_path / "text.txt")] if verb == "evaluate" else []
    done = upwell(verb, run, *extra)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and name in done.stderr


def test_a_tokenizer_of_another_run_is_refused(upwell: Any, tiny_run: Path, tmp_path: Path) -> None:
    from upwell.text.tokenizer_training import train_tokenizer

    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    train_tokenizer("byte", ["x"]).save(run / "tokenizer.json")
    done = upwell("generate", run)
    assert done.returncode == 2
    assert "not of one run" in done.stderr
