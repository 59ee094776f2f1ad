"""The tables of what makes sense name only what there is."""

from __future__ import annotations

from upwell.world import sense
from upwell.world.choices import GOT, USES
from upwell.world.constructions import constructions
from upwell.world.lexicon import lexicon
from upwell.world.reasons import all_reasons


def test_tables_name_only_constructions_pools_and_adverbs_that_are_there():
    known = constructions()
    named = {*sense.OBJECTS, *sense.GOALS, *sense.NEW, *sense.MADE, *sense.ALONE, *sense.REPEATED, *sense.OWED}
    named |= {
        *sense.SKILLS,
        *sense.INDOORS,
        *sense.PEOPLE,
        *GOT,
        *USES,
        *(word.replace("|", " ") for word in sense.WISHES),
    }
    named |= {deed.replace("|", " ") for deeds in sense.MANNERS.values() for deed in deeds.split()}
    assert not named - set(known)
    assert {*sense.OBJECTS.values(), *sense.GOALS.values()} <= set(sense.POOLS)
    assert set(sense.MANNERS) <= {entry.id for entry in lexicon().adverbs}


def test_each_pool_has_nouns_at_every_level():
    for name in sense.POOLS:
        assert all(sense.pool(name, size).size for size in (160, 400, 1000)), name


def test_reasons_fill_their_constructions():
    for reason in all_reasons():
        for told in reason:
            name, *arguments = told.split("/")
            assert len(arguments) == len(constructions()[name.removeprefix("not ")].slots), told
    assert len(all_reasons()) > 150


def test_every_manner_is_of_some_deed():
    assert all(any(manner in sense.manners_of(name) for name in constructions()) for manner in sense.MANNERS)
