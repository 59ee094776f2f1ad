"""English: agreement, articles, irregular forms, questions, pronouns."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.world.chance import Chance
from upwell.world.constructions import constructions, forms_of
from upwell.world.english_phrases import passive_templates, plain_phrase, templates
from upwell.world.lexicon import lexicon
from upwell.world.meaning import MANY, noun
from upwell.world.passive import can_be_passive, english_ways
from upwell.world.stories import lineariser, say
from upwell.world.wording import PASSIVE

COUNTED = [entry.id for entry in lexicon().nouns if entry.plural and entry.plural != entry.english]


def turned(clause, language, chance):
    return lineariser(language, chance).turned(clause)


def english(meaning, key=0):
    return say(meaning, "en", Chance(key))


def test_a_verb_agrees_with_its_subject_across_nouns_of_the_other_number():
    near_door = noun("table", "the", 1, (), (("pp", ("near", noun("door"))),))
    keys = noun("key", "the", MANY, (), (("pp", ("on", near_door)),))
    assert english(("be", "past", keys, "old")) == "The keys on the table near the door were old."
    near_keys = noun("table", "the", 1, (), (("pp", ("near", noun("key", "the", MANY))),))
    assert english(("be", "past", near_keys, "old")) == "The table near the keys was old."


@given(st.sampled_from(COUNTED), st.sampled_from(COUNTED), st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_was_and_were_follow_the_head_and_not_its_neighbour(head, neighbour, head_many, neighbour_many):
    inner = noun(neighbour, "the", MANY if neighbour_many else 1)
    phrase = noun(head, "the", MANY if head_many else 1, (), (("pp", ("near", inner)),))
    words = english(("be", "past", phrase, "big")).split()
    assert words[-2] == ("were" if head_many else "was")


@given(st.sampled_from(COUNTED), st.integers(1, 300))
@settings(deadline=None)
def test_a_number_wants_the_plural(word, count):
    text = plain_phrase(noun(word, "a", count))
    entry = lexicon().noun[word]
    assert text.endswith(entry.english if count == 1 else entry.plural)


@given(st.sampled_from(COUNTED))
@settings(deadline=None)
def test_an_stands_before_vowels(word):
    article = plain_phrase(noun(word, "a")).split()[0]
    first = word.split()[0]
    if first not in ("unicorn", "uniform", "hour"):
        assert article == ("an" if first[0] in "aeiou" else "a")


@given(st.sampled_from([word for word, entry in constructions().items() if entry.verb and entry.slots == "N"]))
@settings(deadline=None)
def test_the_present_agrees_with_the_person(verb):
    entry = lexicon().verb[verb]
    third, plural = (templates(verb, "pres", number, "told")[0][0] for number in "sp")
    assert third == f"%s {entry.third}"
    assert plural == f"%s {entry.english}"


@pytest.mark.parametrize(
    ("meaning", "text"),
    [
        (("go", "past", "Tom", noun("park")), "Tom went to the park."),
        (("find", "had", "Tom", noun("ball")), "Tom had found the ball."),
        (("ask", "yesno", ("be", "past", "Lily", "happy")), "Was Lily happy?"),
        (("ask", "why", ("cry", "past", "Lily")), "Why did Lily cry?"),
        (("ask", "hole", ("give", "past", "Tom", "what", "Lily")), "What did Tom give to Lily?"),
        (("ask", "hole", ("give", "past", "who", noun("ball"), "Lily")), "Who gave the ball to Lily?"),
        (("ask", "hole", ("be_at", "past", noun("ball"), "where?")), "Where was the ball?"),
        (("ask", "hole", ("buy", "past", "Tom", noun("apple", "a", "?"))), "How many apples did Tom buy?"),
        (("ask", "colour", noun("ball")), "What colour was the ball?"),
        (("break", "past", "Tom", noun("bowl")), "The bowl was broken by Tom."),
        (("break", "past", "Tom", noun("bowl", "the", MANY)), "The bowls were broken by Tom."),
        (("steal", "had", "Tom", noun("hat", ("of", "Lily"))), "Lily's hat had been stolen by Tom."),
        (("adv", "at_last", ("find", "past", "Tom", noun("ball"))), "At last, the ball was found by Tom."),
    ],
)
def test_sentences_are_said_as_people_say_them(meaning, text):
    said = {english(meaning, key) for key in range(60)}
    assert text in said


def test_relative_clauses_of_persons_and_things():
    followed = noun("dog", "the", 1, (), (("rel", 0, ("follow", "past", "_", "Lily")),))
    met = noun("farmer", "the", 1, (), (("rel", 1, ("meet", "past", "Tom", "_")),))
    assert plain_phrase(followed) == "the dog that followed Lily"
    assert plain_phrase(met) == "the farmer whom Tom met"


@given(st.sampled_from(COUNTED), st.booleans(), st.sampled_from(("past", "had")))
@settings(max_examples=200, deadline=None)
def test_a_passive_agrees_with_what_it_was_done_to(word, many, mood):
    thing = noun(word, "the", MANY if many else 1)
    clause = ("find", mood, ("and", "Tom", "Lily"), thing)
    verb = "had been" if mood == "had" else "were" if many else "was"
    form, order = passive_templates("find", mood, "p" if many else "s")[0]
    assert can_be_passive(clause) and order == (1, 0)
    assert form == f"%s {verb} found by %s"
    said = turned(clause, "en", Chance(word, many))
    assert said.startswith(plain_phrase(thing)) and said.endswith(" found by Tom and Lily")
    assert mood == "had" or f" {verb} found" in said


def test_passives_take_the_participle_of_the_lexicon():
    for name in PASSIVE:
        for (verb, _), (form, _) in zip(english_ways(name), passive_templates(name, "past", "s"), strict=True):
            assert form.startswith(f"%s was {forms_of(verb)[2]} ") or form == f"%s was {forms_of(verb)[2]} by %s"


def test_a_pronoun_is_said_only_of_the_one_whom_it_can_mean():
    alone = (("go_home", "past", "Tom"), ("be", "past", "Tom", "happy"))
    two = (("help", "past", "Tom", "Ben"), ("be", "past", "Tom", "happy"))
    texts = [lineariser("en", Chance(key)).text(alone) for key in range(30)]
    assert any("He was happy" in text or "He felt" in text for text in texts)
    assert all("Tom was happy" in lineariser("en", Chance(key)).text(two) for key in range(30))
