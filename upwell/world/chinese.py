"""Meanings in Chinese: classifiers, aspect, 把, relative clauses before their noun, places with 里 and 上."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from upwell.world.chance import Table
from upwell.world.constructions import THAT, Construction, constructions
from upwell.world.discourse import pronoun_of
from upwell.world.english import hole_of
from upwell.world.lexicon import Noun, lexicon
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
from upwell.world.meaning import MANY, MASS, Clause, Phrase, Place
from upwell.world.numerals import chinese_count

PERSONS = {"i": "我", "you": "你", "we": "我们", "he": "他", "she": "她", "it": "它", "who": "谁", "what": "什么"}
PLACE_WORDS = {"home": "家里", "here": "这里", "there": "那里", "where?": "哪里"}
GOAL_WORDS = {"here": "这里", "there": "那里", "where?": "哪里"}
LOCATIVES = {
    "in": "里", "on": "上", "under": "下面", "behind": "后面", "beside": "旁边", "near": "附近", "front": "前面",
}  # fmt: skip
DEMONSTRATIVE_SHARE = 0.25
"""How often what is known is said with 那个, and not bare."""
ADJUNCT = "{9}"

# before the verb, after the verb, at the end of the clause; more than one: they mean the same
_MOODS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "past": (("", "了", ""),),
    "not": (("没有", "", ""), ("没", "", "")),
    "pres": (("", "", ""),),
    "presnot": (("不", "", ""),),
    "had": (("已经", "了", ""),),
    "prog": (("正在", "", ""), ("在", "", "")),
    "progp": (("正在", "", ""), ("在", "", "")),
    "always": (("总是", "", ""),),
    "often": (("常常", "", ""), ("经常", "", "")),
    "never": (("从来不", "", ""), ("从不", "", "")),
    "habit": (("都", "", ""),),
    "would": (("会", "", ""),),
    "wouldnot": (("不肯", "", ""), ("不愿意", "", "")),
    "will": (("会", "", ""),),
    "wont": (("不会", "", ""),),
    "can": (("能", "", ""), ("可以", "", "")),
    "cannot": (("没能", "", ""), ("没法", "", "")),
    "canp": (("能", "", ""), ("可以", "", "")),
    "cannotp": (("不能", "", ""), ("没法", "", "")),
    "must": (("不得不", "", ""), ("只好", "", "")),
    "mustp": (("必须", "", ""), ("得", "", "")),
    "want": (("想", "", ""),),
    "wantnot": (("不想", "", ""),),
    "wantp": (("想", "", ""),),
    "try": (("试着", "", ""),),
    "decide": (("决定", "", ""),),
    "forgot": (("忘了", "", ""), ("忘记", "", "")),
    "begin": (("开始", "", ""),),
    "keep": (("不停地", "", ""), ("一直", "", "")),
    "imp": (("", "", ""), ("请", "", "")),
    "impnot": (("不要", "", ""), ("别", "", "")),
    "lets": (("", "", "吧"),),
    "inf": (("", "", ""),),
    "related": (("", "", ""),),
}


def marks_of(construction: Construction, mood: str, pattern: str) -> tuple[tuple[str, str, str], ...]:
    """What a mood puts before and after the verb and at the end."""
    if construction.aspect == "state":
        if mood == "past":
            return (("", "", ""),)
        if mood in ("not", "presnot"):
            return (("没", "", ""),) if "^有" in pattern else (("不", "", ""),)
    return _MOODS[mood]


@cache
def templates(name: str, mood: str, known: bool, form: str, adjunct: bool) -> tuple[Template, ...]:
    """All ways to say a construction: a form for % and the arguments that fill it; 9 is what is added before the verb.

    Arguments: `known`, whether what is moved is known, so that 把 may serve; `form`, one of: told; doing, without
    subject; why, with 为什么.
    """
    construction = constructions()[name]
    patterns = [pattern for pattern in construction.chinese if known or "把{1}" not in pattern]
    if known and len(construction.slots) > 2:
        patterns = [pattern for pattern in patterns if "把{1}" in pattern] or patterns
    found: dict[Template, None] = {}
    for pattern in patterns or construction.chinese:
        for before, after, end in marks_of(construction, mood, pattern):
            if name == "be":
                before = ""  # the quality itself carries 不 and 会
            if form == "why":
                before = "为什么" + before
            if form == "asked" and after == "了":
                after, end = "", "了"  # 你看见我的马了吗
            if adjunct:
                before += ADJUNCT
            text = _TOLD.sub(told_mark(construction, "asked" if form == "asked" else mood, after), pattern.replace("^", before)) + end
            if form == "doing" or mood in ("imp", "impnot"):
                if not text.startswith("{0}"):
                    continue
                text = text[3:]
            order = tuple(int(number) for number in re.findall(r"\{(\d)\}", text))
            found[(re.sub(r"\{\d\}", "%s", text), order)] = None
    return tuple(found)


_TOLD = re.compile(r"\*(?:<([^>]*)>)?")


def told_mark(construction: Construction, mood: str, after: str) -> Callable[[re.Match[str]], str]:
    """What replaces the place of 了; in the past some verbs and templates have another mark."""
    own = lexicon().verb[construction.verb].told if construction.verb else None

    def mark(place: re.Match[str]) -> str:
        if mood in ("past", "had"):
            return own if own is not None else place.group(1) or after
        return "" if own == "" else after

    return mark


@cache
def is_known(phrase: Phrase) -> bool:
    """Whether a phrase names what is known already."""
    return type(phrase) is str or phrase[0] == "and" or phrase[1] in ("the", "this", "all") or type(phrase[1]) is tuple


def measured(noun: Noun) -> str:
    """The noun with its classifier, as a number counts it: 个苹果."""
    return noun.classifier + noun.chinese


@lru_cache(maxsize=1 << 15)
def plain_phrase(phrase: Phrase, pointing: bool = False) -> str:
    """A phrase in Chinese.

    Arguments: `pointing`, whether what is known is said with 那.
    """
    if type(phrase) is str:
        if phrase in PERSONS:
            return PERSONS[phrase]
        return lexicon().name[phrase].chinese
    if phrase[0] == "and":
        parts = [plain_phrase(phrase[1])]
        for part in phrase[2:]:
            owner = owner_of(part)  # 汤姆和他妈妈
            pronoun = pronoun_of(owner) if owner == phrase[1] else ""
            parts.append(described(part, PERSONS[pronoun], False) if pronoun in PERSONS else plain_phrase(part))
        return f"{'、'.join(parts[:-1])}和{parts[-1]}"
    det = phrase[1]
    return described(phrase, plain_phrase(det[1]) if type(det) is tuple else "", pointing)


@lru_cache(maxsize=1 << 15)
def described(phrase: Phrase, owner: str, pointing: bool) -> str:
    """A description, with these words for whose it is."""
    _, det, count, word, adjectives, mods = phrase
    noun = lexicon().noun[word]
    plain, marked = "", ""
    for adjective in adjectives:
        entry = lexicon().adjective[adjective]
        if entry.bare:
            plain += entry.attributive
        else:
            marked += entry.attributive
    core = marked + plain + noun.chinese
    before = "".join(place_text(mod[1]) + "的" for mod in mods if mod[0] == "pp")
    relative = "".join(relative_text(mod) for mod in mods if mod[0] == "rel")
    if count == "?":
        return before + "几" + noun.classifier + relative + core
    if owner:
        if count == MANY:
            return f"{owner}的那些{core}"
        if type(count) is int and count > 1:
            return f"{owner}的{chinese_count(count)}{noun.classifier}{core}"
        if marked:
            return f"{owner}那{noun.classifier}{core}"
        if "kin" in noun.kinds and owner in _SHORT_OWNERS:
            return owner + core
        return f"{owner}的{core}"
    several = type(count) is int and count > 1
    if det == "a":
        return before + chinese_count(count if several else 1) + noun.classifier + relative + core
    if det == "the":
        if several:
            return f"{before}{relative}那{chinese_count(count)}{noun.classifier}{core}"
        if count == MANY:
            if "person" in noun.kinds and not before and not relative and not pointing:
                return core + "们"
            return f"{before}{relative}那些{core}"
        if pointing and count == MASS:
            return f"{before}{relative}那些{core}"
        return before + relative + (f"那{noun.classifier}{core}" if pointing and count == 1 else core)
    if det == "this":
        number = "" if count == 1 else chinese_count(count) if several else "些"
        return f"{before}{relative}这{number}{'' if number == '些' else noun.classifier}{core}"
    if det == "all":
        return f"所有的{core}"
    if det == "another":
        return f"另一{noun.classifier}{core}"
    if det == "few":
        return f"几{noun.classifier}{core}"
    return {"some": "一些", "many": "很多"}[det] + core


_SHORT_OWNERS = ("我", "你", "他", "她", "它", "我们", "他们", "她们")


def relative_text(mod: Any) -> str:
    """A relative clause before its noun: 追猫的, 汤姆找到的."""
    _, gap, clause = mod
    mood = "related" if clause[1] == "past" else clause[1]
    pattern = next(way for way in templates(clause[0], mood, False, "doing", False))
    if gap == 0:
        form, order = pattern
        return form % tuple(argument(clause, index) for index in order) + "的"
    form, order = pattern
    return plain_phrase(clause[2]) + form.replace("%s", "") + "的"


@lru_cache(maxsize=1 << 14)
def place_text(place: Place) -> str:
    """Where: 盒子里, 学校, 家里."""
    if type(place) is str:
        return PLACE_WORDS[place]
    return plain_phrase(place[1]) + locative_of(place)


def locative_of(place: Place) -> str:
    """The word after a noun that makes it a place; what is simply there has its noun's own, or none."""
    relation, phrase = place
    return lexicon().noun[phrase[3]].locative if relation == "at" else LOCATIVES[relation]


