"""Meanings in Chinese: clauses without a subject that was said, habits, questions, quoted speech, pronouns."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from upwell.world.chance import Table
from upwell.world.chinese_phrases import (
    adjunct_text,
    argument,
    described,
    knows,
    locative_of,
    passive_templates,
    plain_phrase,
    slot_text,
    spoken_pronoun,
    templates,
)
from upwell.world.constructions import constructions
from upwell.world.discourse import pronoun_of
from upwell.world.english_phrases import hole_of
from upwell.world.lexicon import lexicon
from upwell.world.linearise import (
    ADJUNCTS,
    SHARING,
    Lineariser,
    Template,
    can_share,
    owner_of,
    saying_forms,
    subject_of,
    tables_of,
)
from upwell.world.meaning import Clause, Phrase
from upwell.world.wording import THAT

_MARKS = re.compile("[，。：“”？！、]")

DEMONSTRATIVE_SHARE = 0.25
"""How often what is known is said with 那个, and not bare."""


class Chinese(Lineariser):
    """Says meanings in Chinese."""

    language = "zh"

    def length(self, text: str) -> int:
        """How many characters a piece of text has, marks not counted."""
        return len(text) - len(_MARKS.findall(text))

    def __init__(self, chance: Any) -> None:
        super().__init__(chance)
        self.connected, self.front, self.speech_texts = _tables()
        self.habit = False
        """Whether what is told was so every day: 每天，他都浇花, without 了."""

    def body(self, meaning: Clause) -> str:
        """A sentence without its mark; the same subject is not said twice, and habits have no 了."""
        if meaning[0] == "adv" and meaning[1] == "every_day":
            self.habit = True
            text = super().body(meaning)
            self.habit = False
            return text
        if meaning[0] in SHARING and subject_of(meaning[1]) == subject_of(meaning[2]) and can_share(meaning):
            template, reverse = self.chance.pick(self.connected[meaning[0]])
            first, second = (meaning[2], meaning[1]) if reverse else (meaning[1], meaning[2])
            texts = [self.operand(first), self.operand(second, without_subject=True)]
            if reverse:
                texts.reverse()
            return template.replace("{0}", texts[0]).replace("{1}", texts[1])
        return super().body(meaning)

    def plain(self, phrase: Phrase) -> str:
        """A phrase without pronouns."""
        return plain_phrase(phrase)

    def finished(self, text: str, mark: str) -> str:
        """A sentence with its mark."""
        return text + ("。" if mark == "." else "？")

    def fronted(self, adverbial: str, sentence: str) -> str:
        """A sentence with what stands at its beginning."""
        return f"{adverbial}，{sentence}"

    def joined(self, sentences: list[str]) -> str:
        """Sentences of a text."""
        return "".join(sentences)

    def chained(self, parts: list[str]) -> str:
        """One subject, said once: 去了公园，找到了球."""
        return "，".join(parts)

    def subject(self, phrase: Phrase) -> str:
        """A subject, by name or pronoun."""
        pronoun = self.pronoun_for(phrase)
        if pronoun and self._may_say(pronoun, phrase) and self.prefers(pronoun):
            return spoken_pronoun(pronoun, phrase)
        return self._named(phrase, phrase, first=True)

    def _may_say(self, pronoun: str, phrase: Phrase) -> bool:
        """它 and 它们 are said of animals only."""
        if pronoun == "it" or (pronoun == "they" and phrase[0] == "n"):
            return lexicon().noun[phrase[3]].animate
        return True

    def _named(self, phrase: Phrase, subject: Phrase, *, first: bool, pointing: bool = False) -> str:
        """A phrase by its own words; whose it is may be a pronoun."""
        if type(phrase) is str:
            self.named = True
            return plain_phrase(phrase)
        owner = owner_of(phrase)
        if owner is None or self.speech:
            if phrase[0] == "and":
                self.named = True
            elif phrase[1] == "the" and phrase[2] == 1 and not phrase[5]:
                pointing = pointing or self.chance.flip(DEMONSTRATIVE_SHARE)
            text = plain_phrase(phrase, pointing)
            return text + "都" if first and phrase[1] == "all" else text
        pronoun = self._owner_pronoun(owner, subject, first)
        if pronoun:
            if not first and owner == subject and self.chance.flip(0.3):
                return described(phrase, "自己", False)
            return described(phrase, spoken_pronoun(pronoun, owner), False)
        self.named = True
        return plain_phrase(phrase)

    def _owner_pronoun(self, owner: Phrase, subject: Phrase, first: bool) -> str:
        pronoun = pronoun_of(owner)
        if not pronoun or not self._may_say(pronoun, owner):
            return ""
        if not first and owner == subject:
            return pronoun
        known = self.discourse.referent(pronoun) if first else self.discourse.owner(pronoun, subject)
        if known == owner and not self.names_only and (self.named or not self.nameless) and self.chance.flip(0.5):
            return pronoun
        return ""

    def _object(self, slot: str, value: Any, subject: Phrase, clause: Clause) -> str:
        if slot in "NPODBC":
            after = "里" if slot == "C" else ""
            pronoun = "" if self.speech or slot not in "NPOD" else self.pronoun_for(value)
            if pronoun and value != subject and self._may_say(pronoun, value) and self.chance.flip(0.5):
                return spoken_pronoun(pronoun, value)
            return self._named(value, subject, first=False, pointing=slot == "D") + after
        if slot in "LT" and type(value) is tuple and not self.speech:
            phrase = value if slot == "T" else value[1]
            if owner_of(phrase):
                text = self._named(phrase, subject, first=False)
                return text if slot == "T" else text + locative_of(value)
        return slot_text(slot, value, clause)

    def told(self, clause: Clause, *, without_subject: bool) -> str:
        """A clause as it is told."""
        added = ""
        while clause[0] in ADJUNCTS:
            added += adjunct_text(clause)
            clause = clause[2]
        name, mood = clause[0], clause[1]
        if self.habit and mood == "past" and constructions()[name].aspect in ("event", "activity"):
            mood = "habit"
        form, order = self.chance.pick(
            _table(name, mood, knows(clause), "doing" if without_subject else "told", bool(added))
        )
        if not order:
            return form
        slots = constructions()[name].slots
        subject = clause[2] if len(clause) > 2 else ""
        texts = []
        for index in order:
            if index == 9:
                texts.append(added)
            elif index == 0 and slots[0] == "A":
                texts.append(self.argument(clause, 0))
            elif index == 0:
                texts.append(self.subject(subject) if slots[0] not in "BW" else self.by_name(subject))
            else:
                texts.append(self._object(slots[index], clause[index + 2], subject, clause))
        return form % tuple(texts)

    def may_turn(self, meaning: Clause) -> bool:
        """Whether a sentence may be told with 被; habits are not."""
        return not self.habit and super().may_turn(meaning)

    def passives(self, clause: Clause) -> Table[Template]:
        """皮球被汤姆找到了."""
        return _passive_table(clause[0], clause[1])

    def argument(self, clause: Clause, index: int) -> str:
        """An argument of a clause, without pronouns."""
        return argument(clause, index)

    def that(self, meaning: Clause, *, without_subject: bool) -> str:
        """汤姆知道球在盒子里."""
        _, verb, mood, who, listener, inner = meaning
        _, chinese, _, aspect = THAT[verb]
        subject = "" if without_subject else self.subject(who)
        self.discourse.mention(who)
        before = ""
        if mood == "not":
            before = "不" if aspect == "state" else "没有"
        text = subject + before + chinese[2:]
        if listener:
            text += self._object("P", listener, who, meaning)
            self.discourse.mention(listener)
        return text + self.simple(inner, without_subject=False)

    def question(self, meaning: Clause) -> str:
        """A question without its mark."""
        kind, clause = meaning[1], meaning[2]
        if kind == "colour":
            return f"{plain_phrase(clause)}是什么颜色的"
        name, mood = clause[0], clause[1]
        if kind not in ("yesno", "why"):
            hole_of(clause)
        form, order = templates(name, mood, knows(clause), {"why": "why", "yesno": "asked"}.get(kind, "told"), False)[0]
        text = form % tuple(argument(clause, index, kind in ("yesno", "why")) for index in order)
        return text + "吗" if kind == "yesno" else text

    def listener(self, phrase: Phrase, speaker: Phrase) -> str:
        """Who is spoken to: 他爷爷 where it is the speaker's."""
        return self._named(phrase, speaker, first=False)

    def quoted(self, verb: str, speaker: str, listener: str, speech: str) -> str:
        """A sentence with quoted speech, said before or after."""
        alone, heard = _SAYING[verb]
        said = speaker + (heard.format(listener) if listener else alone)
        if self.speaker_first(speech) or self.chance.flip(0.7):
            return f"{said}：“{speech}”"
        inner = speech[:-1] + "，" if speech[-1] == "。" else speech
        return f"“{inner}”{said}。"


_SAYING = saying_forms("zh")


@cache
def _table(name: str, mood: str, known: bool, form: str, adjunct: bool) -> Table[Template]:
    return Table(templates(name, mood, known, form, adjunct))


@cache
def _passive_table(name: str, mood: str) -> Table[Template]:
    return Table(passive_templates(name, mood))


@cache
def _tables() -> Any:
    return tables_of("zh")
