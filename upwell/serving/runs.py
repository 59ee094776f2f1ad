"""What can be known of the runs: the list of models, and for the page their training and figures."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Query

from upwell.model.accounting import meta_network, parameters_by_kind
from upwell.serving.errors import ApiError
from upwell.serving.models import ServedRun
from upwell.serving.reports import Reports
from upwell.serving.state import CurrentServer
from upwell.training.metrics import read_metrics
from upwell.training.runs import LANGUAGE_MODEL

router = APIRouter()
MAX_CARD_BYTES = 2**20
MAX_POINTS = 500
"""Steps of a curve that are sent; of more every so many-th."""


@router.get("/v1/models", tags=["models"])
async def models(server: CurrentServer) -> dict[str, Any]:
    """The runs that are served."""
    return {"object": "list", "data": [_model(served) for served in server.models.runs.values()]}


@router.get("/v1/models/{name}", tags=["models"])
async def model(name: str, server: CurrentServer) -> dict[str, Any]:
    """One of them."""
    return _model(server.models.find(name))


@router.get("/v1/runs/{name}", tags=["models"])
async def run(name: str, server: CurrentServer) -> dict[str, Any]:
    """Kind, network, parameters, formats of the tasks it learned or its labels, figures of the finished run, model card."""
    return await asyncio.to_thread(_describe, server.models.find(name), server.reports)


@router.get("/v1/runs/{name}/curve", tags=["models"])
async def curve(name: str, server: CurrentServer, after: int = Query(-1, description="Only later steps.")) -> Any:
    """Losses of the steps and of the validations so far, also while the run trains."""
    return await asyncio.to_thread(_curve, server.models.find(name), after)


def _model(served: ServedRun) -> dict[str, Any]:
    created = served.run.config_path.stat().st_mtime if served.run.config_path.exists() else 0
    return {
        "id": served.name,
        "object": "model",
        "created": int(created),
        "owned_by": "upwell",
        "kind": served.kind,
        "loaded": served.loaded is not None,
    }


def _describe(served: ServedRun, reports: Reports) -> dict[str, Any]:
    config = served.run.network_config(None)
    result = served.run.result() or {}
    tasks: dict[str, list[str]] = {}
    if served.kind == LANGUAGE_MODEL:
        for view, language in served.run.formats():
            tasks.setdefault(view, []).append(language)
    scores = {result["task"]: result["scores"]} if "scores" in result else None
    return {
        "id": served.name,
        "kind": served.kind,
        "labels": served.run.config(None).get("labels"),
        "network": config.to_dict(),
        "parameters": parameters_by_kind(meta_network(config)),
        "tasks": tasks,
        "scorecard": result.get("scorecard", scores),
        "valid_bpb": result.get("valid_bpb"),
        "report": None if (report := reports.address(served.run)) is None else f"/reports/{report}",
        "card": _card(served.run.folder / "README.md"),
    }


def _card(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(MAX_CARD_BYTES).decode("utf-8", "replace")


def _curve(served: ServedRun, after: int) -> dict[str, Any]:
    try:
        lines = [line for line in read_metrics(served.run.metrics_path) if line["step"] > after]
    except (OSError, ValueError) as error:
        raise ApiError(500, f"{served.run.metrics_path.name} cannot be read") from error
    steps = [_point(line) for line in lines if line.get("kind") == "step"]
    return {
        "steps": steps[:: max(1, len(steps) // MAX_POINTS)],
        "validations": [_point(line) for line in lines if line.get("kind") == "validation"],
        "last": lines[-1]["step"] if lines else after,
        "finished": served.run.result_path.exists(),
    }


def _point(line: dict[str, Any]) -> dict[str, float | None]:
    """Step, nats per token, bits per byte where they were measured, seconds; JSON has no word for what is not finite."""
    figures = {name: line.get(name) for name in ("step", "loss", "bits_per_byte", "seconds")}
    return {name: value if value is not None and math.isfinite(value) else None for name, value in figures.items()}
