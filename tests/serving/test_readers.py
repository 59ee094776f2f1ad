"""Runs that read and write nothing: classifiers and taggers in the server."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.serving.conftest import Log, Start
from upwell.api import QuestionAnswerer, Tagger, TextClassifier


@pytest.fixture
def client(start: Start, runs: list[str], readers: list[str]) -> TestClient:
    return start(folders=[runs[0], *readers])


def test_a_classifier_tells_the_label_and_the_probability_of_each(client: TestClient, readers: list[str]) -> None:
    text = "what a dull film"
    found = client.post("/v1/tasks/classify", json={"model": "films", "text": text}).json()
    model = TextClassifier.load(readers[0])
    assert found["labels"] == [found["answer"]] == [str(model.predict([text])[0])]
    expected = dict(zip(model.classes_, model.predict_proba([text])[0], strict=True))
    assert found["probabilities"] == pytest.approx(expected)
    assert (found["model"], found["task"]) == ("films", "classify")


@pytest.mark.parametrize(
    ("split", "words"), [(False, ["the", "cat", ",", "sat", "!"]), (True, ["the", "cat,", "sat!"])]
)
def test_a_tagger_tells_the_words_and_the_tag_of_each(
    client: TestClient, readers: list[str], split: bool, words: list[str]
) -> None:
    found = client.post("/v1/tasks/tag", json={"text": "the cat, sat!", "split": split}).json()
    assert (found["model"], found["words"]) == ("tags", words)
    assert found["tags"] == Tagger.load(readers[1]).predict([words])[0]
    assert found["answer"] == " ".join(f"{word}/{tag}" for word, tag in zip(words, found["tags"], strict=True))
    nothing = client.post("/v1/tasks/tag", json={"text": " "}).json()
    assert (nothing["words"], nothing["tags"], nothing["answer"]) == ([], [], "")


def test_a_question_answerer_tells_the_answer_and_where_it_stands(client: TestClient, readers: list[str]) -> None:
    text, question = "Bo went to the park.", "Where is Bo?"
    (reply,) = QuestionAnswerer.load(readers[2]).reply([(text, question)])
    for body in ({"text": text, "question": question}, {"text": f"{text} {question}"}):
        found = client.post("/v1/tasks/answer", json={"model": "places", **body}).json()
        assert (found["model"], found["task"], found["answer"]) == ("places", "answer", reply.text)
        assert (found["start"], found["choice"]) == (reply.start, reply.choice)
        assert found["probability"] == pytest.approx(reply.probability, abs=1e-4)
    refused = client.post("/v1/tasks/answer", json={"model": "places", "text": "Where is Bo?"})
    assert refused.json()["error"]["param"] == "text"
    refused = client.post("/v1/tasks/answer", json={"model": "river", "text": "A. B?", "choices": ["a"]})
    assert refused.json()["error"]["param"] == "choices"


def test_without_a_name_the_first_run_that_may_know_the_task_is_meant(start: Start, readers: list[str]) -> None:
    client = start(folders=readers[::-1])
    assert client.post("/v1/tasks/classify", json={"text": "a film"}).json()["model"] == "films"
    assert client.post("/v1/tasks/tag", json={"text": "a film"}).json()["model"] == "tags"


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("completions", {"model": "films", "prompt": "a"}, "films is a classifier, not a language model"),
        ("chat/completions", {"model": "tags", "messages": [{"role": "user", "content": "a"}]}, "tags is a tagger"),
        ("embeddings", {"model": "films", "input": "a"}, "films is a classifier, not a language model"),
        ("tasks/summarize", {"model": "films", "text": "a"}, "films is a classifier, not a language model"),
        ("tasks/tag", {"model": "films", "text": "a"}, "films is a classifier, not a tagger"),
        ("tasks/classify", {"model": "tags", "text": "a"}, "tags is a tagger, not a language model or a classifier"),
        ("tasks/classify", {"model": "films", "text": "a", "of": "Tom"}, "a classifier tells classes of texts"),
    ],
)
def test_a_run_of_another_kind_is_refused(client: TestClient, path: str, body: object, said: str) -> None:
    refused = client.post(f"/v1/{path}", json=body)
    assert refused.status_code == 400 and said in refused.json()["error"]["message"]


def test_a_sentence_that_is_too_long_is_refused(start: Start, readers: list[str]) -> None:
    refused = start(folders=readers, max_prompt_tokens=3).post("/v1/tasks/tag", json={"text": "the cat sat on"})
    assert refused.json()["error"]["code"] == "context_length_exceeded"


def test_readers_are_described_and_their_texts_stay_out_of_the_log(client: TestClient, log: Log) -> None:
    about = client.get("/v1/runs/films").json()
    assert (about["kind"], about["labels"], about["tasks"]) == ("classifier", ["bad", "good"], {})
    assert client.get("/v1/runs/river").json()["kind"] == "language model"
    assert [entry["kind"] for entry in client.get("/v1/models").json()["data"]] == [
        "language model", "classifier", "tagger", "question answerer",
    ]  # fmt: skip
    client.post("/v1/tasks/classify", json={"model": "films", "text": "a secret film"})
    assert log[-1]["model"] == "films" and "secret" not in str(log)


def test_readers_come_and_go_within_the_memory(start: Start, runs: list[str], readers: list[str]) -> None:
    client = start(folders=[runs[0], readers[0]], memory=0.068)  # a cache and a tiny model, no room for another
    for path, body, name in (
        ("completions", {"prompt": "a", "max_tokens": 1}, "river"),
        ("tasks/classify", {"model": "films", "text": "a"}, "films"),
        ("completions", {"prompt": "a", "max_tokens": 1}, "river"),
    ):
        assert client.post(f"/v1/{path}", json=body).status_code == 200
        assert name in [entry["id"] for entry in client.get("/v1/models").json()["data"] if entry["loaded"]]
