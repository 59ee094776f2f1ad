"""Answers that are words: learned from small stories, kept in runs."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from upwell import QuestionAnswerer
from upwell.api.answering import MANNERS, manner_of
from upwell.api.answering.words import WordModel
from upwell.cli.main import main
from upwell.errors import UserError
from upwell.text.labelled import Question
from upwell.text.labelled.rows import Answer
from upwell.text.story_words import StoryWords
from upwell.training.options import TrainOptions
from upwell.training.runs import Run

PERSONS, PLACES = ("Anna", "Ben", "Carl"), ("attic", "barn", "cave")


def walks(number: int, seed: int = 0) -> list[Question]:
    """Where somebody is, and where all have been, in the order of their going."""
    draws = random.Random(seed)
    rows = []
    for story in range(number):
        told, at = [], {}
        for _ in range(4):
            person, place = draws.choice(PERSONS), draws.choice(PLACES)
            told.append(f"{person} {draws.choice(('went', 'ran'))} to the {place}.")
            at[person] = place
            who = draws.choice(sorted(at))
            asked = Question(
                context="\n".join(told),
                question=f"Where is {who}?",
                answers=(Answer(at[who]),),
                story=f"{seed} {story}",
            )
            rows.append(asked)
    return rows


@pytest.fixture(scope="module")
def answerer() -> QuestionAnswerer:
    return QuestionAnswerer(epochs=16, threads=1).fit(walks(80))


def test_it_answers_by_what_was_said_last(answerer: QuestionAnswerer) -> None:
    assert manner_of(walks(80)) == "words"
    test = walks(40, seed=1)
    assert answerer.score(test) > 0.97
    reply = answerer.reply([("Ben went to the barn. Anna ran to the cave. Ben ran to the attic.", "Where is Ben?")])[0]
    assert (reply.text, reply.start, reply.choice) == ("attic", None, None)
    assert 0.8 < reply.probability <= 1


def test_words_that_were_never_seen_are_taken_for_what_they_stand_for(answerer: QuestionAnswerer) -> None:
    story = "Zoe went to the cellar. Ben went to the cave. Zoe ran to the Moon."
    assert answerer.predict([(story, "Where is Zoe?"), (story, "Where is Ben?")]) == ["Moon", "cave"]


def test_anything_can_be_asked(answerer: QuestionAnswerer) -> None:
    odd = [
        ("", "Where is Anna?"),
        ("Anna went to the cave.", "¿?"),
        ("猫在家。" * 300, "谁在家？"),
        ("x " * 500, "y " * 500),
    ]
    for reply in answerer.reply(odd):
        assert isinstance(reply.text, str) and 0 <= reply.probability <= 1
    assert answerer.reply([]) == []


def test_a_question_is_answered_the_same_alone_and_among_others(answerer: QuestionAnswerer) -> None:
    test = walks(5, seed=2)
    for alone, among in zip([answerer.reply([row])[0] for row in test], answerer.reply(test), strict=True):
        assert alone.text == among.text


def test_it_is_kept_and_loaded_whole(answerer: QuestionAnswerer, tmp_path: Path) -> None:
    answerer.save(tmp_path / "run")
    test = walks(5, seed=3)
    assert QuestionAnswerer.load(tmp_path / "run").predict(test) == answerer.predict(test)
    path = tmp_path / "run" / "stories.json"
    kept = json.loads(path.read_text())
    for name, value in (
        ("classes", 3),
        ("classes", [["nobody"]]),
        ("words", []),
        ("answer_size", 0),
        ("ordered", 1),
        ("sentence_size", 2),
    ):
        path.write_text(json.dumps({**kept, name: value}))
        with pytest.raises(UserError, match=r"stories\.json: is (damaged|not of this run)"):
            QuestionAnswerer.load(tmp_path / "run")
    path.write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        WordModel.load(Run(tmp_path / "run"))


def test_the_words_of_a_list_are_learned_in_their_order() -> None:
    rows = [
        Question(context="Anna took the milk.\nAnna took the Rope.", question="What has Anna?", answers=(Answer(said),))
        for said in ("milk,Rope", "milk", "Rope,milk")
    ]
    words = StoryWords.learn(rows)
    encoded = [words.encode(row) for row in rows]
    answers = [words.encode_answer(row.answers[0].text, one) for row, one in zip(rows, encoded, strict=True)]
    assert [words.text(answer, encoded[0], rows[0]) for answer in answers] == ["milk,Rope", "milk", "Rope,milk"]
    assert {len(answer) for answer in answers} == {3}  # two words and the end
    assert StoryWords.from_dict(json.loads(json.dumps(words.to_dict()))).to_dict() == words.to_dict()


@pytest.mark.parametrize("given", [{"model": "lstm"}, {"size": "3k"}])
def test_options_of_other_networks_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="not an option where answers are words"):
        MANNERS["words"].training(walks(10), walks(2, seed=1), TrainOptions(**given))


def test_a_file_of_babi_teaches_it_by_the_plain_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    place = 0
    for row in walks(30):
        told = row.context.split("\n")
        place = 0 if len(told) == 1 else place
        lines += [f"{place + 1} {told[-1]}", f"{place + 2} {row.question} \t{row.answers[0].text}\t{place + 1}"]
        place += 2
    path, run = tmp_path / "babi.txt", tmp_path / "run"
    path.write_text("\n".join(lines) + "\n")
    main([*f"train {path} --task answer --epochs 1 --threads 1 --quiet --json --out {run}".split()])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["data"]["noun"] == "questions" and figures["baseline"] == "the most frequent answer"
    main(["answer", str(run), "Anna went to the cave. Where is Anna?"])
    assert capsys.readouterr().out.strip() in PLACES + PERSONS
