"""From the micro-world to a scorecard and to answers, on the command line."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import run_process

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/scorecard.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def world_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("world")
    words = ["train", "world:megabytes=0.2,level=1", "--size", "5k", "--tokens", "8k", "--vocab-size", "600"]
    done = run_process(*words, "--quiet", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    return folder / result["run"], result


def test_training_on_the_world_ends_with_a_scorecard_of_five_tasks(world_run: tuple[Path, dict[str, Any]]) -> None:
    run, result = world_run
    jsonschema.validate(result["scorecard"], SCHEMA)
    assert len(result["scorecard"]) == 5
    assert result["entropy_bound_bpb"] < result["valid_bpb"]
    match = result["scorecard"]["question_answering"]["exact_match"]
    assert match["low"] <= match["chance"] + 0.3  # it knows nothing
    kept = sorted(path.name for path in (run / "evaluations").iterdir())
    assert kept == [f"{task}-0-shot.jsonl" for task in sorted(result["scorecard"])]
    item = json.loads((run / "evaluations/translation-0-shot.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert {"prompt", "answer", "output", "answer_nats", "answer_tokens", "meaning"} <= item.keys()
    scoring = result["scoring"]
    assert scoring["tasks"].keys() == result["scorecard"].keys() and scoring["seconds"] > 0
    assert [(sample["view"], sample["language"]) for sample in result["samples"]] == [
        *[("story", "en"), ("story", "en"), ("story", "zh")],
        *[("translation", "en"), ("qa", "en")],
    ]


def test_the_last_page_shows_scores_samples_and_commands_that_work(
    world_run: tuple[Path, dict[str, Any]], upwell: Any
) -> None:
    run, result = world_run
    page = upwell("train", "--resume", run).stdout
    told = json.loads((run / "result.json").read_text(encoding="utf-8"))
    assert told["samples"] == result["samples"]
    assert "best baseline" in page and "meaning match en-zh" in page
    card = (run / "README.md").read_text(encoding="utf-8")
    for sample in result["samples"]:
        for text in sample["given"].values():
            assert text.split()[0] in page and text in card
    commands = re.findall(r"^  upwell (.*)$", page, re.MULTILINE)
    assert [command.split()[0] for command in commands] == [
        *["generate", "translate", "answer", "classify", "summarize", "evaluate", "chat"]
    ]
    for command in commands:
        few = ["--items", "2"] if command.startswith("evaluate") else []
        done = upwell(*shlex.split(command), *few, cwd=run.parents[1], input=b"")
        assert done.returncode == 0, done.stderr


def test_a_model_whose_context_is_too_short_for_the_tasks_is_kept(upwell: Any, tmp_path: Path) -> None:
    words = ["train", "world:megabytes=0.2,level=1", "--model", "attention", "--context", "32", "--vocab-size", "600"]
    done = upwell(*words, "--size", "5k", "--tokens", "4k", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not scored: " in done.stderr and "context is 32" in done.stderr
    result = json.loads(done.stdout)
    assert result["scorecard"] is None and (tmp_path / result["run"] / "result.json").exists()


def test_quiet_training_prints_json_alone(world_run: tuple[Path, dict[str, Any]], upwell: Any) -> None:
    done = upwell("train", "--resume", world_run[0], "--quiet", "--json")
    assert done.stdout.count("\n") == 1 and done.stderr == ""
    loud = upwell("train", "--resume", world_run[0], "--json")
    assert loud.stdout == done.stdout and "best baseline" in loud.stderr


def test_several_numbers_of_shots_have_a_row_each(world_run: tuple[Path, dict[str, Any]], upwell: Any) -> None:
    words = ["evaluate", world_run[0], "--task", "question_answering", "--items", "4", "--shots", "0,1,4", "--json"]
    done = upwell(*words)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])["by_shots"]
    assert [part["shots"] for part in found] == [0, 1, 4]
    assert re.findall(r"^  (?:exact match )? +(\d) ", done.stdout, re.MULTILINE)[:3] == ["0", "1", "4"]


def test_evaluate_scores_the_tasks_that_are_named(world_run: tuple[Path, dict[str, Any]], upwell: Any) -> None:
    run, _ = world_run
    words = ["evaluate", str(run), "--task", "translation", "--items", "6", "--shots", "1", "--json"]
    done = upwell(*words, cwd=run.parent)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    jsonschema.validate(found["scorecard"], SCHEMA)
    assert list(found["scorecard"]) == ["translation"] and found["shots"] == 1
    assert "meaning match" in done.stdout and "0.000 copy" in done.stdout
    again = upwell(*words, cwd=run.parent).stdout.splitlines()
    assert again[:-1] == done.stdout.splitlines()[:-1]
    assert json.loads(again[-1])["scorecard"] == found["scorecard"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--task", "translate"], "did you mean translation?"),
        (["--task", "translation", "--shots", "-1"], "--shots must be 0 or more"),
        (["--task", "translation", "--shots", "1,x"], "several joined by commas"),
        (["none.jsonl", "--task", "translation"], "none.jsonl: cannot be read"),
        (["a.jsonl", "b.jsonl", "--task", "translation"], "one file of examples at a time"),
        (["--encoding", "gb18030"], "are for text"),
        (["text.txt", "--shots", "2"], "are for tasks"),
    ],
)
def test_evaluate_refuses_in_one_line(
    words: list[str], said: str, world_run: tuple[Path, dict[str, Any]], upwell: Any
) -> None:
    done = upwell(*["evaluate", str(world_run[0]), *words], cwd=world_run[0].parent)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1


def test_evaluate_takes_examples_of_the_users_own(
    world_run: tuple[Path, dict[str, Any]], upwell: Any, tmp_path: Path
) -> None:
    rows = [{"prompt": f"The ball is red.\nQuestion: What is it, {i}?\nAnswer:", "answer": "red"} for i in range(4)]
    rows += [{"prompt": "1?", "answer": "red", "split": "train"}]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    words = ["evaluate", str(world_run[0]), str(tmp_path / "own.jsonl"), "--task", "question_answering", "--json"]
    done = upwell(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])["scorecard"]["question_answering"]
    assert figures["exact_match"]["baseline"] == 1 and "question answering (4 items)" in done.stdout
    (tmp_path / "bad.jsonl").write_text('{"prompt": "a"}\n', encoding="utf-8")
    done = upwell(*["evaluate", str(world_run[0]), str(tmp_path / "bad.jsonl"), "--task", "translation"], cwd=tmp_path)
    assert (
        done.returncode == 2
        and "bad.jsonl: line 1: expected an object with texts named prompt and answer" in done.stderr
    )


@pytest.mark.parametrize("verb", ["translate", "answer", "classify", "summarize"])
def test_a_verb_answers_an_argument_and_lines(verb: str, world_run: tuple[Path, dict[str, Any]], upwell: Any) -> None:
    run, _ = world_run
    text = "Anna has a red ball. What does Anna have?"
    one = upwell(*[verb, str(run), text], cwd=run.parent)
    assert one.returncode == 0, one.stderr
    lines = upwell(*[verb, str(run)], cwd=run.parent, input=f"{text}\n\n{text}\n".encode())
    assert lines.stdout == f"{one.stdout}\n{one.stdout}"
    told = upwell(*[verb, str(run), text, "--json"], cwd=run.parent)
    assert json.loads(told.stdout)["answer"] == one.stdout.rstrip("\n")


def test_an_answer_is_shown_with_its_reason(world_run: tuple[Path, dict[str, Any]], upwell: Any) -> None:
    run, _ = world_run
    words = ["answer", str(run), "--about", "Anna has a red ball.", "What does Anna have?"]
    told = json.loads(upwell(*words, "--json", cwd=run.parent).stdout)
    assert set(told) == {"text", "answer", "reason"} and told["reason"]
    assert upwell(*words, "--reason", cwd=run.parent).stdout == f"{told['answer']}  ({told['reason']})\n"
    assert upwell(*words, cwd=run.parent).stdout == f"{told['answer']}\n"


def test_one_word_is_translated_with_its_senses(world_run: tuple[Path, dict[str, Any]], upwell: Any) -> None:
    done = upwell(*["translate", str(world_run[0]), "ball", "--json"], cwd=world_run[0].parent)
    senses = json.loads(done.stdout)["senses"]
    assert senses and {sense["class"] for sense in senses} <= {"noun", "verb", "adjective", "adverb"}
    assert all(0 <= sense["probability"] <= 1 for sense in senses)


def test_a_run_of_plain_text_says_that_it_knows_no_task(upwell: Any, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("a line of text\n" * 200, encoding="utf-8")
    done = upwell(*["train", "text.txt", "--size", "1k", "--tokens", "3k", "--quiet", "--json"], cwd=tmp_path)
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["scorecard"] is None
    for words in (["evaluate", result["run"]], ["translate", result["run"], "a line"]):
        done = upwell(*words, cwd=tmp_path)
        assert done.returncode == 2 and "plain text" in done.stderr and done.stderr.count("\n") == 1
