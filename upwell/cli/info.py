"""upwell info"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def info(run: str, *, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> None:
    """Show what a run holds: its model, how it was made, how far it came.

    Parameters
    ----------
    run
        Folder of the run.
    as_json
        Print one JSON object as the last line.
    """
    from upwell.cli.display import count
    from upwell.cli.layout import duration, figure
    from upwell.model.accounting import flops_per_token, meta_network, parameters_by_kind, state_bytes
    from upwell.training.checkpoints import checkpoints, load_progress
    from upwell.training.runs import Run

    folder = Run(Path(run))
    config = folder.network_config(None)
    values = folder.config(None)
    network = meta_network(config)
    parameters = parameters_by_kind(network)
    result = folder.result()
    saved = checkpoints(folder.folder / "checkpoints")
    progress = load_progress(saved[-1]) if saved else None
    costs = {
        "flops_per_token": flops_per_token(network, config.context),
        "state_bytes": state_bytes(network, config.context),
    }
    if as_json:
        steps = progress.step if progress else None
        print(
            json.dumps(
                {"run": run, "config": values, "parameters": parameters, **costs, "steps": steps, "result": result}
            )
        )
        return
    print(f"run         {run}, a {values['kind']}")
    if "sources" in values:
        print(f"text        {', '.join(values['sources'])}")
    print(f"blocks      {config.describe()}")
    embedded = f" (embedding {config.embedding_width})" if config.embedding_width else ""
    print(f"width       {config.width}{embedded}; vocabulary {config.vocab_size}; context {config.context}")
    kinds = ", ".join(f"{name} {number:,}" for name, number in parameters.items() if number)
    print(f"parameters  {kinds}")
    print(
        f"one token   {costs['flops_per_token'] / 1e6:.2f} MFLOP forward; state of {costs['state_bytes']:,} bytes a sequence"
    )
    if "compute" in values:
        compute, machine = values["compute"], values["machine"]
        print(f"computed    {compute['device']}, {compute['dtype']}, {compute['threads']} threads, {machine['name']}")
    if result and "scores" in result:
        said = ", ".join(f"{name} {figure(score['value'])}" for name, score in result["scores"].items())
        print(
            f"result      {said} on {result['data']['valid']:,} held-out {result['data']['noun']}, after {duration(result['seconds'])}"
        )
    elif result:
        print(
            f"result      {result['valid_bpb']:.4f} bpb, {result['valid_loss']:.4f} nats a token after "
            f"{count(result['tokens'])} tokens in {duration(result['seconds'])}"
        )
    elif progress:
        unit = "bpb" if config.head == "tokens" else "nats"
        best = "" if progress.best_step < 0 else f", best {progress.best:.4f} {unit}"
        print(f"unfinished  step {progress.step} after {duration(progress.seconds)}{best}; upwell train --resume {run}")
