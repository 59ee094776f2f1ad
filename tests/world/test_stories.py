"""Stories: of every plot, in agreement with their world, none like another, and their bits a bound."""

from __future__ import annotations

import pytest

from upwell.world.chance import Chance
from upwell.world.linearise import names_in
from upwell.world.plots import PLOTS
from upwell.world.simulator import World
from upwell.world.stories import check_story, make_story, tell


def stories(count, level=2, split="train"):
    return [make_story(Chance("stories", level, split, index), level, split) for index in range(count)]


def test_every_plot_is_told():
    assert {story.plot for story in stories(400)} == {plot.name for plot in PLOTS.items}


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_story_is_of_the_grammar_and_agrees_with_itself(level, language):
    for index, story in enumerate(stories(60, level)):
        text = tell(story, language, Chance("tell", index))
        sentences = len(story.sentences)
        assert check_story(text, language) == (sentences, sentences, sentences)


def test_the_same_key_gives_the_same_story():
    first, second = (make_story(Chance("again", 1), 3, "test") for _ in range(2))
    assert first == second
    assert tell(first, "en", Chance("words")) == tell(second, "en", Chance("words"))


def test_no_two_stories_are_alike():
    texts = [tell(story, "en", Chance("tell", index)) for index, story in enumerate(stories(500))]
    assert len(set(texts)) == 500


def test_a_story_knows_its_goal_turn_and_end_and_why():
    for story in stories(200):
        assert story.goal and story.turning and story.outcome
        assert story.valence in (-1, 1)
    assert any(story.causes for story in stories(20))


def test_a_story_tells_of_a_name_within_reach():
    for index, story in enumerate(stories(100, 3)):
        named = [bool(names_in(sentence)) for sentence in story.sentences]
        text = tell(story, "en", Chance("tell", index))
        assert text.count(".") >= 5
        assert sum(named) >= len(named) * 0.7


def test_higher_levels_are_longer():
    lengths = [sum(len(story.sentences) for story in stories(150, level)) for level in (1, 2, 3, 4)]
    assert lengths[0] < lengths[1] < lengths[3]


def test_facts_name_the_sentence_that_made_them_true():
    for story in stories(80):
        assert all(0 <= step < len(story.sentences) for step, _, _, _ in story.facts)


def test_bits_are_those_of_the_choices_and_less_than_the_text_has_room_for():
    chance = Chance("bits")
    story = make_story(chance, 2, "train")
    assert story.bits == pytest.approx(chance.bits)
    text = tell(story, "en", chance)
    assert story.bits < chance.bits < 8 * len(text)


@pytest.mark.parametrize(
    ("text", "consistent"),
    [
        ("Tom had a red ball. Tom gave the ball to Lily. Lily gave the ball to Ben.", 3),
        ("Tom had a red ball. Tom gave the ball to Lily. Tom gave the ball to Ben.", 2),
        ("Tom went to the park. Tom was in the park.", 2),
        ("Tom went to the park. Tom was in the kitchen.", 1),
        ("The ball was red. The ball was blue.", 1),
        ("Tom had five apples. Tom gave two apples to Lily. Tom had three apples.", 3),
        ("Tom had five apples. Tom gave two apples to Lily. Tom had four apples.", 2),
        ("Tom ate the cake. Lily ate the cake.", 1),
        ("Tom slept. Tom gave the ball to Lily.", 1),
        ("Tom broke the vase. Lily broke the vase.", 1),
    ],
)
def test_the_checker_finds_what_contradicts(text, consistent):
    total, grammatical, agreed = check_story(text, "en")
    assert grammatical == total
    assert agreed == consistent


def test_what_was_never_told_contradicts_nothing():
    assert World().tell(("give", "past", "Tom", ("n", "the", 1, "ball", (), ()), "Lily")) == []
