"""The files of a question -> what the model is told and shown of them.

Separate from `asking`, which makes the request, because files come from outside and take time. Rules: every
file ends as something that is said; what one file costs is bounded in bytes, seconds and characters; a parser
runs in a process of its own, see `extracting`.
"""

import asyncio
import base64
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.core import attachments
from bot.core.attachments import Extract, Kind, Reading, Unread
from bot.core.domain import File
from bot.core.errors import SurfaceError
from bot.ports import Surface

PATIENCE = 60.0
"""Seconds for all files of a question; somebody waits for an answer."""
EXTRACTING = 20.0
"""Seconds for the text of one file."""
PAGES = 50
"""Pages or slides read of one file."""
AT_ONCE = 2
"""Files that are opened at a time by this process, whoever asks."""

SCRIPT = Path(__file__).with_name("extracting.py")
TOO_SLOW = "it took too long"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Read:
    """What the files of a question come to."""

    reading: str = ""
    """What the model is told, after the question."""
    remarks: str = ""
    """What people are told, below the answer."""
    pictures: tuple[str, ...] = ()
    """What the model sees: data URLs."""


class Reader:
    """Reads files; one for all questions of a process."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)

    async def read(self, surface: Surface, files: Sequence[File]) -> Read:
        """Return what the files come to. Never raises because of a file."""
        readings: list[Reading] = []
        end = asyncio.get_running_loop().time() + PATIENCE
        for number, file in enumerate(files):
            if number >= attachments.MOST_FILES:
                readings.append(attachments.unread(file.name, "there are more files than I read at once"))
                continue
            try:
                async with asyncio.timeout_at(end):
                    readings.append(await self._file(surface, file, readings))
            except Unread as why:
                readings.append(attachments.unread(file.name, str(why)))
            except SurfaceError as error:
                log.info("A file could not be downloaded.", action="file_unread", error=error.code)
                readings.append(attachments.unread(file.name, "it could not be downloaded"))
            except TimeoutError:
                readings.append(attachments.unread(file.name, TOO_SLOW))
        return Read(
            attachments.told(readings),
            attachments.remarks(readings),
            tuple(reading.picture for reading in readings if reading.picture),
        )

    async def _file(self, surface: Surface, file: File, before: Sequence[Reading]) -> Reading:
        kind = attachments.kind(file)
        if kind is None:
            raise Unread("I can't read files of this kind")
        if kind is Kind.PICTURE:
            if sum(bool(one.picture) for one in before) >= attachments.MOST_PICTURES:
                raise Unread(f"I look at no more than {attachments.MOST_PICTURES} pictures at once")
            data = await _fetched(surface, file, attachments.PICTURE_SIZE)
            url = f"data:{attachments.picture_type(data)};base64,{base64.b64encode(data).decode()}"
            return Reading(name=file.name, picture=url)
        room = attachments.MOST_CHARACTERS_IN_ALL - sum(len(one.text) for one in before)
        if room <= 0:
            raise Unread("the files before it are long enough")
        data = await _fetched(surface, file, attachments.FILE_SIZE)
        most = min(attachments.MOST_CHARACTERS, room)
        if kind is Kind.TEXT:
            extract = Extract(text=attachments.decoded(data))
        else:
            async with self._room:
                extract = await extracted(data, kind, most)
        part = "slides" if kind is Kind.SLIDES else "pages"
        return attachments.shortened(file.name, extract, most, part=part)


async def _fetched(surface: Surface, file: File, limit: int) -> bytes:
    if file.size > limit:
        raise Unread(f"it is larger than {limit // 1024**2} MB")
    return await surface.fetch(file, limit=limit)


async def extracted(data: bytes, kind: Kind, characters: int) -> Extract:
    """Return the text of a PDF or office file. Raises `Unread`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(SCRIPT), kind.value, str(characters), str(PAGES)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LANG": "C.UTF-8"},  # nothing of our own, which holds keys and tokens
    )
    try:
        async with asyncio.timeout(EXTRACTING):
            output, _ = await process.communicate(data)
    except TimeoutError:
        raise Unread(TOO_SLOW) from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    try:
        return Extract(**json.loads(output))
    except ValueError:  # it died, and printed nothing
        raise Unread("it is damaged, protected by a password, or too large") from None
