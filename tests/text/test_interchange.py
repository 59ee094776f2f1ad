"""Stories in words, and words that stand for each other."""

from __future__ import annotations

import random
from pathlib import Path

from upwell.text.interchange import Interchange, find_interchange
from upwell.text.labelled import Question, read_questions
from upwell.text.labelled.rows import Answer
from upwell.text.stories import Asked, Story, parts_of_answer, sentences_of, stories_of, words_of

PERSONS, PLACES = ("anna", "ben", "carl"), ("attic", "barn", "cave")
WENT = ("went", "ran")


def walks(number: int, seed: int = 0) -> list[Story]:
    """Who went where, and where one is; `stayed` tells of the place that was left."""
    draws = random.Random(seed)
    found = []
    for _ in range(number):
        at: dict[str, str] = {}
        sentences, asked = [], []
        for _ in range(6):
            person, place = draws.choice(PERSONS), draws.choice(PLACES)
            sentences.append((person, draws.choice(WENT), "to", "the", place))
            at[person] = place
            who = draws.choice(sorted(at))
            asked.append(Asked(("where", "is", who), (at[who],), len(sentences)))
        found.append(Story(tuple(sentences), tuple(asked)))
    return found


def test_words_that_play_the_same_part_are_found_and_no_others() -> None:
    found = find_interchange(walks(60))
    assert sorted(found.classes) == [PERSONS, PLACES, tuple(sorted(WENT))]
    assert found.phrases == frozenset()
    assert found.ordered  # where one is now is where one went last


def test_a_phrase_that_stands_for_a_word_is_one_unit() -> None:
    things = ("ball", "red box", "blue box", "old drum")
    draws = random.Random(1)
    stories = []
    for _ in range(120):
        one, other = draws.sample(things, 2)
        told = (*f"the {one} is above the {other}".split(),)
        asked = Asked(("what", "is", "above", "the", *other.split()), (one,), 1)
        stories.append(Story((told,), (asked,)))
    found = find_interchange(stories)
    assert found.classes == (tuple(sorted(things)),)
    assert found.units(("the", "red", "box", "is", "red")) == ("the", "red box", "is", "red")
    assert not found.ordered  # a single sentence has no order


def test_words_whose_answers_differ_are_not_interchangeable() -> None:
    draws = random.Random(2)
    stories = []
    for _ in range(150):
        way, person = draws.choice(("north", "south")), draws.choice(PERSONS)
        told = (person, "goes", way)
        stories.append(Story((told,), (Asked(("how", "does", person, "go"), (way[0],), 1),)))
    assert find_interchange(stories).classes == (PERSONS,)


def test_words_linked_through_two_sentences_are_not_interchangeable() -> None:
    """A cat is one of the cats, a wolf one of the wolves: exchanging cat with wolf alone would break that."""
    kinds = {"cat": "cats", "wolf": "wolves", "mouse": "mice"}
    draws = random.Random(3)
    stories = []
    for _ in range(200):
        feared = {kind: draws.choice([other for other in kinds if other != kind]) for kind in kinds}
        told = [(kinds[kind], "fear", kinds[other]) for kind, other in feared.items()]
        draws.shuffle(told)
        owners = {person: draws.choice(sorted(kinds)) for person in draws.sample(PERSONS, 3)}
        told += [(person, "is", "a", kind) for person, kind in owners.items()]
        asked = tuple(Asked(("what", "does", who, "fear"), (feared[owners[who]],), len(told)) for who in PERSONS)
        stories.append(Story(tuple(told), asked))
    assert find_interchange(stories).classes == (PERSONS,)


def test_stories_are_cut_into_sentences_and_words() -> None:
    assert sentences_of("Anna ran.\nBen's dog, Rex, didn't! 安娜走。他来了？ ...") == (
        ("anna", "ran"),
        ("ben's", "dog", "rex", "didn't"),
        ("安", "娜", "走"),
        ("他", "来", "了"),
    )
    assert words_of("Where is Anna?") == ["Where", "is", "Anna"]
    assert parts_of_answer("Milk, Red Box,") == ("milk", "red box")


def test_questions_of_one_story_share_it(tmp_path: Path) -> None:
    path = tmp_path / "babi.txt"
    path.write_text(
        "1 Anna ran.\n2 Where is Anna?\tcave\t1\n3 Ben ran.\n4 Where is Ben?\tbarn\t3\n1 Anna ran.\n2 Where is Anna?\tattic\t1\n",
        encoding="utf-8",
    )
    first, second = stories_of(read_questions(path).rows)
    assert first.sentences == (("anna", "ran"), ("ben", "ran"))
    assert [(one.told, one.answer) for one in first.asked] == [(1, ("cave",)), (2, ("barn",))]
    assert len(second.asked) == 1
    alone = Question(context="", question="Why?", answers=(Answer("so"),))
    assert stories_of([alone]) == [Story((), (Asked(("why",), ("so",), 0),))]


def test_nothing_is_found_in_nothing() -> None:
    assert find_interchange([]).classes == ()
    assert Interchange().units(("a", "b")) == ("a", "b")
