"""What a translator is and how it learns: a network that reads a source and writes, with a tokenizer for each side or one for
both.

docs/experiments.md, "Translation", has what each part is worth. Shapes: B sources, U tokens of the longest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from upwell.api.members import load_members, save_members
from upwell.api.reader_training import ReaderTraining
from upwell.api.starting import Start
from upwell.api.texts import Observer
from upwell.errors import UserError
from upwell.generation import BeamOptions, Hypothesis, beam_search
from upwell.model.encoder_decoder import EncoderDecoder
from upwell.model.sizes import encoder_decoder_config, parse_size
from upwell.text.labelled import Labelled, Pair
from upwell.text.scripts import SCRIPTS, converter
from upwell.text.sentences import sentence_spans
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import FIRST_PIECE, Ids, Tokenizer
from upwell.text.words import HAN
from upwell.training.example_streams import pad
from upwell.training.loop import Result
from upwell.training.options import TrainOptions
from upwell.training.pair_examples import PairExamples, PairJudge, PairStream, TargetTokens
from upwell.training.reader_plan import ReaderPlan, reader_recipe
from upwell.training.runs import TRANSLATOR, Run

MODEL, SIZE, DEPTH = "lstm", "4m", 2
DROPOUTS = {"embedding_dropout": 0.1, "dropout": 0.2, "output_dropout": 0.2}
VOCABULARY, BYTES_PER_PIECE = 4000, 100
"""Pieces of words of a tokenizer; fewer where there is little text, so that each is seen often enough to be learned."""
CONTEXT = 256
"""Tokens of a source, and of a target, that are read; longer pairs are left out."""
EPOCHS, MINUTES, RATE, DECAY, AVERAGE = 30.0, 5.0, 3e-3, 0.05, 0.99
ROWS, FEWEST_ROWS, STEPS = 128, 8, 60
"""Pairs of a step: fewer, but eight at least, where an epoch would have less than so many steps."""
SMOOTHING = 0.1
ALIKE = 0.5
"""Share of the letters of two texts that are common to them, from which on they share a tokenizer."""
SEARCH = BeamOptions(width=4, length_penalty=1.0)
"""How translations are looked for."""
LONG = 0.99
"""Share of the sources that are no longer than what is translated at once."""
SOURCE_TOKENIZER = "source_tokenizer.json"
"""The file of a run that holds the tokenizer of sources, where it is not that of targets."""
ROWS_AT_ONCE = 256
"""Hypotheses that are written side by side."""
_NO_BLANK = re.compile(rf"[{HAN}\u3000-\u30ff\uff00-\uffef]")


@dataclass(frozen=True)
class TranslatorModel:
    """All that writes for a source what it has learned."""

    network: EncoderDecoder
    source_tokenizer: Tokenizer
    tokenizer: Tokenizer
    """Of targets; the same where both sides share it."""
    script: str
    """The one that the Chinese it learned from was in, or keep."""
    longest: int
    """Tokens of a source up to which it is translated at once; a longer one sentence by sentence."""

    def translate(self, texts: Sequence[str], options: BeamOptions = SEARCH) -> list[str]:
        """Each text, of any length, in the other language: line by line, and long lines sentence by sentence."""
        cut = [[self._pieces(line) for line in text.split("\n")] for text in self._in_script(texts)]
        pieces = [piece for lines in cut for line in lines for piece in line]
        found = self.search(pieces, replace(options, n_best=1))
        said = iter([self.tokenizer.decode(best.tokens).strip() for (best,) in found])
        return ["\n".join(joined([next(said) for _ in line]) for line in lines) for lines in cut]

    def hypotheses(self, texts: Sequence[str], options: BeamOptions) -> list[list[tuple[str, float]]]:
        """For each text, read as one sentence, the best translations with their scores, the best first; all different."""
        sources = encode_sources(self.source_tokenizer, self._in_script(texts))
        context = self.network.config.context
        found = []
        for best in self.search([ids[:context] for ids in sources], options):
            scores: dict[str, float] = {}  # other tokens may spell the same text
            for one in best:
                scores.setdefault(self.tokenizer.decode(one.tokens).strip(), one.score)
            found.append(list(scores.items()))
        return found

    def search(self, sources: Sequence[Ids], options: BeamOptions) -> list[list[Hypothesis]]:
        """The best hypotheses for sources of ids (U,), those of like length searched together."""
        found: list[list[Hypothesis]] = [[] for _ in sources]
        order = np.argsort([len(source) for source in sources], kind="stable")
        rows = max(1, ROWS_AT_ONCE // options.width)
        most = min(options.max_tokens, self.network.config.context - 1)
        end, device = self.tokenizer.end_of_text, self.network.device
        for start in range(0, len(order), rows):
            numbers = order[start : start + rows]
            lengths = torch.tensor([len(sources[i]) for i in numbers])
            with torch.inference_mode():
                state = self.network.read_source(pad([sources[i] for i in numbers]).to(device), lengths.to(device))
            best = beam_search(
                self.network,
                state,
                begin=end,
                end=end,
                options=options,
                max_tokens=(3 * lengths + 20).clamp(max=most),
                coverage=self.network.coverage,
            )
            for number, one in zip(numbers, best, strict=True):
                found[number] = one
        return found

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training; `values` are further keys of its config."""
        about = {"script": self.script, "longest": self.longest}
        run.write_config({**values, **about, **save_members(run, (self.network,))}, TRANSLATOR)
        self.tokenizer.save(run.tokenizer_path)
        if self.network.config.source_vocab_size:
            self.source_tokenizer.save(run.folder / SOURCE_TOKENIZER)

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """The translator of a run; a UserError where a file is missing, damaged or of something else."""
        values = run.config(TRANSLATOR)
        if "longest" not in values:
            raise UserError(f"{run.folder}: its training has not come to its end; upwell train --resume {run.folder}")
        script, longest = values.get("script"), values["longest"]
        config = run.network_config(TRANSLATOR)
        if not config.encoder or type(longest) is not int or not 1 <= longest <= config.context:
            raise UserError(f"{run.config_path}: is not that of a translator, or damaged")
        source_tokenizer, tokenizer = load_tokenizers(run)
        if script not in SCRIPTS:
            raise UserError(f"{run.config_path}: script {script!r}: expected {', '.join(SCRIPTS)}")
        (network,) = load_members(run, TRANSLATOR, device=device, dtype=dtype)
        return cls(network, source_tokenizer, tokenizer, str(script), longest)

    def _in_script(self, texts: Sequence[str]) -> Sequence[str]:
        """The texts with their Chinese in the script that was learned from."""
        if self.script == "keep" or not any(re.search(f"[{HAN}]", text) for text in texts):
            return texts
        convert = converter(self.script)
        return [convert(text) for text in texts]

    def _pieces(self, line: str) -> list[Ids]:
        """What of a line is translated at once: all of it, or sentences, of which several may be short enough together."""
        if not line.strip():
            return []
        whole = self.source_tokenizer.encode(line.strip())
        if len(whole) <= self.longest:
            return [whole]
        pieces: list[Ids] = []
        text = ""
        for begin, end in sentence_spans(line) or [(0, len(line))]:
            sentence = line[begin:end]
            longer = joined([text, sentence])
            if text and len(self.source_tokenizer.encode(longer)) > self.longest:
                pieces.append(self.source_tokenizer.encode(text))
                longer = sentence
            text = longer
        pieces.append(self.source_tokenizer.encode(text))
        context = self.network.config.context
        return [piece[at : at + context] for piece in pieces for at in range(0, len(piece), context)]