def goal_text(goal: Place) -> str:
    """Where to: 公园, 家."""
    if type(goal) is str and goal in GOAL_WORDS:
        return GOAL_WORDS[goal]
    return plain_phrase(goal)


def quality_text(value: Any, mood: str, asked: bool = False) -> str:
    """What somebody or something is: 很高兴, 是红色的, 不高兴."""
    if type(value) is tuple:
        return {"very": "非常", "too": "太", "so": "十分"}[value[0]] + lexicon().adjective[value[1]].chinese
    adjective = lexicon().adjective[value]
    predicate = adjective.predicate
    if mood in ("not", "presnot"):
        return "不" + (predicate[1:] if predicate.startswith("很") else predicate)
    if mood in ("would", "will"):
        return "会" + predicate
    return predicate[1:] if asked and predicate.startswith("很") else predicate


@lru_cache(maxsize=1 << 14)
def base_text(clause: Clause) -> str:
    """What somebody is asked to do: 把球带给汤姆."""
    added = ""
    while clause[0] in ADJUNCTS:
        added += adjunct_text(clause)
        clause = clause[2]
    form, order = templates(clause[0], "inf", knows(clause), "doing", bool(added))[0]
    return form % tuple(added if index == 9 else argument(clause, index) for index in order)


def knows(clause: Clause) -> bool:
    """Whether what a clause moves is known."""
    return len(clause) > 3 and type(clause[3]) in (str, tuple) and clause[3] not in ("who", "what") and _moved_known(clause)


