"""Classification: how somebody felt in the end, and what a text is about.

`sentiment` is composed. Several persons have feelings, each first one and in the end another; some are only thought,
hoped or dreamt by somebody else. From level 2 on feelings are denied, come to an end (no longer, until) or go on (still),
and hold for everybody, for nobody, for all but one. The words say nothing of the label: whether a happy or a sad word is
used, and whether it is turned round, are drawn evenly and apart from each other, so that the label is their parity. At
level 1 nothing is denied and nobody else is there.

`topic` is lexical, and meant to be: most nouns are of the topic.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance, Table
from upwell.world.kinds import TOPICS
from upwell.world.lexicon import lexicon
from upwell.world.meaning import Clause, hash_of, leaves
from upwell.world.views.situations import Cast, read_clauses, say_phrase, say_text, simple_clauses, some, the

SENTIMENT, TOPIC = KINDS = ("sentiment", "topic")
ANSWERS = {"en": ("good", "bad"), "zh": ("好", "坏")}
LABELS = {"en": "In the end {} felt", "zh": "最后{}的心情"}
TOPIC_LABEL = {"en": "Topic", "zh": "主题"}
TOPIC_WORDS = {
    "family": "家庭", "work": "工作", "animals": "动物", "food": "食物", "home": "家居", "clothes": "衣物",
    "body": "身体", "play": "玩耍", "music": "音乐", "school": "学校", "market": "集市", "town": "城镇",
    "travel": "旅行", "farm": "农场", "garden": "花园", "forest": "森林", "sea": "大海", "weather": "天气",
    "celebration": "节日", "feelings": "感情",
}  # fmt: skip
GLAD = ("happy", "proud", "excited", "satisfied", "relieved")
SAD = ("sad", "angry", "worried", "disappointed", "lonely")
GLAD_DEEDS = ("laugh", "smile", "sing", "dance", "cheer")
SAD_DEEDS = ("cry", "tremble")
PERSONS = {1: 1, 2: 2, 3: 3, 4: 4}
UNREAL = ("think", "hope", "dream", "believe")
"""Verbs of which the clause after them is not said to be so."""
UNIQUE = ("sun", "moon", "sky", "sea", "world", "earth", "air", "wind", "rainbow")
"""Of these there is one: nobody saw a sun."""
PHASES = ("still", "no_longer")
OF_ALL = {"everybody": (1, 1), "nobody": (-1, -1), "only": (1, -1), "all_but": (-1, 1)}
"""What is said of all: whether the word holds for who is named, and for the others."""
DISTRACTORS = {1: 0, 2: 2, 3: 3, 4: 5}

Verdict = Callable[[Chance, str, int, list[str], int], Clause]
"""(chance, name, sign, the other names, level) -> how somebody felt in the end."""

_KINDS = Table(KINDS, (2, 1))
_FEELINGS = {1: Table(GLAD), -1: Table(SAD)}
_DEEDS = {1: Table(GLAD_DEEDS), -1: Table(SAD_DEEDS)}
_UNREAL = Table(("think", "dream", "believe"))
_TURNS = Table(("go_home", "come_home", "arrive", "come back", "wave", "sneeze"))
"""After these somebody felt otherwise."""
_SEEING = Table(("see", "find", "draw", "buy"))
_NOUNS_OF_TOPIC = {1: 3, 2: 4, 3: 5, 4: 6}


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """One passage of `level` in `split` with its label."""
    return _labelled(chance, level, language, split)[0]


def make_turns(chance: Chance, level: int, language: str, split: str) -> list[str]:
    """One passage with a label for each person: much to learn from few words."""
    example, others = _labelled(chance, level, language, split)
    form, turns = example.format, list(example.turns)
    for label, answer in chance.sample(others, len(others)):
        turns += [form.prompt(text="", label=label), form.separator + answer]
    return turns


def _labelled(chance: Chance, level: int, language: str, split: str) -> tuple[Example, list[tuple[str, str]]]:
    """An example, and the other labels of its passage: what is asked, and the answer."""
    before = chance.bits
    cast = Cast(chance, split)
    kind = chance.pick(_KINDS)
    if kind == SENTIMENT:
        clauses, asked = _feelings(chance, cast, level)
        felt = dict(feelings_in(clauses))  # how each person felt in the end
        labels = {
            who: (LABELS[language].format(say_phrase(who, language)), ANSWERS[language][sign < 0])
            for who, sign in felt.items()
        }
        label, answer = labels.pop(asked)
        others = list(labels.values())
        options: tuple[str, ...] = ANSWERS[language]
    else:
        clauses, topic = _topical(chance, cast, level)
        label, answer, others = TOPIC_LABEL[language], _topic_word(topic, language), []
        options = tuple(sorted(_topic_word(topic, language) for topic in _topics()))
    example = Example(
        view="classification",
        kind=kind,
        language=language,
        level=level,
        split=split,
        prompt=prompt_format("classification", language).prompt(text=say_text(clauses, language, chance), label=label),
        answer=answer,
        options=tuple(sorted(options)),
        meaning=f"{hash_of(cast.theme):016x}",
        bits=chance.bits - before,
        difficulty={"entities": PERSONS[level], "events": len(clauses), "distractors": DISTRACTORS[level]},
    )
    return example, others


def oracle(example: Example) -> str:
    """The label, from the meaning of the text as it is read back."""
    text, asked = example.prompt.rsplit("\n", 1)
    clauses = read_clauses(text, example.language)
    if example.kind == TOPIC:
        words = Counter(lexicon().noun[leaf].topic for leaf in leaves(tuple(clauses)) if leaf in lexicon().noun)
        return _topic_word(words.most_common(1)[0][0], example.language)
    before, after = LABELS[example.language].split("{}")
    name = asked[:-1].removeprefix(before).removesuffix(after)
    who = next(entry.id for entry in lexicon().names if say_phrase(entry.id, example.language) == name)
    return ANSWERS[example.language][[sign for person, sign in feelings_in(clauses) if person == who][-1] < 0]


def chance_level(example: Example) -> float:
    """Guessing among the labels."""
    return 1 / len(example.options)


# Sentiment


def _feelings(chance: Chance, cast: Cast, level: int) -> tuple[list[Clause], str]:
    """Sentences, and whose feeling in the end is to be asked for."""
    names = cast.names(PERSONS[level])
    wanted = chance.of((1, -1))  # of the first name; the sentences come in any order

    def draw() -> tuple[Clause, ...]:
        (place,) = cast.nouns("place", 1)
        things = cast.nouns("thing", 1 + PERSONS[level])
        return (("go", "past", "X", the(place)), *(("find", "past", "X", some(word)) for word in things))

    going, *finding = cast.settle("feelings", draw)
    signs = [wanted, *(chance.of((1, -1)) for _ in names[1:])]
    told: list[list[Clause]] = []
    last: list[Clause] = []
    for place, (name, sign) in enumerate(zip(names, signs, strict=True)):
        others = [other for other in names if other != name]
        part: list[Clause] = [(*finding[place][:2], name, finding[place][3])]
        way = "plain" if level == 1 else chance.pick(_WAYS if place else _WAYS_OF_ASKED)
        if level > 1:
            part.append(("adv", "at_first", _feeling(chance, name, _first_sign(chance, way, sign), level)))
        verdict = _VERDICTS[way](chance, name, sign, others, level)
        (last if way in ("all", "except") else part).append(verdict)
        told.append(part)
    clauses: list[Clause] = [(*going[:2], names[0] if len(names) == 1 else ("and", *names), going[3])]
    queues = told
    while queues:  # sentences of all persons, in turns, each person's in order
        part = chance.of(queues)
        clauses.append(part.pop(0))
        queues = [part for part in queues if part]
    for _ in range(DISTRACTORS[level]):
        name = chance.of(names)
        others = [other for other in names if other != name]
        unreal = (
            "that",
            chance.pick(_UNREAL),
            "past",
            chance.of(others),
            None,
            _state(chance, name, chance.of((1, -1))),
        )
        clauses.insert(1 + chance.below(len(clauses)), unreal)
    return clauses + last, names[0]


def _state(chance: Chance, name: str, sign: int) -> Clause:
    return ("be", "past", name, chance.pick(_FEELINGS[sign]))


def _feeling(chance: Chance, name: str, sign: int, level: int) -> Clause:
    """That somebody feels well or not; from level 2 on a word of either kind, denied where it is the wrong one."""
    word_sign = chance.of((1, -1)) if level > 1 else sign
    mood = "past" if word_sign == sign else "not"
    if chance.flip(0.3):
        return (chance.pick(_DEEDS[word_sign]), mood, name)
    return ("be", mood, name, chance.pick(_FEELINGS[word_sign]))


def _first_sign(chance: Chance, way: str, sign: int) -> int:
    """How somebody felt at first: so that what comes to an end later, or does not, was so before."""
    return -sign if way == "until" else sign if way == "still" else chance.of((1, -1))


def _plain(chance: Chance, name: str, sign: int, others: list[str], level: int) -> Clause:
    return ("adv", "at_last", _feeling(chance, name, sign, level))


def _contrast(before: str) -> Verdict:
    """How somebody felt in the end, against what was so before or what somebody thought."""

    def verdict(chance: Chance, name: str, sign: int, others: list[str], level: int) -> Clause:
        final = _feeling(chance, name, sign, level)
        while _word(other := _feeling(chance, name, -sign, level)) == _word(final):
            pass  # not: was angry, but was not angry
        return ("but", other if before == "but" else ("that", "think", "past", chance.of(others), None, other), final)

    return verdict


def _until(chance: Chance, name: str, sign: int, others: list[str], level: int) -> Clause:
    """How somebody felt up to something that says nothing of how it changed."""
    word_sign = chance.of((1, -1))
    before = ("be", "not" if word_sign == sign else "past", name, chance.pick(_FEELINGS[word_sign]))
    return ("until", before, (chance.pick(_TURNS), "past", chance.of(others)))


def _worded(same: str, opposite: str, *, named: bool) -> Verdict:
    """How somebody felt in the end, by one construction with a word for it, or another with one against it."""

    def verdict(chance: Chance, name: str, sign: int, others: list[str], level: int) -> Clause:
        word_sign = chance.of((1, -1))
        feeling = chance.pick(_FEELINGS[word_sign])
        tag = same if word_sign == sign else opposite
        return ("adv", "at_last", (tag, "past", name, feeling) if named else (tag, "past", feeling))

    return verdict


def _word(clause: Clause) -> str:
    return str(clause[3] if clause[0] == "be" else clause[0])


_VERDICTS: dict[str, Verdict] = {
    "plain": _plain,
    "but": _contrast("but"),
    "thought": _contrast("thought"),
    "until": _until,
    "still": _worded("still", "no_longer", named=True),
    "all": _worded("everybody", "nobody", named=False),
    "except": _worded("only", "all_but", named=True),
}
_WAYS = Table(("plain", "but", "thought", "until", "still"))
_WAYS_OF_ASKED = Table(tuple(_VERDICTS))
"""Of one person only something is said that holds for all: in the last sentence."""


def feelings_in(clauses: list[Clause]) -> Iterator[tuple[str, int]]:
    """Whoever feels well or not, in order: pairs of name and 1 or -1."""
    words = {**dict.fromkeys((*GLAD, *GLAD_DEEDS), 1), **dict.fromkeys((*SAD, *SAD_DEEDS), -1)}
    _, _, everybody, _ = clauses[0]
    names = everybody[1:] if type(everybody) is tuple else (everybody,)
    for meaning in clauses:
        for clause in simple_clauses(meaning):
            if clause[0] == "until":
                yield from ((name, -sign) for name, sign in feelings_in([clauses[0], clause[1]]))
            elif clause[0] in OF_ALL:
                own, others = OF_ALL[clause[0]]
                sign = words[clause[-1]]
                yield from ((name, sign * (own if name == clause[2] else others)) for name in names)
            elif clause[0] != "that":
                word = clause[3] if clause[0] in ("be", *PHASES) else clause[0]
                if word in words and type(clause[2]) is str:
                    yield clause[2], words[word] * (-1 if clause[1] == "not" or clause[0] == "no_longer" else 1)


# Topics


def _topical(chance: Chance, cast: Cast, level: int) -> tuple[list[Clause], str]:
    """Sentences and their topic."""
    count = _NOUNS_OF_TOPIC[level]

    def draw() -> tuple[str, ...]:
        topic = chance.of(tuple(_topics()))
        other = chance.of([name for name in _topics() if name != topic])
        words = [chance.pick(_topics()[topic]) for _ in range(count)]
        strange = [chance.pick(_topics()[other]) for _ in range(count // 3)]
        return (topic, *words, *strange) if len({*words, *strange}) == count + count // 3 else ()

    topic, *words = cast.settle("topic", lambda: draw() or None)
    names = cast.names(2)
    clauses: list[Clause] = []
    for word in chance.sample(words, len(words)):
        clauses.append(("see", "past", chance.of(names), some(word)))
    return clauses, topic


@functools.cache
def _topics() -> dict[str, Table[str]]:
    """The topics with enough things that can be seen, and these."""
    nouns = [
        noun
        for noun in lexicon().nouns
        if noun.countable and not noun.kinds & {"abstract", "time", "body", "weather"} and noun.id not in UNIQUE
    ]
    words = {topic: [noun.id for noun in nouns if noun.topic == topic] for topic in TOPICS}
    return {topic: Table.zipf(found) for topic, found in words.items() if len(found) >= 9}


def _topic_word(topic: str, language: str) -> str:
    return TOPIC_WORDS[topic] if language == "zh" else topic
