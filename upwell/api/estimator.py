"""What the estimators have of scikit-learn's manner: options by name."""

from __future__ import annotations

import inspect
from typing import Any, Self


class Estimator:
    """Options are what `__init__` takes; each is kept as an attribute of its name."""

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
