"""What an answer rests on: facts of a passage from which it follows and of which none can be left out, plainly said.

A question about a passage is first answered by finding what bears on it and saying it, then by what follows: a scratchpad
(Nye et al. 2021) of supporting facts (Weston et al. 2015). Facts are found by leaving out: a fact without which the
answer stays the same is not needed. The last one names the answer, those before lead to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from upwell.world.meaning import Clause
from upwell.world.views.situations import GIVING, GOING, LOSING, TAKING, State, key_of, plain_sentence, simple_clauses

_TELLING = {*GOING, *TAKING, *GIVING, *LOSING, "put", "have"}
"""Verbs that `State` understands."""

Answering = Callable[[State, Clause], Any]
"""(what is so, a question) -> key of the answer, None where there is none."""


def reason_for(clauses: Iterable[Clause], question: Clause, answer_from: Answering, language: str) -> str:
    """The facts of a passage of `clauses` that the answer to `question` rests on, in words."""
    facts = needed(list(facts_in(clauses)), open_question(question), answer_from)
    return (" " if language == "en" else "").join(plain_sentence(fact, language) for fact in facts)


def open_question(question: Clause) -> Clause:
    """The question itself; of one to be answered by yes or no the question that it decides: where, or who has it."""
    _, kind, clause = question
    if kind != "yesno":
        return question
    if clause[0] == "be_at":
        return ("ask", "where", (*clause[:-1], "where?"))
    return ("ask", "who", (*clause[:2], "who", *clause[3:]))


def facts_in(clauses: Iterable[Clause]) -> Iterator[Clause]:
    """What sentences tell that questions are about, a clause each, of one person alone."""
    for sentence in clauses:
        inner = sentence[2] if sentence[0] == "adv" else sentence
        if inner[0] == "because":
            yield inner
            continue
        for clause in simple_clauses(inner):
            if clause[0] not in _TELLING:
                continue
            subject = clause[2]
            if type(subject) is tuple and subject[0] == "and":
                yield from ((*clause[:2], person, *clause[3:]) for person in subject[1:])
            else:
                yield clause


def needed(facts: Sequence[Clause], question: Clause, answer_from: Answering) -> list[Clause]:
    """The facts without which `question` has another answer, in an order that ends with those that name it."""
    answer = answer_from(State(facts), question)
    kept = list(facts)
    for fact in facts:
        others = [other for other in kept if other is not fact]
        if answer_from(State(others), question) == answer:
            kept = others
    return kept if type(answer) is int else _leading_to(answer, kept)


def _leading_to(answer: Any, facts: list[Clause]) -> list[Clause]:
    """Those that name the answer last, before them those that share something with them, and so on."""
    order: list[Clause] = []
    known = {answer}
    while facts:
        near = [fact for fact in facts if fact == answer or known & _keys(fact)] or facts
        order = near + order
        known |= {key for fact in near for key in _keys(fact)}
        facts = [fact for fact in facts if fact not in near]
    return order


def _keys(fact: Clause) -> set[Any]:
    """What a fact names: persons, places, things, its feeling aside."""
    if fact[0] == "because":
        return {fact[1][2], *_keys(fact[2])}
    found: set[Any] = set()
    for part in fact[2:]:
        phrase = part[1] if type(part) is tuple and part[0] in ("in", "at") else part
        if type(phrase) is str or (type(phrase) is tuple and phrase[0] == "n"):
            found |= {key_of(phrase)}
    return found
