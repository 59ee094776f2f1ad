"""The table of constructions: how each kind of clause is said, in both languages.

The linearisers fill these templates and the parser reads them backwards, so all that can be said can be understood.
English templates: `{0}` is an argument, `[give]` the verb to inflect; words stand as they are. Chinese templates: `^` is
the place of what comes before the verb (没有, 会, adverbs, 在 + place), `*` the place of 了, `*<了起来>` where a told past has another mark.

Slots, one letter an argument:
    N a phrase   P a phrase that is alive   O a phrase that is not   D a phrase, never bare in Chinese   G a kind (apples)
    B a new thing (a, some, three)   L a place (in the box)   T a goal (to the park)   C the inside of a thing
    A a quality   V what somebody does, without subject   K an adjective that is compared   W whose
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from upwell.world.lexicon import Verb, lexicon
from upwell.world.wording import ADVERBIALS, SPEECH, TABLE


class Construction(NamedTuple):
    """How one kind of clause is said."""

    id: str
    slots: str
    """One letter an argument."""
    aspect: str
    """event, activity or state: which moods it takes, and where Chinese marks them."""
    english: tuple[str, ...]
    chinese: tuple[str, ...]
    """Templates; one with 把 serves only where the thing moved is known."""
    verb: str
    """The id of the lexicon's verb that it is made from, or empty."""


_EVENT = "past not had always often never would wouldnot can cannot must want wantnot try decide forgot".split()
_ACTIVITY = (
    "past not prog always often never would wouldnot can cannot must want wantnot begin decide keep try forgot".split()
)
_SAID = "past not pres presnot will wont canp cannotp mustp wantp imp impnot lets".split()

NARRATIVE_MOODS: dict[str, tuple[str, ...]] = {
    "event": tuple(_EVENT),
    "activity": tuple(_ACTIVITY),
    "state": ("past", "not", "would"),
    "fixed": ("past",),
}
"""What a told clause can be: it happened, did not, had happened, was going on, would, would not, could, could not, had
to, wanted to, did not want to, tried to, decided to, forgot to, began to, kept on."""

SPEECH_MOODS: dict[str, tuple[str, ...]] = {
    "event": tuple(_SAID),
    "activity": ("progp", *_SAID),
    "state": ("pres", "presnot", "will"),
    "fixed": ("past",),
}
"""What a clause of quoted speech can be; here the present is that of who speaks, and there are requests."""

ONLY_AFFIRMED = frozenset(
    "call_it meet_named lie_awake be_friends cherish have_no be_late think_of miss_so be_alone say_nothing smell_good walk_on turn_back "
    "there_be become feel look_like named once_lived be_birthday birthday_comes same_as own belong".split()
)
"""Constructions that are said of what is, never of what is not."""


HAPPENING = frozenset(
    "find find_at lose see see_at meet meet_at get_from get_lost fall fall_into fall_from break broke_down hurt hear "
    "notice come_home lose_race burn run_out forget discover disappear appear melt wither bloom crack dry ripen "
    "have_idea smell drop shine sneeze cough snore tremble".split()
) | {"grow up", "get well", "fall ill", "wake up", "come back"}
"""What nobody does on purpose."""
PURPOSE = frozenset("would wouldnot try decide want wantnot forgot wont wantp imp impnot lets".split())
"""Moods of what somebody means to do."""


@cache
def is_past_like_present(template: str) -> bool:
    """Whether the verb's past is its base (put, read), so that "you put it" would be said of two times."""
    verb = re.search(r"\[([^\]]+)\]", template)
    return verb is not None and forms_of(verb[1])[0] == forms_of(verb[1])[1]


def is_unmarked(construction: Construction) -> bool:
    """Whether Chinese does not mark that it was done (跟着), so that past and present would be one."""
    if construction.aspect not in ("event", "activity"):
        return False
    verb = lexicon().verb.get(construction.verb)
    return (verb is not None and not verb.told) or any("*" not in way for way in construction.chinese)


def moods_of(construction: Construction, *, speech: bool) -> tuple[str, ...]:
    """The moods that a clause of this construction takes, in narration or in quoted speech."""
    moods = (SPEECH_MOODS if speech else NARRATIVE_MOODS)[construction.aspect]
    if construction.id in ONLY_AFFIRMED:
        return moods[:1]
    if speech and (is_past_like_present(construction.english[0]) or is_unmarked(construction)):
        moods = tuple(mood for mood in moods if mood != "pres")
    if construction.id in HAPPENING:
        return tuple(mood for mood in moods if mood not in PURPOSE or mood == "would")
    return moods


