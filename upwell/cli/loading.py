"""The options by which a verb loads a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from upwell.api import LanguageModel, QuestionAnswerer, Summarizer, Tagger, TextClassifier, Translator, Writer


@dataclass(frozen=True, kw_only=True)
class Loading:
    """Where and how a loaded model runs."""

    device: str | None = None
    """cpu or cuda; by default a GPU where there is one."""
    threads: int | None = None
    """CPU threads."""
    dtype: str | None = None
    """float32 (default) or bfloat16."""

    def load(self, run: str) -> LanguageModel:
        """The model of a run."""
        from upwell.api import LanguageModel

        return LanguageModel.load(run, device=self.device, threads=self.threads, dtype=self.dtype)

    def classifier(self, run: str) -> TextClassifier:
        """The classifier of a run."""
        from upwell.api import TextClassifier

        return TextClassifier.load(run, device=self.device, threads=self.threads, dtype=self.dtype)

    def tagger(self, run: str) -> Tagger:
        """The tagger of a run."""
        from upwell.api import Tagger

        return Tagger.load(run, device=self.device, threads=self.threads, dtype=self.dtype)

    def answerer(self, run: str) -> QuestionAnswerer:
        """What answers questions in a run."""
        from upwell.api import QuestionAnswerer

        return QuestionAnswerer.load(run, device=self.device, threads=self.threads, dtype=self.dtype)

    def summarizer(self, run: str) -> Summarizer:
        """What summarizes documents in a run."""
        from upwell.api import Summarizer

        return Summarizer.load(run, device=self.device, threads=self.threads, dtype=self.dtype)

    def translator(self, run: str) -> Translator:
        """What translates in a run."""
        from upwell.api import Translator

        return Translator.load(run, device=self.device, threads=self.threads, dtype=self.dtype)


@dataclass(frozen=True, kw_only=True)
class Writing(Loading):
    """Where and how a model that writes runs."""

    precision: str | None = None
    """Of the weights: fp32, bf16, int8 or int4, as fast as this machine can; without it the network as it is, which is
    slower and starts at once."""

    def load(self, run: str) -> LanguageModel:
        """The model of a run."""
        from upwell.api import LanguageModel

        return LanguageModel.load(
            run, device=self.device, threads=self.threads, dtype=self.dtype, precision=self.precision
        )

    def writer(self, run: str) -> Writer:
        """The model of a run that learned prompts with their texts."""
        from upwell.api import Writer

        return Writer.load(run, device=self.device, threads=self.threads, dtype=self.dtype, precision=self.precision)


WriteOptions = Annotated[Writing, Parameter(name="*")]
WRITE_DEFAULT = Writing()
LoadOptions = Annotated[Loading, Parameter(name="*")]
DEFAULT = Loading()