def joined(sentences: Sequence[str]) -> str:
    """Sentences in a row, with a blank between them unless one is Chinese or Japanese there."""
    text = ""
    for sentence in filter(None, sentences):
        blank = text and not (_NO_BLANK.match(text[-1]) or _NO_BLANK.match(sentence[0]))
        text += f" {sentence}" if blank else sentence
    return text


def tokenizers_of(sources: Sequence[str], targets: Sequence[str], options: TrainOptions) -> tuple[Tokenizer, Tokenizer]:
    """That of the sources and that of the targets: one for both where they are written in the same letters."""
    if are_alike(sources, targets):
        shared = _tokenizer([*sources, *targets], options)
        return shared, shared
    return _tokenizer(sources, options), _tokenizer(targets, options)


def _tokenizer(texts: Sequence[str], options: TrainOptions) -> Tokenizer:
    kind = options.tokenizer or "bpe"
    enough = FIRST_PIECE + sum(len(text.encode("utf-8")) for text in texts) // BYTES_PER_PIECE
    usual = min(VOCABULARY, enough) if kind in ("bpe", "unigram") else None
    return train_tokenizer(kind, texts, vocab_size=options.vocab_size or usual)


def are_alike(sources: Sequence[str], targets: Sequence[str]) -> bool:
    """Whether the letters of both, by their shares, are mostly the same ones."""
    shares = []
    for texts in (sources, targets):
        counts = Counter(letter for text in texts for letter in text if letter.isalpha())
        total = max(1, counts.total())
        shares.append({letter: count / total for letter, count in counts.items()})
    return sum(min(share, shares[1].get(letter, 0.0)) for letter, share in shares[0].items()) >= ALIKE


