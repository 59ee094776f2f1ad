"""upwell quantize"""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import Parameter


def quantize(
    run: str,
    *,
    precision: str = "int8",
    out: str | None = None,
    items: int | None = None,
    threads: int | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Write a run with its weights in fewer bits, and measure what that costs and gains.

    Speed needs pip install "upwell[fast]"; without it a quantised run is small on disk, and as fast as before.

    Parameters
    ----------
    run
        Folder of the run; it stays as it is.
    precision
        bf16, int8 or int4.
    out
        Folder of the quantised run; by default RUN-int8 and so on.
    items
        Examples of each task.
    threads
        CPU threads.
    as_json
        Print one JSON object as the last line.
    """
    from upwell.api.quantising import quantize as quantized

    report = quantized(run, precision=precision, out=out, items=items, threads=threads)
    before, after = report["before"], report["after"]
    print(f"{'':20}{'fp32':>10}{precision:>10}")
    for name, key, scale, digits in (
        ("megabytes", "bytes", 1e-6, 2),
        ("tokens a second", "tokens_per_second", 1, 0),
        ("bits per byte", "bits_per_byte", 1, 4),
    ):
        if before[key] is not None:
            print(f"{name:20}{before[key] * scale:>10.{digits}f}{after[key] * scale:>10.{digits}f}")
    for task, metrics in (before["scorecard"] or {}).items():
        for metric, figure in metrics.items():
            other = after["scorecard"][task][metric]
            print(f"{task.replace('_', ' ')}, {metric.replace('_', ' ')}: {figure['value']:.3f} {other['value']:.3f}")
    print(f"upwell generate {report['run']}")
    if as_json:
        print(json.dumps(report))
