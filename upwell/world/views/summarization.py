"""Summaries: the goal, the turning point and the outcome of a story, as its plot has them.

A summary is scored by its facts: the clauses that it says to be so, read back from its words.
"""

from __future__ import annotations

from collections.abc import Iterable

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance
from upwell.world.meaning import Clause
from upwell.world.parser import parse_text
from upwell.world.stories import make_story, tell
from upwell.world.views.situations import Plain, say_text, simple_clauses
from upwell.world.views.story import difficulty_of


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """A story of `level` in `split` with its summary."""
    before = chance.bits
    story = make_story(chance, level, split)
    facts = tuple(dict.fromkeys((_sought(story.goal), story.turning, story.outcome)))
    return Example(
        view="summarization",
        kind=story.plot,
        language=language,
        level=level,
        split=split,
        prompt=prompt_format("summarization", language).prompt(text=tell(story, language, chance)),
        answer=say_text(facts, language, chance),
        meaning=f"{story.meaning:016x}",
        bits=chance.bits - before,
        difficulty=difficulty_of(story),
    )


def _sought(goal: Clause) -> Clause:
    """What somebody wanted to find is told as what they looked for: finding is no deed that one can want to do."""
    return ("look for", "past", *goal[2:]) if goal[:2] == ("find", "want") else goal


def oracle(example: Example) -> str:
    """The facts of the summary in other words, from the stored answer and not from the prompt.

    Which of a story's facts are its plot is known to the plot alone: of 400 stories 376 tell the turning point in these
    words and 379 the outcome, but only 230 the goal; from the others it can be guessed, not read.
    """
    meanings = [found[0] for found in parse_text(example.answer, example.language)]
    return say_text(meanings, example.language, Plain())  # type: ignore[arg-type]


def is_right(example: Example, answer: str) -> bool:
    """Whether the answer has all facts of the summary and no other."""
    return fact_f1(example, answer) == 1.0


def chance_level(example: Example) -> float:
    """None: no fact is stated by guessing."""
    return 0.0


def fact_f1(example: Example, answer: str) -> float:
    """F1 of the answer's facts against those of the summary; sentences that are not understood count as wrong facts."""
    wanted = _facts(parse_text(example.answer, example.language))
    said = _facts(parse_text(answer, example.language))
    open_facts, common = list(wanted), 0
    for fact in said:  # each wanted fact counts once, however often it is said
        match = next((i for i, other in enumerate(open_facts) if fact & other), None)
        if match is not None:
            common += 1
            del open_facts[match]
    return 2 * common / (len(wanted) + len(said)) if wanted and said else 0.0


def _facts(sentences: Iterable[list[Clause]]) -> list[set[Clause]]:
    """One set for each fact: its readings."""
    facts: list[set[Clause]] = []
    for readings in sentences:
        if not readings:
            facts.append(set())
            continue
        split = [list(simple_clauses(reading)) for reading in readings]
        facts += [{clauses[place] for clauses in split if place < len(clauses)} for place in range(len(split[0]))]
    return facts
