from __future__ import annotations

import multiprocessing
import os
import random
import re
from pathlib import Path

import pytest

from upwell.errors import UserError
from upwell.text import corpus as module
from upwell.text.corpus import prepare_corpus, usual_tokenizer
from upwell.text.sources import open_sources
from upwell.text.tokenizer_training import train_tokenizer

WORDS = ["the", "a", "man", "sea", "old", "new", "went", "came", "saw", "红", "楼", "梦", "人"]


def _text(lines: int, seed: int = 0) -> str:
    chance = random.Random(seed)
    return "".join(" ".join(chance.choices(WORDS, k=8)) + ".\n" for _ in range(lines))


@pytest.fixture
def novel(tmp_path: Path) -> Path:
    (tmp_path / "novel.txt").write_text(_text(400), encoding="utf-8", newline="")
    return tmp_path / "novel.txt"


def _prepare(novel: str, cache: str) -> str:
    corpus = prepare_corpus(novel, cache=cache)
    return corpus.train.hash + corpus.valid.hash


def test_corpus_holds_the_whole_text(novel: Path, tmp_path: Path) -> None:
    corpus = prepare_corpus(novel, tokenizer_kind="bpe", cache=tmp_path / "cache")
    joined = corpus.tokenizer.decode(corpus.train.tokens) + corpus.tokenizer.decode(corpus.valid.tokens)
    assert joined == _text(400)
    assert corpus.train.num_bytes + corpus.valid.num_bytes == len(_text(400).encode("utf-8"))
    assert re.search(r"the held-out [45]\.\d% by position", corpus.description)
    assert corpus.train.vocab_size == corpus.tokenizer.vocab_size


def test_corpus_is_found_in_the_cache(novel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare_corpus(novel, cache=tmp_path / "cache")
    os.replace(novel, tmp_path / "renamed.txt")
    monkeypatch.setattr(module, "_build", None)
    second = prepare_corpus(tmp_path / "renamed.txt", cache=tmp_path / "cache")
    assert second.train.path == first.train.path
    assert second.tokenizer.to_json() == first.tokenizer.to_json()


def test_corpus_of_other_settings_is_another(novel: Path, tmp_path: Path) -> None:
    given = train_tokenizer("byte", [])
    settings: list[dict[str, object]] = [
        {}, {"tokenizer_kind": "char"}, {"vocab_size": 300}, {"tokenizer": given}, {"valid": novel}, {"first": novel},
        {"errors": "ignore"},
    ]  # fmt: skip
    corpora = [prepare_corpus(novel, cache=tmp_path / "cache", **one) for one in settings]  # type: ignore[arg-type]
    assert len({corpus.train.path for corpus in corpora}) == len(settings)
    assert corpora[3].tokenizer.kind == "byte"


def test_corpus_joins_validation_sources(novel: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name * 100, encoding="utf-8", newline="")
    corpus = prepare_corpus(novel, valid=[tmp_path / "a.txt", tmp_path / "b.txt"], cache=tmp_path / "cache")
    assert corpus.tokenizer.decode(corpus.valid.tokens) == "a.txt" * 100 + "b.txt" * 100
    assert corpus.valid.num_documents == 2
    assert corpus.tokenizer.decode(corpus.train.tokens) == _text(400)
    assert "given" in corpus.description


def test_texts_that_come_first_are_kept_apart_in_their_order(novel: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"{name}é" * 100, encoding="utf-8")
    for _ in range(2):  # made, then found
        corpus = prepare_corpus(novel, first=[tmp_path / "b.txt", tmp_path / "a.txt"], cache=tmp_path / "cache")
        assert [corpus.tokenizer.decode(text.tokens) for text in corpus.first] == ["b.txté" * 100, "a.txté" * 100]
        assert corpus.train.hash == prepare_corpus(novel, tokenizer=corpus.tokenizer, cache=tmp_path).train.hash
        assert corpus.description.splitlines()[0].startswith("first: ")


@pytest.mark.parametrize("name", ["train/tokens.bin", "valid/meta.json", "tokenizer.json", "corpus.json"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_corpus_damaged_in_the_cache_is_rebuilt(novel: Path, tmp_path: Path, name: str, damage: str) -> None:
    before = prepare_corpus(novel, tokenizer_kind="char", cache=tmp_path / "cache")
    hashes, path = (before.train.hash, before.valid.hash), before.train.path.parent / name
    del before
    data = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(data[:-40] if damage == "cut" else b"\1" * len(data))
    after = prepare_corpus(novel, tokenizer_kind="char", cache=tmp_path / "cache")
    assert (after.train.hash, after.valid.hash) == hashes
    assert path.read_bytes() == data
    assert os.listdir(path.parents[1] if name.count("/") == 0 else path.parents[2]) == [after.train.path.parent.name]


def test_corpus_is_safe_for_two_processes(novel: Path, tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        arguments = [(str(novel), str(tmp_path / "cache"))] * 2
        assert len(set(pool.starmap(_prepare, arguments, chunksize=1))) == 1
    assert len(os.listdir(tmp_path / "cache" / "corpora")) == 1


def test_corpus_loser_of_a_race_uses_the_winner(novel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    winner = prepare_corpus(novel, cache=tmp_path / "cache")
    looked = []

    def late(folder: Path) -> object:
        looked.append(folder)
        return None if len(looked) == 1 else open_entry(folder)

    open_entry = module._open
    monkeypatch.setattr(module, "_open", late)
    assert prepare_corpus(novel, cache=tmp_path / "cache").train.path == winner.train.path


def test_corpus_without_a_writable_cache_uses_a_temporary_folder(novel: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    corpus = prepare_corpus(novel, cache=tmp_path / "file")
    assert "using a temporary folder" in corpus.description
    assert len(corpus.train) > 200


def test_corpus_refuses_short_texts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("too short", encoding="utf-8", newline="")
    with pytest.raises(UserError, match="too short, "):
        prepare_corpus(tmp_path / "a.txt", cache=tmp_path / "cache")
    assert os.listdir(tmp_path / "cache" / "corpora") == []
    with pytest.raises(UserError, match="no source"):
        prepare_corpus([], cache=tmp_path / "cache")


def test_corpus_trains_large_texts_on_an_even_sample(
    novel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.TRAINING_CHARACTERS, "bpe", 2000)
    corpus = prepare_corpus(novel, vocab_size=300, cache=tmp_path / "cache")
    assert 257 < corpus.tokenizer.vocab_size <= 300
    joined = corpus.tokenizer.decode(corpus.train.tokens) + corpus.tokenizer.decode(corpus.valid.tokens)
    assert joined == _text(400)


@pytest.mark.parametrize(
    ("text", "kind"), [("a word " * 100, "char"), ("a word " * 150_000, "bpe"), ("红楼梦" * 200_000, "char")]
)
def test_usual_tokenizer_goes_by_characters_not_bytes(text: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    assert usual_tokenizer(open_sources([str(tmp_path / "text.txt")])) == kind
