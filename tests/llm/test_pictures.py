"""Pictures reach a model that can see; a blind model still answers; a bad picture is reported."""

import pytest

from bot.core.errors import ModelRejected, PictureRefused
from bot.core.requests import ChatMessage, ChatRequest
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.sandbox.model.server import SandboxModel
from tests.contracts.chat_model import collect
from tests.llm.raw_server import raw_server
from tests.llm.refusals import ANSWER, bodies, refusal, request

PICTURE = "data:image/png;base64,AAAA"
BLIND = "Invalid content type. image_url is only supported by certain models."


def seen(text: str = "What is this?") -> ChatRequest:
    return ChatRequest(model="m", messages=(ChatMessage(role="user", content=text, images=(PICTURE,)),))


async def test_a_model_that_sees_gets_the_picture_as_a_part(sandbox: SandboxModel) -> None:
    async with raw_server([ANSWER]) as server, open_client(server.base_url) as client:
        builder = await collect(OpenAIChat(client), seen())
    [body] = bodies(server)
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
    ]
    assert not builder.are_pictures_left_out


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_a_model_that_cannot_see_is_asked_without_the_picture(status: int) -> None:
    """The first refusal, with any status, is remembered; the person and the admins can be told."""
    refused = [refusal(BLIND, status=status)]
    async with raw_server(refused, [ANSWER]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client)
        builders = [await collect(model, asked) for asked in (seen(), seen(), request())]
        assert model.adaptations("m") == {"pictures": "has no effect: this model does not accept it"}
    assert [builder.are_pictures_left_out for builder in builders] == [True, True, False]
    assert [isinstance(body["messages"][0]["content"], list) for body in bodies(server)] == [
        True,
        *[False] * 3,
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Invalid image data: the image could not be decoded.", None),
        ("You uploaded an unsupported image. Use png, jpeg, gif or webp.", "invalid_image_format"),
        ("cannot identify this file", "image_parse_error"),
        ("Could not decode base64 string", None),
    ],
)
async def test_a_bad_picture_is_reported_and_the_model_is_not_taken_for_blind(words: str, code: str | None) -> None:
    refused = refusal(words, code=code)
    async with raw_server([refused]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client)
        with pytest.raises(PictureRefused):
            await collect(model, seen())
        with pytest.raises(ModelRejected) as caught:
            await collect(model, request())
        assert type(caught.value) is ModelRejected, "there was none"
        assert model.adaptations("m") == {}


async def test_other_errors_are_not_taken_for_picture_errors() -> None:
    async with raw_server([refusal("Something is wrong.")]) as server, open_client(server.base_url) as client:
        with pytest.raises(ModelRejected) as caught:
            await collect(OpenAIChat(client), seen())
    assert type(caught.value) is ModelRejected