# English verbs of the table that the lexicon may not have, with their irregular forms
_FORMS = {
    "be": ("was", "been", "is", "being"),
    "have": ("had", "had", "has", "having"),
    "put": ("put", "put", "puts", "putting"),
    "get": ("got", "got", "gets", "getting"),
    "take": ("took", "taken", "takes", "taking"),
    "make": ("made", "made", "makes", "making"),
    "keep": ("kept", "kept", "keeps", "keeping"),
    "become": ("became", "become", "becomes", "becoming"),
    "overtake": ("overtook", "overtaken", "overtakes", "overtaking"),
    "forgive": ("forgave", "forgiven", "forgives", "forgiving"),
    "grow": ("grew", "grown", "grows", "growing"),
    "blow": ("blew", "blown", "blows", "blowing"),
    "shine": ("shone", "shone", "shines", "shining"),
    "begin": ("began", "begun", "begins", "beginning"),
    "stop": ("stopped", "stopped", "stops", "stopping"),
    "come": ("came", "come", "comes", "coming"),
    "go": ("went", "gone", "goes", "going"),
    "feel": ("felt", "felt", "feels", "feeling"),
    "lead": ("led", "led", "leads", "leading"),
    "light": ("lit", "lit", "lights", "lighting"),
    "let": ("let", "let", "lets", "letting"),
    "set": ("set", "set", "sets", "setting"),
    "lie": ("lay", "lain", "lies", "lying"),
    "wake": ("woke", "woken", "wakes", "waking"),
    "write": ("wrote", "written", "writes", "writing"),
    "smell": ("smelled", "smelled", "smells", "smelling"),
    "stay": ("stayed", "stayed", "stays", "staying"),
    "quarrel": ("quarrelled", "quarrelled", "quarrels", "quarrelling"),
    "take care": ("took care", "taken care", "takes care", "taking care"),
    "take away": ("took away", "taken away", "takes away", "taking away"),
}

_SKIP = set(
    "give show lend teach say tell ask promise go run walk want know think believe hope wish sell take "
    "decide agree guess regret understand save return pass quarrel invite put".split()
) | {"get lost", "go back"}
"""Verbs that the table has in its own way, and those of which no plain thing is the object."""


def _columns(line: str) -> list[str]:
    """The cells of a line, parted by two spaces or more."""
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def _variants(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


@cache
def fixed_speech() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Ready sentences of speech, by id: English and Chinese."""
    return _two_columns(SPEECH)


@cache
def adverbials() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """What can stand at the beginning of a sentence, by id: English and Chinese."""
    return _two_columns(ADVERBIALS)


def _two_columns(table: str) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    found = {}
    for line in table.strip().splitlines():
        word, english, chinese = _columns(line)
        found[word] = (_variants(re.sub(r" (?=[.,!?])", "", english)), _variants(chinese))
    return found


def _from_verb(verb: Verb) -> list[Construction]:
    """The construction of a verb of the lexicon, by its frame."""
    english, chinese = f"[{verb.id}]", verb.chinese
    if verb.id in _SKIP:
        return []
    if verb.frame in ("intransitive", "change"):
        parted = f"{chinese[0]}*{chinese[1:]}" if "vo" in verb.marks else f"{chinese}*"
        return [Construction(verb.id, "N", verb.aspect, (f"{{0}} {english}",), (f"{{0}}^{parted}",), verb.id)]
    if verb.frame == "motion":
        goal = f"{{0}}^{chinese}{{1}}*" if chinese.endswith(("来", "去")) else f"{{0}}^{chinese}到*{{1}}"
        return [Construction(verb.id, "NT", "event", (f"{{0}} {english} {{1}}",), (goal,), verb.id)]
    if verb.frame == "transitive":
        ways = [f"{{0}}^{chinese}*{{1}}"]
        if "ba" in verb.marks:
            ways.insert(0, f"{{0}}^把{{1}}{chinese}*")
        return [Construction(verb.id, "NN", verb.aspect, (f"{{0}} {english} {{1}}",), tuple(ways), verb.id)]
    if verb.frame == "mental" and verb.object:
        return [
            Construction(verb.id, "ND", verb.aspect, (f"{{0}} {english} {{1}}",), (f"{{0}}^{chinese}*{{1}}",), verb.id)
        ]
    return []


@cache
def constructions() -> dict[str, Construction]:
    """All constructions by id: those of the table and those that follow from the verbs of the lexicon."""
    found: dict[str, Construction] = {}
    for line in TABLE.strip().splitlines():
        head, english, chinese = _columns(re.sub(r"^(\S+)\s+(\S+)\s+(\S+)\s+", r"\1 \2 \3  ", line))
        word, slots, aspect = head.split()
        found[word] = Construction(word, slots.replace("-", ""), aspect, _variants(english), _variants(chinese), "")
    for verb in lexicon().verbs:
        for construction in _from_verb(verb):
            found.setdefault(construction.id, construction)
    return found


def takes_place(construction: Construction) -> bool:
    """Whether "in the park" may be added to what happened."""
    return (
        construction.aspect == "activity"
        and not set(construction.slots) & set("LTCV")
        and construction.id not in ("plant", "hide", "leave", "put", "play_instrument")
    )


def takes_company(construction: Construction) -> bool:
    """Whether "with Tom" may be added to what happened."""
    return takes_place(construction) and construction.id != "play"


@cache
def manner_adverbs() -> tuple[str, ...]:
    """The adverbs that may be added to what happened."""
    return tuple(
        entry.id
        for entry in lexicon().adverbs
        if entry.kind == "manner" and entry.id not in ("together", "hard", "alone")
    )


def forms_of(verb: str) -> tuple[str, str, str, str, str]:
    """Base, past, participle, third person and -ing form of an English verb, particle included."""
    given = _FORMS.get(verb)
    if given:
        return (verb, *given)
    entry = lexicon().verb.get(verb)
    if entry:
        return (verb, entry.past, entry.participle, entry.third, entry.ing)
    head, space, particle = verb.partition(" ")
    if space:
        base, past, participle, third, ing = (form + space + particle for form in forms_of(head))
        return (base, past, participle, third, ing)
    return _regular(verb)


@cache
def _regular(verb: str) -> tuple[str, str, str, str, str]:
    from upwell.world.inflection import ing_form, regular_past, third_person

    return (verb, regular_past(verb), regular_past(verb), third_person(verb), ing_form(verb))
