"""From text back to meaning, in both languages: everything that the linearisers can say, and nothing else.

The templates of the linearisers, unrolled, make a network of words and slots; what a slot holds is read by a small
routine of its own, remembered by place. Pronouns are then resolved by the rule of `discourse`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from upwell.world.constructions import Construction, constructions, moods_of
from upwell.world.discourse import Discourse, pronoun_of
from upwell.world.lexicon import lexicon
from upwell.world.linearise import ADJUNCTS
from upwell.world.meaning import CONNECTIVES, PRONOUNS, Clause, Meaning, Phrase
from upwell.world.places import is_place_noun

Reading: TypeAlias = "list[tuple[int, Any]]"
"""What was read from a place: pairs of where it ends and what it means."""


class Node:
    """A state of the network of templates."""

    __slots__ = ("accepts", "literals", "slots")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.slots: dict[tuple[str, int], Node] = {}
        self.accepts: list[tuple[str, str, str]] = []
        """Construction, mood and the number of the subject that end here."""

    def add(self, tokens: Iterable[str | tuple[str, int]], accept: tuple[str, str, str]) -> None:
        """Let a template end with this construction, mood and number."""
        node = self
        for token in tokens:
            table: Any = node.literals if type(token) is str else node.slots
            following = table.get(token)
            if following is None:
                following = table[token] = Node()
            node = following
        if accept not in node.accepts:
            node.accepts.append(accept)


class Reader:
    """Reads one sentence of one language.

    Arguments: `tokens`, words or characters; `speech`, whether it was said in quotes.
    """

    def __init__(self, tokens: Sequence[str], *, speech: bool) -> None:
        self.tokens = tokens
        self.length = len(tokens)
        self.speech = speech
        self.memory: dict[Any, Reading] = {}

    def slot(self, kind: str, place: int) -> Reading:
        """Read an argument of a kind at a place."""
        raise NotImplementedError

    def bases(self, place: int) -> Reading:
        """Read what somebody is asked to do, at a place."""
        raise NotImplementedError

    def adjuncts(self, place: int) -> Reading:
        """Read what is added before a verb, at a place."""
        raise NotImplementedError

    def remembered(self, kind: str, place: int) -> Reading:
        """As `slot`, worked out once."""
        key = (kind, place)
        found = self.memory.get(key)
        if found is None:
            found = self.memory[key] = self.slot(kind, place)
        return found

    def walk(self, node: Node, place: int) -> list[tuple[int, tuple[str, str, str], dict[int, Any]]]:
        """All templates that match from a place: where they end, what they are, and their arguments."""
        found: list[tuple[int, tuple[str, str, str], dict[int, Any]]] = []
        self._walk(node, place, {}, found)
        return found

    def _walk(self, node: Node, place: int, filled: dict[int, Any], found: list[Any]) -> None:
        for accept in node.accepts:
            found.append((place, accept, filled))
        if place < self.length:
            following = node.literals.get(self.tokens[place])
            if following is not None:
                self._walk(following, place + 1, filled, found)
        for (kind, index), following in node.slots.items():
            for end, value in self.remembered(kind, place):
                self._walk(following, end, {**filled, index: value}, found)


def fits_slot(slot: str, phrase: Phrase) -> bool:
    """Whether a phrase may stand in a slot."""
    if slot in "NDCW":
        return True
    if slot == "B":
        return type(phrase) is tuple and phrase[0] == "n" and (phrase[1] in ("a", "some", "many", "few", "another"))
    alive = is_alive(phrase)
    if alive is None:
        return True
    return alive if slot == "P" else not alive


def is_alive(phrase: Phrase) -> bool | None:
    """Whether a phrase names persons or animals; None where it does not say."""
    if type(phrase) is str:
        return None if phrase in ("it", "they") else phrase != "what"
    if phrase[0] == "and":
        return is_alive(phrase[1])
    return lexicon().noun[phrase[3]].animate


def resolve(meaning: Clause, discourse: Discourse) -> Clause:
    """A sentence with its pronouns replaced by whom they stand for; they stay where nothing tells.

    The phrases are noted in the discourse, in the order in which they were said.
    """
    tag = meaning[0]
    if tag == "adv":
        return ("adv", meaning[1], resolve(meaning[2], discourse))
    if tag in CONNECTIVES:
        if len(meaning) == 4:  # the second was said first
            second = resolve(meaning[2], discourse)
            return (tag, resolve(_shared(meaning[1], second), discourse), second)
        first = resolve(meaning[1], discourse)
        return (tag, first, resolve(_shared(meaning[2], first), discourse))
    if tag == "chain":
        parts = [resolve(meaning[1], discourse)]
        subject = subject_of(parts[0])
        for part in meaning[2:]:
            parts.append(resolve(with_subject(part, subject), discourse))
        return ("chain", *parts)
    if tag == "say":
        _, verb, speaker, listener, sentences = meaning
        speaker = _resolved(speaker, "", discourse)
        if listener:
            listener = _resolved(listener, speaker, discourse)
        discourse.mention(speaker)
        if listener:
            discourse.mention(listener)
        return ("say", verb, speaker, listener, sentences)
    if tag == "ask":
        discourse_note(meaning[2] if meaning[1] != "colour" else (None, None, meaning[2]), discourse)
        return meaning
    if tag == "fixed":
        return meaning
    if tag == "that":
        _, verb, mood, who, listener, inner = meaning
        who = _resolved(who, "", discourse)
        discourse.mention(who)
        if listener:
            listener = _resolved(listener, who, discourse)
            discourse.mention(listener)
        return ("that", verb, mood, who, listener, resolve(inner, discourse))
    clause, around = meaning, []
    while clause[0] in ADJUNCTS:
        around.append(clause)
        clause = clause[2]
    arguments = list(clause[2:])
    if arguments:
        slots = constructions()[clause[0]].slots
        subject = _resolved(arguments[0], "", discourse)
        for index, value in enumerate(arguments):
            if slots[index] in "NPODBCW":
                arguments[index] = subject if index == 0 else _resolved(value, subject, discourse)
            elif slots[index] == "T":
                arguments[index] = _resolved(value, subject, discourse)
            elif slots[index] == "L" and type(value) is tuple:
                arguments[index] = (value[0], _resolved(value[1], subject, discourse))
    clause = (clause[0], clause[1], *arguments)
    for outer in reversed(around):
        clause = (outer[0], outer[1], clause)
    discourse_note(clause, discourse)
    return clause


def _shared(second: Clause, first: Clause) -> Clause:
    """A clause that was read without subject, with that of the one before."""
    if second[0] == "chain":
        return ("chain", _shared(second[1], first), *second[2:]) if subject_of(second[1]) == "_" else second
    if subject_of(second) != "_":
        return second
    return with_subject(second, subject_of(first[1] if first[0] == "chain" else first))


def discourse_note(clause: Clause, discourse: Discourse) -> None:
    """Take note of the phrases of a clause, as the lineariser does."""
    while clause[0] in ADJUNCTS:
        discourse.mention(clause[1])
        clause = clause[2]
    for argument in clause[2:]:
        kind = type(argument)
        if kind is str or (kind is tuple and argument[0] != "very"):
            discourse.mention(argument)


def _resolved(phrase: Phrase, subject: Phrase, discourse: Discourse) -> Phrase:
    if type(phrase) is str:
        return (discourse.referent(phrase) or phrase) if phrase in PRONOUNS else phrase
    if phrase[0] == "and":
        parts = [_resolved(phrase[1], subject, discourse)]
        for part in phrase[2:]:
            owner = part[1][1] if type(part) is tuple and part[0] == "n" and type(part[1]) is tuple else None
            if type(owner) is str and owner in PRONOUNS and owner == pronoun_of(parts[0]):
                parts.append(("n", ("of", parts[0]), *part[2:]))
            else:
                parts.append(_resolved(part, subject, discourse))
        return ("and", *parts)
    if phrase[0] == "n" and type(phrase[1]) is tuple:
        owner = phrase[1][1]
        if owner == "self":
            return ("n", ("of", subject), *phrase[2:])
        if type(owner) is str and owner in PRONOUNS:
            known = discourse.owner(owner, subject) if subject else discourse.referent(owner)
            return ("n", ("of", known or owner), *phrase[2:])
    return phrase


def is_sound(meaning: Any) -> bool:
    """Whether the phrases of a resolved meaning are of the kinds that their places want."""
    if type(meaning) is not tuple or not meaning:
        return True
    construction = constructions().get(meaning[0]) if type(meaning[0]) is str else None
    if construction is not None and len(meaning) == len(construction.slots) + 2:
        for slot, value in zip(construction.slots, meaning[2:], strict=True):
            if slot in "PO" and value != "_" and type(value) in (str, tuple) and not fits_slot(slot, value):
                return False
    return all(is_sound(part) for part in meaning if type(part) is tuple)


def _head_fits(phrase: Phrase) -> bool:
    """Whether who is described by what they did can do it, and what by what was done to it, can have it done."""
    _, gap, clause = phrase[5][0]
    verb = lexicon().verb.get(constructions()[clause[0]].verb)
    return verb is None or lexicon().fits(verb.object if gap else verb.subject, lexicon().noun[phrase[3]])


def makes_sense(meaning: Any) -> bool:
    """Whether verbs have objects that they can have."""
    if type(meaning) is not tuple or not meaning:
        return True
    if meaning[0] == "n" and meaning[5] and meaning[5][0][0] == "rel" and not _head_fits(meaning):
        return False
    construction = constructions().get(meaning[0]) if type(meaning[0]) is str else None
    verb = lexicon().verb.get(construction.verb) if construction is not None else None
    takes_thing = verb is not None and len(meaning) == 4 and type(meaning[3]) is tuple and meaning[3][0] == "n"
    if verb is not None and takes_thing and not lexicon().fits(verb.object, lexicon().noun[meaning[3][3]]):
        return False
    if meaning[0] == "be" and len(meaning) == 4 and type(meaning[2]) is tuple and meaning[2][0] == "n":
        word = meaning[3] if type(meaning[3]) is str else meaning[3][1]
        if not lexicon().fits(lexicon().adjective[word].applies, lexicon().noun[meaning[2][3]]):
            return False
    if meaning[0] == "be_noun" and not is_alive(meaning[3]):
        return False
    return all(makes_sense(part) for part in meaning if type(part) is tuple)


def subject_of(clause: Clause) -> Phrase:
    """The subject of a simple clause."""
    while clause[0] in ADJUNCTS:
        clause = clause[2]
    if clause[0] == "that":
        return clause[3]
    return clause[2] if len(clause) > 2 else ""


def with_subject(clause: Clause, subject: Phrase) -> Clause:
    """A clause read without its subject, given one."""
    if clause[0] in ADJUNCTS:
        return (clause[0], clause[1], with_subject(clause[2], subject))
    if clause[0] == "that":
        return (*clause[:3], subject, *clause[4:])
    return (clause[0], clause[1], subject, *clause[3:])


def relative_mood_fits(construction: Construction, mood: str, *, speech: bool) -> bool:
    """Whether a relative clause has this mood: what was done is past, also in speech."""
    if speech and construction.aspect != "state" and mood == "pres":
        return False
    return mood in moods_of(construction, speech=speech)


def relativizable(construction: Construction) -> bool:
    """Whether a construction makes relative clauses: a verb and its object, in both languages."""
    return (
        len(construction.slots) == 2
        and construction.slots[1] in "NPODBG"
        and bool(re.fullmatch(r"\{0\} \[[^\]]+\] \{1\}", construction.english[0]))
        and any(
            re.fullmatch(r"\{0\}\^[^{}*，]+\*?\{1\}", way)
            for way in construction.chinese[:1] + construction.chinese[-1:]
        )
    )


def is_asked(value: Any) -> bool:
    """Whether an argument is what a question asks for."""
    if type(value) is str:
        return value in ("who", "what", "where?")
    return type(value) is tuple and value[:1] == ("n",) and (value[2] == "?" or value[1] == ("of", "who"))


def can_relate(relation: str, phrase: Phrase) -> bool:
    """Whether something can be in, on or under a thing of this kind, where that is not simply being there."""
    return relation not in ("in", "on") or not is_place(phrase)


def is_place(phrase: Phrase) -> bool:
    """Whether a phrase names where somebody can simply be."""
    return is_place_noun(lexicon().noun[phrase[3]])


def is_placed(value: Any) -> bool:
    """Whether a phrase or place has a place of its own within, as only subjects have."""
    if type(value) is not tuple:
        return False
    if len(value) == 2:
        return is_placed(value[1])
    return value[0] == "n" and bool(value[5]) and value[5][0][0] == "pp"


def clause_of(name: str, mood: str, filled: dict[int, Any]) -> Clause:
    """A clause of a construction from its arguments by place."""
    return (name, mood, *[filled[index] for index in range(len(constructions()[name].slots))])


def split_sentences(text: str, language: str) -> list[str]:
    """The sentences of a text; what is quoted stays with who says it."""
    marks, opening, closing = (".!?", '"', '"') if language == "en" else ("。！？", "“", "”")
    sentences, start, quoted, begun_by_quote = [], 0, False, False
    for place, char in enumerate(text):
        if not quoted and char == opening:
            quoted = True
            begun_by_quote = not text[start:place].strip()
            continue
        if quoted:
            if char != closing:
                continue
            quoted = False
            if begun_by_quote:
                continue
        elif char not in marks:
            continue
        sentences.append(text[start : place + 1].strip())
        start = place + 1
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences


def parse(text: str, language: str, *, speech: bool = False, discourse: Discourse | None = None) -> list[Meaning]:
    """All meanings of one sentence; none if it is not of this language's grammar.

    Arguments: `language`, en or zh; `speech`, whether it stood in quotes; `discourse`, what was said before, by which
    pronouns are resolved and which takes note of this sentence.
    """
    if language == "en":
        from upwell.world.reading_english import read_sentence
    else:
        from upwell.world.reading_chinese import read_sentence
    context = discourse or Discourse()
    found: dict[Meaning, Discourse] = {}
    for reading in read_sentence(text, speech=speech):
        after = Discourse()
        after.previous, after.current = context.previous, {}
        meaning = reading if speech else resolve(reading, after)
        if meaning not in found and is_sound(meaning):
            found[meaning] = after
    if len(found) > 1:  # what makes no sense is not meant: nobody drives a flower (开花)
        found = {meaning: after for meaning, after in found.items() if makes_sense(meaning)} or found
    if found and discourse is not None:
        discourse.previous = next(iter(found.values())).current
    elif discourse is not None:
        discourse.previous = {}
    return list(found)


def parse_text(text: str, language: str) -> list[list[Meaning]]:
    """The meanings of each sentence of a text, read in order, so that pronouns are resolved."""
    discourse = Discourse()
    return [parse(sentence, language, discourse=discourse) for sentence in split_sentences(text, language)]
