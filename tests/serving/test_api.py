"""The API in this process: what is asked is what is answered, and what cannot be had is refused in a form that programs know."""

from __future__ import annotations

import base64
import json
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.serving.conftest import Log, Start, make_run
from upwell.api import LanguageModel
from upwell.serving.app import create_app
from upwell.serving.models import Models
from upwell.serving.options import ServerOptions
from upwell.serving.schemas import CompletionRequest


def complete(client: TestClient, **body: Any) -> Any:
    return client.post("/v1/completions", json=body)


def events(response: Any) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_completion_is_what_the_model_writes(client: TestClient, river: LanguageModel) -> None:
    found = complete(client, model="river", prompt="the cat", max_tokens=30, seed=7, temperature=1.3, stop="sa").json()
    assert found["object"] == "text_completion" and found["model"] == "river"
    assert found["choices"][0]["text"] == river.generate("the cat", max_tokens=30, seed=7, temperature=1.3, stop="sa")
    usage = found["usage"]
    assert usage["prompt_tokens"] == 7 and usage["total_tokens"] == 7 + usage["completion_tokens"]


def test_several_prompts_and_choices_draw_with_seeds_in_order(client: TestClient, river: LanguageModel) -> None:
    found = complete(client, prompt=["the", "a"], n=2, max_tokens=12, seed=4).json()["choices"]
    expected = [river.generate(p, max_tokens=12, seed=4 + i) for i, p in enumerate(["the", "the", "a", "a"])]
    assert [choice["text"] for choice in found] == expected
    assert [choice["index"] for choice in found] == [0, 1, 2, 3]


def test_a_stream_has_the_same_text_and_the_tokens_at_its_end(client: TestClient, river: LanguageModel) -> None:
    options = {"prompt": "红楼", "max_tokens": 20, "seed": 1, "logprobs": 2}
    response = complete(client, stream=True, stream_options={"include_usage": True}, **options)
    assert response.headers["content-type"].startswith("text/event-stream")
    *pieces, last = events(response)
    choices = [event["choices"][0] for event in pieces]
    assert "".join(choice["text"] for choice in choices) == river.generate("红楼", max_tokens=20, seed=1)
    assert [choice["finish_reason"] for choice in choices[:-1]] == [None] * (len(choices) - 1)
    assert last["choices"] == [] and last["usage"]["completion_tokens"] == 20
    whole = complete(client, **options).json()["choices"][0]
    assert whole["finish_reason"] == choices[-1]["finish_reason"] == "length"
    tokens = [token for choice in choices if choice["logprobs"] for token in choice["logprobs"]["tokens"]]
    assert tokens == whole["logprobs"]["tokens"] and "".join(tokens) == whole["text"]
    assert all(len(top) == 2 for top in whole["logprobs"]["top_logprobs"])
    assert whole["logprobs"]["text_offset"] == list(range(20))


def test_a_chat_reads_messages_as_lines(client: TestClient, river: LanguageModel) -> None:
    messages = [
        {"role": "system", "content": "the cat"},
        {"role": "user", "content": [{"type": "text", "text": "a dog"}]},
        {"role": "assistant", "content": "sat", "refusal": None},
    ]
    body = {"messages": messages, "max_completion_tokens": 15, "seed": 2, "logprobs": True, "top_logprobs": 1}
    found = client.post("/v1/chat/completions", json=body).json()["choices"][0]
    assert found["message"]["content"] == river.generate("the cat\na dog\nsat\n", max_tokens=15, seed=2)
    entry = found["logprobs"]["content"][0]
    assert bytes(entry["bytes"]).decode() == entry["token"]
    assert entry["top_logprobs"][0]["logprob"] >= entry["logprob"]
    first, *pieces = events(client.post("/v1/chat/completions", json=body | {"stream": True}))
    assert first["object"] == "chat.completion.chunk" and first["choices"][0]["delta"]["role"] == "assistant"
    text = "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces)
    assert text == found["message"]["content"]


PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 5}, "old": {"type": "boolean"}},
    "required": ["name", "old"],
    "additionalProperties": False,
}
FORMS: list[dict[str, Any]] = [
    {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}},
    {"type": "regex", "pattern": "(yes|no)( [a-z]{2}){1,3}\\."},
]