def _moved_known(clause: Clause) -> bool:
    slot = constructions()[clause[0]].slots[1]
    return slot in "NPOD" and is_known(clause[3])


def argument(clause: Clause, index: int, asked: bool = False) -> str:
    """Argument `index` of a clause as its slot wants it, without pronouns."""
    return slot_text(constructions()[clause[0]].slots[index], clause[index + 2], clause, asked)


def slot_text(slot: str, value: Any, clause: Clause, asked: bool = False) -> str:
    """An argument as its slot wants it."""
    if slot == "L":
        return place_text(value)
    if slot == "T":
        return goal_text(value)
    if slot == "C":
        return plain_phrase(value) + "里"
    if slot == "A":
        return quality_text(value, clause[1] if clause[0] == "be" else "past", asked)
    if slot == "K":
        return lexicon().adjective[value if type(value) is str else value[1]].chinese
    if slot == "G":
        return lexicon().noun[value].chinese
    if slot == "V":
        return base_text(value)
    return plain_phrase(value, slot == "D")


def adjunct_text(meaning: Clause) -> str:
    """How, where or with whom."""
    kind, value = meaning[0], meaning[1]
    if kind == "how":
        return lexicon().adverb[value].chinese
    return f"在{place_text(value)}" if kind == "where" else f"跟{plain_phrase(value)}一起"


class Chinese(Lineariser):
    """Says meanings in Chinese."""

    language = "zh"

    def length(self, text: str) -> int:
        """How many characters a piece of text has, marks not counted."""
        return len(text) - sum(text.count(mark) for mark in "，。：“”？！、")


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
            elif index == 0:
                texts.append(self.subject(subject) if slots[0] not in "BW" else self.by_name(subject))
            else:
                texts.append(self._object(slots[index], clause[index + 2], subject, clause))
        return form % tuple(texts)

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


@lru_cache(maxsize=1 << 12)
def spoken_pronoun(pronoun: str, phrase: Phrase) -> str:
    """The Chinese pronoun: 他们 or 她们 or 它们 by whom it names."""
    if pronoun != "they":
        return PERSONS[pronoun]
    parts = phrase[1:] if phrase[0] == "and" else (phrase,)
    kinds = {_kind_of(part) for part in parts}
    if kinds == {"she"}:
        return "她们"
    return "它们" if kinds == {"it"} else "他们"


def _kind_of(phrase: Phrase) -> str:
    if type(phrase) is str:
        return pronoun_of(phrase)
    noun = lexicon().noun[phrase[3]]
    if "person" not in noun.kinds:
        return "it"
    return "she" if "female" in noun.kinds else "he"


@cache
def _table(name: str, mood: str, known: bool, form: str, adjunct: bool) -> Table[Template]:
    return Table(templates(name, mood, known, form, adjunct))


@cache
def _tables() -> Any:
    return tables_of("zh")
