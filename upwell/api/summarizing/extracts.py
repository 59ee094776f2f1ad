"""Summaries made of sentences or clauses of the document: what chooses them.

A score for each unit is found exactly (`scoring`); a network that reads the document tells of each word whether it is in the summary
(content selection, Gehrmann et al. 2018), which speaks for units that hold many such words and says where a unit can be cut. Whether
units are sentences or clauses, how far the network counts, whether units are cut, and how long a summary is are decided on held-out
documents: docs/experiments.md, "Summaries".

Shapes: U units, T tokens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
import torch
from scipy.special import softmax

from upwell.api.answering.spans import load_features, save_features
from upwell.api.members import load_members, save_members
from upwell.api.summarizing.scoring import UnitScorer
from upwell.api.summarizing.selection import Floats, Limits, Mask, best_piece, expected_f1, select
from upwell.errors import UserError
from upwell.model.reader import Reader
from upwell.tasks.centrality import weighed_bags
from upwell.tasks.unit_features import KINDS, Document
from upwell.text.passages import FEATURES, PassageFeatures
from upwell.text.sentences import Span
from upwell.training.example_streams import Examples, Ids
from upwell.training.reading import read_all
from upwell.training.runs import SUMMARIZER, Run

READ = 512
"""Tokens of a document that the network reads together; a longer one is read in parts."""
REPEATED, PLACES = 6, 8
"""How often a word is there, and how many sentences are before it and behind it in its document, up to so many."""
MARKS = REPEATED + 2 * PLACES
"""Ids for these, behind those of the features of tokens."""
PART = 200
"""Units of a part of a document that is too long to be weighed at once."""
AT_ONCE = 100_000
"""Characters of a document that comes in parts that are looked at together."""
KEPT = 0.2
"""Share of the units of a part that are weighed again together with those of the others."""
UNITS = "units.safetensors"
"""The file of a run that holds the weights of units."""
_TRAILING = ",;:，；：、—– "


@dataclass(frozen=True)
class Manner:
    """How summaries are made, as held-out documents like it best."""

    units: str
    """sentences or clauses."""
    aim: float
    """Words of a summary."""
    share: float
    """How far the network counts beside the weights of units."""
    redundancy: float
    """Nats that a unit loses where it says what another has said."""
    cut: bool
    """Whether a unit is cut to its best piece."""

    @classmethod
    def from_dict(cls, values: Any, where: str) -> Self:
        """The inverse of dataclasses.asdict; a UserError for anything else."""
        kinds = {"units": str, "aim": float, "share": float, "redundancy": float, "cut": bool}
        if not isinstance(values, dict) or {name: type(value) for name, value in values.items()} != kinds:
            raise UserError(f"{where}: extracts must be {', '.join(kinds)}")
        if values["units"] not in KINDS or not 0 < values["aim"] < float("inf"):
            raise UserError(f"{where}: extracts: units must be {' or '.join(KINDS)}, and aim a number of words")
        return cls(**values)


@dataclass(frozen=True)
class Pieces:
    """One piece of each unit of a document."""

    spans: list[Span]
    """First token and end."""
    sizes: list[tuple[int, int]]
    """Words and characters, with one between pieces."""
    expected: Floats
    """(U,) Log of the expected F1, by the network."""


@dataclass(frozen=True)
class Weighed:
    """A document with all that is known of its units before any is chosen."""

    document: Document
    shares: Floats
    """(U,) Log of the share of each unit by its weights."""
    similarity: Floats
    """(U, U)"""
    whole: Pieces
    cut: Pieces
    """Of each unit the piece of greatest expected F1."""

    def pieces(self, manner: Manner, limits: Limits | None = None) -> list[Span]:
        """First token and end of each piece of the summary."""
        given = self.cut if manner.cut else self.whole
        chosen = select(
            self.shares + manner.share * given.expected,
            self.similarity,
            given.sizes,
            aim=manner.aim,
            redundancy=manner.redundancy,
            limits=limits,
        )
        return [given.spans[place] for place in chosen]

    def words(self, pieces: Iterable[Span]) -> list[str]:
        """Their words, as `upwell.tasks.overlap` compares them."""
        return [word for first, end in pieces for word in self.document.stems[first:end] if word]


@dataclass(frozen=True)
class ExtractModel:
    """All that makes summaries of units."""

    networks: tuple[Reader, ...]
    """Their probabilities are averaged."""
    known: PassageFeatures
    scorer: UnitScorer
    manner: Manner

    def summarize(self, texts: Sequence[str], limits: Limits | None = None) -> list[str]:
        """A summary of each text; empty where it holds no word."""
        return [self._summary(text, limits) for text in texts]

    def summarize_parts(self, parts: Iterable[str], limits: Limits | None = None) -> str:
        """A summary of a document that comes in parts, such as lines; no more than AT_ONCE of it are kept whole."""
        kept: list[str] = []
        size = 0
        for part in parts:
            kept.append(part)
            size += len(part)
            if size > AT_ONCE:
                kept, size = [self.shortened("\n".join(kept))], 0
        return self._summary("\n".join(kept), limits)

    def shortened(self, text: str) -> str:
        """Of a text with more than PART units the best, a line each; a shorter one as it is."""
        while len(units := Document(text, self.manner.units).units) > PART:
            found = []
            for first in range(0, len(units), PART):
                some = units[first : first + PART]
                part = Document(text[some[0].start : some[-1].end], self.manner.units)
                scores = self.scorer.log_shares(part)
                best = np.sort(np.argsort(-scores, kind="stable")[: max(1, int(KEPT * len(scores)))])
                found += [part.text[part.units[place].start : part.units[place].end] for place in best]
            text = "\n".join(found)
        return text

    def weigh(self, texts: Sequence[str]) -> list[Weighed]:
        """What is known of the units of texts, of which each holds a word."""
        documents = [Document(text, self.manner.units) for text in texts]
        return weighed(documents, self.networks, self.scorer)

    def parameters(self) -> dict[str, int]:
        """Of the networks and of the weights of units."""
        network = sum(weight.numel() for one in self.networks for weight in one.parameters())
        name = "network" if len(self.networks) == 1 else "networks"
        return {"total": network + self.scorer.size, name: network, "units": self.scorer.size}

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training; `values` are further keys of its config."""
        about = {"extracts": dataclasses.asdict(self.manner)}
        run.write_config({**values, **about, **save_members(run, self.networks)}, SUMMARIZER)
        save_features(run, self.known)
        self.scorer.save(run.folder / UNITS)

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """The inverse; a UserError where a file is missing, damaged or of something else."""
        config, values = run.network_config(SUMMARIZER), run.config(SUMMARIZER)
        if "extracts" not in values:
            raise UserError(f"{run.folder}: its training has not come to its end; upwell train --resume {run.folder}")
        manner = Manner.from_dict(values["extracts"], str(run.config_path))
        if config.head != "tags" or config.outputs != 2:
            raise UserError(f"{run.config_path}: the network's head must be tags, two of them")
        networks = cast(tuple[Reader, ...], load_members(run, SUMMARIZER, device=device, dtype=dtype))
        known = load_features(run, config.vocab_size - MARKS)
        return cls(networks, known, UnitScorer.load(run.folder / UNITS, known), manner)

    def _summary(self, text: str, limits: Limits | None) -> str:
        text = self.shortened(text)
        if not Document(text, self.manner.units).units:
            return ""
        (found,) = self.weigh([text])
        pieces = found.pieces(self.manner, limits)
        if not pieces and limits:
            return _shortest(found, limits)
        tokens = found.document.tokens
        parts = [text[tokens[first].start : tokens[end - 1].end] for first, end in pieces]
        joined = parts[0]
        for part in parts[1:]:
            joined += part if joined[-1:] in "。！？，；：" or not joined[-1:].isascii() else f" {part}"
        return " ".join(joined.rstrip(_TRAILING).split())