@pytest.mark.parametrize("model", ["river", "hill"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["type"])
def test_a_text_has_the_form_that_was_asked_for(client: TestClient, model: str, form: dict[str, Any]) -> None:
    body = {"model": model, "max_tokens": 90, "response_format": form, "temperature": 1.5, "seed": 2}
    texts = [choice["text"] for choice in complete(client, prompt=["the", "红楼："], n=3, **body).json()["choices"]]
    chat = body | {"messages": [{"role": "user", "content": "the cat"}]}
    texts.append(client.post("/v1/chat/completions", json=chat).json()["choices"][0]["message"]["content"])
    streamed = events(client.post("/v1/chat/completions", json=chat | {"stream": True}))
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in streamed) == texts[-1]
    assert streamed[-1]["choices"][0]["finish_reason"] == "stop"
    for text in texts:
        if form["type"] == "regex":
            assert re.fullmatch(form["pattern"], text)
        else:
            jsonschema.validate(json.loads(text), PERSON)
    cut = complete(client, prompt="the", **body | {"max_tokens": 4}).json()["choices"][0]
    assert cut["finish_reason"] == "length"


def test_any_json_object_may_be_asked_for(client: TestClient) -> None:
    body = {"response_format": {"type": "json_object"}, "temperature": 0, "max_tokens": 300, "prompt": "the"}
    found = complete(client, **body).json()["choices"][0]
    if found["finish_reason"] == "stop":
        assert isinstance(json.loads(found["text"]), dict)
    else:
        assert found["finish_reason"] == "length" and found["text"].startswith("{")


def test_a_chat_beyond_attention_loses_its_beginning(client: TestClient) -> None:
    messages = [{"role": "user", "content": "the cat sat on the mat. " * 20}]
    found = client.post("/v1/chat/completions", json={"model": "hill", "messages": messages, "max_tokens": 20})
    assert found.json()["usage"]["prompt_tokens"] == 108
    refused = complete(client, model="hill", prompt=messages[0]["content"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "context_length_exceeded")


def test_a_conversation_is_read_once(client: TestClient) -> None:
    messages = [{"role": "user", "content": "the cat sat on the mat"}]
    for turn in range(3):
        found = client.post("/v1/chat/completions", json={"messages": messages, "max_tokens": 10, "seed": turn}).json()
        reused = found["usage"]["prompt_tokens_details"]["cached_tokens"]
        assert reused >= 20 * turn
        messages += [found["choices"][0]["message"], {"role": "user", "content": "a dog"}]


def test_an_embedding_is_the_mean_of_hidden_vectors_at_length_one(client: TestClient, river: LanguageModel) -> None:
    texts = ["the cat sat", "红楼梦 " * 300]
    found = client.post("/v1/embeddings", json={"input": texts}).json()
    for text, entry in zip(texts, found["data"], strict=True):
        with torch.inference_mode():
            ids = [0, *river.tokenizer.encode(text).tolist()]
            mean = river.network.hidden(torch.tensor([ids]))[0][0, 1:].mean(0)
        np.testing.assert_allclose(entry["embedding"], mean / mean.norm(), atol=2e-5)
    assert found["usage"]["total_tokens"] == sum(map(len, texts)) + 2
    coded = client.post("/v1/embeddings", json={"input": "the cat sat", "encoding_format": "base64"}).json()
    vector = np.frombuffer(base64.b64decode(coded["data"][0]["embedding"]), "<f4")
    np.testing.assert_allclose(vector, found["data"][0]["embedding"], atol=1e-6)


@pytest.mark.parametrize(
    ("task", "body", "ask"),
    [
        ("translate", {"text": "The cat sat."}, lambda asker: asker.translate("The cat sat.")),
        ("answer", {"text": "a cat", "question": "Who?"}, lambda asker: asker.answer("a cat", "Who?")),
        ("answer", {"text": "A cat sat. Who?"}, lambda asker: asker.answer("A cat sat. Who?")),
        ("classify", {"text": "the cat", "of": "Tom"}, lambda asker: asker.classify("the cat", "Tom")),
        ("summarize", {"text": "红楼梦"}, lambda asker: asker.summarize("红楼梦")),
    ],
)
def test_tasks_are_asked_as_the_commands_ask_them(
    client: TestClient, river: LanguageModel, task: str, body: dict[str, str], ask: Any
) -> None:
    found = client.post(f"/v1/tasks/{task}", json=body).json()
    assert (found["model"], found["task"], found["answer"]) == ("river", task, ask(river.asker))


def test_a_word_is_translated_with_its_senses(client: TestClient, river: LanguageModel) -> None:
    found = client.post("/v1/tasks/translate", json={"text": "cat"}).json()
    (kind, word, probability), *_ = river.asker.senses("cat")
    assert found["senses"][0]["class"] == kind and found["senses"][0]["answer"] == word
    assert found["senses"][0]["probability"] == pytest.approx(probability)


@pytest.mark.parametrize(
    ("path", "body", "status", "parameter"),
    [
        ("completions", {"prompt": "a", "tempreature": 1}, 400, "tempreature"),
        ("completions", {"prompt": "a", "temperature": -1}, 400, "temperature"),
        ("completions", {"prompt": "a", "temperature": float("nan")}, 400, None),
        ("completions", {"prompt": [1, 2, 3]}, 400, "prompt"),
        ("completions", {"prompt": []}, 400, "prompt"),
        ("completions", {"prompt": "a", "n": 17}, 400, "n"),
        ("completions", {"prompt": "a", "max_tokens": 5000}, 400, "max_tokens"),
        ("completions", {"prompt": "a", "echo": True}, 400, "echo"),
        ("completions", {"prompt": "a", "stop": ""}, 400, "stop"),
        ("completions", {"prompt": "a", "presence_penalty": 1}, 400, "presence_penalty"),
        ("completions", {"prompt": "a\ud800"}, 400, None),
        ("completions", {"prompt": "a", "model": "nobody"}, 404, None),
        ("completions", {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}}, 400, "schema"),
        ("completions", {"response_format": {"type": "regex", "pattern": "("}}, 400, None),
        ("completions", {"response_format": {"type": "regex", "pattern": "(a{1000}){1000}"}}, 400, None),
        ("completions", {"response_format": {"type": "grammar"}}, 400, "response_format"),
        ("chat/completions", {"messages": []}, 400, "messages"),
        ("chat/completions", {"messages": [{"role": "user", "content": "a"}], "top_logprobs": 2}, 400, "top_logprobs"),
        ("embeddings", {"input": ""}, 400, "input"),
        ("embeddings", {"input": "a" * 200, "model": "hill"}, 400, "input"),
        ("tasks/answer", {"text": "No question."}, 400, "question"),
        ("tasks/classify", {}, 400, "text"),
        ("nowhere", {}, 404, None),
    ],
)
def test_bad_requests_are_refused_with_the_name_of_what_is_wrong(
    client: TestClient, path: str, body: Any, status: int, parameter: str | None
) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post(f"/v1/{path}", content=json.dumps(body), headers=headers)
    error = response.json()["error"]
    assert response.status_code == status, error
    assert error["param"] == parameter or (parameter or "") in str(error["param"])
    assert error["message"] and error["type"].endswith("_error")