def load_tokenizers(run: Run) -> tuple[Tokenizer, Tokenizer]:
    """Of a translator's run, that of the sources and that of the targets; a UserError where they are not the network's."""
    config, tokenizer = run.network_config(TRANSLATOR), Tokenizer.load(run.tokenizer_path)
    own = config.source_vocab_size
    source = Tokenizer.load(run.folder / SOURCE_TOKENIZER) if own else tokenizer
    if (source.vocab_size, tokenizer.vocab_size) != (own or config.vocab_size, config.vocab_size):
        raise UserError(f"{run.folder}: its tokenizer is not that of its network; copy both again")
    return source, tokenizer


def encode_sources(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Ids]:
    """Token ids of each text; an empty one is an end of text."""
    end = np.array([tokenizer.end_of_text], np.int32)
    return [ids if len(ids) else end for ids in tokenizer.encode_batch(list(texts))]


class TranslatorTraining(ReaderTraining):
    """Pairs, ready to be learned from."""

    def __init__(
        self, train: Labelled[Pair], valid: Labelled[Pair], options: TrainOptions, start: Start | None = None
    ) -> None:
        """Learn from `train`, choose by `valid`; `start`: a translator to begin with."""
        self.options, self.epochs, self.minutes, self.start = options, EPOCHS, MINUTES, start
        self.script = train.script
        sources, targets = [row.source for row in train.rows], [row.target for row in train.rows]
        if start is not None:
            self.tokenizers = load_tokenizers(start.run)
        else:
            self.tokenizers = tokenizers_of(sources, targets, options)
        source, target = self.tokenizers
        context = start.config.context if start else options.context or CONTEXT
        examples, held_out = (examples_of(part, self.tokenizers, context) for part in (train, valid))
        self.left_out = len(train) - len(examples)
        self.longest = int(np.quantile(examples.source_lengths, LONG, method="higher"))
        rows = min(ROWS, max(FEWEST_ROWS, len(examples) // STEPS))
        self.recipe = reader_recipe(
            examples, options, rows=rows, learning_rate=RATE, weight_decay=DECAY, ema=AVERAGE, warmup=0.05, decay=0.95
        )
        self.stream = PairStream(examples, self.recipe.rows, self.recipe.seed)
        dropouts: dict[str, Any] = {
            name: value if getattr(options, name) is None else getattr(options, name)
            for name, value in DROPOUTS.items()
        }
        if start is not None:
            self.config = replace(start.config, **dropouts)
        else:
            self.config = encoder_decoder_config(
                options.model or MODEL,
                parse_size(options.size or SIZE),
                vocab_size=target.vocab_size,
                source_vocab_size=0 if source is target else source.vocab_size,
                context=context,
                depth=options.depth or (DEPTH if options.model is None else None),
                **dropouts,
            )
        self.objective = TargetTokens(SMOOTHING)
        self.judge = PairJudge(held_out)

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[TranslatorModel | None, Result]:
        """Train the network; None after an interrupt."""
        if self.left_out:
            observe("note", {"text": f"{self.left_out:,} pairs are longer than {self.config.context} tokens: left out"})
        network, result = self.train(plan, folder, observe, stopped)
        source, target = self.tokenizers
        model = TranslatorModel(network.eval(), source, target, self.script, self.longest)
        return (model if result.finished else None), result


def examples_of(pairs: Labelled[Pair], tokenizers: tuple[Tokenizer, Tokenizer], context: int) -> PairExamples:
    """The pairs of up to `context` tokens a side as ids; a UserError where there is none."""
    sources = encode_sources(tokenizers[0], [row.source for row in pairs.rows])
    targets = tokenizers[1].encode_batch([row.target for row in pairs.rows])
    kept = [i for i in range(len(sources)) if max(len(sources[i]), len(targets[i]) + 1) <= context]
    if not kept:
        raise UserError(f"{pairs.name}: every pair is longer than {context} tokens; give a larger --context")
    return PairExamples([sources[i] for i in kept], [targets[i] for i in kept], tokenizers[1].end_of_text)
