"""Answering questions: learned from Python, kept in runs, in each manner."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upwell import QuestionAnswerer
from upwell.api.answering import MANNERS, manner_of
from upwell.api.answering.spans import READ, SpanModel, parts_of
from upwell.errors import UserError
from upwell.text.labelled import Question, questions_of
from upwell.training.runs import Run

QUICK: dict[str, Any] = {"size": "6k", "threads": 1, "dtype": "float32"}
THINGS = ("boat", "house", "horse", "lamp", "drum", "chair")
DEEDS = {"sold": "sell", "built": "build", "lost": "lose", "bought": "buy"}


def name(draws: random.Random) -> str:
    return "".join(draws.choice("bdfgklmnprst") + draws.choice("aeiou") for _ in range(3)).capitalize()


def spans(number: int, seed: int = 0, *, unanswered: bool = False) -> list[dict[str, Any]]:
    """Who did it, in which year, and, of deeds that nobody did, nothing."""
    draws, rows = random.Random(seed), []
    for _ in range(number):
        deeds = draws.sample(sorted(DEEDS), 3)
        things = draws.sample(THINGS, 3)
        facts = [
            (name(draws), deed, thing, str(draws.randint(1500, 1999)))
            for deed, thing in zip(deeds, things, strict=True)
        ]
        context = " ".join(f"In {year} {who} {deed} the {thing}." for who, deed, thing, year in facts[:2])
        who, deed, thing, year = facts[draws.randrange(2)]
        rows.append({"context": context, "question": f"Who {deed} the {thing}?", "answers": [who]})
        rows.append({"context": context, "question": f"When was the {thing} {deed}?", "answers": [year]})
        if unanswered:
            rows.append({"context": context, "question": f"Who {deeds[2]} the {things[2]}?", "answers": []})
    return rows


def choices(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """Of two names or three, that which stands by the deed."""
    draws, rows = random.Random(seed), []
    for _ in range(number):
        one, other, third = name(draws), name(draws), name(draws)
        deed, thing = draws.choice(sorted(DEEDS)), draws.choice(THINGS)
        context = f"{one} slept all day in the garden. {other} {deed} the {thing} that day. All were glad of it."
        offered = draws.sample([one, other, third], 3) if draws.random() < 0.5 else [one, other]
        rows.append(
            {
                "context": context,
                "question": f"Who {deed} the {thing}?",
                "choices": offered,
                "answer": offered.index(other),
            }
        )
    return rows


@pytest.fixture(scope="module")
def finder() -> QuestionAnswerer:
    return QuestionAnswerer(**QUICK, epochs=8).fit(spans(150, unanswered=True))


@pytest.fixture(scope="module")
def chooser() -> QuestionAnswerer:
    return QuestionAnswerer(**QUICK, epochs=1).fit(choices(60))


def test_it_finds_pieces_of_passages_it_has_never_seen_and_says_where_there_is_none(finder: QuestionAnswerer) -> None:
    rows = spans(30, seed=1, unanswered=True)
    assert finder.score(rows) > 0.8
    answered = [row for row in rows if row["answers"]]
    for row, reply in zip(answered, finder.reply(answered), strict=True):
        if reply.text:
            assert row["context"].startswith(reply.text, reply.start)
        assert 0 < reply.probability <= 1
    silent = finder.predict([row for row in rows if not row["answers"]])
    assert silent.count("") > 0.8 * len(silent)


def test_an_answer_is_the_same_alone_and_among_others(finder: QuestionAnswerer) -> None:
    rows = [*spans(9, seed=2), {"context": "x " * 50, "question": "猫？"}, {"context": "红船。", "question": "?"}]
    among = finder.reply(rows)
    for row, said in zip(rows, among, strict=True):
        (alone,) = finder.reply([row])
        assert (alone.text, alone.start) == (said.text, said.start)
        assert alone.probability == pytest.approx(said.probability, abs=1e-5)
    np.testing.assert_allclose(finder.predict_proba(rows), [reply.probability for reply in among])


def test_a_passage_without_words_has_no_answer_and_a_question_without_words_is_asked(finder: QuestionAnswerer) -> None:
    assert finder.predict([("", "Who?"), (" \n", "Who?")]) == ["", ""]
    (said,) = finder.predict([("Anna sold the boat.", "")])
    assert said in "Anna sold the boat."
    assert finder.predict([]) == []


def test_a_long_text_is_searched(finder: QuestionAnswerer) -> None:
    pytest.importorskip("bm25s")
    filling = "Nothing much came of it and the days went by. " * 200
    context = f"{filling}In 1777 Rokita sold the drum. {filling}"
    parts = list(parts_of(context, "Who sold the drum?"))
    assert all(len(part.tokens) <= READ for part in parts)
    assert "Rokita" in parts[0].words
    for part in parts:
        token = part.tokens[-1]
        assert context.startswith(token.text, part.offset + token.start)
    (reply,) = finder.reply([(context, "Who sold the drum?")])
    assert reply.text == "Rokita"
    assert context.startswith("Rokita", reply.start)


def test_it_chooses_among_two_or_three(chooser: QuestionAnswerer) -> None:
    rows = choices(40, seed=1)
    assert chooser.score(rows) > 0.9
    for row, reply in zip(rows, chooser.reply(rows), strict=True):
        assert reply.text == row["choices"][reply.choice]
    with pytest.raises(UserError, match="give each question its choices"):
        chooser.predict([("A passage.", "A question?")])


@pytest.mark.parametrize("kind", ["finder", "chooser"])
def test_it_is_kept_and_loaded_whole(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    model: QuestionAnswerer = request.getfixturevalue(kind)
    rows = spans(9, seed=3) if kind == "finder" else choices(9, seed=3)
    model.save(tmp_path / "run")
    loaded = QuestionAnswerer.load(tmp_path / "run")
    assert [reply.text for reply in loaded.reply(rows)] == [reply.text for reply in model.reply(rows)]
    np.testing.assert_allclose(loaded.predict_proba(rows), model.predict_proba(rows), atol=1e-6)
    with pytest.raises(UserError, match="holds a model already"):
        model.save(tmp_path / "run")


def test_pairs_with_their_answers_are_learned_as_dicts_are() -> None:
    rows = spans(20)
    pairs, answers = [(row["context"], row["question"]) for row in rows], [row["answers"][0] for row in rows]
    one = QuestionAnswerer(**QUICK, epochs=1).fit(pairs, answers)
    other = QuestionAnswerer(**QUICK, epochs=1).fit(rows)
    assert one.predict(pairs) == other.predict(rows)
    assert one.score(pairs, answers) == other.score(rows)


def test_the_data_tells_the_manner() -> None:
    assert manner_of(questions_of(spans(5)).rows) == "spans"
    assert manner_of(questions_of(choices(5)).rows) == "choices"
    stories = [
        {"context": f"Day {i}. Anna is in the {place}.", "question": "Where is Anna?", "answers": [place]}
        for i in range(5)
        for place in ("hall", "yard")
    ]
    assert manner_of(questions_of(stories).rows) == "words"
    with pytest.raises(UserError, match="have choices; give all of them some, or none"):
        manner_of(questions_of(spans(1)).rows + questions_of(choices(1)).rows)
    assert {"spans", "choices"} <= set(MANNERS)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        ([], None, "no row can be used"),
        ([("A passage.", "A question?")], None, "need their answers"),
        ([("A passage.", "A question?")], ["a", "b"], "1 questions, but 2 answers"),
        (["A passage."], ["passage"], "a question is a pair"),
        ([("Anna slept.", "Who slept?")], ["Anna"], "has a single passage"),
        ([{"context": "Anna slept.", "question": "Who slept?"}], None, "no column looks like answers"),
        ([("Anna slept.", "Who?"), ("Tom ran.", "Who?")], ["Eve", "Kim"], "no answer stands in its passage"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(X: list[Any], y: list[Any] | None, said: str) -> None:
    with pytest.raises(UserError, match=said):
        QuestionAnswerer(**QUICK).fit(X, y)


def test_a_damaged_run_is_refused(finder: QuestionAnswerer, chooser: QuestionAnswerer, tmp_path: Path) -> None:
    def spoilt(folder: str, **changes: Any) -> Path:
        run = Run(tmp_path / folder)
        values = json.loads(run.config_path.read_text(encoding="utf-8"))
        run.config_path.write_text(json.dumps({**values, **changes}), encoding="utf-8")
        return run.folder

    finder.save(tmp_path / "finder")
    chooser.save(tmp_path / "chooser")
    for changes, said in (
        ({"manner": "song"}, "choose among"),
        ({"manner": None}, "has not come to its end"),
        ({"manner": "choices"}, "must be choices, not spans"),
        ({"manner": "spans", "members": 0}, "members must be"),
    ):
        with pytest.raises(UserError, match=said):
            QuestionAnswerer.load(spoilt("finder", **changes))
    (tmp_path / "chooser" / "features.safetensors").write_bytes(b"\x00" * 99)
    with pytest.raises(UserError, match="not a readable safetensors file"):
        QuestionAnswerer.load(tmp_path / "chooser")
    with pytest.raises(UserError, match="has learned nothing yet"):
        QuestionAnswerer().predict([("a", "b")])


def test_options_are_those_of_scikit_learn() -> None:
    model = QuestionAnswerer(size="2k").set_params(seed=3)
    assert model.get_params()["size"] == "2k"
    assert model.get_params()["seed"] == 3
    with pytest.raises(ValueError, match="no option 'colour'"):
        model.set_params(colour="red")


def test_networks_are_averaged(finder: QuestionAnswerer) -> None:
    model = finder.model_
    assert isinstance(model, SpanModel)
    assert len(model.networks) == 3
    question = Question(context="Rokita", question="Who sold the drum?", answers=())  # a single piece
    alone = [SpanModel((network,), model.features).answer([question])[0] for network in model.networks]
    told = [reply.probability if reply.text else 1 - reply.probability for reply in (*alone, *model.answer([question]))]
    assert told[3] == pytest.approx(np.mean(told[:3]), abs=1e-5)
    assert len(set(told)) > 1
