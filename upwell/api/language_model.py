"""A model in use: load a run, let it write, put tasks to it, save it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np
import numpy.typing as npt
import torch

from upwell.api.embedding import embed, encode
from upwell.errors import UserError
from upwell.generation import Draft, SamplingOptions, generate_with_draft, stream_with_draft
from upwell.generation import generate as generate_texts
from upwell.generation import stream as stream_text
from upwell.model.accounting import parameters_by_kind
from upwell.model.config import check_keys
from upwell.model.files import load_network, save_weights
from upwell.model.machine import choose_device
from upwell.model.network import Network
from upwell.model.stepping import Stepper, stepper
from upwell.text.examples import Formats, formats_to_json
from upwell.text.tokenizers import Tokenizer
from upwell.training.compute import torch_dtype
from upwell.training.runs import Run

if TYPE_CHECKING:
    from upwell.tasks.answering import ModelAnswerer
    from upwell.tasks.asking import Asker


class LanguageModel:
    """A network with its tokenizer: text in, text out."""

    def __init__(
        self,
        network: Network,
        tokenizer: Tokenizer,
        *,
        formats: Formats | None = None,
        name: str = "this model",
        precision: str | None = None,
    ) -> None:
        """Join `network` (on its device, in its dtype) and `tokenizer`.

        `formats`: how the tasks that it knows were written in its training text; `name`: what messages call it;
        `precision`: fp32, bf16, int8 or int4 writes by `stepper(network, precision)`, None by the network as it is.
        """
        self.network = network.eval()
        self.precision = precision
        self.writer: Stepper = self.network if precision is None else stepper(self.network, precision)
        self.tokenizer = tokenizer
        self.formats = dict(formats or {})
        self.name = name

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: str | None = None,
        dtype: str | None = None,
        threads: int | None = None,
        precision: str | None = None,
    ) -> Self:
        """The model of the run folder at `path`, also while it trains: the weights of its best validation so far.

        `dtype` is float32 (the default) or bfloat16; `precision`, for writing: fp32, bf16, int8 or int4, of a quantised run
        its own by default, of another none, which is the network in `dtype`. Raises a UserError where a file is missing, damaged or hostile;
        nothing in a run is ever executed.
        """
        run = Run(Path(path))
        config = run.network_config()
        tokenizer = Tokenizer.load(run.tokenizer_path)
        if tokenizer.vocab_size != config.vocab_size:
            raise UserError(
                f"{run.tokenizer_path}: {tokenizer.vocab_size} tokens, but the network has {config.vocab_size}; "
                "these files are not of one run"
            )
        if not run.weights_path.exists():
            raise UserError(f"{run.folder}: no weights yet; they come with the first validation of the training")
        if threads is not None:
            torch.set_num_threads(threads)
        stored = run.precision()
        network = load_network(run.weights_path, config, stored)
        network = network.to(choose_device(device), torch_dtype(dtype or "float32"))
        return cls(network, tokenizer, formats=run.formats(), name=str(run.folder), precision=precision or stored)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a run folder that `load` reads: config, weights in fp32, tokenizer."""
        run = Run(Path(path))
        if run.weights_path.exists():
            raise UserError(f"{run.folder}: holds a model already; choose another folder")
        run.folder.mkdir(parents=True, exist_ok=True)
        formats = {"formats": formats_to_json(self.formats)} if self.formats else {}
        run.write_config({"network": self.network.config.to_dict(), **formats})
        self.tokenizer.save(run.tokenizer_path)
        save_weights(run.weights_path, {name: p.float() for name, p in self.network.named_parameters()})

    @overload
    def generate(
        self,
        prompt: str = ...,
        *,
        options: SamplingOptions | None = ...,
        draft: LanguageModel | Draft | None = ...,
        **changes: Any,
    ) -> str: ...

    @overload
    def generate(
        self,
        prompt: Sequence[str],
        *,
        options: SamplingOptions | None = ...,
        draft: LanguageModel | Draft | None = ...,
        **changes: Any,
    ) -> list[str]: ...

    def generate(
        self,
        prompt: str | Sequence[str] = "",
        *,
        options: SamplingOptions | None = None,
        draft: LanguageModel | Draft | None = None,
        **changes: Any,
    ) -> str | list[str]:
        """What the model writes after `prompt`, without it; a list of prompts is done as one batch.

        `changes` are fields of SamplingOptions that replace those of `options` (or the defaults): max_tokens,
        temperature, top_k, top_p, min_p, repetition_penalty, stop, seed, json_schema, regex, keywords. `draft`: a smaller
        model with the same tokenizer, which guesses tokens ahead; texts come one after the other, and are as likely as without it.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        sampling = sampling_options(options, changes)
        if draft is None:
            results = generate_texts(self.writer, self.tokenizer, prompts, sampling)
        else:
            results = generate_with_draft(self.writer, self._draft(draft), self.tokenizer, prompts, sampling)
        return results[0].text if isinstance(prompt, str) else [result.text for result in results]

    def stream(
        self,
        prompt: str = "",
        *,
        options: SamplingOptions | None = None,
        draft: LanguageModel | Draft | None = None,
        **changes: Any,
    ) -> Iterator[str]:
        """The same text in pieces as it is made; never half a character."""
        sampling = sampling_options(options, changes)
        if draft is None:
            return stream_text(self.writer, self.tokenizer, prompt, sampling)
        return stream_with_draft(self.writer, self._draft(draft), self.tokenizer, prompt, sampling)

    def draft_by(self, small: LanguageModel) -> Draft:
        """What `generate` and `stream` take as a draft, with counts of what stayed of its guesses; a UserError where `small`
        has another tokenizer.
        """
        if small.tokenizer.to_json() != self.tokenizer.to_json():
            raise UserError(
                f"{small.name}: its tokenizer is not that of {self.name}; train a draft on the same text, with the same "
                "--tokenizer and --vocab-size"
            )
        return Draft(small.writer)

    def _draft(self, draft: LanguageModel | Draft) -> Draft:
        return draft if isinstance(draft, Draft) else self.draft_by(draft)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors (N, D) of texts, of length one: the mean of what the network has behind each token, of what is too long for
        attention without its middle.

        They come from a model that learned to write, not to compare; `Encoder` has others.
        """
        config, end = self.network.config, self.tokenizer.end_of_text
        limited = "attention" in config.mixers and config.window is None
        ids = encode(self.tokenizer, texts, config.context - 1) if limited else self.tokenizer.encode_batch(list(texts))
        return embed(self.network, [np.concatenate([[end], one if len(one) else [end]]) for one in ids])

    @property
    def answerer(self) -> ModelAnswerer:
        """The model as one that is scored: greedy answers to batches of prompts, likelihoods of given answers."""
        from upwell.tasks.answering import ModelAnswerer

        return ModelAnswerer(self.writer, self.tokenizer)

    @property
    def asker(self) -> Asker:
        """The tasks it knows: translate, senses, answer, classify, summarize; a UserError for those it does not."""
        from upwell.tasks.asking import Asker

        return Asker(self.answerer, self.formats, self.name)

    def fit_prompt(self, text: str, max_tokens: int) -> str:
        """The end of `text` behind which attention still has room for `max_tokens`; all of it for recurrent models."""
        config = self.network.config
        if "attention" not in config.mixers or config.window is not None:
            return text
        room = max(1, config.context - max_tokens)
        ids = self.tokenizer.encode(text)
        return text if len(ids) <= room else self.tokenizer.decode(ids[-room:])

    def fit_turns(self, turns: Sequence[str], max_tokens: int) -> list[str]:
        """The last of `turns` that fit as `fit_prompt` has it, joined; the very last one in any case."""
        starts = range(len(turns))
        fitting = (start for start in starts if self._fits("".join(turns[start:]), max_tokens))
        return list(turns[next(fitting, -1) :])

    def _fits(self, text: str, max_tokens: int) -> bool:
        return len(self.fit_prompt(text, max_tokens)) == len(text)

    @property
    def parameters(self) -> dict[str, int]:
        """Parameter counts by kind, with total and non_embedding."""
        return parameters_by_kind(self.network)


def sampling_options(options: SamplingOptions | None, changes: dict[str, Any]) -> SamplingOptions:
    """`options`, or the defaults, with `changes` to their fields; a UserError for one that there is not."""
    known = [field.name for field in dataclasses.fields(SamplingOptions)]
    check_keys(changes, known=known, where="generation options")
    return dataclasses.replace(options or SamplingOptions(), **changes)
