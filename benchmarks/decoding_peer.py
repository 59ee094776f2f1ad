"""transformers' Llama of 135M parameters with random weights in bf16: seconds for a prompt, and for a token behind it.

Run by benchmarks/decoding.py in an environment of its own: python decoding_peer.py PROMPT_TOKENS STEPS THREADS
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

prompt_tokens, steps, threads = map(int, sys.argv[1:])
torch.set_num_threads(threads)
model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        tie_word_embeddings=True,
        max_position_embeddings=2048,
    )
)
model = model.to(torch.bfloat16).eval()
prompt = torch.randint(0, 49152, (1, prompt_tokens), generator=torch.Generator().manual_seed(0))
with torch.inference_mode():
    model(prompt[:, :16])
    start = time.perf_counter()
    done = model(prompt, use_cache=True, logits_to_keep=1)
    prefill = time.perf_counter() - start
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        done = model(prompt[:, :1], past_key_values=done.past_key_values, use_cache=True)
        seconds.append(time.perf_counter() - start)
print(json.dumps({"prefill_s": prefill, "step_s": statistics.median(seconds)}))
