"""Reads the files of a question: what the model gets of them, and what the thread is told about them.

    photo.png   --download-->  data URL                       sent to the model as a picture
    notes.txt   --download, decode-->  text                   quoted to the model
    report.pdf  --download-->  file_extractor (own process)  -->  text, quoted
    movie.mp4   -->  "I can't read files of this kind"        said to the model, and below the answer

Rules: each file ends as text, a picture, or a remark. What a file may cost is limited in bytes, seconds and
characters. Parsers of strangers' files run in a process of their own, see `file_extractor`.
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

from bot.core.chat import attachments
from bot.core.chat.attachments import ExtractedText, FileContent, FileKind
from bot.core.errors import FileUnreadable, SurfaceError
from bot.core.turns import File
from bot.ports import Surface

ALL_FILES_TIMEOUT_SECONDS = 60.0
"""For all files of a question, since a person waits for the answer."""
EXTRACTION_TIMEOUT_SECONDS = 20.0
MAX_PAGES_PER_FILE = 50
"""Pages of a PDF, or slides of a presentation."""
MAX_PARALLEL_EXTRACTIONS = 2
"""So many files are parsed at a time by this process, for all questions together."""

EXTRACTOR_SCRIPT = Path(__file__).with_name("file_extractor.py")
TOO_SLOW_REASON = "it took too long"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class QuestionFiles:
    """What was read of the files of a question."""

    text_for_model: str = ""
    """Follows the question in the prompt."""
    remarks: str = ""
    """For people, below the answer."""
    pictures: tuple[str, ...] = ()
    """Data URLs, for the model."""


class FileReader:
    """Reads files; one for a process, which limits how many are parsed at once."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(MAX_PARALLEL_EXTRACTIONS)

    async def read(self, surface: Surface, files: Sequence[File]) -> QuestionFiles:
        """Read files. Never raises because of a file."""
        contents: list[FileContent] = []
        end = asyncio.get_running_loop().time() + ALL_FILES_TIMEOUT_SECONDS
        for number, file in enumerate(files):
            if number >= attachments.MAX_FILES:
                contents.append(attachments.report_unreadable(file.name, "there are more files than I read at once"))
                continue
            try:
                async with asyncio.timeout_at(end):
                    contents.append(await self._read_file(surface, file, contents))
            except FileUnreadable as why:
                contents.append(attachments.report_unreadable(file.name, str(why)))
            except SurfaceError as error:
                log.info("A file could not be downloaded.", action="file_unread", error=error.code)
                contents.append(attachments.report_unreadable(file.name, "it could not be downloaded"))
            except TimeoutError:
                contents.append(attachments.report_unreadable(file.name, TOO_SLOW_REASON))
        return QuestionFiles(
            attachments.render_for_model(contents),
            attachments.render_remarks(contents),
            tuple(content.picture for content in contents if content.picture),
        )

    async def _read_file(self, surface: Surface, file: File, before: Sequence[FileContent]) -> FileContent:
        kind = attachments.detect_kind(file)
        if kind is None:
            raise FileUnreadable("I can't read files of this kind")
        if kind is FileKind.PICTURE:
            if sum(bool(one.picture) for one in before) >= attachments.MAX_PICTURES:
                raise FileUnreadable(f"I look at no more than {attachments.MAX_PICTURES} pictures at once")
            data = await _download(surface, file, attachments.MAX_PICTURE_BYTES)
            url = f"data:{attachments.detect_picture_type(data)};base64,{base64.b64encode(data).decode()}"
            return FileContent(name=file.name, picture=url)
        characters_left = attachments.MAX_CHARACTERS_IN_TOTAL - sum(len(one.text) for one in before)
        if characters_left <= 0:
            raise FileUnreadable("the files before it leave no room for it")
        data = await _download(surface, file, attachments.MAX_FILE_BYTES)
        max_characters = min(attachments.MAX_CHARACTERS_PER_FILE, characters_left)
        if kind is FileKind.TEXT:
            extracted = ExtractedText(text=attachments.decode_text(data))
        else:
            async with self._slots:
                extracted = await extract_text(data, kind, max_characters)
        part_name = "slides" if kind is FileKind.SLIDES else "pages"
        return attachments.shorten_document(file.name, extracted, max_characters, part=part_name)


async def _download(surface: Surface, file: File, limit: int) -> bytes:
    if file.size > limit:
        raise FileUnreadable(f"it is larger than {limit // 1024**2} MB")
    return await surface.download_file(file, limit=limit)


async def extract_text(data: bytes, kind: FileKind, max_characters: int) -> ExtractedText:
    """Return the text of a PDF or office file. Raises `FileUnreadable`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(EXTRACTOR_SCRIPT), kind.value, str(max_characters), str(MAX_PAGES_PER_FILE)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LANG": "C.UTF-8"},  # not the bot's environment, which holds keys and tokens
    )
    try:
        async with asyncio.timeout(EXTRACTION_TIMEOUT_SECONDS):
            output, _ = await process.communicate(data)
    except TimeoutError:
        raise FileUnreadable(TOO_SLOW_REASON) from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    try:
        return ExtractedText(**json.loads(output))
    except ValueError:  # the process died, and printed nothing
        raise FileUnreadable("it is damaged, protected by a password, or too large") from None
