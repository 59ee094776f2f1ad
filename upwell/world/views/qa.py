"""Question answering: a passage and a question about it, see `passages`; the oracle reads both back.

A model is to say the facts that bear on the question first, see `evidence`, and then what follows from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance
from upwell.world.chinese_phrases import place_text as chinese_place
from upwell.world.english_phrases import place_text as english_place
from upwell.world.lexicon import lexicon
from upwell.world.meaning import Clause, Phrase, hash_of
from upwell.world.meaning import noun as phrase_of
from upwell.world.numerals import chinese_number, english_number
from upwell.world.parser import parse
from upwell.world.views.evidence import reason_for
from upwell.world.views.passages import DETOURS, DISTRACTORS, HOPS, KIND_TABLE, PERSONS, PLANS, Plan
from upwell.world.views.situations import (
    Cast,
    State,
    key_of,
    read_clauses,
    say_phrase,
    say_plainly,
    say_text,
    the,
)

YES = {"en": ("yes", "no"), "zh": ("对", "不对")}


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """One passage with a question of `level` in `split`."""
    return _worded_example(chance, level, language, split)[0]


def make_turns(chance: Chance, level: int, language: str, split: str) -> list[str]:
    """One passage with questions about all its candidates, one after the other: much to learn from few words."""
    example, plan = _worded_example(chance, level, language, split)
    form, turns = example.format, list(example.turns)
    for question, answer in chance.sample(plan.others, len(plan.others)):
        prompt = form.prompt(text="", question=say_text([question], language, chance))
        reason = reason_for(plan.clauses, question, answer_from, language)
        turns += [prompt, form.text("", _worded(answer, question, language), reason)]
    return turns


def _worded_example(chance: Chance, level: int, language: str, split: str) -> tuple[Example, Plan]:
    """An example, and the plan of its passage."""
    before = chance.bits
    cast = Cast(chance, split)
    plan = PLANS[chance.pick(KIND_TABLE)](chance, cast, level, chance.pick(HOPS[level]))
    text = say_text(plan.clauses, language, chance)
    question, answer = plan.asked
    example = Example(
        view="qa",
        kind=plan.kind,
        language=language,
        level=level,
        split=split,
        prompt=prompt_format("qa", language).prompt(text=text, question=say_text([question], language, chance)),
        answer=_worded(answer, question, language),
        reason=reason_for(plan.clauses, question, answer_from, language),
        options=tuple(sorted(_worded(option, question, language) for option in plan.options)),
        meaning=f"{hash_of(cast.theme):016x}",
        bits=chance.bits - before,
        difficulty={
            "hops": plan.hops,
            "entities": PERSONS[level],
            "events": len(plan.clauses),
            "distractors": DISTRACTORS[level] + DETOURS[level],
        },
    )
    return example, plan


def oracle(example: Example) -> str:
    """The answer, from the meaning of the text and the question as they are read back from the prompt."""
    fields = prompt_format("qa", example.language).fields(example.prompt)
    state = State(read_clauses(fields["text"], example.language))
    question = read_question(fields["question"], state, example.language)
    return _worded(answer_from(state, question), question, example.language)


def read_question(text: str, state: State, language: str) -> Clause:
    """The meaning of a question about what is so; a ValueError where it is not understood."""
    for question in [*parse(text, language), *_beyond_stories(state)]:
        if say_text([question], language, Chance("question")) == text:
            return question
    raise ValueError(f"not understood: {text}")


def _beyond_stories(state: State) -> Iterator[Clause]:
    """Questions that the grammar of stories has not: of having what is known, of what is in a box in some place."""
    for thing in [*state.holder, *state.inside]:
        yield ("ask", "who", ("have", "past", "who", the(*thing)))
        for who in {*state.holder.values()}:
            yield ("ask", "yesno", ("have", "past", who, the(*thing)))
    for word in {word for word, _ in state.holder}:
        for place in {*state.place.values()}:
            box = phrase_of(word, mods=(("pp", ("at", the(*place))),))
            yield ("ask", "what", ("be_at", "past", "what", ("in", box)))


def chance_level(example: Example) -> float:
    """Guessing among the candidates that the passage names."""
    return 1 / len(example.options)


def answer_from(state: State, question: Clause) -> Any:
    """Key of the answer to a question, None where there is none."""
    _, kind, clause = question
    if kind == "colour":
        return next((key for key in _named(state, clause)), ("", ("",)))[1][0] or None
    name, _, subject, *rest = clause
    if kind == "yesno":
        if name == "be_at":
            return state.place_of(_only(state, subject)) == key_of(rest[0][1])
        return state.holder_of(_only(state, rest[0])) == key_of(subject)
    if kind == "why":
        if (subject, rest[0]) in state.cause:
            return state.cause[subject, rest[0]]
        return next((clause for thing, clause in state.lost.items() if state.holder_of(thing) == subject), None)
    if name == "be_at" and rest[0] == "where?":
        return state.place_of(_only(state, subject))
    if name == "be_at" and subject == "who":
        return next((who for who, place in state.place.items() if place == key_of(rest[0][1])), None)
    if name == "be_at":
        container = _only(state, rest[0][1])
        return next((thing for thing, around in state.inside.items() if around == container), None)
    if subject == "who":
        return state.holder_of(_only(state, rest[0]))
    if rest[0] == "what":
        return next((thing for (verb, thing), who in state.taker.items() if (verb, who) == (name, subject)), None)
    return state.count.get((subject, rest[0][3]))


def _named(state: State, phrase: Phrase) -> list[Any]:
    """Keys of the things that a phrase may name, by its relative clause or place."""
    if type(phrase) is str or not phrase[5]:
        return [key_of(phrase)]
    (mod,) = phrase[5]
    if mod[0] == "rel":
        verb, _, who = mod[2][:3]
        return [
            thing for (by, thing), taker in state.taker.items() if (by, taker) == (verb, who) and thing[0] == phrase[3]
        ]
    place = key_of(mod[1][1])
    return [thing for thing in state.holder if thing[0] == phrase[3] and state.place_of(thing) == place]


def _only(state: State, phrase: Phrase) -> Any:
    return next(iter(_named(state, phrase)), None)


def _worded(key: Any, question: Clause, language: str) -> str:
    """An answer in words."""
    if type(key) is bool:
        return YES[language][0 if key else 1]
    if type(key) is int:
        return english_number(key) if language == "en" else chinese_number(key)
    if question[1] == "colour":
        return say_phrase_of_colour(key, language)
    if question[1] == "why":
        return ("because " if language == "en" else "因为") + say_plainly(key, language)
    if type(key) is str:
        return say_phrase(key, language)
    if question[2][-1] == "where?":
        return (english_place if language == "en" else chinese_place)(("at", the(*key)))
    return say_phrase(the(*key), language)


def say_phrase_of_colour(colour: str, language: str) -> str:
    """red; 红色."""
    if language == "en":
        return colour
    return lexicon().adjective[colour].predicate.removeprefix("是").removesuffix("的")
