"""Phrases and verbs in English: agreement, tenses, articles, relative clauses, the order of questions."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from upwell.world.chance import Table
from upwell.world.constructions import constructions, forms_of
from upwell.world.discourse import pronoun_of
from upwell.world.inflection import article
from upwell.world.lexicon import lexicon
from upwell.world.linearise import ADJUNCTS, Template, owner_of
from upwell.world.meaning import MASS, Clause, Phrase, Place
from upwell.world.numerals import english_number
from upwell.world.passive import english_ways

OBJECT_FORMS = {"i": "me", "you": "you", "we": "us", "he": "him", "she": "her", "it": "it", "they": "them"}
POSSESSIVES = {"i": "my", "you": "your", "we": "our", "he": "his", "she": "her", "it": "its", "they": "their"}
SUBJECT_FORMS = {"i": "I", "we": "we", "you": "you", "he": "he", "she": "she", "it": "it", "they": "they"}
PREPOSITIONS = {
    "in": "in", "on": "on", "under": "under", "behind": "behind", "beside": "next to", "near": "near",
    "front": "in front of",
}  # fmt: skip
PLACE_WORDS = {"home": "at home", "here": "here", "there": "there", "where?": "where"}
DETERMINERS = {
    "the": "the", "this": "this", "all": "all the", "many": "many", "some": "some", "few": "a few",
    "another": "another",
}  # fmt: skip

# what stands before the verb and in which form the verb follows, by mood; more than one: they mean the same
_MOODS: dict[str, tuple[tuple[str, str], ...]] = {
    "past": (("", "past"),),
    "not": (("did", "not base"), ("didn't", "base")),
    "pres": (("", "third"),),
    "presnot": (("does", "not base"), ("doesn't", "base")),
    "had": (("had", "participle"), ("had", "already participle")),
    "prog": (("was", "ing"),),
    "progp": (("is", "ing"),),
    "always": (("", "always past"),),
    "often": (("", "often past"),),
    "never": (("", "never past"),),
    "would": (("would", "base"),),
    "wouldnot": (("would", "not base"), ("wouldn't", "base")),
    "will": (("will", "base"),),
    "wont": (("will", "not base"), ("won't", "base")),
    "can": (("could", "base"), ("", "was able to base")),
    "cannot": (("could", "not base"), ("couldn't", "base")),
    "canp": (("can", "base"),),
    "cannotp": (("cannot", "base"), ("can't", "base")),
    "must": (("", "had to base"),),
    "mustp": (("must", "base"), ("", "have to base")),
    "want": (("", "wanted to base"),),
    "wantnot": (("did", "not want to base"), ("didn't", "want to base")),
    "wantp": (("", "want to base"),),
    "try": (("", "tried to base"),),
    "decide": (("", "decided to base"),),
    "forgot": (("", "forgot to base"),),
    "begin": (("", "began to base"), ("", "started to base")),
    "keep": (("", "kept ing"),),
    "imp": (("", "base"),),
    "impnot": (("do", "not base"), ("don't", "base")),
    "lets": (("", "base"),),
    "inf": (("", "base"),),
}
_PLURAL = {"was": "were", "is": "are", "does": "do", "doesn't": "don't", "has": "have"}
_FIRST = {"is": "am", "does": "do", "doesn't": "don't", "has": "have"}
_PRESENT_STEMS = {"have to": "has to", "want to": "wants to"}
_TOKEN = re.compile(r"\[[^\]]+\]|\S+")


def verb_groups(verb: str, mood: str, number: str) -> list[tuple[str, str]]:
    """All ways to say a verb in a mood: pairs of auxiliary (or nothing) and the rest.

    Arguments: `number` of the subject: s singular, p plural and "you", i "I".
    """
    base, past, participle, third, ing = forms_of(verb)
    if verb == "be" and mood in ("past", "not", "pres", "presnot"):
        word = {"past": "was", "not": "was", "pres": "is", "presnot": "is"}[mood]
        word = agreeing(word, number)
        if not mood.endswith("not"):
            return [(word, "")]
        return [(word, "not")] if word == "am" else [(word, "not"), (word + "n't", "")]
    found = []
    for aux, rest in _MOODS[mood]:
        words = rest.split()
        form = words.pop()
        if form == "third":
            spoken = third if number == "s" else base
        else:
            spoken = {"base": base, "past": past, "participle": participle, "ing": ing}[form]
        before = " ".join(words)
        if number == "s" and not aux and before in _PRESENT_STEMS:
            before = _PRESENT_STEMS[before]
        if before.startswith("was "):
            before = agreeing("was", number) + before[3:]
        found.append((agreeing(aux, number), f"{before} {spoken}".strip()))
    return found


def agreeing(word: str, number: str) -> str:
    """A form of be, do or have as a number wants it."""
    if number == "p":
        return _PLURAL.get(word, word)
    return _FIRST.get(word, word) if number == "i" else word


def _asked(verb: str, mood: str, number: str) -> list[tuple[str, str]]:
    """Auxiliary and rest of a question: "did", "go"."""
    base = forms_of(verb)[0]
    if verb != "be" and mood == "past":
        return [("did", base)]
    if verb != "be" and mood == "pres":
        return [(agreeing("does", number), base)]
    return [group for group in verb_groups(verb, mood, number)[:1] if group[0]]


@cache
def templates(name: str, mood: str, number: str, form: str) -> tuple[Template, ...]:
    """All ways to say a construction: a form for % and the arguments that fill it.

    Arguments: `form`, one of: told; doing, what follows the subject; base, the infinitive without "to"; asked, a
    question of yes or no; or "hole1", a question for argument 1, with its word as first text.
    """
    construction = constructions()[name]
    found: dict[Template, None] = {}
    for pattern in construction.english:
        tokens = _TOKEN.findall(pattern)
        place = next(i for i, token in enumerate(tokens) if token[0] == "[")
        verb = tokens[place][1:-1]
        before, after = tokens[:place], tokens[place + 1 :]
        if form in ("doing", "base"):
            if before != ["{0}"]:
                continue
            before = []
        if form == "told" and mood in ("imp", "impnot", "lets"):
            before = ["let's"] if mood == "lets" else []
        if form == "base":
            groups = [("", forms_of(verb)[0])]
        elif form in ("told", "doing"):
            groups = verb_groups(verb, mood, number)
        else:
            groups = _asked(verb, mood, number)
        for aux, rest in groups:
            if form in ("told", "doing", "base"):
                words = [*before, aux, rest, *after]
            else:
                words = [aux, *before, rest, *after]
            if form.startswith("hole"):
                hole = "{" + form[4:] + "}"
                if hole not in words:
                    continue
                words.remove(hole)
                words = [hole, *words]
            found[_template([word for word in words if word])] = None
        if form == "asked" or form.startswith("hole"):
            break  # the first way is the plain one
    return tuple(found)


@cache
def passive_templates(name: str, mood: str, number: str) -> tuple[Template, ...]:
    """All ways to say a construction in the passive, as `templates`; `number` is that of what it was done to."""
    groups = {"past": [agreeing("was", number)], "had": ["had been", "had already been"]}[mood]
    return tuple(
        [
            _template(["{1}", group, forms_of(verb)[2], *after.split(), "by", "{0}"])
            for verb, after in english_ways(name)
            for group in groups
        ]
    )


def _template(words: list[str]) -> Template:
    text = " ".join(words)
    order = tuple(int(number) for number in re.findall(r"\{(\d)\}", text))
    return re.sub(r"\{\d\}", "%s", text), order


@lru_cache(maxsize=1 << 15)
def number_of(phrase: Phrase) -> str:
    """The number that a verb agrees with: s, p or i."""
    if type(phrase) is str:
        return "i" if phrase == "i" else "p" if phrase in ("you", "we", "they") else "s"
    if phrase[0] == "and":
        return "p"
    return "s" if phrase[2] in (1, MASS) else "p"


@lru_cache(maxsize=1 << 15)
def plain_phrase(phrase: Phrase) -> str:
    """A phrase in English, as an object and without pronouns for what has a name."""
    if type(phrase) is str:
        return OBJECT_FORMS.get(phrase, phrase)
    if phrase[0] == "and":
        parts = [plain_phrase(phrase[1])]
        for part in phrase[2:]:
            owner = owner_of(part)  # Tom and his mother
            parts.append(
                described(part, POSSESSIVES[pronoun_of(owner)])
                if owner == phrase[1] and pronoun_of(owner)
                else plain_phrase(part)
            )
        return f"{', '.join(parts[:-1])} and {parts[-1]}"
    det = phrase[1]
    if type(det) is tuple:
        return described(phrase, possessive(det[1]))
    return described(phrase, "")


def possessive(owner: Phrase) -> str:
    """Whose: Tom's, my, the children's."""
    if type(owner) is str and owner in POSSESSIVES:
        return POSSESSIVES[owner]
    if owner == "who":
        return "whose"
    text = plain_phrase(owner)
    return text + ("'" if text.endswith("s") and number_of(owner) == "p" else "'s")


@lru_cache(maxsize=1 << 15)
def described(phrase: Phrase, owner: str) -> str:
    """A description, with these words for whose it is."""
    _, det, count, word, adjectives, mods = phrase
    noun = lexicon().noun[word]
    words = list(adjectives)
    if noun.measure and count != MASS:
        measure = noun.measure if count == 1 else measure_plural(noun.measure)
        words = [measure, "of", *words, noun.english]
    elif count in (1, MASS):
        words.append(noun.english)
    else:
        words.append(noun.plural or noun.english)
    if count == "?":
        words = ["how many", *words]
    elif type(count) is int and count > 1:
        words = [english_number(count), *words]
    if owner:
        words = [owner, *words]
    elif det == "a":
        if count == 1:
            words = [article(words[0]), *words]
    elif det == "this" and count != 1 and count != MASS:
        words = ["these", *words]
    else:
        words = [DETERMINERS[det], *words]
    for mod in mods:
        words.append(place_text(mod[1]) if mod[0] == "pp" else relative(mod, phrase))
    return " ".join(words)


@cache
def measure_plural(measure: str) -> str:
    """The plural of a measure: cups."""
    return {"loaf": "loaves", "glass": "glasses", "box": "boxes", "bunch": "bunches", "dish": "dishes"}.get(
        measure, measure + "s"
    )


def relative(mod: Any, head: Phrase) -> str:
    """A relative clause: that chased the cat, that Tom found; of persons: who helped Tom, whom Tom met."""
    _, gap, clause = mod
    person = "person" in lexicon().noun[head[3]].kinds
    if gap == 0:
        form, order = templates(clause[0], clause[1], number_of(head), "doing")[0]
        return f"{'who' if person else 'that'} " + form % tuple(argument(clause, index) for index in order)
    subject = clause[2]
    form, order = templates(clause[0], clause[1], number_of(subject), "told")[0]
    assert order[-1] == 1 and form.endswith(" %s")
    return ("whom " if person else "that ") + form[:-3] % (subject_text(subject),)


def subject_text(phrase: Phrase) -> str:
    """A phrase as a subject, without pronouns for what has a name."""
    if type(phrase) is str and phrase in SUBJECT_FORMS:
        return SUBJECT_FORMS[phrase]
    return plain_phrase(phrase)


def argument(clause: Clause, index: int) -> str:
    """Argument `index` of a clause as its slot wants it, without pronouns."""
    value = clause[index + 2]
    slot = constructions()[clause[0]].slots[index]
    return slot_text(slot, value)


def slot_text(slot: str, value: Any) -> str:
    """An argument as its slot wants it."""
    if slot == "L":
        return place_text(value)
    if slot == "T":
        return goal_text(value)
    if slot == "A":
        return quality_text(value)
    if slot == "K":
        return compared_text(value)
    if slot == "G":
        return kind_text(value)
    if slot == "V":
        return base_text(value)
    return plain_phrase(value)


@lru_cache(maxsize=1 << 14)
def place_text(place: Place) -> str:
    """Where: in the box, at school, at home."""
    if type(place) is str:
        return PLACE_WORDS[place]
    return f"{preposition_of(place)} {plain_phrase(place[1])}"


def preposition_of(place: Place) -> str:
    """The preposition of a place; what is simply there has its noun's own: in the kitchen, on the beach."""
    relation, phrase = place
    if relation == "at":
        return lexicon().noun[phrase[3]].preposition or "at"
    return PREPOSITIONS[relation]


