"""The parser reads back every paraphrase to exactly what was meant, and nothing that is not of the grammar."""

from __future__ import annotations

import pytest

from upwell.world.chance import Chance
from upwell.world.constructions import constructions, moods_of
from upwell.world.parser import parse, parse_text, split_sentences
from upwell.world.sentences import Maker, make_sentence
from upwell.world.stage import LEVELS
from upwell.world.stories import make_story, say, tell

LANGUAGES = ("en", "zh")


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
        ("", "en"),
        ('"', "en"),
        ("汤姆有一只苹果。", "zh"),
        ("汤姆买了二个苹果。", "zh"),
        ("汤姆去了公园里。", "zh"),
        ("汤姆了去公园。", "zh"),
        ("汤姆去了公园", "zh"),
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
