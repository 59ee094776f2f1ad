"""The API held to its own description: requests that fit it and requests that do not, made up by schemathesis.

python -m benchmarks.api_description
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from benchmarks.load_clients import ServerProcess
from benchmarks.report import write_result
from benchmarks.serving_load import make_run

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    allow_header_conformance,
]


def check_description(
    address: str, *, examples: int, modes: tuple[GenerationMode, ...] = tuple(GenerationMode)
) -> Counter[str]:
    """Send so many requests of each mode to every route at `address`; how many there were of each route and status.

    Always the same ones. Raises at the first answer that is none or not as described.
    """
    description = schemathesis.openapi.from_url(f"{address}/openapi.json")
    sent: Counter[str] = Counter()
    for result in description.get_all_operations():
        operation = result.ok()
        for mode in modes:
            if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
                continue  # there is nothing that could be wrong

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=examples,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def check(case: schemathesis.Case) -> None:
                response = case.call_and_validate(checks=CHECKS)
                sent[f"{case.operation.label} {response.status_code}"] += 1

            check()
    return sent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=200, help="for each route, and as many that do not fit")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder) / "run", 20_000)
        with ServerProcess(run, Path(folder) / "log", "--max-tokens", "16", "--threads", "1") as server:
            sent = check_description(f"http://127.0.0.1:{server.port}", examples=arguments.examples)
    for label, number in sorted(sent.items()):
        print(f"{label:45} {number}")
    statuses = Counter({label.rpartition(" ")[2]: 0 for label in sent})
    for label, number in sent.items():
        statuses[label.rpartition(" ")[2]] += number
    write_result("api_description", {"requests": sent.total(), "by_status": dict(sorted(statuses.items()))})


if __name__ == "__main__":
    main()
