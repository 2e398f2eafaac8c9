"""`bot models`: the models of the server, and what was learned about them."""

from pathlib import Path

from bot.core.learned_facts import Fact
from bot.sandbox.model.server import MODEL_NAMES, SandboxModel
from bot.store import migrate
from bot.store.config.learned_facts import SqlLearnedFacts
from bot.store.database import parse_database_url
from tests.databases import open_database
from tests.program import program


async def run_models(folder: Path, base_url: str, *more: str, model: str = "") -> tuple[int, str]:
    env = {"OPENAI_BASE_URL": base_url, "BOT_MODEL": model}
    async with program("models", *more, cwd=folder, env=env) as running:
        code = await running.wait()
    return code, running.text


async def test_it_lists_the_models_and_marks_the_chosen_one(tmp_path: Path) -> None:
    async with SandboxModel() as server:
        code, text = await run_models(tmp_path, server.base_url, model="sandbox-small")
    assert code == 0
    assert [line[2:].split(",")[0] for line in text.splitlines()] == list(MODEL_NAMES)
    (ours,) = [line for line in text.splitlines() if line.startswith("*")]
    assert ours.startswith("* sandbox-small")
    assert "sandbox-old, will be shut down on 2027-01-14" in text


async def test_a_server_without_a_list_is_named_in_one_sentence(tmp_path: Path) -> None:
    code, text = await run_models(tmp_path, "http://127.0.0.1:1/v1")
    assert code == 2
    (sentence,) = text.splitlines()
    assert sentence.startswith("bot: http://127.0.0.1:1/v1 (OPENAI_BASE_URL) did not list its models")
    assert sentence.endswith("a model can still be set by its name.")


async def test_it_shows_what_was_learned_and_forgets_it_on_request(tmp_path: Path) -> None:
    """And creates no database if there is none."""
    async with SandboxModel() as server:
        await run_models(tmp_path, server.base_url)
        assert not list(tmp_path.iterdir())  # noqa: ASYNC240 - nothing else runs in this loop
        url = parse_database_url(f"sqlite:///{tmp_path / 'threadkeeper.db'}")
        migrate.upgrade_database(url)
        async with open_database(url) as database:
            content = {"instead": "", "values": [0.2]}
            await SqlLearnedFacts(database).save_fact(
                Fact(server=server.base_url, model="sandbox-old", subject="field temperature", content=content)
            )
        _, text = await run_models(tmp_path, server.base_url)
        lines = text.splitlines()
        below = lines[next(number for number, line in enumerate(lines) if "sandbox-old" in line) + 1]
        assert below == "      temperature: has no effect: this model does not accept the value 0.2"
        assert await run_models(tmp_path, server.base_url, "--forget") == (0, "Forgot 1 fact.\n")
        assert "temperature" not in (await run_models(tmp_path, server.base_url))[1]
