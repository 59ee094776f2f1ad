"""Translators: learned from Python and by commands, whole documents, both scripts of Chinese, kept in runs."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upwell import Translator
from upwell.api import train_run
from upwell.api.translating import SEARCH, are_alike, joined
from upwell.api.translation_runs import is_chinese
from upwell.errors import UserError
from upwell.generation import BeamOptions
from upwell.text.files import atomic_write_json
from upwell.training.runs import Run

WHO = {"cat": "Katze", "cow": "Kuh", "duck": "Ente", "mouse": "Maus"}
WHAT = {"sees": "sieht", "hears": "hört", "likes": "mag"}
CHINESE = {
    "cat": "猫",
    "cow": "牛",
    "duck": "鸭子",
    "mouse": "老鼠",
    "sees": "看见",
    "hears": "听见",
    "likes": "喜欢",
    "the": "这只",
}
QUICK: dict[str, Any] = {"size": "60k", "epochs": 14, "threads": 1, "dtype": "float32"}


def sentences(number: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """English and German."""
    draws = random.Random(seed)
    pairs = []
    for _ in range(number):
        one, other, does = draws.choice(list(WHO)), draws.choice(list(WHO)), draws.choice(list(WHAT))
        pairs.append((f"The {one} {does} the {other}.", f"Die {WHO[one]} {WHAT[does]} die {WHO[other]}."))
    pairs = [(f"{source} {i}!", f"{target} {i}!") for i, (source, target) in enumerate(pairs)]
    return [source for source, _ in pairs], [target for _, target in pairs]


def chinese(texts: list[str]) -> list[str]:
    words = [text.lower().replace(".", " .").replace("!", " !").split() for text in texts]
    return ["".join(CHINESE.get(word, {".": "。", "!": "！"}.get(word, word)) for word in each) for each in words]


def without_numbers(texts: list[str]) -> list[str]:
    return [text[: text.index(".") + 1] for text in texts]


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator(**QUICK).fit(*sentences(500))


@pytest.fixture(scope="module")
def to_chinese() -> Translator:
    sources, _ = sentences(500)
    return Translator(**QUICK).fit(sources, chinese(sources))


def test_it_translates_and_scores(translator: Translator) -> None:
    sources, targets = sentences(40, seed=1)
    assert translator.score(sources, targets) > 0.75
    said = translator.predict(sources)
    right = [one.split(".")[0] == other.split(".")[0] for one, other in zip(said, targets, strict=True)]
    assert np.mean(right) > 0.8
    assert translator.predict([]) == []


def test_sides_in_the_same_letters_share_a_tokenizer(translator: Translator, to_chinese: Translator) -> None:
    assert translator.model_.source_tokenizer is translator.model_.tokenizer
    assert translator.model_.network.config.source_vocab_size == 0
    model = to_chinese.model_
    assert model.network.config.source_vocab_size == model.source_tokenizer.vocab_size
    assert not are_alike(["a cat"], ["一只猫"])
    assert are_alike(["a cat sees the house"], ["ein Haus, das die Katze sah"])
    assert is_chinese(["一只猫 OK"])
    assert not is_chinese(["an OK cat 猫"])


def test_a_text_is_translated_the_same_alone_and_among_others(translator: Translator) -> None:
    texts = [*sentences(12, seed=2)[0], "The cat.", "x" * 3000, "!" * 900, "\x00 😀 مرحبا", "", "  "]
    together = translator.predict(texts)
    assert [translator.translate(text) for text in texts] == together
    assert together[-2:] == ["", ""]


def test_documents_keep_their_lines_and_long_lines_are_cut_at_sentences(translator: Translator) -> None:
    sources, _ = sentences(30, seed=3)
    lines = ["The cat sees the cow. 1!", "", " ".join(sources), "The cow likes the duck. 2!"]
    said = translator.translate("\n".join(lines)).split("\n")
    assert len(said) == 4
    assert said[1] == ""
    assert said[2].count("Die ") > 20
    assert [said[0], said[3]] == translator.predict([lines[0], lines[3]])


def test_sentences_are_joined_as_their_script_wants() -> None:
    assert joined(["One.", "", "Two."]) == "One. Two."
    assert joined(["一。", "二。"]) == "一。二。"
    assert joined([]) == ""


def test_several_translations_come_best_first_and_differ(translator: Translator) -> None:
    best = translator.hypotheses("The cat sees the cow. 1!", options=BeamOptions(width=5, n_best=4))
    assert 2 <= len(best) <= 4
    assert len({text for text, _ in best}) == len(best)
    assert [score for _, score in best] == sorted((score for _, score in best), reverse=True)
    greedy = translator.translate("The cat sees the cow. 1!", options=BeamOptions(width=1))
    assert greedy.startswith("Die Katze")


def test_it_comes_back_from_its_folder(to_chinese: Translator, tmp_path: Path) -> None:
    to_chinese.save(tmp_path / "run")
    loaded = Translator.load(tmp_path / "run")
    texts = sentences(8, seed=4)[0]
    assert loaded.predict(texts) == to_chinese.predict(texts)
    with pytest.raises(UserError, match="holds a model already"):
        to_chinese.save(tmp_path / "run")
    run = Run(tmp_path / "run")
    values = run.config(None)
    for change, said in (
        ({"script": "cursive"}, "script 'cursive': expected simplified"),
        ({"longest": 10**6}, "is not that of a translator"),
        ({"network": {**values["network"], "vocab_size": 9}}, "tokenizer is not that of its network"),
    ):
        atomic_write_json(run.config_path, {**values, **change})
        with pytest.raises(UserError, match=said):
            Translator.load(run.folder)


def test_what_cannot_be_learned_from_is_refused() -> None:
    with pytest.raises(UserError, match="2 texts, but 1 translations"):
        Translator().fit(["a", "b"], ["c"])
    with pytest.raises(UserError, match="has a single row"):
        Translator().fit(["a"], ["b"])
    with pytest.raises(UserError, match="has learned nothing yet"):
        Translator().predict(["a"])
    with pytest.raises(UserError, match="longer than 256 tokens"):
        Translator(**QUICK).fit([f"{i} " + "word " * 400 for i in range(9)], ["b"] * 9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    for name, number, seed in (("train", 300, 0), ("valid", 40, 1)):
        rows = zip(*sentences(number, seed), strict=True)
        text = "en\tde\n" + "".join(f"{source}\t{target}\n" for source, target in rows)
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    return folder


def test_a_run_says_what_it_understood_and_how_well_it_does(folder: Path) -> None:
    lines: list[str] = []
    validations: list[dict[str, Any]] = []

    def observe(kind: str, figures: dict[str, Any]) -> None:
        lines.extend(figures["lines"] if kind == "labelled" else [])
        validations.extend([figures] if kind == "validation" else [])

    run, figures = train_run(
        str(folder / "train.tsv"), task="translate", valid=(str(folder / "valid.tsv"),), out=str(folder / "run"),
        observe=observe, **QUICK,
    )  # fmt: skip
    assert "source: en (a code of a language); target: de (a code of a language)" in lines
    for name, made in (("bleu", "tok:13a"), ("chrf", "nc:6")):
        found = figures["scores"][name]
        assert found["value"] > found["baseline"] > 0
        assert found["low"] <= found["value"] <= found["high"]
        assert made in figures["signatures"][name]
    assert figures["valid_loss"] == pytest.approx(min(one["loss"] for one in validations), rel=1e-3)
    assert figures["scored"] == figures["data"]["valid"]
    card = (run.folder / "README.md").read_text(encoding="utf-8")
    for said in ("pipeline_tag: translation", "lstm lstm reading both ways, then lstm lstm", "by sacrebleu", "copying"):
        assert said in card
    assert json.loads(run.result_path.read_text(encoding="utf-8"))["task"] == "translate"
    _, resumed = train_run(resume=str(run.folder))
    assert resumed["scores"] == figures["scores"]


def test_a_translator_goes_on_from_another(folder: Path) -> None:
    if not (folder / "first").exists():
        train_run(str(folder / "train.tsv"), task="translate", out=str(folder / "first"), **{**QUICK, "epochs": 4})
    options = {"epochs": 1, "threads": 1, "dtype": "float32"}
    run, _ = train_run(
        str(folder / "valid.tsv"), task="translate", begin_with=str(folder / "first"), out=str(folder / "on"), **options
    )
    assert run.network_config(None).to_dict() == Run(folder / "first").network_config(None).to_dict()
    with pytest.raises(UserError, match="--size: is decided by"):
        train_run(str(folder / "valid.tsv"), task="translate", begin_with=str(folder / "first"), size="1k")


def test_held_out_texts_are_brought_to_the_script_of_those_that_are_learned_from(tmp_path: Path) -> None:
    pytest.importorskip("opencc")
    sources, _ = sentences(60)
    targets = chinese(sources)
    mixed = [target.replace("鸭", "鴨").replace("这", "這") if i % 2 else target for i, target in enumerate(targets)]
    (tmp_path / "train.tsv").write_text(
        "".join(f"{a}\t{b}\n" for a, b in zip(sources, mixed, strict=True)), encoding="utf-8"
    )
    traditional = [target.replace("鸭", "鴨").replace("这", "這") for target in chinese(sentences(9, seed=5)[0])]
    (tmp_path / "valid.tsv").write_text(
        "".join(f"{a}\t{b}\n" for a, b in zip(sentences(9, seed=5)[0], traditional, strict=True)), encoding="utf-8"
    )
    lines: list[str] = []

    def observe(kind: str, figures: dict[str, Any]) -> None:
        lines.extend(figures["lines"] if kind == "labelled" else [])

    given = {"task": "translate", "valid": (str(tmp_path / "valid.tsv"),), **QUICK, "epochs": 1}
    run, figures = train_run(str(tmp_path / "train.tsv"), out=str(tmp_path / "run"), observe=observe, **given)
    assert any("brought to the simplified script" in line for line in lines)
    assert run.config(None)["script"] == "simplified"
    assert "tok:zh" in figures["signatures"]["bleu"]
    kept, _ = train_run(str(tmp_path / "train.tsv"), out=str(tmp_path / "kept"), script="keep", **given)
    assert kept.config(None)["script"] == "keep"


def test_options_of_other_tasks_are_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="--separator: is not an option of --task translate"):
        train_run(str(folder / "train.tsv"), task="translate", separator=";")
    with pytest.raises(UserError, match="--script: is not an option of --task classify"):
        train_run(str(folder / "train.tsv"), task="classify", script="keep")
    with pytest.raises(UserError, match="--script keep: is of --task translate"):
        train_run(str(folder / "train.tsv"), script="keep")
    assert SEARCH.width > 1
