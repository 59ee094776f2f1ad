"""A Llama-shaped model in Upwell's trainer and in Hugging Face's, on a CPU: tokens/s, peak memory, loss after equal tokens.

    python -m benchmarks.beside_trainer                               # 10m parameters, vocabulary 16k, context 512; 25 minutes
    python -m benchmarks.beside_trainer --size 100k --vocabulary 300 --context 32 --steps 3 --rounds 1 --keep-nothing

Both train the same shape (RMSNorm, rotary attention, SwiGLU, tied head) from the same weights on the same batches: tokens of
the embedded world's text cut by a BPE of that vocabulary. The peer is `Trainer` as its users run it on a CPU, and again with
`bf16=True`, in an environment made by `pip install torch transformers accelerate` (CPU wheels). Ours is a run's own step, with
the dtype, threads and workers that `upwell train` chooses. Every side is a process of its own; each reports its training loop
alone, and its peak resident memory as the system counts it. Losses are those of the last batches in fp32, before any update
by them: equal tokens, each with its own default optimizer.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.peer_venv import CPU_TORCH, peer_environment, peer_python
from benchmarks.report import call, write_result

TRAINER = """
import json, resource, sys, time, warnings
import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainerCallback, TrainingArguments
task = json.load(open(sys.argv[1]))
data = load_file(task["data"])
model = LlamaForCausalLM(LlamaConfig(**task["llama"]))
missing, unexpected = model.load_state_dict(load_file(task["weights"]), strict=False)
assert not unexpected and all("lm_head" in name or "inv_freq" in name for name in missing), (missing, unexpected)
rows = [{"input_ids": row, "labels": row} for row in data["train"]]
class Clock(TrainerCallback):
    def __init__(self): self.times = []
    def on_step_begin(self, *_, **__): self.begun = time.perf_counter()
    def on_step_end(self, *_, **__): self.times.append(time.perf_counter() - self.begun)
clock = Clock()
arguments = TrainingArguments(output_dir=task["folder"], per_device_train_batch_size=task["rows"], max_steps=task["steps"],
    use_cpu=True, bf16=task["bf16"], report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True, seed=0)
Trainer(model=model, args=arguments, train_dataset=rows, callbacks=[clock]).train()
model.float().eval()
with torch.no_grad():
    loss = sum(float(model(input_ids=batch, labels=batch).loss) for batch in data["valid"].split(task["rows"]))
