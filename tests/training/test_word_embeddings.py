"""Embeddings that begin with word vectors: which tokens have one, what frozen ones do, what the network costs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from upwell.errors import UserError
from upwell.model.accounting import flops_per_token, meta_network, parameters_by_kind
from upwell.model.config import NetworkConfig
from upwell.model.files import load_network, save_weights
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.text import WordVectors
from upwell.text.decoding import Piece
from upwell.text.stores import StoreWriter, TokenStore
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import Tokenizer
from upwell.text.vectors import save_vectors
from upwell.training.checkpoints import checkpoints
from upwell.training.loop import fit
from upwell.training.objectives import next_token
from upwell.training.options import TrainOptions
from upwell.training.plan import check_options, make_plan
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget
from upwell.training.word_embeddings import find_embeddings, read_embeddings, token_words

TEXT = "The cat sat on the mat, and the dog ran.\nThe dog saw 红楼 and sat.\n" * 40
WORDS = ("the", "cat", "The", "dog", ",", "红", "zebra", "at", "Sat")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    matrix = np.random.default_rng(0).normal(0, 3, (len(WORDS), 6)).astype(np.float32)
    save_vectors(WordVectors(WORDS, matrix), tmp_path / "words.vec")
    return tmp_path / "words.vec"


def store(tokenizer: Tokenizer, folder: Path) -> TokenStore:
    folder.mkdir()
    with StoreWriter(folder, tokenizer) as writer:
        writer.add(*Piece(TEXT, True)[:2])
        writer.finish()
    return TokenStore.open(folder)


def test_tokens_are_looked_up_as_they_are_and_in_lower_case(file: Path, tmp_path: Path) -> None:
    tokenizer = train_tokenizer("word", [TEXT])
    found = find_embeddings(str(file), tokenizer, store(tokenizer, tmp_path / "store"), freeze=False)
    given = dict(zip(WORDS, np.random.default_rng(0).normal(0, 3, (len(WORDS), 6)).astype(np.float32), strict=True))
    rows = dict(zip(found.ids.tolist(), found.rows.numpy(), strict=True))
    (the,), (begin,) = tokenizer.encode(" the"), tokenizer.encode("The")
    np.testing.assert_array_equal(rows[the], given["the"])
    np.testing.assert_array_equal(rows[begin], given["The"])  # as it is written comes first
    assert int(tokenizer.encode(",")[0]) in rows and int(tokenizer.encode("红")[0]) in rows
    assert int(tokenizer.encode(" sat")[0]) not in rows  # Sat is not looked up for sat
    tokens = tokenizer.encode(TEXT)
    unknown = [token for token in tokens.tolist() if token not in rows]
    assert found.about["unknown_token_share"] == pytest.approx(len(unknown) / len(tokens), abs=1e-5)
    assert found.about["unknown_id_share"] == pytest.approx(1 - len(rows) / tokenizer.vocab_size, abs=1e-5)
    assert found.frozen is None and found.about["frozen_parameters"] == 0


def test_of_pieces_only_whole_words_are_looked_up() -> None:
    tokenizer = train_tokenizer("bpe", ["the cat sat at the mat at The\n红楼\n" * 200], vocab_size=300)
    words = token_words(tokenizer)
    spelled = {tokenizer.token_bytes(token).decode("utf-8", "replace"): word for token, word in enumerate(words)}
    assert spelled[" the"] == "the" and spelled["at"] is None and spelled[","] == ","
    assert words[tokenizer.end_of_text] is None and all(word != "" for word in words)
    assert spelled["红楼"] == "红楼"


def test_vectors_begin_at_the_length_that_embeddings_usually_have(file: Path, tmp_path: Path) -> None:
    tokenizer = train_tokenizer("word", [TEXT])
    found = find_embeddings(str(file), tokenizer, store(tokenizer, tmp_path / "store"), freeze=True)
    config = network_config("lstm", 2000, vocab_size=tokenizer.vocab_size, context=16, embedding_width=6)
    network, plain = Network(config), Network(config)
    for made in (network, plain):
        made.reset_parameters(0)
    found.begin(network)
    others = torch.ones(tokenizer.vocab_size, dtype=torch.bool)
    others[found.ids] = False
    usual = float(plain.embedding_weight.detach().norm(dim=1).mean())
    assert torch.equal(network.embedding_weight[others], plain.embedding_weight[others])
    begun = network.embedding_weight[found.ids].detach()
    assert float(begun.norm(dim=1).mean()) == pytest.approx(usual, rel=1e-5)
    torch.testing.assert_close(torch.nn.functional.normalize(begun), torch.nn.functional.normalize(found.rows))
    assert torch.equal(found.frozen, found.ids) and found.about["frozen_parameters"] == 6 * len(found.ids)  # type: ignore[arg-type]
    assert "counted but never moved" in found.describe()
    found.save(tmp_path / "kept.safetensors")
    again = read_embeddings(tmp_path / "kept.safetensors", found.about)
    assert torch.equal(again.ids, found.ids) and torch.equal(again.rows, found.rows) and again.about == found.about
    with pytest.raises(UserError, match="not of one run"):
        found.begin(Network(replace(config, vocab_size=5)))


@pytest.mark.parametrize("width", [4, 6, 24])
def test_vectors_of_another_width_keep_their_angles_as_far_as_it_goes(width: int, file: Path, tmp_path: Path) -> None:
    tokenizer = train_tokenizer("word", [TEXT])
    found = find_embeddings(str(file), tokenizer, store(tokenizer, tmp_path / "store"), freeze=False)
    network = Network(network_config("lstm", 2000, vocab_size=tokenizer.vocab_size, context=16))
    network = Network(replace(network.config, width=width))
    network.reset_parameters(0)
    found.begin(network)
    begun = network.embedding_weight[found.ids].detach()
    cosines = [F.normalize(rows) @ F.normalize(rows).T for rows in (begun, found.rows)]
    if width >= 6:
        torch.testing.assert_close(*cosines, atol=1e-5, rtol=0)
    else:
        wanted = torch.linalg.svdvals(found.rows)[:width]
        kept = torch.linalg.svdvals(begun)
        torch.testing.assert_close(kept / kept[0], wanted / wanted[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ids": 3}, "has shape"),
        ({"ids": "many"}, "must be whole numbers"),
        ({"idz": 3}, "did you mean 'ids'"),
        ({"file": None}, "missing key 'file'"),
    ],
)
def test_kept_vectors_that_do_not_fit_are_named(change: dict[str, Any], said: str, file: Path, tmp_path: Path) -> None:
    tokenizer = train_tokenizer("word", [TEXT])
    found = find_embeddings(str(file), tokenizer, store(tokenizer, tmp_path / "store"), freeze=False)
    found.save(tmp_path / "kept.safetensors")
    about = {name: value for name, value in {**found.about, **change}.items() if value is not None}
    with pytest.raises(UserError, match=said):
        read_embeddings(tmp_path / "kept.safetensors", about)


def test_a_file_without_any_of_the_tokens_is_refused(file: Path, tmp_path: Path) -> None:
    tokenizer = train_tokenizer("word", [TEXT])
    save_vectors(WordVectors(("zebra",), np.ones((1, 6), np.float32)), file)
    with pytest.raises(UserError, match="holds no words of those that are wanted"):
        find_embeddings(str(file), tokenizer, store(tokenizer, tmp_path / "store"), freeze=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"freeze_vectors": True}, "name their file by --vectors"),
        ({"vectors": "words.vec", "tokenizer": "char"}, "tokens of a char tokenizer are no words"),
        ({"vectors": "words.vec", "tokenizer": "byte"}, "tokens of a byte tokenizer are no words"),
        ({"vectors": "missing.vec"}, "missing.vec: cannot be read"),
    ],
)
def test_vectors_that_make_no_sense_are_refused_before_any_work(
    options: dict[str, Any], said: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    with pytest.raises(UserError, match=said):
        check_options(TrainOptions(tokens=1000, **options))
    check_options(TrainOptions(tokens=1000, vectors="words.vec", freeze_vectors=True))


@pytest.mark.parametrize(("dtype", "workers"), [(torch.float32, 1), (torch.bfloat16, 2)])
def test_frozen_rows_keep_their_bits_while_all_else_learns_also_resumed(
    dtype: torch.dtype, workers: int, setup: Any, tmp_path: Path
) -> None:
    recipe = Recipe(rows=4, length=16, validations=3, checkpoint_seconds=0, ema=0.9, weight_decay=0.5)
    options = {"embedding_width": 6, "tied": False, "embedding_dropout": 0.1}
    budget = Budget("tokens", 30 * recipe.tokens_per_step)
    frozen = torch.tensor([1, 5, 16])
    way = {"objective": next_token, "budget": budget, "dtype": dtype, "num_workers": workers, "frozen": frozen}

    def run(folder: str, stop_at: int | None = None) -> None:
        made = setup("lstm", recipe, **options)
        calls = itertools.count()
        fit(**made, **way, folder=tmp_path / folder, stopped=lambda: next(calls) == stop_at)

    begun = setup("lstm", recipe, **options)["network"].embedding_weight.detach()
    others = torch.ones(len(begun), dtype=torch.bool)
    others[frozen] = False
    run("whole")
    run("parts", stop_at=11)
    assert checkpoints(tmp_path / "parts" / "checkpoints")
    run("parts")
    config = setup("lstm", recipe, **options)["network"].config
    whole, parts = (load_network(tmp_path / name / "model.safetensors", config) for name in ("whole", "parts"))
    for name, weight in whole.named_parameters():
        assert torch.equal(weight, parts.get_parameter(name)), name
    assert torch.equal(whole.embedding_weight[frozen], begun[frozen])
    assert not (whole.embedding_weight[others] == begun[others]).any()
    assert not torch.equal(whole.get_parameter("head_weight")[frozen], begun[frozen, :1].expand(3, config.width))


MODELS = ["lstm", "attention", "lstm attention"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("width", [3, 50])
def test_an_embedding_of_another_width_is_learned_with(model: str, width: int, setup: Any, tmp_path: Path) -> None:
    made = setup(model, embedding_width=width)
    result = fit(**made, objective=next_token, budget=Budget("tokens", 12_000), folder=tmp_path)
    assert result.score is not None and result.score.loss < (2.4 if width == 3 else 2.0)


def small(**options: Any) -> NetworkConfig:
    return network_config("lstm", 2000, vocab_size=11, context=8, **options)


@pytest.mark.parametrize("tied", [True, False])
def test_an_embedding_of_another_width_is_mapped_to_the_stream_and_back(tied: bool) -> None:
    network = Network(small(embedding_width=6, tied=tied)).double()
    network.reset_parameters(0)
    tokens = torch.arange(8).view(2, 4)
    logits, _ = network(tokens)
    plain = Network(replace(network.config, embedding_width=None, tied=False)).double()
    weights = {name: p for name, p in network.named_parameters() if "map" not in name}
    weights["embedding_weight"] = network.embedding_weight @ network.get_parameter("embedding_map").T
    if tied:
        weights["head_weight"] = network.embedding_weight @ network.get_parameter("head_map")
    plain.load_state_dict({name: weight.detach() for name, weight in weights.items()})
    torch.testing.assert_close(plain(tokens)[0], logits)


@pytest.mark.parametrize("tied", [True, False])
def test_maps_count_as_parameters_and_flops_and_are_saved(tied: bool, tmp_path: Path) -> None:
    config = small(embedding_width=6, tied=tied)
    network = meta_network(config)
    counts = parameters_by_kind(network)
    maps = (2 if tied else 1) * 6 * config.width
    assert counts["map"] == maps and counts["embedding"] == 6 * 11
    assert counts["head"] == (0 if tied else 11 * config.width)
    assert counts["non_embedding"] == counts["map"] + counts["mixer"] + counts["norm"]
    head = 11 * (6 if tied else config.width)
    mixers = sum(block.mixer.flops_per_token(8) for block in network.blocks)  # type: ignore[union-attr, operator]
    assert flops_per_token(network, 8) == 2 * (head + maps) + mixers
    made = Network(config)
    made.reset_parameters(0)
    save_weights(tmp_path / "m.safetensors", {name: p.detach() for name, p in made.named_parameters()})
    loaded = load_network(tmp_path / "m.safetensors", config)
    assert torch.equal(loaded(torch.zeros(1, 2, dtype=torch.int64))[0], made(torch.zeros(1, 2, dtype=torch.int64))[0])


@pytest.mark.parametrize("model", [*MODELS, "gru"])
@pytest.mark.parametrize("width", [50, 300])
@pytest.mark.parametrize("tied", [True, False])
def test_the_dial_counts_the_maps(model: str, width: int, tied: bool) -> None:
    for size in (100_000, 1_000_000, 10_000_000):
        config = network_config(model, size, vocab_size=100, context=64, embedding_width=width, tied=tied)
        assert parameters_by_kind(meta_network(config))["non_embedding"] == pytest.approx(size, rel=0.25)


def test_vectors_as_wide_as_the_stream_need_no_map() -> None:
    config = network_config("lstm", 2 * 8 * 48**2 + 2 * 48**2, vocab_size=9, context=8, depth=2, embedding_width=48)
    assert (config.width, config.embedding_width) == (48, None)


def test_a_plan_with_frozen_vectors_has_a_head_of_its_own() -> None:
    text = {"vocab_size": 500, "train_tokens": 10**6, "train_bytes": 10**6, "flops_per_second": 1e9, "dtype": "float32"}
    for freeze in (False, True):
        options = TrainOptions(tokens=1e5, size="20k", vectors="words.vec", freeze_vectors=freeze)
        plan = make_plan(options, **text, embedding_width=50)  # type: ignore[arg-type]
        assert plan.network.embedding_width == 50 and plan.network.tied is not freeze


def test_a_width_that_cannot_be_is_named() -> None:
    with pytest.raises(UserError, match="embedding_width must be a whole number from 1"):
        replace(small(), embedding_width=0)
