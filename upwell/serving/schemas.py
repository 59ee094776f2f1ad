"""What requests may hold. An option that would be ignored is refused, so that nobody believes it works."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from upwell.generation import SamplingOptions

MAX_SEED = 2**62
Zero = Annotated[float, Field(ge=0, le=0)]
Text = Annotated[str, Field(min_length=1)]


class ErrorDetail(BaseModel):
    """What was wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(BaseModel):
    """A refusal, in the form that OpenAI's clients know."""

    error: ErrorDetail


class StreamOptions(BaseModel):
    """Of a stream."""

    model_config = ConfigDict(extra="forbid")

    include_usage: bool = Field(False, description="A last event with the number of tokens.")


class TextForm(BaseModel):
    """Any text."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["text"]


class JsonForm(BaseModel):
    """Any JSON object."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["json_object"]


class NamedSchema(BaseModel):
    """A schema under a name."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", description="For your own records.")
    description: str | None = Field(None, description="The same: the model is not shown it.")
    schema_: dict[str, Any] = Field(alias="schema", description="A JSON schema; what cannot be followed is refused.")
    strict: bool | None = Field(None, description="It is always followed strictly.")


class SchemaForm(BaseModel):
    """JSON that a schema describes."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["json_schema"]
    json_schema: NamedSchema


class PatternForm(BaseModel):
    """What a regular expression matches from beginning to end."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["regex"]
    pattern: str


class Sampling(BaseModel):
    """What completions and chats share."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    model: str = Field("", description="Name of a run, as /v1/models lists them; by default the first.")
    temperature: float | None = Field(None, ge=0, le=100, description="0 takes the likeliest token each time.")
    top_p: float | None = Field(None, ge=0, le=1, description="Only the fewest tokens that reach this probability.")
    top_k: int | None = Field(None, ge=0, le=10**9, description="Only the k likeliest tokens; 0: all.")
    min_p: float | None = Field(None, ge=0, le=1, description="Only tokens of this share of the likeliest one's.")
    repetition_penalty: float | None = Field(None, ge=0.01, le=100, description="Above 1: say other things.")
    stop: Text | list[Text] | None = Field(None, description="The text ends before the first of these.")
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="The same seed gives the same text.")
    n: int | None = Field(None, ge=1, le=128, description="Texts for each prompt; text i draws with seed + i.")
    stream: bool | None = Field(None, description="Send the text in pieces, as server-sent events.")
    stream_options: StreamOptions | None = None
    response_format: Annotated[TextForm | JsonForm | SchemaForm | PatternForm, Field(discriminator="type")] | None = (
        Field(
            None,
            description="The form of each text; it is kept unless max_tokens or a stop string ends the text before.",
        )
    )
    user: str | None = Field(None, description="For your own records; not kept.")
    frequency_penalty: Zero | None = Field(None, description="Only 0; see repetition_penalty.")
    presence_penalty: Zero | None = Field(None, description="Only 0; see repetition_penalty.")
    logit_bias: Annotated[dict[str, float], Field(max_length=0)] | None = Field(None, description="Only empty.")

    def options(self, max_tokens: int, seed: int) -> SamplingOptions:
        """As the generator takes them."""
        given = {
            name: value
            for name in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")
            if (value := getattr(self, name)) is not None
        }
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return SamplingOptions(max_tokens=max_tokens, stop=tuple(stop), seed=seed, **given, **self._form())

    def _form(self) -> dict[str, Any]:
        match self.response_format:
            case JsonForm():
                return {"json_schema": '{"type": "object"}'}
            case SchemaForm(json_schema=named):
                return {"json_schema": json.dumps(named.schema_)}
            case PatternForm(pattern=pattern):
                return {"regex": pattern}
        return {}


class CompletionRequest(Sampling):
    """A text to go on from."""

    prompt: str | list[str] = Field("", description="One text or several. Lists of token ids are not taken.")
    max_tokens: int | None = Field(None, ge=0, description="Most tokens to write.")
    logprobs: int | None = Field(None, ge=0, le=20, description="So many of the likeliest tokens in each place.")
    echo: Literal[False] | None = Field(None, description="Only false.")
    suffix: Annotated[str, Field(max_length=0)] | None = Field(None, description="Only empty.")
    best_of: Literal[1] | None = Field(None, description="Only 1.")


class ContentPart(BaseModel):
    """A part of a message."""

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """A turn. What clients add to one that they got here is left aside."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[ContentPart]

    @property
    def text(self) -> str:
        """All of it."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class ChatRequest(Sampling):
    """Turns to go on from."""

    messages: Annotated[list[Message], Field(min_length=1)]
    max_tokens: int | None = Field(None, ge=0, description="Most tokens to write.")
    max_completion_tokens: int | None = Field(None, ge=0, description="The same.")
    logprobs: bool | None = Field(None, description="Whether to send log-probabilities.")
    top_logprobs: int | None = Field(None, ge=0, le=20, description="So many of the likeliest tokens in each place.")
    tools: Annotated[list[Any], Field(max_length=0)] | None = Field(None, description="Only empty.")


class EmbeddingRequest(BaseModel):
    """Texts to be placed in the space of the network's hidden vectors."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field("", description="Name of a run; by default the first.")
    input: Text | Annotated[list[Text], Field(min_length=1, max_length=256)] = Field(
        description="One text or several, none empty."
    )
    encoding_format: Literal["float", "base64"] = Field("float", description="base64: of little-endian fp32.")
    user: str | None = Field(None, description="For your own records; not kept.")


class TaskRequest(BaseModel):
    """A text that something is done with."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field("", description="Name of a run; by default the first that may know the task.")
    text: Text = Field(description="In English or Chinese.")


class AnswerRequest(TaskRequest):
    """A text and a question."""

    question: str = Field("", description="About the text; without one the last sentence of the text is the question.")
    choices: Annotated[list[Text], Field(max_length=100)] = Field(
        [], description="What may be answered, for question answerers that choose."
    )


class ClassifyRequest(TaskRequest):
    """A text of which something is told."""

    of: str = Field(
        "",
        description="A person, for language models: how did they feel in the end? Without one: what is the text about?",
    )


class TagRequest(TaskRequest):
    """A sentence whose words get tags."""

    split: bool = Field(False, description="Its words are divided by blanks: look no further for them.")
