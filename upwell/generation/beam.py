"""Beam search: the likeliest texts, as far as a number of them kept side by side can find them.

It sees only `network(tokens, state) -> (logits, state)` and the functions of `upwell.model.state`.

Shapes: A sources that are not done, W beams, N hypotheses, K candidates of a beam, V vocabulary, U tokens of a source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.generation.candidates import Candidates
from upwell.generation.phrases import PhraseBeams, read_phrases
from upwell.generation.sampling import check_number
from upwell.model.state import State, leaves, select, select_changed
from upwell.model.stepping import Stepper

T = TypeVar("T", float, Tensor)
LEAST = 1e-30
"""Attention of which a logarithm is taken; less is what rounding left of it."""


@dataclass(frozen=True, kw_only=True)
class BeamOptions:
    """How the likeliest texts are looked for. Width and length penalty as in Vaswani et al. 2017, section 6.1."""

    width: int = 4
    """Texts that are kept side by side for each source; 1 takes the likeliest token each time."""
    n_best: int = 1
    """Hypotheses that are given back for each source, at most `width`."""
    length_penalty: float = 0.6
    """Alpha in `score`: 0 compares log-probabilities, of which shorter texts have higher ones; larger favours longer texts."""
    coverage_penalty: float = 0.0
    """Beta in `score`, 0 or more: larger favours texts that attend to all of the source."""
    max_tokens: int = 200
    """Most tokens of a text."""
    min_tokens: int = 0
    """Fewest tokens of a text; max_tokens comes first."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("width", 1, 10**4),
            ("n_best", 1, self.width),
            ("length_penalty", -10, 10),
            ("coverage_penalty", 0, 1000),
            ("max_tokens", 1, 10**9),
            ("min_tokens", 0, 10**9),
        ):
            check_number(name, getattr(self, name), low, high, whole=not name.endswith("penalty"))


@dataclass(frozen=True)
class Hypothesis:
    """A text that was found."""

    tokens: list[int]
    """Without that of its end, which a text of max_tokens does not have."""
    log_probability: float
    """Of all its tokens and its end, in nats."""
    score: float
    """What hypotheses are compared by: log_probability / ((5 + |Y|) / 6)^alpha + beta * sum_i log(min(1, a_i)), where |Y| counts
    the end too and a_i is the attention that token i of the source got in all steps (Wu et al. 2016, section 7)."""


@torch.inference_mode()
def beam_search(
    network: Stepper,
    state: State,
    *,
    begin: int | Tensor,
    end: int,
    options: BeamOptions,
    max_tokens: Tensor | None = None,
    forced: Sequence[Sequence[Sequence[int]]] | None = None,
    forbidden: Tensor | None = None,
    coverage: Callable[[State], Tensor] | None = None,
) -> list[list[Hypothesis]]:
    """The best hypotheses of every source, the best first, all different.

    In each step every beam is joined with its likeliest tokens, and the `width` best of the longer texts of a source stay;
    those that ended among them leave the beam. A source is done when no beam can come to a better score than its last of
    `n_best` hypotheses has, whatever follows. Equal texts keep the order of their beams, equal tokens that of their ids; of
    equal hypotheses the one that was found first is the better one.

    `state` has B rows, a source each: what an encoder-decoder has after its sources, or a language model after all of its
    prompts but their last tokens. `begin`, an id or ids (B,), is read first; `end` ends a text. Sources of like length
    should be searched together. `max_tokens` (B,): as in the options, for each source. `forced`: phrases of ids for each
    source, which all its hypotheses hold, in places of their own. `forbidden` (V,) bool: ids that no text may hold.
    `coverage`, needed for the penalty: from a state to the attention (B, U) that each token of the sources has got so far, 1
    where a row has no token. Log-probabilities are the network's own, forbidden tokens included. Raises a UserError where no text
    can hold a source's phrases.
    """
    device = network.device
    num_sources = next(iter(leaves(state)))[1].shape[0]
    limits = torch.full((num_sources,), options.max_tokens) if max_tokens is None else max_tokens.cpu()
    assert int(limits.min()) >= 1 and (options.coverage_penalty == 0 or coverage is not None)
    phrases = None
    if forced is not None and any(forced):
        banned = {end} if forbidden is None else {end, *forbidden.nonzero()[:, 0].tolist()}
        phrases = PhraseBeams(read_phrases(forced, limits.tolist(), banned), end, options.width)
    limits = limits.to(device)
    forbidden = None if forbidden is None else forbidden.to(device)

    sources = torch.arange(num_sources, device=device)
    tokens = torch.as_tensor(begin, device=device).expand(num_sources)[:, None]  # (A, W), at first one beam
    totals = torch.zeros(num_sources, 1, dtype=torch.float64, device=device)
    best = _Best.none(num_sources, options.n_best, device)
    history, results = _History(), []
    while len(sources):
        step, width = len(history) + 1, tokens.shape[1]
        logits, after = network(tokens.reshape(-1, 1), state)
        closed = end if step <= options.min_tokens else None
        candidates = Candidates(logits[:, -1].float(), totals, options.width, forbidden=forbidden, closed=closed)
        totals, parents, tokens = candidates.best()
        if phrases is not None:
            phrases.choose(candidates, totals, parents, tokens, (limits[sources] - step).tolist())
        history.add(sources, parents, tokens)

        ends = (tokens == end) | (limits[sources] == step)[:, None]
        ends &= totals > -torch.inf
        if bool(ends.any()):
            scores = totals / _length_norm(float(step), options.length_penalty)
            if options.coverage_penalty and coverage is not None:
                covered = coverage(after).double().clamp(LEAST, 1).log().sum(1).view(-1, width)  # (A, W)
                scores = scores + options.coverage_penalty * covered.gather(1, parents)
            best = best.merged(scores.masked_fill(~ends, -torch.inf), totals, step)
            totals = totals.masked_fill(ends, -torch.inf)
        # Log-probabilities only fall, the coverage penalty is 0 at best, and the norm is largest at one of its two ends.
        soonest = _length_norm(float(step + 1), options.length_penalty)
        norm = _length_norm(limits[sources].double(), options.length_penalty).clamp(min=soonest)
        done = totals.amax(1) / norm <= best.scores[:, -1]
        rows = torch.arange(len(sources), device=device)[:, None] * width + parents
        is_other = width < options.width
        if bool(done.any()):
            is_other = True
            results.append((sources[done], best.rows(done)))
            kept = (~done).nonzero()[:, 0]
            sources, tokens, totals, rows, best = sources[kept], tokens[kept], totals[kept], rows[kept], best.rows(kept)
            if phrases is not None:
                phrases.keep(kept.tolist())
        if len(sources):
            state = _followed(state, after, rows.reshape(-1), moved=is_other)
    hypotheses = history.hypotheses(results, num_sources, end)
    if not all(hypotheses):
        raise UserError(
            f"source {hypotheses.index([])}: the model gives no probability to any text with its phrases and without the "
            "tokens that are forbidden; leave out some of either"
        )
    return hypotheses


