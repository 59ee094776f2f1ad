"""/metrics: what a monitor wants to know, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from upwell.serving.models import Models


class Figures:
    """Of one server; engines are asked when the figures are."""

    def __init__(self, models: Models) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter("upwell_requests", "Requests answered.", ["route", "status"], registry=self._registry)
        self._seconds = Histogram(
            "upwell_request_seconds",
            "Time from a request to the end of its answer.",
            ["route"],
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300),
            registry=self._registry,
        )
        self._registry.register(_Engines(models))

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All figures."""
        return generate_latest(self._registry)


class _Engines(Collector):
    """Figures of the models that are loaded."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def collect(self) -> Iterator[Metric]:
        loads = {name: engine.load() for name, engine in self._models.engines().items()}
        gauges = {
            "rows": "Texts being written.",
            "waiting": "Texts that wait for a row.",
            "cache_bytes": "Memory of kept states.",
        }
        counters = {
            "drawn_tokens": "Tokens written.",
            "read_tokens": "Tokens of prompts that the network read.",
            "reused_tokens": "Tokens of prompts whose state was kept from before.",
        }
        for kind, named in ((GaugeMetricFamily, gauges), (CounterMetricFamily, counters)):
            for name, told in named.items():
                family = kind(f"upwell_{name}", told, labels=["model"])
                for model, load in loads.items():
                    family.add_metric([model], getattr(load, name))
                yield family
