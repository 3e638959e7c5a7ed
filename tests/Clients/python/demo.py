"""What the tests share: where the servers are, what the bundled model says, and the shapes that are asked of it."""

import json
import os
import time
from enum import Enum
from typing import Annotated, Literal
from urllib.request import Request, urlopen

from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, ConfigDict, Field

SERVER = os.environ["SERVER_URL"]
KEYED = os.environ["KEYED_SERVER_URL"]
RIGHT_KEY = "sk-right"
MODEL = "llama-2-wordnet-8m"
CONTEXT_LENGTH = 1024

QUESTION = "What is a giraffe?"
GLOSS = "tallest living quadruped; having a spotted coat and small horns and very long neck and legs"
FOLLOW_UP = "And a zebra?"
FOLLOW_UP_GLOSS = "any of several fleet black-and-white striped African equines"
USER = {"role": "user", "content": QUESTION}


def connect(**options) -> OpenAI:
    """The client, which holds each answer against its own types; a retry would hide a fault."""
    return OpenAI(**{"base_url": f"{SERVER}/v1", "api_key": "any", "max_retries": 0, "_strict_response_validation": True} | options)


def connect_async(**options) -> AsyncOpenAI:
    return AsyncOpenAI(**{"base_url": f"{SERVER}/v1", "api_key": "any", "max_retries": 0, "_strict_response_validation": True} | options)


def ask(client: OpenAI, **options):
    return client.chat.completions.create(**{"model": MODEL, "messages": [USER], "temperature": 0} | options)


def respond(client: OpenAI, **options):
    return client.responses.create(**{"model": MODEL, "input": QUESTION, "temperature": 0} | options)


def until_idle() -> None:
    """Waits until no request is being answered; a client that left must not go on costing."""
    while any(line.startswith(b"vllm:num_requests_running{") and not line.endswith(b" 0") for line in urlopen(f"{SERVER}/metrics").read().splitlines()):
        time.sleep(0.02)


def tokens_of(text: str) -> list[int]:
    body = json.dumps({"model": MODEL, "prompt": text}).encode()
    return json.load(urlopen(Request(f"{SERVER}/tokenize", body, {"Content-Type": "application/json"})))["tokens"]


class Kind(Enum):
    MAMMAL = "mammal"
    BIRD = "bird"


class Habitat(BaseModel):
    continent: Literal["Africa", "Asia"]
    is_wet: bool


class Animal(BaseModel):
    """Everything in it is bounded, so that even a model which never saw JSON comes to its end."""

    word: Annotated[str, Field(max_length=12)]
    kind: Kind
    legs: Annotated[int, Field(ge=0, le=8)]
    weight: float | None
    colours: Annotated[list[Literal["black", "white"]], Field(max_length=3)]
    habitat: Habitat


class LookUp(BaseModel):
    """Looks a word up."""

    model_config = ConfigDict(title="look_up")
    word: Annotated[str, Field(max_length=12)]
    language: Literal["en", "fr"]


class Paint(BaseModel):
    model_config = ConfigDict(title="paint")
    colour: Literal["black", "white"]
    is_striped: bool