def _shortest(found: Weighed, limits: Limits) -> str:
    """The beginning of the best unit, as much of it as the limits allow."""
    best = found.document.units[int(np.argmax(found.shares))]
    text, words = "", 0
    for token in found.document.tokens[best.first : best.last]:
        words += token.text[0].isalnum()
        longer = found.document.text[best.start : token.end]
        if not limits.hold(1, words, len(longer)):
            break
        text = longer
    return text.rstrip(_TRAILING)


def bags_of(document: Document, known: PassageFeatures) -> Ids:
    """(T, F) What the network is told of each token: its features, how often its stem is there, and where it stands."""
    stems, tokens = document.stems, document.tokens
    counts: dict[str, int] = {}
    for word in stems:
        counts[word] = counts.get(word, 0) + 1
    sentences = np.zeros(len(tokens), np.int64)
    for unit in document.units:
        sentences[unit.first :] = unit.sentence
    last = int(sentences[-1])
    rows = np.zeros((len(tokens), FEATURES + 3), np.int32)
    rows[:, :FEATURES] = known.encode([token.text for token in tokens])
    rows[:, FEATURES] = [known.size + min(counts[word], REPEATED) - 1 if word else 0 for word in stems]
    rows[:, FEATURES + 1] = known.size + REPEATED + np.minimum(sentences, PLACES - 1)
    rows[:, FEATURES + 2] = known.size + REPEATED + PLACES + np.minimum(last - sentences, PLACES - 1)
    return rows


