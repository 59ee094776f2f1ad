"""/v1/tasks: a user's own text put to a run that learned the task."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request

from upwell.api import QuestionAnswerer, Tagger, TextClassifier
from upwell.errors import UserError
from upwell.serving.errors import TOO_LONG, ApiError
from upwell.serving.models import Reader
from upwell.serving.schemas import AnswerRequest, ClassifyRequest, TagRequest, TaskRequest
from upwell.serving.state import CurrentServer, Server, note
from upwell.serving.writing import EngineAnswerer, unless_gone
from upwell.tasks.asking import Asker, split_question
from upwell.text.vectors.cutting import sentence_words
from upwell.training.runs import ANSWERER, CLASSIFIER, LANGUAGE_MODEL, TAGGER

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])


@router.post("/translate")
async def translate(body: TaskRequest, request: Request, server: CurrentServer) -> dict[str, Any]:
    """English to Chinese, Chinese to English; a single word with its senses."""

    def put(asker: Asker) -> dict[str, Any]:
        text = body.text.strip()
        if not asker.is_word(text):
            return {"answer": asker.translate(body.text)}
        found = asker.senses(text)
        senses = [{"class": kind, "answer": word, "probability": probability} for kind, word, probability in found]
        return {"answer": "; ".join(word for _, word, _ in found), "senses": senses}

    return await _ask(request, server, body, "translate", put)


@router.post("/answer")
async def answer(body: AnswerRequest, request: Request, server: CurrentServer) -> dict[str, Any]:
    """The answer to a question about a text. By a question answerer: with the probability that it is right, and where it begins
    or which of the `choices` it is. By a language model: with the facts of the text that it gave for it.
    """
    text, question = (body.text, body.question) if body.question else _split(body.text)
    if server.models.find(body.model, [LANGUAGE_MODEL, ANSWERER]).kind == ANSWERER:
        if not text.strip():
            raise ApiError(400, "text: there is none before the question", parameter="text")
        return await _read(
            request, server, body, "answer", ANSWERER, lambda reader: _reply(reader, text, question, body.choices)
        )
    if body.choices:
        raise ApiError(400, "choices: a language model is not asked to choose", parameter="choices")

    def put(asker: Asker) -> dict[str, Any]:
        said, reason = asker.answer_with_reason(text, question)
        return {"answer": said, "reason": reason}

    return await _ask(request, server, body, "answer", put)


@router.post("/classify")
async def classify(body: ClassifyRequest, request: Request, server: CurrentServer) -> dict[str, Any]:
    """What class a text is of, by a classifier: with the probability of each. By a language model: what the text is about, or
    how somebody in it felt in the end.
    """
    if server.models.find(body.model, [LANGUAGE_MODEL, CLASSIFIER]).kind == CLASSIFIER:
        if body.of:
            raise ApiError(400, "of: a classifier tells classes of texts, not how people felt", parameter="of")
        return await _read(request, server, body, "classify", CLASSIFIER, lambda reader: _classes(reader, body.text))
    return await _ask(request, server, body, "classify", lambda asker: {"answer": asker.classify(body.text, body.of)})


@router.post("/tag")
async def tag(body: TagRequest, request: Request, server: CurrentServer) -> dict[str, Any]:
    """The words of a sentence, and the tag of each, by a tagger."""
    words = sentence_words(body.text, split=body.split)
    most = server.options.max_prompt_tokens
    if len(words) > most:
        raise ApiError(400, f"the text has {len(words)} words, this server takes {most}", code=TOO_LONG)
    return await _read(request, server, body, "tag", TAGGER, lambda reader: _tags(reader, words))


@router.post("/summarize")
async def summarize(body: TaskRequest, request: Request, server: CurrentServer) -> dict[str, Any]:
    """A story in a sentence or two."""
    return await _ask(request, server, body, "summarize", lambda asker: {"answer": asker.summarize(body.text)})


def _classes(reader: Reader, text: str) -> dict[str, Any]:
    assert isinstance(reader, TextClassifier)
    probabilities = reader.predict_proba([text])
    said = reader.decide(probabilities)[0]
    labels = list(map(str, said)) if isinstance(said, list) else [str(said)]
    named = {str(name): float(p) for name, p in zip(reader.classes_, probabilities[0], strict=True)}
    return {"answer": ", ".join(labels), "labels": labels, "probabilities": named}


def _reply(reader: Reader, text: str, question: str, choices: list[str]) -> dict[str, Any]:
    assert isinstance(reader, QuestionAnswerer)
    (reply,) = reader.reply([{"context": text, "question": question, "choices": choices}])
    return {"answer": reply.text, "probability": reply.probability, "start": reply.start, "choice": reply.choice}


def _tags(reader: Reader, words: list[str]) -> dict[str, Any]:
    assert isinstance(reader, Tagger)
    tags = reader.predict([words])[0]
    answer = " ".join(f"{word}/{tag}" for word, tag in zip(words, tags, strict=True))
    return {"answer": answer, "words": words, "tags": tags}


def _split(text: str) -> tuple[str, str]:
    try:
        return split_question(text)
    except UserError:
        raise ApiError(400, "give a question, or a text that ends in one", parameter="question") from None


async def _ask(
    request: Request, server: Server, body: TaskRequest, task: str, put: Callable[[Asker], dict[str, Any]]
) -> dict[str, Any]:
    """`put` works in a thread of its own, which waits for the engine; it ends soon after the client is gone."""
    async with server.models.use(body.model) as (name, loaded), asyncio.timeout(server.options.max_seconds):
        note(request, model=name, **({"prompts": [body.text]} if server.options.log_prompts else {}))
        model = loaded.language_model
        answerer = EngineAnswerer(loaded.engine, model.answerer, max_prompt_tokens=server.options.max_prompt_tokens)
        asker = dataclasses.replace(model.asker, answerer=answerer, name=name)
        with loaded.room.enter():
            try:
                found = await unless_gone(request, _in_thread(server, lambda: put(asker)))
            finally:
                answerer.stop()
    return {"model": name, "task": task, **found}


async def _read(
    request: Request,
    server: Server,
    body: TaskRequest,
    task: str,
    kind: str,
    put: Callable[[Reader], dict[str, Any]],
) -> dict[str, Any]:
    """`put` is given what a run of this `kind` holds, in a thread of its own."""
    async with (
        server.models.use_reader(body.model, kind) as (name, loaded),
        asyncio.timeout(server.options.max_seconds),
    ):
        note(request, model=name, **({"prompts": [body.text]} if server.options.log_prompts else {}))
        with loaded.room.enter():
            found = await unless_gone(request, _in_thread(server, lambda: put(loaded.reader)))
    return {"model": name, "task": task, **found}


async def _in_thread(server: Server, function: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return await asyncio.get_running_loop().run_in_executor(server.threads, function)
