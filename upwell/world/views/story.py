"""Stories to be told on: the first sentence is the prompt.

There are many right continuations. One is right if all of its sentences are of the grammar and agree with the world
that the sentences before them told of.
"""

from __future__ import annotations

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance
from upwell.world.stories import Story, check_story, lineariser, make_story, sentences_of


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """A story of `level` in `split`, cut after its first sentence."""
    before = chance.bits
    story = make_story(chance, level, split)
    speaker = lineariser(language, chance)
    first, *rest = speaker.texts(story.sentences)
    return Example(
        view="story",
        kind=story.plot,
        language=language,
        level=level,
        split=split,
        prompt=prompt_format("story", language).prompt(start=first),
        answer=speaker.joined(rest),
        meaning=f"{story.meaning:016x}",
        bits=chance.bits - before,
        difficulty=difficulty_of(story),
    )


def difficulty_of(story: Story) -> dict[str, int]:
    """The knobs of a story's level, and how many sentences it came to."""
    level = story.level
    return {
        "events": len(story.sentences),
        "entities": level.entities,
        "depth": level.depth,
        "attractors": level.attractors,
        "distractors": level.distractors,
        "lexicon": level.lexicon,
    }


def oracle(example: Example) -> str:
    """The story's own continuation as far as it holds: up to the first sentence that `is_right` would not let pass."""
    sentences = sentences_of(example.answer, example.language)
    joined = lineariser(example.language, Chance("joined")).joined
    while sentences and not is_right(example, joined(sentences)):
        sentences.pop()
    return joined(sentences)


def is_right(example: Example, answer: str) -> bool:
    """Whether prompt and answer together are grammatical and agree with the world they tell of."""
    total, grammatical, consistent = check_story(
        prompt_format("story", example.language).text(example.prompt, answer), example.language
    )
    return bool(answer) and total == grammatical == consistent


def chance_level(example: Example) -> float:
    """None: no continuation is right by guessing words."""
    return 0.0
