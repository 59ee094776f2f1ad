"""Few-shot examples: what is asked can be known from the prompt alone, by nonce words, arbitrary labels, or rules.

`definition`: invented words are defined, then strung together; demonstrations show whether the order is kept or
turned round. `mapping`: words of two to four kinds (fruit, birds, …) carry invented labels. `rule`: lists are changed
by a rule that the demonstrations, or with none of them its name, pin down. Shots go from 0 to 8.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance, Table
from upwell.world.lexicon import Noun, lexicon
from upwell.world.meaning import hash_of
from upwell.world.views.draws import draw_in_split, nonce_words

DEFINITION, MAPPING, RULE = KINDS = ("definition", "mapping", "rule")
MAX_SHOTS = 8
GROUPS = "fruit vegetable bird fish insect wearable tool instrument vehicle furniture building plant body drink".split()
"""Kinds of nouns that carry labels; a noun of two of them is left out, and a kind with too few nouns."""

WORDS = {1: 2, 2: 3, 3: 4, 4: 6}
"""Words defined, by level."""
QUERY = {1: 1, 2: 2, 3: 3, 4: 5}
"""Most defined words in a query."""
LABELS = {1: 2, 2: 2, 3: 3, 4: 4}
LENGTHS = {1: 3, 2: 4, 3: 5, 4: 6}
"""Most words in a list that a rule changes; the fewest is one less."""

Item = TypeVar("Item", int, str)
Worded = tuple[str, str, str, tuple[str, ...]]
"""Lines before the query, query, answer, options."""


class Spoken(Protocol):
    """An entry of the lexicon."""

    @property
    def english(self) -> str: ...  # noqa: D102

    @property
    def chinese(self) -> str: ...  # noqa: D102


class Rule(NamedTuple):
    """A change of a list, with its name in both languages."""

    english: str
    chinese: str
    apply: Callable[[tuple[Any, ...]], tuple[Any, ...]]


RULES = {
    "reverse": Rule("backwards", "倒过来", lambda words: words[::-1]),
    "first": Rule("only the first", "只留第一个", lambda words: words[:1]),
    "last": Rule("only the last", "只留最后一个", lambda words: words[-1:]),
    "without first": Rule("without the first", "去掉第一个", lambda words: words[1:]),
    "without last": Rule("without the last", "去掉最后一个", lambda words: words[:-1]),
    "first to end": Rule("the first goes to the end", "第一个放到最后", lambda words: words[1:] + words[:1]),
    "last to front": Rule("the last comes to the front", "最后一个放到最前", lambda words: words[-1:] + words[:-1]),
    "swap ends": Rule("first and last change places", "头尾交换", lambda words: words[-1:] + words[1:-1] + words[:1]),
    "first twice": Rule("the first twice", "第一个说两遍", lambda words: words[:1] + words),
    "last twice": Rule("the last twice", "最后一个说两遍", lambda words: words + words[-1:]),
    "only ends": Rule("only the first and the last", "只留头尾", lambda words: (words[0], words[-1])),
}
_RULE_NAMES = Table(tuple(RULES))
_KINDS = Table(KINDS)
_JOIN = {"en": ("{} means {}.\n", "Rule: {}.\n", " -> "), "zh": ("{}的意思是{}。\n", "规则：{}。\n", " → ")}
_THEN = {"en": ", then ", "zh": "，然后"}
_NAMED = {"en": "{}: {}\n", "zh": "{}：{}\n"}
GROUP_WORDS = {
    "fruit": ("fruit", "水果"),
    "vegetable": ("vegetables", "蔬菜"),
    "bird": ("birds", "鸟"),
    "fish": ("fish", "鱼"),
    "insect": ("insects", "虫子"),
    "wearable": ("clothes", "衣物"),
    "tool": ("tools", "工具"),
    "instrument": ("instruments", "乐器"),
    "vehicle": ("vehicles", "交通工具"),
    "furniture": ("furniture", "家具"),
    "building": ("buildings", "建筑"),
    "plant": ("plants", "植物"),
    "body": ("parts of the body", "身体部位"),
    "drink": ("drinks", "饮料"),
}


class Plan(NamedTuple):
    """An example before it is worded: places in `nouns` and what is done with them."""

    kind: str
    nouns: tuple[Noun, ...]
    """Defined words; shown words and the query; or all words of all lists, one after the other."""
    shots: tuple[tuple[int, ...], ...]
    """Places in `nouns` that each demonstration uses."""
    query: tuple[int, ...]
    detail: tuple[str, ...]
    """Order kept or turned; the groups; or the rules."""

    @property
    def meaning(self) -> tuple[object, ...]:
        """Without names of labels and invented words, which carry nothing."""
        shots = tuple(sorted(tuple(self.nouns[place].id for place in shot) for shot in self.shots))
        defined = tuple(sorted(noun.id for noun in self.nouns))
        query = tuple(self.nouns[place].id for place in self.query)
        return ("fewshot", self.kind, defined, shots, query, tuple(sorted(self.detail)))


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """One example of `level` in `split`."""
    before = chance.bits
    plan = draw_in_split(
        chance, split, lambda trial: _PLANS[trial.pick(_KINDS)](trial, level), lambda plan: plan.meaning
    )
    shots, query, answer, options = _WORDINGS[plan.kind](plan, chance, language)
    return Example(
        view="fewshot",
        kind=plan.kind,
        language=language,
        level=level,
        split=split,
        prompt=prompt_format("fewshot", language).prompt(shots=shots, query=query),
        answer=answer,
        options=options,
        meaning=f"{hash_of(plan.meaning):016x}",
        bits=chance.bits - before,
        difficulty={"shots": len(plan.shots), "words": len(plan.nouns), "query": len(plan.query)},
    )


# Definitions


def _plan_definition(chance: Chance, level: int) -> Plan:
    nouns = chance.sample(_all_nouns(), WORDS[level])
    longest = min(QUERY[level], len(nouns))
    length = 1 if level == 1 else longest - chance.below(min(2, longest - 1))
    query = tuple(chance.sample(range(len(nouns)), length))
    num_shots = chance.below(MAX_SHOTS + 1) if length > 1 else 0
    shots: list[tuple[int, ...]] = []
    for _ in range(num_shots):
        shot = tuple(chance.sample(range(len(nouns)), 2))
        if shot != query and shot not in shots:
            shots.append(shot)
    order = "turned" if shots and chance.flip(0.5) else "kept"
    return Plan(DEFINITION, tuple(nouns), tuple(shots), query, (order,))


def _word_definition(plan: Plan, chance: Chance, language: str) -> Worded:
    invented = nonce_words(chance, language, len(plan.nouns), _known(language))
    define, _, arrow = _JOIN[language]
    text = "".join(define.format(word, _said(noun, language)) for word, noun in zip(invented, plan.nouns, strict=True))

    def answer(places: Sequence[int]) -> str:
        ordered = places[::-1] if plan.detail == ("turned",) else places
        return _series([_said(plan.nouns[place], language) for place in ordered], language)

    for shot in plan.shots:
        text += " ".join(invented[place] for place in shot) + arrow + answer(shot) + "\n"
    query = " ".join(invented[place] for place in plan.query)
    options = tuple(_said(noun, language) for noun in plan.nouns) if len(plan.query) == 1 else ()
    return text, query, answer(plan.query), options


def _answer_definition(lines: list[str], query: str, language: str) -> str:
    _, _, arrow = _JOIN[language]
    define = {"en": " means ", "zh": "的意思是"}[language]
    defined = dict(line[:-1].split(define) for line in lines if define in line)
    turned = False
    for line in lines:
        if arrow in line:
            words, shown = line.split(arrow)
            turned = shown != _series([defined[word] for word in words.split(" ")], language)
    answer = [defined[word] for word in query.split(" ")]
    return _series(answer[::-1] if turned else answer, language)


# Labels


def _plan_mapping(chance: Chance, level: int) -> Plan:
    groups = chance.sample(tuple(_grouped()), LABELS[level])
    each = chance.below(MAX_SHOTS // len(groups) + 1)
    asked = chance.below(len(groups))
    nouns: list[Noun] = []
    shots: list[tuple[int, ...]] = []
    for number, group in enumerate(groups):
        drawn = chance.sample(_grouped()[group], each + (number == asked))
        nouns += drawn
        places = range(len(nouns) - len(drawn), len(nouns) - (number == asked))
        shots += [(place,) for place in places]
        if number == asked:
            query = (len(nouns) - 1,)
    order = chance.sample(range(len(shots)), len(shots))
    return Plan(MAPPING, tuple(nouns), tuple(shots[place] for place in order), query, tuple(groups))


def _word_mapping(plan: Plan, chance: Chance, language: str) -> Worded:
    labels = dict(zip(plan.detail, nonce_words(chance, language, len(plan.detail), _known(language)), strict=True))
    _, _, arrow = _JOIN[language]
    said = [_said(noun, language) for noun in plan.nouns]
    label = [labels[_group(noun, plan.detail)] for noun in plan.nouns]
    if plan.shots:
        text = "".join(f"{said[place]}{arrow}{label[place]}\n" for (place,) in plan.shots)
    else:
        place = int(language == "zh")
        text = "".join(_NAMED[language].format(GROUP_WORDS[group][place], labels[group]) for group in plan.detail)
    asked = plan.query[0]
    return text, said[asked], label[asked], tuple(sorted(labels.values()))


def _answer_mapping(lines: list[str], query: str, language: str) -> str:
    _, _, arrow = _JOIN[language]
    place = int(language == "zh")
    nouns = {_said(noun, language): group for group, members in _grouped().items() for noun in members}
    labels = {}
    for line in lines:
        if arrow in line:
            word, label = line.split(arrow)
            labels[nouns[word]] = label
        else:
            name, label = line.split(_NAMED[language][2:-3])
            labels[next(group for group, words in GROUP_WORDS.items() if words[place] == name)] = label
    return labels[nouns[query]]


# Rules


def _plan_rule(chance: Chance, level: int) -> Plan | None:
    names = tuple(chance.sample(tuple(RULES), 2)) if level == 4 else (chance.pick(_RULE_NAMES),)
    num_shots = chance.below(MAX_SHOTS + 1)
    lengths = [LENGTHS[level] - chance.below(2) for _ in range(num_shots + 1)]
    nouns = tuple(chance.sample(_all_nouns(), sum(lengths)))
    lists, place = [], 0
    for length in lengths:
        lists.append(tuple(range(place, place + length)))
        place += length
    shown = [(shot, _apply(names, shot)) for shot in lists[1:]]
    if not all(after for _, after in shown) or not _apply(names, lists[0]):
        return None  # two rules may leave nothing
    if shown and len(_possible(shown, lists[0], len(names))) > 1:
        return None  # the demonstrations leave more than one answer
    return Plan(RULE, nouns, tuple(lists[1:]), lists[0], names)


def _apply(names: Sequence[str], words: tuple[Item, ...]) -> tuple[Item, ...]:
    for name in names:
        words = RULES[name].apply(words)
    return words


def _possible(
    shown: Sequence[tuple[tuple[Item, ...], tuple[Item, ...]]], query: tuple[Item, ...], depth: int
) -> set[tuple[Item, ...]]:
    """What becomes of `query` by any rules, `depth` of them one after the other, that explain all of `shown`."""
    return {
        _apply(names, query)
        for names in itertools.permutations(RULES, depth)
        if all(_apply(names, before) == after for before, after in shown)
    }


def _word_rule(plan: Plan, chance: Chance, language: str) -> Worded:
    _, named, arrow = _JOIN[language]

    def said(places: Sequence[int]) -> str:
        return " ".join(_said(plan.nouns[place], language) for place in places)

    if plan.shots:
        text = "".join(f"{said(shot)}{arrow}{said(_apply(plan.detail, shot))}\n" for shot in plan.shots)
    else:
        text = named.format(_THEN[language].join(_rule_words(RULES[name], language) for name in plan.detail))
    return text, said(plan.query), said(_apply(plan.detail, plan.query)), ()


def _rule_words(rule: Rule, language: str) -> str:
    return rule.chinese if language == "zh" else rule.english


def _answer_rule(lines: list[str], query: str, language: str) -> str:
    _, named, arrow = _JOIN[language]
    if arrow not in lines[0]:
        start, end = named.split("{}")
        said = lines[0].removeprefix(start).removesuffix(end.strip())
        names = {_rule_words(rule, language): name for name, rule in RULES.items()}
        return " ".join(_apply([names[part] for part in said.split(_THEN[language])], tuple(query.split(" "))))
    shown = [tuple(tuple(side.split(" ")) for side in line.split(arrow)) for line in lines]
    for depth in (1, 2):
        found = _possible([(before, after) for before, after in shown], tuple(query.split(" ")), depth)
        if len(found) == 1:
            return " ".join(found.pop())
    raise ValueError("the demonstrations do not settle the rule")


# Both


@functools.cache
def _all_nouns() -> tuple[Noun, ...]:
    """Nouns of one word in both languages: lists are parted by blanks."""
    return tuple(noun for noun in lexicon().nouns if " " not in noun.english)


@functools.cache
def _grouped() -> dict[str, tuple[Noun, ...]]:
    members = {
        group: tuple(noun for noun in _all_nouns() if group in noun.kinds and len(noun.kinds & set(GROUPS)) == 1)
        for group in GROUPS
    }
    return {group: nouns for group, nouns in members.items() if len(nouns) > MAX_SHOTS // 2 + 1}


def _group(noun: Noun, groups: Sequence[str]) -> str:
    return next(group for group in groups if group in noun.kinds)


@functools.cache
def _known(language: str) -> frozenset[str]:
    entries: list[Spoken] = [
        *lexicon().nouns,
        *lexicon().verbs,
        *lexicon().adjectives,
        *lexicon().adverbs,
        *lexicon().names,
    ]
    return frozenset(_said(entry, language).lower() for entry in entries)


def _said(entry: Spoken, language: str) -> str:
    return entry.chinese if language == "zh" else entry.english


def _series(words: Sequence[str], language: str) -> str:
    """cat, dog and fish; 猫、狗和鱼."""
    comma, last = ("、", "和") if language == "zh" else (", ", " and ")
    return comma.join(words[:-1]) + (last if len(words) > 1 else "") + words[-1]


_PLANS: dict[str, Callable[[Chance, int], Plan | None]] = {
    DEFINITION: _plan_definition,
    MAPPING: _plan_mapping,
    RULE: _plan_rule,
}
_WORDINGS = {DEFINITION: _word_definition, MAPPING: _word_mapping, RULE: _word_rule}
_ANSWERS = {DEFINITION: _answer_definition, MAPPING: _answer_mapping, RULE: _answer_rule}


def oracle(example: Example) -> str:
    """The answer, worked out from the words of the prompt alone."""
    *lines, last = example.prompt.split("\n")
    query = last.removesuffix(_JOIN[example.language][2].rstrip())
    return _ANSWERS[example.kind](lines, query, example.language)


def chance_level(example: Example) -> float:
    """Guessing among the labels or the defined words; lists in any order for the rest."""
    if example.options:
        return 1 / len(example.options)
    if example.kind == DEFINITION:
        words, query = example.difficulty["words"], example.difficulty["query"]
        return 1 / math.perm(words, query)
    return 1 / len(RULES)
