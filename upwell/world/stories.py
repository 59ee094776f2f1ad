"""Stories: a plan in the wanted split, played on a stage; and how they are told and checked."""

from __future__ import annotations

from math import log2
from typing import NamedTuple

from upwell.world.anchors import anchored
from upwell.world.chance import Chance
from upwell.world.chinese import Chinese
from upwell.world.english import English
from upwell.world.linearise import Lineariser
from upwell.world.meaning import Clause, Meaning, hash_of
from upwell.world.parser import parse_text, split_sentences
from upwell.world.plots import PLOTS, Plot
from upwell.world.simulator import World
from upwell.world.splits import CIRCLES, SHARES, split_of_hash
from upwell.world.stage import LEVELS, Level, Stage, table_of
from upwell.world.weaving import woven


class Story(NamedTuple):
    """What is told, and what is true in it."""

    level: Level
    split: str
    plot: str
    topic: str
    valence: int
    """1 where it ends well, -1 where it does not."""
    plan: Meaning
    """The plot, its nouns and turns: what the split follows from."""
    sentences: tuple[Clause, ...]
    goal: Clause
    turning: Clause
    outcome: Clause
    causes: tuple[tuple[Clause, Clause], ...]
    """Pairs of what was so and because of what."""
    facts: tuple[tuple[int, str, str, object], ...]
    """What became true in the world: number of the sentence, kind of fact, of whom or what, value."""
    bits: float
    """Of the choices of plan and sentences, without those of the wording."""

    @property
    def meaning(self) -> int:
        """The hash that all languages and views of this story share."""
        return hash_of(self.plan)


def make_story(chance: Chance, level: int, split: str) -> Story:
    """A story of a level (1 to 4) in a split.

    The plan is drawn until it belongs to the split, before anything is worded; its bits are those of the plan that was
    taken, less what the share of the split tells anyway.
    """
    numbers = LEVELS[level]
    before = chance.bits
    circle = chance.pick(CIRCLES[split])
    start = chance.bits
    while True:
        plot, nouns, turns = _plan(chance, numbers)
        plan = (plot.name, nouns, turns)
        if split_of_hash(hash_of(plan)) == split:
            break
        chance.bits = start
    chance.bits += log2(SHARES[split])
    stage = Stage(chance, numbers, circle)
    stage.taken.update(nouns)
    valence = plot.play(stage, nouns, turns)
    sentences, places = woven(stage.sentences, chance)
    return Story(
        numbers,
        split,
        plot.name,
        plot.topic,
        valence,
        plan,
        tuple(anchored(sentences, chance)),
        stage.goal,
        stage.turning,
        stage.outcome,
        tuple(stage.causes),
        tuple([(places[step], kind, of, value) for step, kind, of, value in stage.world.log]),
        chance.bits - before,
    )


def _plan(chance: Chance, level: Level) -> tuple[Plot, tuple[str, ...], tuple[int, ...]]:
    plot = chance.pick(PLOTS)
    nouns: list[str] = []
    for place, pool in enumerate(plot.pools):
        table = table_of(pool, level.lexicon, "" if place else plot.name, level.number == 4)
        word = chance.pick(table)
        tries = 0
        while word in nouns and tries < 20:
            word = chance.pick(table)
            tries += 1
        nouns.append(word)
    return plot, tuple(nouns), tuple([chance.below(count) for count in plot.turns])


def tell(story: Story, language: str, chance: Chance) -> str:
    """A story in a language, en or zh, as one line of text."""
    return lineariser(language, chance).text(story.sentences)


def lineariser(language: str, chance: Chance) -> Lineariser:
    """A lineariser of a language, fresh for one text."""
    if language == "en":
        return English(chance)
    if language == "zh":
        return Chinese(chance)
    raise ValueError(f"unknown language {language!r}; the languages are en and zh")


def say(meaning: Clause, language: str, chance: Chance) -> str:
    """One sentence that stands alone."""
    return lineariser(language, chance).say(meaning)


def check_story(text: str, language: str) -> tuple[int, int, int]:
    """Read a text back: how many sentences it has, how many are of the grammar, and how many of these agree with the
    world that the sentences before them told of.
    """
    world = World()
    grammatical = consistent = 0
    sentences = parse_text(text, language)
    for meanings in sentences:
        if meanings:
            grammatical += 1
            consistent += not world.tell(meanings[0])
    return len(sentences), grammatical, consistent


def sentences_of(text: str, language: str) -> list[str]:
    """The sentences of a text."""
    return split_sentences(text, language)