print(json.dumps({"step_seconds": clock.times, "loss": loss / len(data["valid"].split(task["rows"])),
    "threads": torch.get_num_threads(), "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""

NAMES = {
    "mixer.query_weight": "self_attn.q_proj.weight",
    "mixer.key_weight": "self_attn.k_proj.weight",
    "mixer.value_weight": "self_attn.v_proj.weight",
    "mixer.output_weight": "self_attn.o_proj.weight",
    "mixer_norm.scale": "input_layernorm.weight",
    "mlp_norm.scale": "post_attention_layernorm.weight",
    "mlp.gate_weight": "mlp.gate_proj.weight",
    "mlp.up_weight": "mlp.up_proj.weight",
    "mlp.down_weight": "mlp.down_proj.weight",
}


def llama_name(name: str) -> str:
    """Hugging Face's name for our weight."""
    if name in ("embedding_weight", "norm.scale"):
        return {"embedding_weight": "model.embed_tokens.weight", "norm.scale": "model.norm.weight"}[name]
    _, number, rest = name.split(".", 2)
    return f"model.layers.{number}.{NAMES[rest]}"


def prepare(arguments: argparse.Namespace, folder: Path) -> None:
    """Write task.json, the rows of tokens, and the weights to begin with under both names."""
    import torch
    from safetensors.torch import save_file

    from upwell.model.network import Network
    from upwell.model.sizes import network_config, parse_size
    from upwell.text.corpus import prepare_corpus
    from upwell.world.source import open_worlds

    made = open_worlds([f"world:megabytes={arguments.megabytes}"])
    corpus = prepare_corpus(made.sources, valid=made.valid, tokenizer_kind="bpe", vocab_size=arguments.vocabulary)
    config = network_config(
        "attention", parse_size(arguments.size), vocab_size=corpus.tokenizer.vocab_size, context=arguments.context
    )
    network = Network(config)
    network.reset_parameters(0)
    weights = {name: parameter.detach() for name, parameter in network.named_parameters()}
    save_file(weights, str(folder / "ours.safetensors"))
    save_file({llama_name(name): weight.clone() for name, weight in weights.items()}, str(folder / "llama.safetensors"))
    needed = (arguments.steps * arguments.rows + 8 * arguments.rows) * arguments.context
    tokens = torch.tensor(corpus.train.tokens[:needed].astype("int64"))
    rows = tokens[: len(tokens) // arguments.context * arguments.context].view(-1, arguments.context)
    data = {"train": rows[: arguments.steps * arguments.rows].clone(), "valid": rows[-4 * arguments.rows :].clone()}
    assert len(rows) > arguments.steps * arguments.rows, "the text is too short for so many steps"
    save_file(data, str(folder / "data.safetensors"))
    task = {
        "data": str(folder / "data.safetensors"),
        "weights": str(folder / "llama.safetensors"),
        "folder": str(folder / "trainer"),
        "rows": arguments.rows,
        "steps": arguments.steps,
        "network": config.to_dict(),
        "llama": {
            "vocab_size": config.vocab_size,
            "hidden_size": config.width,
            "intermediate_size": config.mlp_width,
            "num_hidden_layers": len(config.blocks),
            "num_attention_heads": config.heads,
            "num_key_value_heads": config.kv_heads,
            "max_position_embeddings": config.context,
            "rms_norm_eps": 1e-6,
            "rope_theta": config.rope_base,
            "tie_word_embeddings": True,
        },
    }
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")


def train_ours(folder: Path) -> None:
    """Our side, in a process of its own: print what the peer's program prints."""
    import torch
    from safetensors.torch import load_file

    from upwell.model.config import NetworkConfig
    from upwell.model.machine import usable_cores
    from upwell.model.network import Network
    from upwell.text.allocator import keep_freed_memory
    from upwell.training.compute import apply_threads, choose_compute, measure_peaks, torch_dtype
    from upwell.training.distributed import World
    from upwell.training.learner import Learner
    from upwell.training.objectives import Batch, next_token
    from upwell.training.recipe import Recipe
    from upwell.training.schedules import warmup_stable_decay
    from upwell.training.workers import Workers

    keep_freed_memory()
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    data = load_file(task["data"])
    config = NetworkConfig.from_dict(task["network"])
    network = Network(config)
    network.load_state_dict(load_file(str(folder / "ours.safetensors")))
    recipe = Recipe(rows=task["rows"], length=config.context)
    device = torch.device("cpu")
    peaks = measure_peaks(device, None, usable_cores())
    compute, _ = choose_compute(config, recipe, device=device, peaks=peaks, threads=usable_cores(), world=World())
    apply_threads(compute)
    learner = Learner(network, recipe, torch_dtype(compute.dtype))
    network.train()
    times = []
    with Workers(compute.workers, recipe, World()) as workers:
        for step, rows in enumerate(data["train"].split(task["rows"])):
            began = time.perf_counter()
            batch = Batch(rows[:, :-1].contiguous(), rows[:, 1:].contiguous())
            count = 0.0
            for outcome, gradients in workers.run(network, next_token, batch, None, step):
                learner.add_gradients(gradients)
                count += outcome.count
            factor = warmup_stable_decay(
                step / task["steps"], warmup=recipe.warmup, decay=recipe.decay, floor=recipe.floor
            )
            learner.update(1 / count, factor, parallel=workers.map, parts=workers.number)
            times.append(time.perf_counter() - began)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    network.to(torch.float32)
    learner.publish(learner.masters)
    network.eval()
    losses = []
    with torch.no_grad():
        for rows in data["valid"].split(task["rows"]):
            outcome = next_token(network, Batch(rows[:, :-1], rows[:, 1:]))
            losses.append(float(outcome.loss) / outcome.count)
    figures = {
        "step_seconds": times,
        "loss": statistics.mean(losses),
        "peak_bytes": peak,
        "compute": compute.describe(),
    }
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="10m", help="parameters outside the embedding")
    parser.add_argument("--vocabulary", type=int, default=16_000)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--megabytes", type=int, default=8, help="of the embedded world's text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        train_ours(arguments.ours)
        return
    python = peer_python("torch", "transformers>=5", "accelerate", "safetensors", "numpy", options=CPU_TORCH)
    results: dict[str, list[dict[str, Any]]] = {"upwell": [], "trainer": [], "trainer bf16": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(arguments, folder)
        task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        (folder / "trainer.py").write_text(TRAINER, encoding="utf-8")
        for bf16 in (False, True):
            (folder / f"task-{bf16}.json").write_text(json.dumps({**task, "bf16": bf16}), encoding="utf-8")
        commands = {
            "upwell": [sys.executable, "-m", "benchmarks.beside_trainer", "--ours", name],
            "trainer": [str(python), str(folder / "trainer.py"), str(folder / "task-False.json")],
            "trainer bf16": [str(python), str(folder / "trainer.py"), str(folder / "task-True.json")],
        }
        for _ in range(arguments.rounds):
            for side, command in commands.items():
                figures = call(command, None if side == "upwell" else peer_environment())
                seconds = statistics.median(figures.pop("step_seconds")[1:])
                figures["tokens_per_second"] = arguments.rows * arguments.context / seconds
                results[side].append(figures)
                print(f"{side}: {figures}", flush=True)
    summary: dict[str, Any] = {"shape": task["llama"], "rows": arguments.rows, "steps": arguments.steps}
    for peer in ("trainer", "trainer bf16"):
        pairs = list(zip(results["upwell"], results[peer], strict=True))
        summary[f"speed_over_{peer.replace(' ', '_')}"] = statistics.median(
            mine["tokens_per_second"] / theirs["tokens_per_second"] for mine, theirs in pairs
        )
        summary[f"memory_over_{peer.replace(' ', '_')}"] = statistics.median(
            mine["peak_bytes"] / theirs["peak_bytes"] for mine, theirs in pairs
        )
    print({name: value for name, value in summary.items() if "over" in name})
    if not arguments.keep_nothing:
        write_result("beside_trainer", {**summary, "sides": results}, repeats=arguments.rounds)


if __name__ == "__main__":
    main()
