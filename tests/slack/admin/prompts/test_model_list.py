"""The list of models: cached, and fetched within a second."""

import asyncio
from collections.abc import Mapping

from bot.core.errors import ModelUnavailable
from bot.slack.admin.prompts import model_list
from bot.slack.admin.prompts.model_list import ModelList


class Server:
    """Lists its models after `delay` seconds, unless it is away."""

    def __init__(self) -> None:
        self.asked = 0
        self.delay = 0.0
        self.is_away = False
        self.now = 0.0

    async def fetch(self) -> Mapping[str, str]:
        self.asked += 1
        await asyncio.sleep(self.delay)
        if self.is_away:
            raise ModelUnavailable
        return {"m-1": ""}

    def known(self) -> ModelList:
        return ModelList(self.fetch, clock=lambda: self.now)


async def test_a_list_is_cached() -> None:
    server = Server()
    known = server.known()
    assert (await known()).offered == (await known()).offered == {"m-1": ""}
    assert server.asked == 1
    server.now = model_list.MODEL_LIST_TTL_SECONDS
    await known()
    assert server.asked == 2


async def test_a_server_that_fails_offers_no_models() -> None:
    """The failure is cached for half a minute."""
    server = Server()
    server.is_away = True
    known = server.known()
    assert (await known()).offered == (await known()).offered == {}
    assert server.asked == 1
    server.is_away, server.now = False, model_list.FAILURE_TTL_SECONDS
    assert (await known()).offered == {"m-1": ""}


async def test_a_slow_server_times_out() -> None:
    server = Server()
    server.delay = 60.0
    async with asyncio.timeout(model_list.MODEL_LIST_TIMEOUT_SECONDS + 1):
        assert (await server.known()()).offered == {}


async def test_notes_without_a_field_become_the_notes_of_the_model() -> None:
    """Streams and pictures have no field in the form."""
    told = {"stop": "has no effect", "stream": "answers come in one piece", "pictures": "has no effect"}
    known = ModelList(Server().fetch, lambda model: told if model == "m-1" else {"n": "has no effect"})
    assert (await known()).notes_for("m-1") == {
        "stop": "has no effect",
        "model": "stream: answers come in one piece; pictures: has no effect",
    }
    assert (await known()).notes_for("m-2") == {"n": "has no effect"}
