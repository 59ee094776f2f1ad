"""What holds for all tests: one thread, seeds, a cache of their own, no colours."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded; models of tests are too small for two
os.environ["NO_COLOR"] = "1"
os.environ["TERM"] = "dumb"

# The same examples each time, however slow the machine: what fails in one place fails in all.
settings.register_profile(
    "upwell", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("upwell")


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests() -> Iterator[None]:
    """Keep prepared texts out of the user's cache."""
    with tempfile.TemporaryDirectory(prefix="upwell-tests-") as folder:
        before = os.environ.get("UPWELL_CACHE")
        os.environ["UPWELL_CACHE"] = folder
        yield
        if before is None:
            del os.environ["UPWELL_CACHE"]
        else:
            os.environ["UPWELL_CACHE"] = before
