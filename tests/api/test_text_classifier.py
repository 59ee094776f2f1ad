"""Classifiers of texts: learned from Python and by commands, used in scikit-learn's manner, kept in runs."""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upwell import TextClassifier
from upwell.api import train_run
from upwell.api.classifying import fit_shares, joined
from upwell.errors import UserError
from upwell.model.files import save_weights
from upwell.model.linear_classifier import LinearClassifier
from upwell.training.runs import Run

ANIMALS = {"cat": ["purrs", "meows", "naps"], "dog": ["barks", "digs", "wags"], "猫": ["喵喵叫", "打呼噜"]}
QUICK: dict[str, Any] = {"size": "2k", "epochs": 6, "threads": 1, "dtype": "float32"}


def texts(number: int, seed: int = 0) -> tuple[list[str], list[str]]:
    draws = random.Random(seed)
    labels = [draws.choice(list(ANIMALS)) for _ in range(number)]
    places = ["at home", "in the garden", "on the roof", "今天"]
    return [f"It {draws.choice(ANIMALS[label])} {draws.choice(places)}, {i}." for i, label in enumerate(labels)], labels


@pytest.fixture(scope="module")
def classifier() -> TextClassifier:
    return TextClassifier(**QUICK).fit(*texts(150))


def write_csv(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("kind,review\n" + "".join(f'{label},"{text}"\n' for text, label in rows), encoding="utf-8")
    return path


def test_it_tells_classes_apart_and_is_sure_of_them(classifier: TextClassifier) -> None:
    X, y = texts(60, seed=1)
    assert classifier.classes_.tolist() == sorted(ANIMALS)
    assert classifier.score(X, y) > 0.95
    probabilities = classifier.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    assert classifier.predict(X).tolist() == classifier.classes_[probabilities.argmax(1)].tolist()
    np.testing.assert_allclose(np.log(probabilities), classifier.predict_log_proba(X))
    assert classifier.predict_proba([]).shape == (0, 3)


def test_a_text_is_judged_the_same_alone_and_among_others(classifier: TextClassifier) -> None:
    X = [*texts(20, seed=2)[0], "", "x" * 10_000, "\x00 😀 مرحبا"]
    together = classifier.predict_proba(X)
    for i, text in enumerate(X):
        np.testing.assert_allclose(classifier.predict_proba([text])[0], together[i], atol=1e-5)


def test_an_explanation_names_the_word_that_decides(classifier: TextClassifier) -> None:
    words = classifier.explain("Look, it barks in the garden.")
    assert [word for word, _ in words] == ["Look", ",", "it", "barks", "in", "the", "garden", "."]
    assert max(words, key=lambda item: item[1])[0] == "barks"
    against = dict(classifier.explain("Look, it barks in the garden.", label="cat"))
    assert against["barks"] < 0


def test_the_same_seed_learns_the_same(classifier: TextClassifier) -> None:
    again = TextClassifier(**QUICK).fit(*texts(150))
    X = texts(10, seed=3)[0]
    np.testing.assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))


def test_labels_may_be_numbers_or_truth_values() -> None:
    X, y = texts(60)
    numbers = TextClassifier(**QUICK).fit(X, [len(label) for label in y])
    assert set(numbers.predict(X[:9]).tolist()) <= {1, 3}
    truth = TextClassifier(**QUICK).fit(X, [label == "cat" for label in y])
    assert truth.classes_.dtype == bool


def test_a_text_may_have_several_classes_or_none() -> None:
    draws = random.Random(0)
    X, y = [], []
    for i in range(200):
        has = [name for name in ("red", "blue", "green") if draws.random() < 0.4]
        X.append(f"number {i} is {' and '.join(has) or 'grey'}")
        y.append(has)
    model = TextClassifier(**QUICK).fit(X, y)
    assert model.predict(["this is red and blue", "this is grey"]) == [["blue", "red"], []]
    probabilities = model.predict_proba(["this is red and blue"])[0]
    assert probabilities.sum() > 1.5
    assert model.score(X[:20], y[:20]) > 0.9


def test_it_stands_in_scikit_learns_ways(classifier: TextClassifier) -> None:
    sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    assert sklearn.base.is_classifier(TextClassifier())
    assert sklearn.base.clone(TextClassifier(seed=3)).seed == 3
    pipeline = make_pipeline(FunctionTransformer(lambda X: [text.lower() for text in X]), TextClassifier(**QUICK))
    assert cross_val_score(pipeline, *texts(90), cv=2).mean() > 0.8


