"""Entities of a story: the names, animals or places in it, in the order in which the text first mentions them."""

from __future__ import annotations

from collections.abc import Iterable

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance, Table
from upwell.world.lexicon import lexicon
from upwell.world.meaning import Meaning, leaves
from upwell.world.parser import parse_text
from upwell.world.stories import make_story, tell
from upwell.world.views.story import difficulty_of

NAMES, ANIMALS, PLACES = KINDS = ("names", "animals", "places")
ASKED = {"en": dict(zip(KINDS, ("Names", "Animals", "Places"), strict=True)),
         "zh": dict(zip(KINDS, ("名字", "动物", "地点"), strict=True))}  # fmt: skip
NONE = {"en": "none", "zh": "没有"}
COMMA = {"en": ", ", "zh": "、"}
_KINDS = Table(KINDS, (3, 2, 3))


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """A story of `level` in `split`, with the entities of one kind."""
    before = chance.bits
    story = make_story(chance, level, split)
    text = tell(story, language, chance)
    kind = chance.pick(_KINDS)
    return Example(
        view="entities",
        kind=kind,
        language=language,
        level=level,
        split=split,
        prompt=prompt_format("entities", language).prompt(text=text, kind=ASKED[language][kind]),
        answer=_listed(story.sentences, kind, text, language),
        meaning=f"{story.meaning:016x}",
        bits=chance.bits - before,
        difficulty=difficulty_of(story),
    )


def oracle(example: Example) -> str:
    """The entities of the meanings that are read back from the text."""
    text, asked = example.prompt.rsplit("\n", 1)
    kind = next(kind for kind, said in ASKED[example.language].items() if asked[:-1] == said)
    meanings = [found[0] for found in parse_text(text, example.language)]
    return _listed(meanings, kind, text, example.language)


def chance_level(example: Example) -> float:
    """None: a list of words is not guessed."""
    return 0.0


def _listed(meanings: Iterable[Meaning], kind: str, text: str, language: str) -> str:
    """The entities of a kind in some meanings, by where the text first has them."""
    words = lexicon()
    found: dict[str, int] = {}
    for leaf in leaves(tuple(meanings)):
        if type(leaf) is not str:
            continue
        if kind == NAMES and leaf in words.name:
            said: tuple[str, ...] = (words.name[leaf].english, words.name[leaf].chinese)
        elif kind != NAMES and leaf in words.noun and _is_of(leaf, kind):
            said = (words.noun[leaf].english, words.noun[leaf].chinese)
        else:
            continue
        word = said[language == "zh"]
        places = [text.find(form) for form in _forms(leaf, word, language)]
        first = min((place for place in places if place >= 0), default=-1)
        if first >= 0:
            found.setdefault(word, first)
    return COMMA[language].join(sorted(found, key=lambda word: (found[word], -len(word)))) or NONE[language]


def _forms(leaf: str, word: str, language: str) -> tuple[str, ...]:
    noun = lexicon().noun.get(leaf)
    return (word, noun.plural) if language == "en" and noun is not None and noun.plural else (word,)


def _is_of(word: str, kind: str) -> bool:
    kinds = lexicon().noun[word].kinds
    return "animal" in kinds if kind == ANIMALS else "place" in kinds and "furniture" not in kinds