def parts_of(bags: Ids) -> Iterator[Ids]:
    """Runs of at most READ tokens."""
    return (bags[first : first + READ] for first in range(0, len(bags), READ))


def probabilities(networks: Sequence[Reader], documents: Sequence[Document], known: PassageFeatures) -> list[Floats]:
    """(T,) of each document: that a token is in its summary."""
    parts = [list(parts_of(bags_of(document, known))) for document in documents]
    examples = Examples([one for some in parts for one in some], np.zeros(sum(map(len, parts)), np.int64))
    members = [read_all(network.eval(), examples) for network in networks]
    said = iter([np.mean([softmax(one, 1)[:, 1] for one in rows], axis=0) for rows in zip(*members, strict=True)])
    return [np.concatenate([next(said) for _ in some]) for some in parts]


def weighed(documents: Sequence[Document], networks: Sequence[Reader], scorer: UnitScorer) -> list[Weighed]:
    """What is known of the units of documents, each of which has some."""
    found = []
    for document, kept in zip(documents, probabilities(networks, documents, scorer.known), strict=True):
        pairs = zip(document.stems, document.tokens, strict=True)
        rarity = {word: scorer.known.rarity(token.text) for word, token in pairs if word}
        bags = weighed_bags(document.words, rarity)
        is_word = np.array([bool(word) for word in document.stems])
        whole = [(unit.first, unit.last) for unit in document.units]
        cut = [_cut(kept, is_word, span, scorer.usual) for span in whole]
        both = (_pieces(document, kept, is_word, spans, scorer.usual) for spans in (whole, cut))
        found.append(Weighed(document, scorer.log_shares(document), bags @ bags.T, *both))
    return found


def _cut(kept: Floats, is_word: Mask, span: Span, usual: float) -> Span:
    """The best piece of a unit, taken for granted that its likeliest token is in the summary."""
    inside = slice(*span)
    first, end = best_piece(kept[inside] / max(1e-6, float(kept[inside].max())), is_word[inside], usual)
    return span[0] + first, span[0] + end


def _pieces(document: Document, kept: Floats, is_word: Mask, spans: list[Span], usual: float) -> Pieces:
    tokens = document.tokens
    sizes = [(int(is_word[first:end].sum()), tokens[end - 1].end - tokens[first].start + 1) for first, end in spans]
    expected = [expected_f1(kept[first:end][is_word[first:end]], usual) for first, end in spans]
    return Pieces(spans, sizes, np.log(np.array(expected) + 1e-3))
