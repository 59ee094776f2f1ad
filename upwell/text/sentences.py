"""Where the sentences and the clauses of a text begin and end, by rules that need no further package.

What a summarizer learned of sentences holds for sentences that are found in the same way alone, so the rules are always these,
whichever extras are installed. A sentence ends at its mark or at the end of a line; a full stop ends none behind an abbreviation, a
single letter or a digit that another follows. A clause ends at a comma, a colon or a semicolon as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from upwell.text.words import HAN

ABBREVIATIONS = frozenset(
    "al approx cf ch co corp dept dr e.g eg eq eqs est etc fig figs gen gov i.e ie inc jr ltd mr mrs ms no nos op p pp prof ref refs "
    "rep rev sec sen sr st vol vs u.s u.k a.m p.m".split()
)
LONGEST = 2000
_CLOSING = "\"'”’」』）)\\]》"
_SENTENCE_END = re.compile(
    rf"[。！？!?…]+[{_CLOSING}]*|\.+[{_CLOSING}]*(?=\s|$)|(?<=[{HAN}{_CLOSING}%])\.|(?<=[^\s\d])\.(?=[{HAN}])"
)
_CLAUSE_END = re.compile(rf"[，；：]|[;,:](?=\s|[{HAN}])|(?<=[{HAN}])[;,:]|——|—|\s–\s")
_HAN_NEXT = re.compile(f"[{HAN}]")
_LAST_WORD = re.compile(r"([^\s(\[\"“]+)\.$")

Span = tuple[int, int]


def sentence_spans(text: str) -> list[Span]:
    """First character and end of each sentence, without the blanks around it; one of more than LONGEST characters is cut."""
    return [
        part
        for line in _lines(text)
        for span in _cut(text, line, _sentence_ends(text, line))
        for part in (_cut(text, span, _cuts(text, span)) if span[1] - span[0] > LONGEST else (span,))
    ]


def clause_spans(text: str) -> list[Span]:
    """The same of each clause; those of a sentence together are the sentence."""
    return [
        span
        for sentence in sentence_spans(text)
        for span in _cut(text, sentence, (match.end() for match in _CLAUSE_END.finditer(text, *sentence)))
    ]


def _lines(text: str) -> Iterator[Span]:
    return (match.span() for match in re.finditer(r"[^\n]+", text))


def _sentence_ends(text: str, line: Span) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text, *line):
        if match.group() == "." and not _HAN_NEXT.match(text, match.end()):
            before = _LAST_WORD.search(text, max(line[0], match.start() - 20), match.start() + 1)
            word = before[1].lower() if before else ""
            if word in ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word.isascii()):
                continue
        yield match.end()


def _cuts(text: str, span: Span) -> Iterator[int]:
    """Behind a blank where there is one, at most LONGEST characters apart."""
    first = span[0]
    while span[1] - first > LONGEST:
        blank = text.rfind(" ", first + 1, first + LONGEST)
        first = blank + 1 if blank > 0 else first + LONGEST
        yield first


def _cut(text: str, span: Span, ends: Iterator[int]) -> Iterator[Span]:
    """The parts of a span between these ends, without the blanks around them; a part without a letter or digit goes to the one
    before it.
    """
    found: list[Span] = []
    first = span[0]
    for end in (*ends, span[1]):
        part = text[first:end]
        if any(map(str.isalnum, part)):
            found.append((first + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip()))))
        elif found and part.strip():
            found[-1] = (found[-1][0], end - (len(part) - len(part.rstrip())))
        first = end
    return iter(found)
