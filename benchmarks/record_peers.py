"""Records what Hugging Face's Llama and Qwen3 compute with tiny random weights, for the tests to compare with.

pip install "upwell[peers]"
python -m benchmarks.record_peers     # writes tests/golden/llama_tiny.safetensors and qwen3_tiny.safetensors
"""

from __future__ import annotations

import json
from pathlib import Path

import safetensors.torch
import torch

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
SHAPE = {
    "vocab_size": 23,
    "hidden_size": 16,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": True,
    "attention_bias": False,
}


def main() -> None:
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM, __version__

    tokens = torch.randint(0, SHAPE["vocab_size"], (2, 20), generator=torch.Generator().manual_seed(0))
    models = {
        "llama": LlamaForCausalLM(LlamaConfig(**SHAPE)),
        "qwen3": Qwen3ForCausalLM(Qwen3Config(**SHAPE, head_dim=4)),
    }
    for name, model in models.items():
        torch.manual_seed(1)
        for parameter in model.parameters():  # norms too, so that a scale in the wrong place shows
            torch.nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.3)
        with torch.no_grad():
            logits = model.eval()(tokens).logits
        tensors = {**dict(model.named_parameters()), "tokens": tokens, "logits": logits}
        metadata = {"config": json.dumps(SHAPE), "transformers": __version__, "torch": torch.__version__}
        path = GOLDEN / f"{name}_tiny.safetensors"
        safetensors.torch.save_file({k: v.detach().contiguous() for k, v in tensors.items()}, path, metadata=metadata)
        print(path)


if __name__ == "__main__":
    main()
