"""upwell serve"""

from __future__ import annotations

import os
import sys
from typing import Annotated

from cyclopts import Parameter

from upwell.cli.loading import WRITE_DEFAULT, WriteOptions

Flag = Parameter(negative="")


def serve(
    *run: str,
    host: str = "127.0.0.1",
    port: int = 8000,
    api_key: str | None = None,
    open_to_all: Annotated[bool, Flag] = False,
    allow_host: tuple[str, ...] = (),
    allow_origin: tuple[str, ...] = (),
    max_rows: int = 16,
    max_waiting: int = 64,
    max_tokens: int = 4096,
    max_prompt_tokens: int = 32768,
    max_seconds: float = 300,
    memory: float | None = None,
    report: str | None = None,
    log_prompts: Annotated[bool, Flag] = False,
    loading: WriteOptions = WRITE_DEFAULT,
) -> None:
    """Serve runs by HTTP: a web page, and an API that clients of OpenAI's understand.

    Ctrl-C or SIGTERM stops it when what is being written is finished. The log, a JSON object for each request, is on
    standard error.

    Parameters
    ----------
    run
        Folders of runs; each is served under the name of its folder.
    host
        Address to listen on. Another than this machine's own needs a key.
    port
        Port to listen on; 0 takes a free one.
    api_key
        What clients must send as Authorization: Bearer KEY. The variable UPWELL_API_KEY keeps it out of the list of
        processes.
    open_to_all
        Let other machines in without a key.
    allow_host
        Name besides localhost by which the server may be called; repeat for several.
    allow_origin
        Pages of another server that may use this one, like https://example.org; repeat for several.
    max_rows
        Texts that one model writes side by side.
    max_waiting
        Texts that may wait for one model.
    max_tokens
        Most tokens that a request may ask for.
    max_prompt_tokens
        Longest prompt.
    max_seconds
        Longest time that a request may take.
    memory
        GB for all loaded models together; by default half of what is free.
    report
        Report of upwell emerge that the page links to, or its folder; by default one found beside the run.
    log_prompts
        Let the log hold what was asked and written.
    """
    from upwell.serving import ServerOptions, serve_runs
    from upwell.serving.models import Placement

    options = ServerOptions(
        host=host,
        port=port,
        api_key=os.environ.get("UPWELL_API_KEY") if api_key is None else api_key,
        open_to_all=open_to_all,
        allowed_hosts=allow_host,
        allowed_origins=allow_origin,
        max_rows=max_rows,
        max_waiting=max_waiting,
        max_tokens=max_tokens,
        max_prompt_tokens=max_prompt_tokens,
        max_seconds=max_seconds,
        memory=memory,
        report=report,
        log_prompts=log_prompts,
    )
    placement = Placement(
        device=loading.device, dtype=loading.dtype, threads=loading.threads, precision=loading.precision
    )
    serve_runs(
        run,
        options,
        placement=placement,
        ready=lambda address: print(f"{address} (Ctrl-C stops; for other programs {address}/v1)", flush=True),
    )
    print("stopped", file=sys.stderr)
