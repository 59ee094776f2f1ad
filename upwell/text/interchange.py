"""Words that stand for each other: names of persons, of places, of things. They are found in stories, by counting alone.

Two words are interchangeable if exchanging them in all stories, questions and answers changes no count but by chance. What is
counted: which words stand side by side, which in one order in a sentence, what was said before of a word that comes again, and
how answers go with the words of the question, of the story, of what was last said of what is asked, and of the ends of another
sentence beside that. Under that hypothesis
the difference d of the two counts in a story is as likely as -d, so that z = sum d / sqrt(sum d^2) over the stories is about
normal (a sign-flip test, as Fisher 1935). The greatest |z| of all counts decides. So also whether the order of the sentences
tells something: then it differs from the opposite order.

A few words may be one name (`pink rectangle`): a phrase is such a unit if it is interchangeable with a single word.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

from upwell.text.stories import Asked, Story, Words

FARTHEST = 4.6
"""|z| that chance is held to reach."""
LEAST = 8
"""Occurrences from which a count is looked at."""
LEAST_USES = 20
"""Occurrences that a word needs, or a phrase, before it is compared with another."""
MOST_STORIES, MOST_COUNTS = 1000, 400_000
"""Stories that are counted, and different counts after which no further story is."""
MOST_WORDS = 150
"""Words, the most frequent ones, that are compared in pairs."""
ALIKE, BARELY_ALIKE = 0.5, 0.3
"""Shares of the contexts of two words that agree, above which they are compared, or taken for related."""
LONGEST_PHRASE = 3
ROUNDS = 4
"""After each, phrases that are no unit are given up."""

Counts = dict[tuple[object, ...], Counter[int]]
"""What was counted, the words in it as texts, to how often in which story."""


@dataclass(frozen=True)
class Interchange:
    """What was found: units of several words, and classes of units that stand for each other."""

    phrases: frozenset[Words] = frozenset()
    classes: tuple[Words, ...] = ()
    ordered: bool = True
    """Whether the order of the sentences tells something."""

    def units(self, words: Words) -> Words:
        """The units of a sentence: phrases, the longest first, their words joined by spaces, and words."""
        found, place = [], 0
        while place < len(words):
            sizes = (size for size in range(LONGEST_PHRASE, 1, -1) if words[place : place + size] in self.phrases)
            size = next(sizes, 1)
            found.append(" ".join(words[place : place + size]))
            place += size
        return tuple(found)

    def story(self, story: Story) -> Story:
        """A story in units."""
        asked = tuple(replace(one, question=self.units(one.question)) for one in story.asked)
        return Story(tuple(map(self.units, story.sentences)), asked)


def find_interchange(stories: Sequence[Story]) -> Interchange:
    """What stands for each other in these stories."""
    stories = stories[:MOST_STORIES]
    phrases = _phrases_like_words(stories)
    found = Interchange()
    for _ in range(ROUNDS):
        found = Interchange(frozenset(phrases))
        told = [found.story(story) for story in stories]
        counts = _counts(told)
        classes = _classes(counts, told)
        names = {unit for units in classes if any(" " not in unit for unit in units) for unit in units}
        kept = {phrase for phrase in phrases if " ".join(phrase) in names}
        if kept == phrases:
            break
        phrases = kept
    classes = _classes(counts | _lifted(counts, classes), told)
    return replace(found, classes=tuple(classes), ordered=not _is_reversible(counts, told))


def _counts(stories: Sequence[Story], step: int = 1) -> Counts:
    """All that is counted, story by story; `step` -1: as if they had been told from their ends."""
    counts: Counts = defaultdict(Counter)
    for number, story in enumerate(stories):
        for key, times in Counter(_told(story.sentences[::step])).items():
            counts[key][number] = times
        for asked in story.asked:
            for key in _asked(asked, story.sentences[: asked.told][::step]):
                counts[key][number] += 1
        if len(counts) > MOST_COUNTS:
            break
    return dict(counts)


def _told(sentences: Sequence[Words]) -> Iterator[tuple[object, ...]]:
    """What is counted in the sentences of a story."""
    last: dict[str, Words] = {}
    for sentence in sentences:
        yield from _within("told", sentence)
        for word in set(sentence):
            for before in set(last.get(word, ("-",))):
                yield from (("since", word, before, now) for now in set(sentence))
        last.update(dict.fromkeys(sentence, sentence))


def _within(kind: str, sentence: Words) -> Iterator[tuple[object, ...]]:
    """Words side by side, the ends of the sentence among them, and pairs of words in their order."""
    yield from ((kind, "next", *pair) for pair in pairwise(("<", *sentence, ">")))
    yield from ((kind, "pair", *pair) for pair in combinations(sentence, 2))


def _asked(asked: Asked, sentences: Sequence[Words]) -> Iterator[tuple[object, ...]]:
    """What is counted of a question: how its answer goes with its words, the story, and what was last said of each word."""
    question = asked.question
    yield from _within("asked", question)
    holding = {word: [sentence for sentence in sentences if word in sentence] for word in question}
    for place, answer in enumerate(asked.answer):
        yield from (("answer", place, word, answer) for word in set(question))
        yield from (("story", place, word, answer) for sentence in sentences for word in sentence)
        for at, word in enumerate(question):
            found = holding[word]
            if not found or (len(found) == len(sentences) > 2):  # in every sentence: no name
                continue
            ends = {(sentence[0], sentence[-1]) for sentence in sentences if sentence is not found[-1]}
            yield from (("link", other, *pair, answer) for other in set(found[-1]) - {word} for pair in ends)
            shared = len(set(question) & set(found[-1]))
            yield "shared", place, at, shared, answer
            yield "holds", place, at, answer in found[-1]
            here = found[-1].index(word)
            yield from (("last", word, place, at, n > here, other, answer) for n, other in enumerate(found[-1]))


def _lifted(counts: Counts, classes: Sequence[Words]) -> Counts:
    """Counts in which the words of a class are not told apart, so that they are greater."""
    label = {word: f"<{number}>" for number, units in enumerate(classes) for word in units}
    lifted: Counts = defaultdict(Counter)
    for key, times in counts.items():
        if key[0] in ("since", "last") and key[1] in label:
            lifted["any", key[0], label[str(key[1])], *key[2:]].update(times)
            if key[0] == "last":
                lifted["any", label[str(key[1])], key[2], *key[4:]].update(times)
    return lifted


def _classes(counts: Counts, stories: Sequence[Story]) -> list[Words]:
    """Classes of at least two units, each interchangeable with every other of its class."""
    holding: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    for key, times in counts.items():
        if times.total() >= LEAST:
            for part in key[1:]:
                if isinstance(part, str):
                    holding[part].add(key)
    uses = Counter(word for story in stories for sentence in story.sentences for word in sentence)
    words = sorted(word for word, times in uses.most_common(MOST_WORDS) if times >= LEAST_USES)
    contexts = _contexts(stories, 1)
    agree = {
        pair
        for pair in combinations(words, 2)
        if _overlap(contexts[pair[:1]], contexts[pair[1:]]) > ALIKE and _farthest(counts, holding, pair) < FARTHEST
    }
    classes: list[list[str]] = []
    for word in words:
        fitting = (units for units in classes if all((other, word) in agree for other in units))
        home = next(fitting, None)
        if home is None:
            classes.append([word])
        else:
            home.append(word)
    return [tuple(units) for units in classes if len(units) > 1]


def _farthest(counts: Counts, holding: Mapping[str, set[tuple[object, ...]]], pair: tuple[str, str]) -> float:
    """The greatest |z| of all counts when these two are exchanged."""
    other = {pair[0]: pair[1], pair[1]: pair[0]}
    none: Counter[int] = Counter()
    farthest = 0.0
    for key in holding[pair[0]] | holding[pair[1]]:
        exchanged = (key[0], *(other.get(part, part) if isinstance(part, str) else part for part in key[1:]))
        if exchanged != key:
            farthest = max(farthest, _z(counts[key], counts.get(exchanged, none)))
            if farthest >= FARTHEST:
                break
    return farthest


def _z(one: Mapping[int, int], other: Mapping[int, int]) -> float:
    """|sum d| / sqrt(sum d^2) of the differences of two counts in each story."""
    differences = [one.get(story, 0) - other.get(story, 0) for story in one.keys() | other.keys()]
    square = sum(difference * difference for difference in differences)
    return abs(sum(differences)) / square**0.5 if square else 0.0


def _is_reversible(counts: Counts, stories: Sequence[Story]) -> bool:
    """Whether all counts are as they would be if every story had been told from its end."""
    backward = _counts(stories, step=-1)
    none: Counter[int] = Counter()
    return all(
        _z(counts.get(key, none), backward.get(key, none)) < FARTHEST
        for key in counts.keys() | backward.keys()
        if counts.get(key, none).total() + backward.get(key, none).total() >= LEAST
    )


def _phrases_like_words(stories: Sequence[Story]) -> set[Words]:
    """Phrases that stand where a word stands to which none of their own words is related."""
    words = {key[0]: found for key, found in _contexts(stories, 1).items() if found.total() >= LEAST_USES}
    related = {
        pair for pair in combinations(sorted(words), 2) if _overlap(words[pair[0]], words[pair[1]]) > BARELY_ALIKE
    }
    related |= {(b, a) for a, b in related} | {(word, word) for word in words}
    return {
        phrase
        for size in range(2, LONGEST_PHRASE + 1)
        for phrase, found in _contexts(stories, size).items()
        if found.total() >= LEAST_USES
        and any(
            not any((part, word) in related for part in phrase) and _overlap(found, contexts) > ALIKE
            for word, contexts in words.items()
        )
    }


def _contexts(stories: Iterable[Story], size: int) -> dict[Words, Counter[Words]]:
    """What stands beside each run of `size` words, left and right, and how often."""
    found: dict[Words, Counter[Words]] = defaultdict(Counter)
    for story in stories:
        for sentence in story.sentences:
            marked = ("<", *sentence, ">")
            for place in range(1, len(marked) - size):
                found[marked[place : place + size]][marked[place - 1], marked[place + size]] += 1
    return found


def _overlap(one: Counter[Words], other: Counter[Words]) -> float:
    """Share of their contexts that two have in common."""
    total, other_total = one.total(), other.total()
    return sum(min(times / total, other[context] / other_total) for context, times in one.items())