def test_options_are_got_and_set_by_name() -> None:
    model = TextClassifier(size="3k")
    assert model.get_params()["size"] == "3k"
    assert model.set_params(size="4k", seed=2).get_params()["seed"] == 2
    with pytest.raises(ValueError, match="no option 'depht'"):
        model.set_params(depht=2)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (["a", "b"], ["x"], "2 texts, but 1 labels"),
        (["a", "b"], ["x", "x"], "two labels"),
        ([], [], "two labels"),
        (["a", "a"], ["x", "y"], "single row"),
    ],
)
def test_what_cannot_be_learned_from_is_one_clear_line(X: list[str], y: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        TextClassifier(**QUICK).fit(X, y)


def test_ten_rows_are_enough_to_begin_with() -> None:
    X, y = texts(10)
    assert set(TextClassifier(**QUICK).fit(X, y).predict(X)) <= set(y)


def test_one_that_has_learned_nothing_says_so() -> None:
    with pytest.raises(UserError, match="call fit"):
        TextClassifier().predict(["a"])


def test_it_is_kept_and_loaded_whole(classifier: TextClassifier, tmp_path: Path) -> None:
    classifier.save(tmp_path / "run")
    X = texts(20, seed=4)[0]
    loaded = TextClassifier.load(tmp_path / "run")
    np.testing.assert_allclose(loaded.predict_proba(X), classifier.predict_proba(X), atol=1e-6)
    with pytest.raises(UserError, match="holds a model already"):
        classifier.save(tmp_path / "run")


def test_damaged_files_of_a_run_are_one_clear_line(classifier: TextClassifier, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    classifier.save(run.folder)

    def refused(said: str) -> None:
        with pytest.raises(UserError, match=said) as caught:
            TextClassifier.load(run.folder)
        assert "\n" not in str(caught.value)

    config = run.config_path.read_bytes()
    for key, value, said in (
        ("labels", ["a"], "names of the network's 3 classes"),
        ("shares", [1.0], "shares must be 3 numbers"),
        ("kind", "tagger", "is a tagger, not a classifier"),
        ("kind", "poet", "not a classifier"),
    ):
        run.config_path.write_text(json.dumps({**json.loads(config), key: value}), encoding="utf-8")
        refused(said)
    run.config_path.write_bytes(config)
    weights = run.folder / "ngrams.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    refused("not a readable safetensors file")
    weights.unlink()
    refused("no such file")


def test_shares_trust_the_half_that_is_right() -> None:
    draws = np.random.default_rng(0)
    truth = np.eye(3)[draws.integers(0, 3, 400)]
    good, poor = truth * 3 + draws.normal(size=(400, 3)), draws.normal(size=(400, 3)) * 5
    shares = fit_shares((good, poor), truth, several=False)
    assert shares[0] > 0.8
    assert shares[1] < 0.1
    assert fit_shares((good[:5], poor[:5]), truth[:5], several=False) == (0.5, 0.5)  # too few to tell
    np.testing.assert_allclose(np.exp(joined((good, poor), shares, several=False)).sum(1), 1)


def test_a_run_is_made_from_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    X, y = texts(120)
    source = write_csv(tmp_path / "animals.csv", list(zip(X, y, strict=True)))
    run, figures = train_run(str(source), task="classify", **QUICK)
    assert run.folder == Path("runs/animals")
    assert figures["finished"]
    assert figures["scores"]["accuracy"]["value"] > 0.8
    assert figures["data"]["train"] + figures["data"]["valid"] == 120
    card = (run.folder / "README.md").read_text(encoding="utf-8")
    for word in ("license: other", "cat (", "the most frequent", "Wh, if one assumes", "upwell classify"):
        assert word in card
    assert TextClassifier.load(run.folder).score(X, y) > 0.9


def test_validation_data_is_given_without_copies_and_unknown_labels(tmp_path: Path) -> None:
    X, y = texts(90)
    train = write_csv(tmp_path / "train.csv", list(zip(X, y, strict=True)))
    fresh = [(f"Now {text}", label) for text, label in zip(*texts(30, seed=9), strict=True)]
    valid = write_csv(tmp_path / "valid.csv", [*fresh, (X[0], y[0]), ("It sings.", "bird")])
    said: list[str] = []

    def observe(kind: str, figures: dict[str, Any]) -> None:
        said.extend(figures.get("lines", []))

    _, figures = train_run(
        str(train), task="classify", valid=(str(valid),), out=str(tmp_path / "run"), observe=observe, **QUICK
    )
    assert figures["data"]["train"] == 90
    assert figures["data"]["valid"] == 30
    assert any("kind" in line and "review" in line for line in said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"task": "rhyme"}, "choose classify, tag"),
        ({"task": "classify", "window": 5}, "--window: is not an option of --task classify"),
        ({"task": "classify", "columns": "stars"}, "write text=NAME,label=NAME"),
        ({"task": "classify", "columns": "label=kinds"}, "Did you mean 'kind'"),
    ],
)
def test_options_that_a_task_does_not_have_are_refused(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "t.csv", list(zip(*texts(30), strict=True)))
    with pytest.raises(UserError, match=said):
        train_run(str(source), out=str(tmp_path / "run"), **options)
    assert not (tmp_path / "run").exists()


