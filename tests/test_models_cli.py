"""`bot models`: what the server offers, in one look."""

from pathlib import Path

from bot.sandbox.model import MODELS, SandboxModel
from tests.program import program


async def printed(folder: Path, base_url: str, *, model: str = "") -> tuple[int, str]:
    env = {"OPENAI_BASE_URL": base_url, "BOT_MODEL": model}
    async with program("models", cwd=folder, env=env) as running:
        code = await running.wait()
    return code, running.text


async def test_it_lists_the_models_and_marks_ours(tmp_path: Path) -> None:
    async with SandboxModel() as server:
        code, text = await printed(tmp_path, server.base_url, model="sandbox-small")
    assert code == 0
    assert [line[2:].split(",")[0] for line in text.splitlines()] == list(MODELS)
    (ours,) = [line for line in text.splitlines() if line.startswith("*")]
    assert ours.startswith("* sandbox-small")
    assert "sandbox-old, will be shut down on 2027-01-14" in text


async def test_a_server_without_a_list_is_named_in_one_sentence(tmp_path: Path) -> None:
    code, text = await printed(tmp_path, "http://127.0.0.1:1/v1")
    assert code == 2
    (sentence,) = text.splitlines()
    assert sentence.startswith("bot: http://127.0.0.1:1/v1 (OPENAI_BASE_URL) gave no list of models")
    assert sentence.endswith("a model can be set by its name all the same.")
