"""Meanings in English: clauses, questions, quoted speech, and the choice between names and pronouns."""

from __future__ import annotations

from functools import cache
from typing import Any

from upwell.world.chance import Table
from upwell.world.constructions import constructions
from upwell.world.discourse import pronoun_of
from upwell.world.english_phrases import (
    OBJECT_FORMS,
    POSSESSIVES,
    SUBJECT_FORMS,
    adjunct_text,
    agreeing,
    argument,
    described,
    hole_of,
    number_of,
    passive_templates,
    plain_phrase,
    preposition_of,
    slot_text,
    subject_text,
    templates,
    verb_groups_of_that,
)
from upwell.world.linearise import ADJUNCTS, Lineariser, Template, owner_of, saying_forms, tables_of
from upwell.world.meaning import Clause, Phrase
from upwell.world.wording import THAT


class English(Lineariser):
    """Says meanings in English."""

    language = "en"

    def length(self, text: str) -> int:
        """How many words a piece of text has."""
        return len(text.split())

    def __init__(self, chance: Any) -> None:
        super().__init__(chance)
        self.connected, self.front, self.speech_texts = _tables()

    def plain(self, phrase: Phrase) -> str:
        """A phrase without pronouns."""
        return plain_phrase(phrase)

    def finished(self, text: str, mark: str) -> str:
        """A sentence with its capital and its mark."""
        return text[0].upper() + text[1:] + mark

    def fronted(self, adverbial: str, sentence: str) -> str:
        """A sentence with what stands at its beginning."""
        return f"{adverbial}, {sentence}"

    def joined(self, sentences: list[str]) -> str:
        """Sentences of a text."""
        return " ".join(sentences)

    def chained(self, parts: list[str]) -> str:
        """One subject, several verbs: went home, ate and slept."""
        return f"{', '.join(parts[:-1])} and {parts[-1]}"

    def subject(self, phrase: Phrase) -> str:
        """A subject, by name or pronoun."""
        pronoun = self.pronoun_for(phrase)
        if pronoun and self.prefers(pronoun):
            return pronoun
        return self._named(phrase, phrase, first=True)

    def _named(self, phrase: Phrase, subject: Phrase, *, first: bool) -> str:
        """A phrase by its own words; whose it is may be a pronoun."""
        if type(phrase) is str:
            if phrase in SUBJECT_FORMS:
                return SUBJECT_FORMS[phrase] if first else OBJECT_FORMS[phrase]
            self.named = True
            return phrase
        owner = owner_of(phrase)
        if owner is None or self.speech:
            if phrase[0] == "and":
                self.named = True
            return plain_phrase(phrase)
        pronoun = self._owner_pronoun(owner, subject, first)
        if pronoun:
            return described(phrase, POSSESSIVES[pronoun])
        self.named = True
        return plain_phrase(phrase)

    def _owner_pronoun(self, owner: Phrase, subject: Phrase, first: bool) -> str:
        pronoun = pronoun_of(owner)
        if not pronoun:
            return ""
        if not first and owner == subject:
            return pronoun
        known = self.discourse.referent(pronoun) if first else self.discourse.owner(pronoun, subject)
        if known == owner and not self.names_only and (self.named or not self.nameless) and self.chance.flip(0.5):
            return pronoun
        return ""

    def _object(self, slot: str, value: Any, subject: Phrase, *, moved: bool = False, close: bool = False) -> str:
        if slot in "NPODBC":
            if self.speech:
                return plain_phrase(value)
            pronoun = self.pronoun_for(value) if slot in "NPOD" and not moved else ""
            if pronoun == "she" and close:
                pronoun = ""  # "brought her apples" would be of two meanings
            if pronoun and value != subject and self.chance.flip(0.5):
                return OBJECT_FORMS[pronoun]
            return self._named(value, subject, first=False)
        if slot in "LT" and type(value) is tuple and not self.speech:
            phrase = value if slot == "T" else value[1]
            if owner_of(phrase):
                text = self._named(phrase, subject, first=False)
                return f"{'to' if slot == 'T' else preposition_of(value)} {text}"
        return self.by_name(value) if slot == "W" else slot_text(slot, value)

    def told(self, clause: Clause, *, without_subject: bool) -> str:
        """A clause as it is told."""
        after = ""
        while clause[0] in ADJUNCTS:
            after = f" {adjunct_text(clause)}{after}"
            clause = clause[2]
        name, mood = clause[0], clause[1]
        number = number_of(clause[2]) if len(clause) > 2 else "s"
        table = _table(name, mood, number, "doing" if without_subject else "told")
        form, order = self.chance.pick(table)
        if not order:
            return form + after
        slots = constructions()[name].slots
        subject = clause[2]
        texts = []
        for index in order:
            if index == 0 and slots[0] == "A":
                texts.append(self.argument(clause, 0))
            elif index == 0:
                texts.append(self.subject(subject) if slots[0] not in "BW" else self.by_name(subject))
            else:
                texts.append(
                    self._object(
                        slots[index],
                        clause[index + 2],
                        subject,
                        moved=index == 1 and len(slots) > 2 and order[-1] == 1,
                        close=index != order[-1] and "%s %s" in form,
                    )
                )
        return form % tuple(texts) + after

    def passives(self, clause: Clause) -> Table[Template]:
        """The ball was found by."""
        return _passive_table(clause[0], clause[1], number_of(clause[3]))

    def argument(self, clause: Clause, index: int) -> str:
        """An argument of a clause, without pronouns."""
        return argument(clause, index)

    def that(self, meaning: Clause, *, without_subject: bool) -> str:
        """Tom knew that the ball was in the box."""
        _, verb, mood, who, listener, inner = meaning
        english, _, _, _ = THAT[verb]
        groups = verb_groups_of_that(english, mood, number_of(who))
        subject = "" if without_subject else self.subject(who)
        self.discourse.mention(who)
        words = [subject, self.chance.pick(groups)]
        if listener:
            words.append(self._object("P", listener, who))
            self.discourse.mention(listener)
        if self.chance.flip(0.7):
            words.append("that")
        words.append(self.simple(inner, without_subject=False))
        return " ".join([word for word in words if word])

    def question(self, meaning: Clause) -> str:
        """A question without its mark."""
        kind, clause = meaning[1], meaning[2]
        if kind == "colour":
            verb = agreeing("was" if not self.speech else "is", number_of(clause))
            return f"what colour {verb} {plain_phrase(clause)}"
        name, mood = clause[0], clause[1]
        number = number_of(clause[2]) if len(clause) > 2 else "s"
        if kind in ("yesno", "why"):
            form, order = templates(name, mood, number, "asked")[0]
            text = form % tuple(subject_text(clause[2]) if i == 0 else argument(clause, i) for i in order)
            return text if kind == "yesno" else f"why {text}"
        hole = hole_of(clause)
        if hole == 0:
            form, order = templates(name, mood, number, "told")[0]
            return form % tuple(argument(clause, i) for i in order)
        form, order = templates(name, mood, number, f"hole{hole}")[0]
        texts = [subject_text(clause[2]) if i == 0 else argument(clause, i) for i in order]
        if clause[hole + 2] == "where?":
            texts[0] = "where"
        return form % tuple(texts)

    def listener(self, phrase: Phrase, speaker: Phrase) -> str:
        """Who is spoken to: his grandfather where it is the speaker's."""
        return self._named(phrase, speaker, first=False)

    def quoted(self, verb: str, speaker: str, listener: str, speech: str) -> str:
        """A sentence with quoted speech, said before or after."""
        alone, heard = _SAYING[verb]
        said = heard.format(listener) if listener else alone
        way = "before"
        if not self.speaker_first(speech):
            way = self.chance.pick(_QUOTING_NAMED if not listener and speaker not in SUBJECT_FORMS else _QUOTING)
        if way == "before":
            text = f'{speaker} {said}, "{speech}"'
        else:
            inner = speech[:-1] + "," if speech[-1] == "." else speech
            text = f'"{inner}" {speaker} {said}.' if way == "after" else f'"{inner}" {said} {speaker}.'
        return text[0].upper() + text[1:] if text[0] != '"' else text


_QUOTING_NAMED = Table(("before", "after", "inverted"), (0.35, 0.2, 0.45))
_QUOTING = Table(("before", "after"), (0.6, 0.4))
_SAYING = saying_forms("en")


@cache
def _table(name: str, mood: str, number: str, form: str) -> Table[Template]:
    return Table(templates(name, mood, number, form))


@cache
def _passive_table(name: str, mood: str, number: str) -> Table[Template]:
    return Table(passive_templates(name, mood, number))


@cache
def _tables() -> Any:
    return tables_of("en")