def test_weights_of_ngrams_that_are_not_numbers_are_refused(classifier: TextClassifier, tmp_path: Path) -> None:
    import torch

    linear = classifier.model_.linear
    path = tmp_path / "ngrams.safetensors"
    linear.save(path)
    loaded = LinearClassifier.load(path, classes=3)
    assert all(np.array_equal(loaded.weights[name], weights) for name, weights in linear.weights.items())
    weights = {name: torch.from_numpy(one.copy()) for name, one in linear.weights.items()}
    weights["ratios"][0] = torch.nan
    hashes = torch.from_numpy(linear.index.hashes.view(np.int64))
    save_weights(path, {"hashes": hashes, "rarity": torch.from_numpy(linear.index.rarity), **weights})
    with pytest.raises(UserError, match="is damaged"):
        LinearClassifier.load(path, classes=3)


def test_an_interrupted_run_goes_on_to_the_same_classifier(tmp_path: Path) -> None:
    X, y = texts(120)
    source = write_csv(tmp_path / "animals.csv", list(zip(X, y, strict=True)))

    def interrupt(kind: str, figures: dict[str, Any]) -> None:
        if kind == "step" and figures["step"] == 5:
            os.kill(os.getpid(), signal.SIGINT)

    common: dict[str, Any] = {"task": "classify", **QUICK}
    whole, figures = train_run(str(source), out=str(tmp_path / "whole"), **common)
    run, stopped = train_run(str(source), out=str(tmp_path / "run"), observe=interrupt, **common)
    assert not stopped["finished"]
    with pytest.raises(UserError, match="not come to its end"):
        TextClassifier.load(run.folder)
    _, resumed = train_run(resume=run.folder)
    assert resumed["finished"]
    assert resumed["scores"] == figures["scores"]
    np.testing.assert_array_equal(
        TextClassifier.load(run.folder).predict_proba(X), TextClassifier.load(whole.folder).predict_proba(X)
    )
    assert train_run(resume=run.folder)[1]["scores"] == figures["scores"]  # nothing is left to do


def test_a_run_does_not_go_on_with_other_data(tmp_path: Path) -> None:
    X, y = texts(60)
    source = write_csv(tmp_path / "animals.csv", list(zip(X, y, strict=True)))
    stop: dict[str, Any] = {"observe": lambda kind, figures: kind == "step" and os.kill(os.getpid(), signal.SIGINT)}
    run, _ = train_run(str(source), out=str(tmp_path / "run"), task="classify", **QUICK, **stop)
    write_csv(source, list(zip(X[:-1], y[:-1], strict=True)))
    with pytest.raises(UserError, match="not what this run was begun with"):
        train_run(resume=run.folder)


def test_what_a_network_reads_is_what_it_learned_to_read(tmp_path: Path) -> None:
    X, y = texts(60)
    source = write_csv(tmp_path / "t.csv", list(zip(X, y, strict=True)))
    run, _ = train_run(str(source), task="classify", context=200, out=str(tmp_path / "run"), **QUICK)
    model = TextClassifier.load(run.folder).model_
    words = (X[0].split() * 100)[:100]
    assert 140 < len(model.tokenizer.encode(" ".join(words))) < 200
    others = [word for text in X for word in text.split() if word not in words][:10]
    changed = [*words[:45], *others, *words[55:]]
    first, second = model.judgements([" ".join(words), " ".join(changed)])[0]
    assert model.networks[0].config.context == 200
    assert not np.allclose(first, second)  # the middle, which 128 tokens would leave out