def _length_norm(length: T, alpha: float) -> T:
    """((5 + |Y|) / (5 + 1))^alpha (Wu et al. 2016, equation 14)."""
    norm: T = ((5 + length) / 6) ** alpha
    return norm


def _followed(before: State, after: State, rows: Tensor, *, moved: bool) -> State:
    """The state of the beams that go on, from `rows` of `after`; `moved`: their number or their sources are others."""
    if moved:
        return select(after, rows)
    if torch.equal(rows, torch.arange(len(rows), device=rows.device)):
        return after
    return select_changed(after, before, rows)


@dataclass(frozen=True)
class _Best:
    """The best hypotheses of each source so far, the best first."""

    scores: Tensor  # (A, N), -inf where there is none
    log_probabilities: Tensor  # (A, N)
    steps: Tensor  # (A, N): number of tokens, the end included
    slots: Tensor  # (A, N): the beam that it ended in

    @classmethod
    def none(cls, sources: int, n_best: int, device: torch.device) -> _Best:
        lowest = torch.full((sources, n_best), -torch.inf, dtype=torch.float64, device=device)
        nowhere = torch.zeros(sources, n_best, dtype=torch.int64, device=device)
        return cls(lowest, lowest, nowhere, nowhere)

    def merged(self, scores: Tensor, log_probabilities: Tensor, step: int) -> _Best:
        """With those that ended in this step, of `scores` (A, W)."""
        every, order = torch.cat([self.scores, scores], 1).sort(dim=1, descending=True, stable=True)
        order = order[:, : self.scores.shape[1]]
        slots = torch.arange(scores.shape[1], device=scores.device).expand(scores.shape)
        pairs = (
            (self.log_probabilities, log_probabilities),
            (self.steps, torch.full_like(slots, step)),
            (self.slots, slots),
        )
        others = [torch.cat(pair, 1).gather(1, order) for pair in pairs]
        return _Best(every[:, : self.scores.shape[1]], *others)

    def rows(self, places: Tensor) -> _Best:
        return _Best(self.scores[places], self.log_probabilities[places], self.steps[places], self.slots[places])


class _History:
    """Back-pointers: for each step the sources that were searched, and where each beam came from with which token."""

    def __init__(self) -> None:
        self._steps: list[tuple[Tensor, Tensor, Tensor]] = []

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, sources: Tensor, parents: Tensor, tokens: Tensor) -> None:
        self._steps.append((sources, parents, tokens))

    def hypotheses(self, found: Sequence[tuple[Tensor, _Best]], num_sources: int, end: int) -> list[list[Hypothesis]]:
        """All texts, followed back from their ends at once."""
        sources = torch.cat([numbers for numbers, _ in found]).cpu().numpy()
        scores, totals, steps, slots = (
            torch.cat([getattr(best, name) for _, best in found]).cpu().numpy()
            for name in ("scores", "log_probabilities", "steps", "slots")
        )
        texts = np.full((*steps.shape, len(self)), end)
        place = np.empty(num_sources, np.int64)
        for step in range(len(self), 0, -1):
            numbers, parents, tokens = (part.cpu().numpy() for part in self._steps[step - 1])
            place[numbers] = np.arange(len(numbers))
            source, n = ((steps >= step) & (scores > -np.inf)).nonzero()
            at = place[sources[source]], slots[source, n]
            texts[source, n, step - 1] = tokens[at]
            slots[source, n] = parents[at]
        hypotheses: list[list[Hypothesis]] = [[] for _ in range(num_sources)]
        for i, n in zip(*(scores > -np.inf).nonzero(), strict=True):
            text = texts[i, n, : steps[i, n]].tolist()
            ended = text[-1] == end
            one = Hypothesis(text[:-1] if ended else text, float(totals[i, n]), float(scores[i, n]))
            hypotheses[sources[i]].append(one)
        return hypotheses
