"""Phrases and verbs in Chinese: classifiers, aspect, 把, relative clauses before their noun, places with 里 and 上."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from upwell.world.constructions import Construction, constructions
from upwell.world.discourse import pronoun_of
from upwell.world.lexicon import Noun, lexicon
from upwell.world.linearise import (
    ADJUNCTS,
    Template,
    owner_of,
)
from upwell.world.meaning import MANY, MASS, Clause, Phrase, Place
from upwell.world.numerals import chinese_count
from upwell.world.passive import chinese_ways

PERSONS = {"i": "我", "you": "你", "we": "我们", "he": "他", "she": "她", "it": "它", "who": "谁", "what": "什么"}
PLACE_WORDS = {"home": "家里", "here": "这里", "there": "那里", "where?": "哪里"}
GOAL_WORDS = {"here": "这里", "there": "那里", "where?": "哪里"}
LOCATIVES = {
    "in": "里", "on": "上", "under": "下面", "behind": "后面", "beside": "旁边", "near": "附近", "front": "前面",
}  # fmt: skip
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
            text = (
                _TOLD.sub(
                    told_mark(construction, "asked" if form == "asked" else mood, after), pattern.replace("^", before)
                )
                + end
            )
            if form == "doing" or mood in ("imp", "impnot"):
                if not text.startswith("{0}"):
                    continue
                text = text[3:]
            order = tuple(int(number) for number in re.findall(r"\{(\d)\}", text))
            found[(re.sub(r"\{\d\}", "%s", text), order)] = None
    return tuple(found)


@cache
def passive_templates(name: str, mood: str) -> tuple[Template, ...]:
    """All ways to say a construction with 被, as `templates`."""
    construction = constructions()[name]
    found = []
    for pattern in chinese_ways(name):
        for before, after, _ in _MOODS[mood]:
            text = _TOLD.sub(told_mark(construction, mood, after), pattern.replace("^", before))
            order = tuple(int(number) for number in re.findall(r"\{(\d)\}", text))
            found.append((re.sub(r"\{\d\}", "%s", text), order))
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
    return (
        len(clause) > 3
        and type(clause[3]) in (str, tuple)
        and clause[3] not in ("who", "what")
        and _moved_known(clause)
    )


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
