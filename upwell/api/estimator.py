"""What the estimators share: options by name, as scikit-learn has them, and runs on disk."""

from __future__ import annotations

import inspect
import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import torch

from upwell.api.reader_training import ReaderTraining
from upwell.errors import UserError
from upwell.model.machine import choose_device
from upwell.training.compute import torch_dtype
from upwell.training.runs import Run


class Model(Protocol):
    """All that an estimator has learned."""

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training."""

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str, dtype: torch.dtype) -> Self:
        """The inverse."""


M = TypeVar("M", bound=Model)


class Estimator(Generic[M]):
    """Options are what `__init__` takes; each is kept as an attribute of its name."""

    kind_of_model: ClassVar[type[Any]]
    model_: M

    def __init__(
        self,
        *,
        model: str | None = None,
        size: str | None = None,
        epochs: float | None = None,
        minutes: float | None = None,
        seed: int = 0,
        threads: int | None = None,
        dtype: str | None = None,
    ) -> None:
        """As the options of `upwell train --task`; what is not given is chosen from the data and the machine."""
        self.model, self.size, self.epochs, self.minutes = model, size, epochs, minutes
        self.seed, self.threads, self.dtype = seed, threads, dtype

    @classmethod
    def option_names(cls) -> list[str]:
        """Names of the options."""
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options by name, as scikit-learn asks for them."""
        return {name: getattr(self, name) for name in self.option_names()}

    def set_params(self, **options: Any) -> Self:
        """Change options; a ValueError for one that there is not."""
        known = self.option_names()
        for name, value in options.items():
            if name not in known:
                raise ValueError(f"no option {name!r}; there are {', '.join(known)}")
            setattr(self, name, value)
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a run folder that `load` and the command read."""
        run = Run(Path(path))
        if run.weights_path.exists():
            raise UserError(f"{run.folder}: holds a model already; choose another folder")
        model = self._fitted()
        run.folder.mkdir(parents=True, exist_ok=True)
        model.save(run, {})

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: str | None = None,
        dtype: str | None = None,
        threads: int | None = None,
    ) -> Self:
        """What the run folder at `path` holds; its labels are texts. Nothing in a run is ever executed."""
        if threads is not None:
            torch.set_num_threads(threads)
        found = cls(threads=threads, dtype=dtype)
        wanted = torch_dtype(dtype or "float32")
        found._loaded(cls.kind_of_model.load(Run(Path(path)), device=choose_device(device), dtype=wanted))
        return found

    def _loaded(self, model: M) -> None:
        """Take a model as what was learned."""
        self.model_ = model

    def _fitted(self) -> M:
        if not hasattr(self, "model_"):
            raise UserError(f"this {type(self).__name__} has learned nothing yet; call fit, or load one")
        return self.model_


def learned(training: ReaderTraining) -> Any:
    """What a training leads to, its files left nowhere."""
    with tempfile.TemporaryDirectory(prefix="upwell-") as folder:
        model, _ = training.learn(training.plan(), Path(folder), lambda kind, figures: None)
    assert model is not None, "nobody can interrupt it"
    return model