def test_what_is_no_json_is_refused(client: TestClient) -> None:
    for content in ("{", "[" * 100_000, "\xff"):
        response = client.post("/v1/completions", content=content, headers={"Content-Type": "application/json"})
        assert response.status_code == 400, response.text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.floats(allow_nan=True) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = [*CompletionRequest.model_fields, "messages", "input", "text"]


@pytest.fixture(scope="module")
def one_client(runs: list[str]) -> Iterator[TestClient]:
    options = ServerOptions(max_tokens=40)
    app = create_app(Models(runs, options), options, write=lambda entry: None)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@given(
    path=st.sampled_from(["completions", "chat/completions", "embeddings", "tasks/classify"]),
    body=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
)
@settings(max_examples=60)
def test_whatever_is_sent_is_answered_or_refused(one_client: TestClient, path: str, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    response = one_client.post(f"/v1/{path}", content=json.dumps(body), headers=headers)
    assert response.status_code in (200, 400, 404), (body, response.text)
    if response.status_code != 200:
        assert response.json()["error"]["message"]


def test_a_task_that_the_run_did_not_learn_is_refused(start: Start, tmp_path: Path, river: LanguageModel) -> None:
    LanguageModel(river.network, river.tokenizer).save(tmp_path / "plain")
    response = start(folders=[str(tmp_path / "plain")]).post("/v1/tasks/summarize", json={"text": "a"})
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith("plain: does not know summarization in en")


def test_models_are_listed_and_described(client: TestClient) -> None:
    listed = client.get("/v1/models").json()["data"]
    assert [entry["id"] for entry in listed] == ["river", "hill"]
    assert client.get("/v1/models/hill").json()["object"] == "model"
    assert client.get("/v1/models/nobody").json()["error"]["code"] == "model_not_found"
    about = client.get("/v1/runs/river").json()
    assert about["tasks"]["translation"] == ["en", "zh"] and about["scorecard"] is None
    assert about["parameters"]["total"] > 0


def test_the_curve_of_a_run_grows_with_its_metrics(start: Start, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "gru")
    lines = [{"kind": "step", "step": step, "loss": 5 / step, "seconds": step} for step in range(1, 2001)]
    lines.append({"kind": "validation", "step": 2000, "loss": 1.0, "bits_per_byte": 2.0, "seconds": 9})
    lines.append({"kind": "step", "step": 2001, "loss": math.nan, "seconds": 9})
    written = "".join(json.dumps(line) + "\n" for line in lines)
    (run / "metrics.jsonl").write_text(written + '{"kind": "st', encoding="utf-8")
    client = start(folders=[str(run)])
    curve = client.get("/v1/runs/run/curve").json()
    assert len(curve["steps"]) <= 1000 and curve["last"] == 2001 and not curve["finished"]
    assert curve["validations"] == [{"step": 2000, "loss": 1.0, "bits_per_byte": 2.0, "seconds": 9}]
    later = client.get("/v1/runs/run/curve", params={"after": 2000}).json()
    assert later["steps"] == [{"step": 2001, "loss": None, "bits_per_byte": None, "seconds": 9}]


def test_models_come_and_go_within_the_memory(start: Start, runs: list[str]) -> None:
    client = start(memory=0.068)  # one cache and one tiny model
    for name in ("river", "hill", "river"):
        assert complete(client, model=name, prompt="a", max_tokens=1).status_code == 200
        assert [entry["id"] for entry in client.get("/v1/models").json()["data"] if entry["loaded"]] == [name]
    refused = complete(start(memory=0.001), prompt="a")
    assert refused.status_code == 503 and "river needs 64 MB" in refused.json()["error"]["message"]


def test_new_weights_of_a_run_are_used(start: Start, tmp_path: Path) -> None:
    run, other = make_run(tmp_path / "run", "gru"), make_run(tmp_path / "other", "gru", seed=4)
    client = start(folders=[str(run)])
    body = {"prompt": "the", "max_tokens": 20, "temperature": 0}
    before = complete(client, **body).json()["choices"][0]["text"]
    (other / "model.safetensors").rename(run / "model.safetensors")
    assert complete(client, **body).json()["choices"][0]["text"] != before
    (run / "model.safetensors").unlink()
    assert complete(client, **body).status_code == 503


def test_metrics_count_requests_and_tokens(client: TestClient) -> None:
    complete(client, prompt="the cat", max_tokens=5, temperature=0)
    complete(client, prompt="the cat", max_tokens=5, temperature=0)
    complete(client, prompt=3)
    client.get("/v1/models/hill")
    text = client.get("/metrics").text
    assert 'upwell_requests_total{route="/v1/completions",status="200"} 2.0' in text
    assert 'upwell_requests_total{route="/v1/models/{name}",status="200"} 1.0' in text
    assert 'upwell_drawn_tokens_total{model="river"} 10.0' in text
    assert 'upwell_reused_tokens_total{model="river"} 6.0' in text


def test_the_log_holds_what_was_asked_only_if_told_to(start: Start, log: Log) -> None:
    complete(start(), prompt="the cat", max_tokens=5)
    assert "the cat" not in str(log)
    entry = log[-1]
    assert (entry["route"], entry["status"], entry["model"]) == ("/v1/completions", 200, "river")
    assert (entry["prompt_tokens"], entry["completion_tokens"]) == (7, 5)
    text = complete(start(log_prompts=True), prompt="the cat", max_tokens=5).json()["choices"][0]["text"]
    assert (log[-1]["prompts"], log[-1]["texts"]) == (["the cat"], [text])


def test_a_request_that_takes_too_long_is_given_up(start: Start) -> None:
    client = start(max_seconds=0.2, max_tokens=10**6)
    started = time.monotonic()
    response = complete(client, prompt="a", max_tokens=10**6, temperature=0)
    assert response.status_code == 504 and time.monotonic() - started < 5
    streamed = complete(client, prompt="a", max_tokens=10**6, temperature=0, stream=True).text
    assert json.loads(streamed.split("data: ")[-1])["error"]["code"] == "timeout"
    assert "[DONE]" not in streamed


def test_the_schema_describes_every_route(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/v1/completions", "/v1/chat/completions", "/v1/embeddings", "/v1/tasks/answer", "/metrics"} <= paths.keys()
    for path, methods in paths.items():
        for method in methods.values():
            assert method.get("description"), path
