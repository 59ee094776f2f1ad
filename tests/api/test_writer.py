"""Training on texts with prompts: a language model as any other, whose prompts are kept, and its forms of verse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.poems import poems
from upwell import LanguageModel, Writer, evaluate
from upwell.api import train_run
from upwell.api.texts import read_corpus
from upwell.api.writer import read_forms
from upwell.api.writings import BLANK_SHARE, read_parts
from upwell.errors import UserError
from upwell.text.examples import PromptFormat
from upwell.training.distributed import World
from upwell.training.options import TrainOptions
from upwell.training.runs import Run

TINY: dict[str, Any] = {
    "task": "write",
    "size": "2k",
    "tokens": 5000,
    "rows": 4,
    "length": 32,
    "threads": 1,
    "dtype": "float32",
}


def write_table(path: Path, number: int = 200, *, seed: int = 0) -> Path:
    rows = ["\t".join(row) for row in poems(number, seed=seed)]
    path.write_text("\n".join(["tune\tauthor\ttext", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("writer") / "poems.tsv")


@pytest.fixture(scope="module")
def run(table: Path) -> Path:
    made, result = train_run(str(table), out=str(table.parent / "run"), **TINY)
    assert result["finished"] and result["valid_bpb"] > 0
    return made.folder


def test_rows_become_documents_whose_prompts_are_marked(table: Path) -> None:
    said: list[str] = []

    def observe(kind: str, figures: dict[str, Any]) -> None:
        said.append(figures["description"] if kind == "corpus" else "\n".join(figures.get("lines", [])))

    corpus, _ = read_corpus([str(table)], TrainOptions(task="write"), World(), observe)
    assert corpus.train.num_documents + corpus.valid.num_documents == 200
    assert "tune: tune (by its name); author: author (by its name)" in said[0]
    assert f"{table}: JSON lines" in said[1] and "upwell-" not in said[1].split("kept in")[0]
    blank = 0
    for number in range(corpus.train.num_documents):
        start, end = corpus.train.offsets[number], corpus.train.offsets[number + 1]
        prompts = corpus.train.prompts
        assert prompts is not None
        prompt = corpus.tokenizer.decode(corpus.train.tokens[start:end][prompts[start:end] == 1])
        text = corpus.tokenizer.decode(corpus.train.tokens[start:end][prompts[start:end] == 0])
        tune, author, rest = prompt.split("\n")
        assert len(tune) == 3 and rest == "" and text.endswith("。")
        blank += author == ""
    assert 0 < blank < 3 * BLANK_SHARE * 200


def test_validation_shares_no_text_with_training(table: Path, tmp_path: Path) -> None:
    parts = read_parts([str(table)], TrainOptions(task="write"))
    assert not {row.text for row in parts.train.rows} & {row.text for row in parts.valid.rows}
    valid = tmp_path / "valid.tsv"
    lines = table.read_text(encoding="utf-8").splitlines()
    valid.write_text("\n".join([*lines[:4], "浣溪沙\t甲\t红楼，梦。"]) + "\n", encoding="utf-8")
    parts = read_parts([str(table)], TrainOptions(task="write", valid=(str(valid),)))
    assert [row.text for row in parts.valid.rows] == ["红楼，梦。"]


def test_a_run_is_a_language_model_that_keeps_its_prompt_format(run: Path) -> None:
    model = LanguageModel.load(run)
    assert model.formats == {("write", "zh"): PromptFormat(template="{tune}\n{author}\n", lines=True)}
    assert isinstance(model.generate("浣溪沙\n", max_tokens=5, seed=1), str)
    result = Run(run).result()
    assert result is not None and result["scorecard"] is None and len(result["samples"]) == 2


def test_training_goes_on_where_it_was_stopped(table: Path, run: Path, tmp_path: Path) -> None:
    stopped = False

    def stop(kind: str, figures: dict[str, Any]) -> None:
        nonlocal stopped
        if kind == "validation" and not stopped:
            stopped = True
            raise RuntimeError

    with pytest.raises(RuntimeError):
        train_run(str(table), out=str(tmp_path / "run"), observe=stop, **TINY)
    _, again = train_run(resume=str(tmp_path / "run"))
    result = Run(run).result()
    assert result is not None and again["valid_loss"] == result["valid_loss"]


def test_texts_are_measured_behind_their_prompts(run: Path, tmp_path: Path) -> None:
    other = write_table(tmp_path / "other.tsv", 20, seed=7)
    with_prompts = evaluate(run, str(other), columns="tune=tune,author=author,text=text")
    assert with_prompts["bytes"] > evaluate(run, str(other))["bytes"]
    with pytest.raises(UserError, match="has prompts of tune, but the run has learned tune, author"):
        evaluate(run, str(other), columns="tune=tune,text=text")


def test_a_writer_takes_the_parts_of_a_prompt(run: Path) -> None:
    writer = Writer.load(run)
    assert writer.fields == ("tune", "author")
    assert writer.prompt(" 生查子 ") == "生查子\n\n"
    text = writer.write("生查子", "甲", form=False, max_tokens=20, seed=3)
    assert "".join(writer.stream("生查子", "甲", form=False, max_tokens=20, seed=3)) == text
    for parts in ((), ("",), ("a", "b", "c")):
        with pytest.raises(UserError, match="has the parts tune, author"):
            writer.prompt(*parts)
    with pytest.raises(UserError, match="learned no prompts"):
        Writer(LanguageModel(writer.model.network, writer.model.tokenizer))


def test_a_writer_keeps_to_the_form_of_a_tune_and_brings_it_along(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("pypinyin", reason='pypinyin is not installed: pip install "upwell[tasks]"')
    writer = Writer.load(run)
    assert set(writer.forms) == {"浣溪沙", "生查子"}
    for text in writer.write_batch([["浣溪沙", "乙"]] * 3, tones=True, temperature=2.0):
        assert [len(line) for line in text.replace("，", "。").split("。")] == [5, 5, 5, 5, 0]
    assert "春江" in writer.write("生查子", keywords=("春江",), max_tokens=2)
    with pytest.raises(UserError, match="西江月 has no form of verse here; some that have: 浣溪沙, 生查子"):
        writer.write("西江月", form=True)
    writer.save(tmp_path / "copy")
    assert Writer.load(tmp_path / "copy").forms == writer.forms


def test_without_pypinyin_a_run_has_no_forms_and_says_so(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(character: str) -> None:
        raise UserError("tones and rhymes need one more package")

    monkeypatch.setattr("upwell.text.verse.forms.reading_of", missing)
    notes: list[str] = []
    made, _ = train_run(
        str(table),
        out=str(tmp_path / "run"),
        observe=lambda kind, figures: notes.append(figures["text"]) if kind == "note" else None,
        **TINY,
    )
    assert not made.forms_path.exists() and "need one more package" in notes[0]


def test_options_and_tables_that_do_not_go_with_it_are_refused(table: Path, tmp_path: Path) -> None:
    for options, said in (
        ({"column": "text"}, "--column: is not an option of --task write"),
        ({"columns": "text"}, "write text=NAME,prompt=NAME"),
        ({"columns": "text=text,tune=titel"}, "no column 'titel'"),
    ):
        with pytest.raises(UserError, match=said):
            train_run(str(table), out=str(tmp_path / "run"), **{**TINY, **options})
    with pytest.raises(UserError, match="name a table"):
        train_run(None, **TINY)
    with pytest.raises(UserError, match="begins with no run"):
        train_run(str(table), begin_with="runs/other", **TINY)
    damaged = json.dumps({"format": 1, "forms": {"a": 1}})
    (tmp_path / "forms.json").write_text(damaged, encoding="utf-8")
    with pytest.raises(UserError, match="no form of verse"):
        read_forms(Run(tmp_path))
