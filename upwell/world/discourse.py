"""What a pronoun may stand for: one rule, for those who speak and those who listen.

He, she, it or they is the one whom the sentence so far, or else the sentence before, has named of that kind; where it
named two, the pronoun stands for nothing and is not said. His, her, its and their within a clause is the subject if
that is of the kind, else as above.
"""

from __future__ import annotations

from functools import lru_cache

from upwell.world.lexicon import lexicon
from upwell.world.meaning import Phrase, definite


@lru_cache(maxsize=1 << 14)
def pronoun_of(phrase: Phrase) -> str:
    """he, she, it or they; empty where no pronoun tells who is meant (a farmer, "i")."""
    if type(phrase) is str:
        name = lexicon().name.get(phrase)
        return "" if name is None else "he" if name.gender == "m" else "she"
    if phrase[0] == "and":
        return "they"
    if phrase[0] != "n":
        return ""
    count = phrase[2]
    if count == "?" or count == -1:
        return ""
    if count != 1:
        return "they"
    noun = lexicon().noun[phrase[3]]
    if "person" in noun.kinds:
        return {"m": "he", "f": "she", "": ""}[noun.gender]
    return "it"


@lru_cache(maxsize=1 << 14)
def mentions_of(phrase: Phrase) -> tuple[tuple[str, Phrase | None], ...]:
    """Whom and what a phrase names: pairs of pronoun and what it would stand for."""
    if type(phrase) is str:
        pronoun = pronoun_of(phrase)
        return ((pronoun, phrase),) if pronoun else ()
    if type(phrase) is not tuple:
        return ()
    if phrase[0] == "and":
        # of two named together neither is he or she in the next sentence
        inner = tuple((pronoun, None) for part in phrase[1:] for pronoun, _ in mentions_of(part))
        return (*inner, ("they", phrase))
    if phrase[0] == "n":
        owner = phrase[1]
        found: tuple[tuple[str, Phrase | None], ...] = ()
        if type(owner) is tuple:
            found = mentions_of(owner[1])
        for mod in phrase[5]:
            if mod[0] == "pp":
                found += mentions_of(mod[1])
            else:
                found += tuple(mention for part in mod[2][2:] for mention in mentions_of(part))
        pronoun = pronoun_of(phrase)
        return (*found, (pronoun, definite(phrase))) if pronoun else found
    if len(phrase) == 2:  # a place
        return mentions_of(phrase[1])
    return ()


class Discourse:
    """Who was named in the sentence so far and in the one before."""

    __slots__ = ("current", "previous")

    def __init__(self) -> None:
        self.previous: dict[str, Phrase | None] = {}
        self.current: dict[str, Phrase | None] = {}

    def referent(self, pronoun: str) -> Phrase | None:
        """Whom a pronoun stands for now, or None."""
        if pronoun in self.current:
            return self.current[pronoun]
        return self.previous.get(pronoun)

    def owner(self, pronoun: str, subject: Phrase) -> Phrase | None:
        """Whom his, her, its or their stands for in a clause with this subject."""
        if pronoun_of(subject) == pronoun:
            return subject
        return self.referent(pronoun)

    def mention(self, phrase: Phrase) -> None:
        """Take note of a phrase that was said."""
        current = self.current
        for pronoun, known in mentions_of(phrase):
            if pronoun not in current:
                current[pronoun] = known
            elif current[pronoun] != known:
                current[pronoun] = None

    def end_sentence(self) -> None:
        """The sentence so far becomes the sentence before."""
        self.previous, self.current = self.current, {}
