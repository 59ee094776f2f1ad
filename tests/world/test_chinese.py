"""Chinese: classifiers, 了, 把, relative clauses before the noun, places, subjects said once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.world.chance import Chance
from upwell.world.chinese_phrases import passive_templates, plain_phrase
from upwell.world.lexicon import lexicon
from upwell.world.meaning import noun
from upwell.world.numerals import chinese_count
from upwell.world.stories import say
from upwell.world.wording import PASSIVE

COUNTED = [entry.id for entry in lexicon().nouns if entry.plural]


def chinese(meaning):
    return {say(meaning, "zh", Chance(key)) for key in range(100)}


@given(st.sampled_from(COUNTED), st.integers(1, 200))
@settings(deadline=None)
def test_a_number_wants_the_noun_s_own_classifier(word, count):
    entry = lexicon().noun[word]
    assert plain_phrase(noun(word, "a", count)) == chinese_count(count) + entry.classifier + entry.chinese


@pytest.mark.parametrize(
    ("meaning", "text"),
    [
        (("give", "past", "Tom", noun("ball"), "Lily"), "汤姆把皮球送给了莉莉。"),
        (("give", "past", "Tom", noun("ball", "a"), "Lily"), "汤姆送给了莉莉一个皮球。"),
        (("give", "not", "Tom", noun("ball"), "Lily"), "汤姆没有把皮球送给莉莉。"),
        (("ask", "yesno", ("see", "past", "Tom", "Lily")), "汤姆看见莉莉了吗？"),
        (("ask", "hole", ("buy", "past", "Tom", noun("apple", "a", "?"))), "汤姆买了几个苹果？"),
        (("adv", "every_day", ("feed", "past", "Tom", noun("cat"))), "每天，汤姆都喂猫。"),
        (("so", ("be", "past", "Tom", "hungry"), ("cry", "past", "Tom")), "汤姆很饿，所以哭了起来。"),
        (("break", "past", "Tom", noun("bowl")), "碗被汤姆打碎了。"),
        (("find", "had", "Tom", noun("hat", ("of", "Lily"))), "莉莉的帽子已经被汤姆找到了。"),
        (("take_from", "past", "Tom", noun("ball", "this"), "Lily"), "这个皮球被汤姆从莉莉那里拿走了。"),
        (("reach", "past", "Tom", noun("valley")), "汤姆到达了山谷。"),
    ],
)
def test_sentences_are_said_as_people_say_them(meaning, text):
    assert text in chinese(meaning)


def test_a_known_thing_is_moved_with_ba_only():
    assert all("把" in text for text in chinese(("give", "past", "Tom", noun("ball"), "Lily")))


@pytest.mark.parametrize("name", sorted(PASSIVE))
def test_each_verb_with_bei_has_a_complement_or_le_and_no_object(name):
    for form, order in passive_templates(name, "past"):
        assert form.startswith("%s被%s") and order[:2] == (1, 0)
        assert "了" in form and "把" not in form
        assert passive_templates(name, "had")[0][0].startswith("%s已经被%s")


def test_a_habit_is_not_told_with_bei():
    assert not any("被" in text for text in chinese(("adv", "every_day", ("open", "past", "Tom", noun("door")))))


def test_relative_clauses_stand_before_their_noun():
    assert plain_phrase(noun("ball", "the", 1, (), (("rel", 1, ("find", "past", "Tom", "_")),))) == "汤姆找到的皮球"
    assert plain_phrase(noun("dog", "the", 1, (), (("rel", 0, ("follow", "past", "_", "Tom")),))) == "跟着汤姆的狗"


def test_adjectives_do_not_stack_their_particle():
    assert plain_phrase(noun("coat", "a", 1, ("strange", "black"))).count("的") == 1


def test_one_subject_of_a_chain_is_said_once():
    meaning = ("chain", ("go", "past", "Tom", noun("park")), ("find", "past", "Tom", noun("ball")))
    assert all(text.count("汤姆") == 1 for text in chinese(meaning))
