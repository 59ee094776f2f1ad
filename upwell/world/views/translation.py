"""Translation in both directions: sentences said in both languages from one meaning.

Most are from a story; some stand alone and are of any construction, with words that no plot needs.
A translation is right if it means the same, whatever the wording: both are read back, with pronouns resolved.
"""

from __future__ import annotations

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance
from upwell.world.meaning import Clause, hash_of
from upwell.world.parser import parse_text
from upwell.world.runs import fits_split
from upwell.world.sentences import make_sentence
from upwell.world.stage import LEVELS
from upwell.world.stories import Story, make_story
from upwell.world.views.situations import Plain, say_text
from upwell.world.views.story import difficulty_of

OTHER = {"en": "zh", "zh": "en"}
ALONE = 0.3
"""How often one sentence stands alone."""
EXAMPLES = 3
"""Examples in a document of the training text."""
SENTENCES = {1: (1, 2), 2: (2, 4), 3: (3, 6), 4: (6, 9)}
"""Fewest and most sentences, by level."""


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """One sentence, or some of a story, of `level` in `split`, from `language` into the other one."""
    before = chance.bits
    story = None if chance.flip(ALONE) else make_story(chance, level, split)
    return _example(chance, level, language, split, story, before)


def make_turns(chance: Chance, level: int, language: str, split: str) -> list[str]:
    """A document of some examples, one after the other; those from a story are from one, told in parts."""
    turns: list[str] = []
    told: Story | None = None
    for number in range(EXAMPLES):
        before = chance.bits
        while True:  # only what this example draws is drawn again: so the bits stay an upper bound
            chance.bits = before
            story = None if chance.flip(ALONE) else told or make_story(chance, level, split)
            example = _example(chance, level, language, split, story, before)
            if fits_split(example.text, split):
                break
        told = story or told
        prompt, answer = example.turns
        turns += [prompt, answer if number == EXAMPLES - 1 else answer + "\n"]
    return turns


def _example(chance: Chance, level: int, language: str, split: str, story: Story | None, before: float) -> Example:
    """An example from a part of a story, or of one sentence where there is none; its bits are those since `before`."""
    if story is None:
        meanings: tuple[Clause, ...] = (make_sentence(chance, level, split),)
        meaning, knobs = hash_of(meanings[0]), {"depth": LEVELS[level].depth, "lexicon": LEVELS[level].lexicon}
    else:
        low, high = SENTENCES[level]
        count = min(len(story.sentences), chance.between(low, high))
        start = chance.below(len(story.sentences) - count + 1)
        meanings = story.sentences[start : start + count]
        meaning, knobs = story.meaning, difficulty_of(story)
    text, answer = (say_text(meanings, side, chance) for side in (language, OTHER[language]))
    return Example(
        view="translation",
        kind=f"{language}-{OTHER[language]}",
        language=language,
        level=level,
        split=split,
        prompt=prompt_format("translation", language).prompt(text=text),
        answer=answer,
        meaning=f"{meaning:016x}",
        bits=chance.bits - before,
        difficulty={**knobs, "events": len(meanings)},
    )


def oracle(example: Example) -> str:
    """The translation of the text as it is read back from the prompt."""
    fields = prompt_format("translation", example.language).fields(example.prompt)
    meanings = [found[0] for found in parse_text(fields["text"], example.language)]
    return say_text(meanings, OTHER[example.language], Plain())  # type: ignore[arg-type]


def is_right(example: Example, answer: str) -> bool:
    """Whether the answer means, sentence by sentence, what the prompt means."""
    fields = prompt_format("translation", example.language).fields(example.prompt)
    given = parse_text(fields["text"], example.language)
    said = parse_text(answer, OTHER[example.language])
    return len(given) == len(said) and all(set(a) & set(b) for a, b in zip(given, said, strict=True))


def chance_level(example: Example) -> float:
    """None: no sentence is translated by guessing."""
    return 0.0
