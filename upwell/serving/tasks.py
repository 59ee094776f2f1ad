"""/v1/tasks: a user's own text put to a model that learned the task."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request

from upwell.errors import UserError
from upwell.serving.errors import ApiError
from upwell.serving.schemas import AnswerRequest, ClassifyRequest, TaskRequest
from upwell.serving.state import CurrentServer, Server, note
from upwell.serving.writing import EngineAnswerer, unless_gone
from upwell.tasks.asking import Asker, split_question

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
    """The answer to a question about a text, and the facts of the text that the model gave for it."""

    def put(asker: Asker) -> dict[str, Any]:
        text, question = (body.text, body.question) if body.question else _split(body.text)
        said, reason = asker.answer_with_reason(text, question)
        return {"answer": said, "reason": reason}

    return await _ask(request, server, body, "answer", put)


@router.post("/classify")
async def classify(body: ClassifyRequest, request: Request, server: CurrentServer) -> dict[str, Any]:
    """What a text is about, or how somebody in it felt in the end."""
    return await _ask(request, server, body, "classify", lambda asker: {"answer": asker.classify(body.text, body.of)})


@router.post("/summarize")
async def summarize(body: TaskRequest, request: Request, server: CurrentServer) -> dict[str, Any]:
    """A story in a sentence or two."""
    return await _ask(request, server, body, "summarize", lambda asker: {"answer": asker.summarize(body.text)})


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


async def _in_thread(server: Server, function: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return await asyncio.get_running_loop().run_in_executor(server.threads, function)
