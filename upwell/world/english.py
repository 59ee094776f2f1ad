"""Meanings in English: agreement, tenses, articles, relative clauses, questions, pronouns."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from upwell.world.chance import Table
from upwell.world.constructions import THAT, constructions, forms_of
from upwell.world.discourse import pronoun_of
from upwell.world.inflection import article
from upwell.world.lexicon import lexicon
from upwell.world.linearise import ADJUNCTS, Lineariser, Template, owner_of, saying_forms, tables_of
from upwell.world.meaning import MASS, Clause, Phrase, Place
from upwell.world.numerals import english_number

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
        word = _agreeing(word, number)
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
            before = _agreeing("was", number) + before[3:]
        found.append((_agreeing(aux, number), f"{before} {spoken}".strip()))
    return found


def _agreeing(word: str, number: str) -> str:
    if number == "p":
        return _PLURAL.get(word, word)
    return _FIRST.get(word, word) if number == "i" else word


def _asked(verb: str, mood: str, number: str) -> list[tuple[str, str]]:
    """Auxiliary and rest of a question: "did", "go"."""
    base = forms_of(verb)[0]
    if verb != "be" and mood == "past":
        return [("did", base)]
    if verb != "be" and mood == "pres":
        return [(_agreeing("does", number), base)]
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
            parts.append(described(part, POSSESSIVES[pronoun_of(owner)]) if owner == phrase[1] and pronoun_of(owner) else plain_phrase(part))
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
    """A relative clause: that chased the cat; that Tom found."""
    _, gap, clause = mod
    person = "person" in lexicon().noun[head[3]].kinds
    if gap == 0:
        form, order = templates(clause[0], clause[1], number_of(head), "doing")[0]
        return f"{'who' if person else 'that'} " + form % tuple(argument(clause, index) for index in order)
    subject = clause[2]
    form, order = templates(clause[0], clause[1], number_of(subject), "told")[0]
    assert order[-1] == 1 and form.endswith(" %s")
    return "that " + form[:-3] % (subject_text(subject),)


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

    def _object(self, slot: str, value: Any, subject: Phrase, *, moved: bool = False) -> str:
        if slot in "NPODBC":
            if self.speech:
                return plain_phrase(value)
            pronoun = self.pronoun_for(value) if slot in "NPOD" and not moved else ""
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
            if index == 0:
                texts.append(self.subject(subject) if slots[0] not in "BW" else self.by_name(subject))
            else:
                texts.append(self._object(slots[index], clause[index + 2], subject, moved=index == 1 and len(slots) > 2 and order[-1] == 1))
        return form % tuple(texts) + after

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
            verb = _agreeing("was" if not self.speech else "is", number_of(clause))
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


def hole_of(clause: Clause) -> int:
    """Which argument of a question is asked for."""
    for index, value in enumerate(clause[2:]):
        if value in ("who", "what", "where?") or (type(value) is tuple and value[0] == "n" and (value[2] == "?" or value[1] == ("of", "who"))):
            return index
    raise ValueError(f"nothing is asked for in {clause}")


@cache
def verb_groups_of_that(verb: str, mood: str, number: str) -> Table[str]:
    """The forms of a verb that takes a clause, as one text each."""
    word, _, rest = verb.partition(" ")
    head = "be" if word == "be" else verb
    forms = [" ".join(part for part in (aux, main, rest if word == "be" else "") if part) for aux, main in verb_groups(head, mood, number)]
    return Table(forms)


@cache
def _table(name: str, mood: str, number: str, form: str) -> Table[Template]:
    return Table(templates(name, mood, number, form))


@cache
def _tables() -> Any:
    return tables_of("en")
