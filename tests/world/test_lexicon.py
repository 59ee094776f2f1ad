"""The lexicon is complete, one to one, and says clearly what is wrong with a table."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from upwell.world.inflection import article, ing_form, plural, regular_comparative, regular_past, third_person
from upwell.world.kinds import FRAMES, KINDS, TOPICS
from upwell.world.lexicon import FOLDER, lexicon, read_lexicon

LEXICON = lexicon()
CLASSES = {
    "nouns": LEXICON.nouns,
    "verbs": LEXICON.verbs,
    "adjectives": LEXICON.adjectives,
    "adverbs": LEXICON.adverbs,
    "names": LEXICON.names,
}
NEEDED_VERBS = (
    "give,take away,find,lose,hide,break,mend,buy,sell,cook,eat,drink,open,close,carry,bring,throw,catch,wash,paint,"
    "build,plant,pick,call,ask,tell,promise,help,teach,learn,win,run,swim,climb,sing,dance,laugh,cry,sleep,wake up,"
    "want,like,love,hate,fear,know,think,remember,forget"
)


def test_the_lexicon_is_large_enough_in_every_class() -> None:
    sizes = {name: len(entries) for name, entries in CLASSES.items()}
    assert sizes["nouns"] >= 400
    assert sizes["verbs"] >= 150
    assert sizes["adjectives"] >= 80
    assert sizes["names"] >= 80
    assert sum(sizes.values()) >= 750


@pytest.mark.parametrize("name", CLASSES)
def test_a_form_names_one_entry_of_its_class(name: str) -> None:
    entries = CLASSES[name]
    assert len({entry.english for entry in entries}) == len({entry.chinese for entry in entries}) == len(entries)
    assert [entry.rank for entry in entries] == list(range(len(entries)))
    assert [entry.band for entry in entries] == sorted(entry.band for entry in entries)


def test_no_form_of_a_noun_is_a_form_of_another() -> None:
    forms = Counter(form for noun in LEXICON.nouns for form in {noun.english, noun.plural} - {""})
    assert not [form for form, count in forms.items() if count > 1]
    ways = Counter(form for a in LEXICON.adjectives for form in {a.chinese, a.attributive, a.predicate})
    assert not [form for form, count in ways.items() if count > 1]


def test_forms_of_verbs_differ_between_verbs() -> None:
    forms = Counter(form for v in LEXICON.verbs for form in {v.english, v.past, v.participle, v.third, v.ing})
    assert not [form for form, count in forms.items() if count > 1]


def test_no_chinese_noun_reads_as_an_adjective_before_another_noun() -> None:
    nouns = {noun.chinese: noun for noun in LEXICON.nouns}
    for noun in LEXICON.nouns:
        for adjective in LEXICON.adjectives:
            rest = nouns.get(noun.chinese.removeprefix(adjective.attributive))
            if adjective.bare and rest and rest is not noun:
                assert not LEXICON.describes(adjective, rest), f"{noun.chinese}: {adjective.english} {rest.english}"


def test_no_name_reads_as_an_adjective() -> None:
    names = {name.chinese for name in LEXICON.names}
    assert not names & {a.attributive.removesuffix("的") for a in LEXICON.adjectives}
    assert not any("·" in name for name in names)


def test_every_word_is_written_in_its_script() -> None:
    for entries in CLASSES.values():
        for entry in entries:
            assert all("\u4e00" <= letter <= "\u9fff" for letter in entry.chinese), entry.chinese
            assert all(letter.isascii() and (letter.isalpha() or letter in " -") for letter in entry.english)


def test_every_topic_kind_and_frame_has_words() -> None:
    topics = Counter(noun.topic for noun in LEXICON.nouns)
    assert all(topics[topic] >= 5 for topic in TOPICS) and len(TOPICS) == 20
    assert all(LEXICON.nouns_of(kind) for kind in KINDS)
    assert all(LEXICON.verbs_of(frame) for frame in FRAMES)
    for sign in (-1, 1):
        for name in ("nouns", "verbs", "adjectives"):
            assert sum(entry.valence == sign for entry in CLASSES[name]) >= 15 or name == "nouns"


def test_kinds_do_not_contradict_each_other() -> None:
    for noun in LEXICON.nouns:
        assert not {"male", "female"} <= noun.kinds, noun.id
        assert not {"person", "animal"} <= noun.kinds, noun.id
        assert not (noun.animate and "portable" in noun.kinds), noun.id
        assert "place" in noun.kinds or not noun.kinds & {"place_indoor", "place_outdoor"}, noun.id
        assert "portable" in noun.kinds or "hideable" not in noun.kinds, noun.id
        assert bool(noun.preposition) or not noun.kinds & {"place", "container"}, noun.id


def test_plots_have_their_verbs() -> None:
    assert not [verb for verb in NEEDED_VERBS.split(",") if "plot" not in LEXICON.verb[verb].marks]


def test_every_transitive_verb_has_subjects_and_objects() -> None:
    for verb in LEXICON.verbs:
        assert any(LEXICON.fits(verb.subject, noun) for noun in LEXICON.nouns), verb.id
        if verb.frame in ("transitive", "ditransitive", "motion"):
            assert any(LEXICON.fits(verb.object, noun) for noun in LEXICON.nouns), verb.id
        else:
            assert verb.frame in ("mental", "communication") or not verb.object, verb.id
    for adjective in LEXICON.adjectives:
        assert sum(LEXICON.describes(adjective, noun) for noun in LEXICON.nouns) >= 5, adjective.id


def test_a_feeling_has_causes_and_is_of_living_beings() -> None:
    for adjective in LEXICON.adjectives:
        assert bool(adjective.causes) == (adjective.kind == "feeling")
        assert adjective.kind != "feeling" or adjective.applies == {"animate"}


def test_small_does_not_stand_before_a_noun_that_begins_with_big() -> None:
    assert not LEXICON.describes(LEXICON.adjective["small"], LEXICON.noun["elephant"])
    assert LEXICON.describes(LEXICON.adjective["small"], LEXICON.noun["dog"])


@pytest.mark.parametrize(
    ("function", "pairs"),
    [
        (plural, "box boxes,baby babies,boy boys,bus buses,bench benches,toy car toy cars"),
        (regular_past, "stop stopped,carry carried,play played,bake baked,fix fixed,rain rained"),
        (third_person, "go goes,wash washes,fly flies,play plays,run runs"),
        (ing_form, "run running,tie tying,see seeing,bake baking,ski skiing,play playing"),
        (regular_comparative, "big bigger,happy happier,nice nicer,slow slower,dry drier"),
    ],
)
def test_regular_forms(function: object, pairs: str) -> None:
    for pair in pairs.split(","):
        words = pair.split(" ")
        half = len(words) // 2
        assert callable(function) and function(" ".join(words[:half])) == " ".join(words[half:])


def test_irregular_forms_come_from_the_tables() -> None:
    assert LEXICON.noun["child"].plural == "children" and LEXICON.noun["sheep"].plural == "sheep"
    assert LEXICON.verb["pick up"].past == "picked up" and LEXICON.verb["pick up"].ing == "picking up"
    assert LEXICON.verb["forget"].ing == "forgetting" and LEXICON.verb["eat"].participle == "eaten"
    assert LEXICON.adjective["big"].superlative == "biggest"
    assert LEXICON.noun["bread"].measure == "piece" and not LEXICON.noun["bread"].countable
    assert [article(word) for word in ("apple", "unicorn", "old hat", "hat")] == ["an", "a", "an", "a"]


def test_loading_is_quick() -> None:
    times = []
    for _ in range(9):
        start = time.perf_counter()
        read_lexicon()
        times.append(time.perf_counter() - start)
    assert min(times) < 0.03


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("nouns", "\t个\t", "\t", r"nouns\.tsv, line \d+: 10 cells, expected 11"),
        ("nouns", "\tanimals\t", "\tbeasts\t", r"nouns\.tsv, line \d+: topic is 'beasts'; allowed: family"),
        ("nouns", "portable", "portabel", "unknown kind 'portabel'"),
        ("nouns", "苹果\t", "梨\t", "梨 stands already at"),
        ("nouns", "-\tpiece\t面包", "-\t\t面包", "needs a measure"),
        ("verbs", "\tmotion\t", "\tmoving\t", "frame is 'moving'"),
        ("verbs", "\tplot", "\tplod", "marks are plot, ba and vo, not plod"),
        ("adjectives", "\tugly\t", "\tred\t", "must name each other as opposite"),
        ("adverbs", "english", "englisch", "the first line must name the columns"),
        ("names", "\t汤姆", "\t", "the column chinese is empty"),
    ],
)
def test_a_faulty_table_is_refused_with_its_line(tmp_path: Path, table: str, old: str, new: str, said: str) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    path = tmp_path / f"{table}.tsv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        read_lexicon(tmp_path)


def test_questions_for_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind 'edibel'"):
        LEXICON.nouns_of("edibel")
    with pytest.raises(ValueError, match="unknown frame"):
        LEXICON.verbs_of("intransitiv")
    with pytest.raises(ValueError, match="unknown kind of adjective"):
        LEXICON.adjectives_of("color")
    assert LEXICON.nouns_of("animal", without=["wild"])
    assert all(adjective.kind == "colour" for adjective in LEXICON.adjectives_of("colour"))
