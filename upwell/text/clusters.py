"""A Ray cluster: where one machine is not enough.

Ray is the engine because its tasks are all that is needed: a function of one item, sent to whichever machine is free,
begun anew where one dies. Nothing is shared between machines, so they need Upwell and no common folder.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from upwell.errors import UserError
from upwell.text.processes import AHEAD, DEATHS_BEFORE_STOP

Item = TypeVar("Item")
Result = TypeVar("Result")


def connected_ray(*, workers: int, address: str | None = None) -> Any:
    """The ray module, connected to `address`, by default that of RAY_ADDRESS, or else with `workers` cores of this machine.

    Raises UserError, which says what to do, where it is missing or cannot be reached.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise UserError('--engine ray needs Ray: pip install "upwell[ray]"') from None
    if not ray.is_initialized():
        where: dict[str, Any] = {"address": address} if address else {"num_cpus": workers}
        try:
            ray.init(**where, include_dashboard=False, log_to_driver=False, configure_logging=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise UserError(f"--engine ray: {address or 'this machine'} cannot be used ({reason})") from None
    return ray


def map_on_cluster(function: Callable[[Item], Result], items: Iterable[Item], *, workers: int) -> Iterator[Result]:
    """`function` of every item, in their order, by tasks of one core; at most `workers` and two more are asked for."""
    ray = connected_ray(workers=workers)
    task = ray.remote(num_cpus=1, max_retries=DEATHS_BEFORE_STOP)(_call)
    shared = ray.put(function)
    running: deque[Any] = deque()
    try:
        for item in items:
            running.append(task.remote(shared, item))
            if len(running) >= workers + AHEAD:
                yield ray.get(running.popleft())
        while running:
            yield ray.get(running.popleft())
    finally:
        for reference in running:
            ray.cancel(reference, force=True)


def _call(function: Callable[[Item], Result], item: Item) -> Result:
    return function(item)
