"""The regular forms of English words; the lexicon names the irregular ones."""

from __future__ import annotations

_VOWEL_SOUND_EXCEPTIONS = {"unicorn": "a", "uniform": "a", "hour": "an", "honest": "an"}


def article(word: str) -> str:
    """The indefinite article, "a" or "an", before an English word."""
    first = word.split(" ")[0]
    return _VOWEL_SOUND_EXCEPTIONS.get(first) or ("an" if first[0].lower() in "aeiou" else "a")


def plural(noun: str) -> str:
    """The regular plural of an English noun; of more than one word, that of the last."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def _doubles(verb: str) -> bool:
    """Whether a short verb doubles its last letter: stop, stopped."""
    vowels = sum(letter in "aeiou" for letter in verb)
    return vowels == 1 and len(verb) > 2 and verb[-2] in "aeiou" and verb[-1] not in "aeiouwxy"


def regular_past(verb: str) -> str:
    """The regular past of an English verb of one word."""
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + (verb[-1] if _doubles(verb) else "") + "ed"


def third_person(verb: str) -> str:
    """The third person singular of an English verb of one word."""
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def ing_form(verb: str) -> str:
    """The present participle of an English verb of one word."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _doubles(verb) else "") + "ing"


def regular_comparative(adjective: str) -> str:
    """The regular comparative in -er of an English adjective."""
    if adjective.endswith("e"):
        return adjective + "r"
    if adjective.endswith("y") and adjective[-2] not in "aeiou":
        return adjective[:-1] + "ier"
    return adjective + (adjective[-1] if _doubles(adjective) else "") + "er"


def superlative_of(comparative: str) -> str:
    """The superlative that belongs to a comparative: bigger, biggest; more careful, most careful."""
    irregular = {"better": "best", "worse": "worst", "farther": "farthest"}
    if comparative.startswith("more "):
        return "most " + comparative.removeprefix("more ")
    return irregular.get(comparative) or comparative[:-2] + "est"