@lru_cache(maxsize=1 << 14)
def goal_text(goal: Place) -> str:
    """Where to: to the park, home."""
    if type(goal) is str:
        return {"here": "here", "there": "there", "where?": "where"}.get(goal) or "to " + plain_phrase(goal)
    return "to " + plain_phrase(goal)


def quality_text(value: Any) -> str:
    """What somebody or something is: happy, very happy."""
    return value if type(value) is str else f"{value[0]} {value[1]}"


def compared_text(value: Any) -> str:
    """taller; in "as tall as" the plain form, marked ("as", adjective)."""
    return lexicon().adjective[value].comparative if type(value) is str else value[1]


def kind_text(word: str) -> str:
    """A kind: apples, milk."""
    noun = lexicon().noun[word]
    return noun.plural or noun.english


@lru_cache(maxsize=1 << 14)
def base_text(clause: Clause) -> str:
    """What somebody is asked to do: bring the ball to Tom."""
    if clause[0] in ADJUNCTS:
        return f"{base_text(clause[2])} {adjunct_text(clause)}"
    form, order = templates(clause[0], "inf", "s", "base")[0]
    return form % tuple(argument(clause, index) for index in order)


def adjunct_text(meaning: Clause) -> str:
    """How, where or with whom."""
    kind, value = meaning[0], meaning[1]
    if kind == "how":
        return str(value)
    return place_text(value) if kind == "where" else "with " + plain_phrase(value)


def hole_of(clause: Clause) -> int:
    """Which argument of a question is asked for."""
    for index, value in enumerate(clause[2:]):
        if value in ("who", "what", "where?") or (
            type(value) is tuple and value[0] == "n" and (value[2] == "?" or value[1] == ("of", "who"))
        ):
            return index
    raise ValueError(f"nothing is asked for in {clause}")


@cache
def verb_groups_of_that(verb: str, mood: str, number: str) -> Table[str]:
    """The forms of a verb that takes a clause, as one text each."""
    word, _, rest = verb.partition(" ")
    head = "be" if word == "be" else verb
    forms = [
        " ".join(part for part in (aux, main, rest if word == "be" else "") if part)
        for aux, main in verb_groups(head, mood, number)
    ]
    return Table(forms)
