"""Lists of models: asked for seldom, never waited for long."""

import asyncio
from collections.abc import Mapping

from bot.core.errors import ModelUnavailable
from bot.slack.admin.prompts import model_list
from bot.slack.admin.prompts.model_list import ModelList


class Server:
    """Tells its models after `delay` seconds, unless it is away."""

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


async def test_a_list_is_remembered_for_a_while() -> None:
    server = Server()
    known = server.known()
    assert (await known()).offered == (await known()).offered == {"m-1": ""}
    assert server.asked == 1
    server.now = model_list.MODEL_LIST_TTL_SECONDS
    await known()
    assert server.asked == 2


async def test_without_a_list_there_is_none_to_choose_from() -> None:
    """And it is asked for again soon, but not at every form."""
    server = Server()
    server.is_away = True
    known = server.known()
    assert (await known()).offered == (await known()).offered == {}
    assert server.asked == 1
    server.is_away, server.now = False, model_list.FAILURE_TTL_SECONDS
    assert (await known()).offered == {"m-1": ""}


async def test_a_slow_server_is_not_waited_for() -> None:
    server = Server()
    server.delay = 60.0
    async with asyncio.timeout(model_list.MODEL_LIST_TIMEOUT_SECONDS + 1):
        assert (await server.known()()).offered == {}


async def test_what_is_told_of_no_parameter_is_told_of_the_model() -> None:
    """Admins set no field for streams or pictures, but want to know what became of them."""
    told = {"stop": "has no effect", "stream": "answers come in one piece", "pictures": "has no effect"}
    known = ModelList(Server().fetch, lambda model: told if model == "m-1" else {"n": "has no effect"})
    assert (await known()).notes_for("m-1") == {
        "stop": "has no effect",
        "model": "stream: answers come in one piece; pictures: has no effect",
    }
    assert (await known()).notes_for("m-2") == {"n": "has no effect"}
