"""The parser reads back every paraphrase to exactly what was meant, and nothing that is not of the grammar."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from upwell.world import sentences
from upwell.world.chance import Chance, Table
from upwell.world.choices import compared
from upwell.world.constructions import constructions, moods_of
from upwell.world.meaning import noun
from upwell.world.parser import parse, parse_text, split_sentences
from upwell.world.passive import can_be_passive
from upwell.world.sentences import Maker, make_sentence
from upwell.world.stage import LEVELS
from upwell.world.stories import lineariser, make_story, say, tell
from upwell.world.wording import PASSIVE

LANGUAGES = ("en", "zh")
BOWL = noun("bowl")


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_of_all_shapes_read_back(language):
    for index in range(1500):
        meaning = make_sentence(Chance("parse", index), 1 + index % 4, ("train", "valid", "test")[index % 3])
        text = say(meaning, language, Chance("words", index))
        assert parse(text, language) == [meaning], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_construction_reads_back_in_each_of_its_moods(language):
    for name, construction in constructions().items():
        if not construction.slots:
            continue
        for mood in moods_of(construction, speech=False):
            chance = Chance("mood", name, mood)
            meaning = Maker(chance, LEVELS[3], "free").filled(construction, mood)
            text = say(meaning, language, chance)
            assert parse(text, language) == [meaning], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_one_did_and_another_did_not_reads_back_with_each_construction(language, monkeypatch):
    for construction in compared().items:
        monkeypatch.setattr(sentences, "compared", lambda construction=construction: Table([construction]))
        for key in range(4):
            for connective in ("but", "and"):
                chance = Chance(connective, construction.id, key)
                meaning = Maker(chance, LEVELS[1 + key], "free")._compared(connective)
                text = say(meaning, language, chance)
                assert parse(text, language) == [meaning], text


@pytest.mark.parametrize("language", LANGUAGES)
@given(name=st.sampled_from(sorted(PASSIVE)), mood=st.sampled_from(("past", "had")), key=st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_a_passive_reads_back_to_the_active(language, name, mood, key):
    chance = Chance("passive", key)
    meaning = Maker(chance, LEVELS[3], "free").filled(constructions()[name], mood)
    assume(can_be_passive(meaning))
    speaker = lineariser(language, chance)
    text = speaker.finished(speaker.turned(meaning), ".")
    assert (" by " if language == "en" else "被") in text
    assert parse(text, language) == [meaning], text


@pytest.mark.parametrize(
    "meaning",
    [
        ("break", "not", "Tom", BOWL),
        ("break", "past", "Tom", noun("bowl", "a")),
        ("break", "past", "Tom", noun("bowl", "all", 0)),
        ("break", "past", "Tom", noun("bowl", ("of", "Tom"))),
        ("break", "past", "he", BOWL),
        ("break", "past", "i", BOWL),
        ("break", "past", noun("dog", "the", 1, (), (("pp", ("on", noun("table"))),)), BOWL),
        ("buy", "past", "Tom", BOWL),
        ("chain", ("go_home", "past", "Tom"), ("break", "past", "Tom", BOWL)),
        ("because", ("be", "past", "Lily", "sad"), ("break", "past", "Tom", BOWL)),
        ("that", "see", "past", "Lily", None, ("break", "past", "Tom", BOWL)),
    ],
)
def test_what_is_never_told_in_the_passive(meaning):
    assert not can_be_passive(meaning)
    assert not any("被" in say(meaning, "zh", Chance(key)) for key in range(60))
    assert not any(" by " in say(meaning, "en", Chance(key)) for key in range(60))


@pytest.mark.parametrize("language", LANGUAGES)
def test_about_one_in_eight_is_told_in_the_passive(language):
    texts = [say(("break", "past", "Tom", BOWL), language, Chance("share", key)) for key in range(2000)]
    turned = sum((" by " if language == "en" else "被") in text for text in texts)
    assert 0.1 < turned / len(texts) < 0.15


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pronoun_before_a_passive_is_the_one_named_before(language):
    meanings = (("apologize", "past", "Tom", "Lily"), ("forgive", "past", "Lily", "Tom"))
    said = set()
    for key in range(400):
        text = lineariser(language, Chance("forgiven", key)).text(meanings)
        assert parse_text(text, language) == [[meaning] for meaning in meanings], text
        said.add(split_sentences(text, language)[1])
    assert ("He was forgiven by Lily." if language == "en" else "他被莉莉原谅了。") in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_stories_read_back_with_their_pronouns_resolved(language):
    for index in range(120):
        story = make_story(Chance("parse story", index), 1 + index % 4, "train")
        text = tell(story, language, Chance("words", index))
        assert parse_text(text, language) == [[meaning] for meaning in story.sentences]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The keys was old.", "en"),
        ("Tom goed to the park.", "en"),
        ("Tom saw a apple.", "en"),
        ("Tom went to the park", "en"),
        ("tom went to the park.", "en"),
        ("Tom park the went to.", "en"),
        ("How many apples was on the table?", "en"),
        ("The bowls was broken by Tom.", "en"),
        ("The bowl was broke by Tom.", "en"),
        ("A bowl was broken by Tom.", "en"),
        ("The bowl was broken by he.", "en"),
        ("Her was forgiven by Tom.", "en"),
        ("", "en"),
        ('"', "en"),
        ("汤姆有一只苹果。", "zh"),
        ("汤姆买了二个苹果。", "zh"),
        ("汤姆去了公园里。", "zh"),
        ("汤姆了去公园。", "zh"),
        ("汤姆去了公园", "zh"),
        ("汤姆被碗打碎了。", "zh"),
        ("一个碗被汤姆打碎了。", "zh"),
        ("碗被汤姆没有打碎。", "zh"),
        ("“", "zh"),
        ("", "zh"),
    ],
)
def test_what_is_not_of_the_grammar_has_no_meaning(text, language):
    assert parse(text, language) == []


def test_sentences_end_where_their_quotes_end():
    text = 'Tom said, "Hello! I am Tom." "Be quick!" shouted Lily. She went home.'
    assert split_sentences(text, "en") == [
        'Tom said, "Hello! I am Tom."',
        '"Be quick!" shouted Lily.',
        "She went home.",
    ]
    text = "汤姆说：“你好！”“快点！”莉莉喊道。她回家了。"
    assert split_sentences(text, "zh") == ["汤姆说：“你好！”", "“快点！”莉莉喊道。", "她回家了。"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_damaged_text_is_read_without_failing(language):
    for index in range(60):
        chance = Chance("damage", language, index)
        text = tell(make_story(chance, 2, "train"), language, chance)
        place = chance.below(len(text))
        damaged = text[:place] + chance.of((" ", "the", '"', "的", "", "。", ",")) + text[place + chance.below(5) :]
        assert isinstance(parse_text(damaged, language), list)
