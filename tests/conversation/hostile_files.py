"""Makes files that try to eat a parser's time or memory, or to read what is not theirs."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

import docx
import openpyxl
import pptx

MEBIBYTE = 1024**2
SECRET = "the secret of the host"
_ARCHIVED = {"docx": "word/document.xml", "xlsx": "xl/worksheets/sheet1.xml", "pptx": "ppt/slides/slide1.xml"}
"""Where each kind keeps its text."""


def office(kind: str) -> bytes:
    """Return a sound file with a little text."""
    stream = io.BytesIO()
    if kind == "docx":
        document = docx.Document()
        document.add_paragraph("Tea")
        document.save(stream)
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        book.worksheets[0].append(["Tea"])
        book.save(stream)
    else:
        show = pptx.Presentation()
        show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = "Tea"
        show.save(stream)
    return stream.getvalue()


def replace_text(kind: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a file of a kind whose main part is changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(office(kind))) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == _ARCHIVED[kind] else data)
    return stream.getvalue()


def with_entities(kind: str, declarations: str, entity: str) -> bytes:
    """Return a file whose text is an entity of its own DTD."""

    def change(xml: bytes) -> bytes:
        body = xml.decode().partition("?>")[2] or xml.decode()
        name = body.lstrip().lstrip("<").split(maxsplit=1)[0].rstrip(">")
        body = body.replace("Tea", f"&{entity};").replace("<v>0</v>", f"<v>&{entity};</v>")
        return f'<?xml version="1.0"?><!DOCTYPE {name} [{declarations}]>{body}'.encode()

    return replace_text(kind, change)


def billion_laughs(kind: str) -> bytes:
    """Return a file in which each entity is ten of the one before."""
    declared = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return with_entities(kind, '<!ENTITY e0 "laugh">' + declared, "e9")


def quadratic_entities(kind: str) -> bytes:
    """Return a file that names a long entity many times."""
    name = ";&long" * 20_000
    return with_entities(kind, f'<!ENTITY long "{"x" * 50_000}">', f"long{name}")


def external_entity(kind: str, address: str) -> bytes:
    """Return a file that wants to read another."""
    return with_entities(kind, f'<!ENTITY other SYSTEM "{address}">', "other")


def repeated_element(element: bytes, number: int = 1_000_000) -> bytes:
    """Return a Word document of one element many times, which says nothing."""
    return replace_text("docx", lambda xml: xml.replace(b"<w:sectPr", element * number + b"<w:sectPr", 1))


def large_text(kind: str, mebibytes: int = 190) -> bytes:
    """Return a file with one text that is just below what may be unpacked."""
    filler = b"x" * (mebibytes * MEBIBYTE)
    mark = b"<v>0</v>" if kind == "xlsx" else b"Tea"
    return replace_text(kind, lambda xml: xml.replace(mark, filler))


def lying_archive(kind: str) -> bytes:
    """Return an archive whose part unpacks to 300 MiB and is declared as 1 KiB, in both headers."""
    data = bytearray(large_text(kind, 300))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        member = archive.getinfo(_ARCHIVED[kind])
    real = struct.pack("<I", member.file_size)
    start = 0
    while (start := data.find(real, start)) >= 0:
        data[start : start + 4] = struct.pack("<I", 1024)
    return bytes(data)


def archive_bomb(kind: str) -> bytes:
    """Return a sound file with something beside it that unpacks to more than anybody should unpack."""
    stream = io.BytesIO(office(kind))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.bin", "w") as out:
        for _ in range(201):
            out.write(b" " * MEBIBYTE)
    return stream.getvalue()


def sheet(xml: str, *, dimension: str = "A1") -> bytes:
    """Return a spreadsheet with the rows in `xml`, which claims to be as large as `dimension`."""
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    whole = f'{head}<dimension ref="{dimension}"/><sheetData>{xml}</sheetData></worksheet>'
    return replace_text("xlsx", lambda _: whole.encode())


def cell(place: str, text: str = "Tea") -> str:
    """Return a row with one cell, at a place such as B7."""
    number = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f'<row r="{number}"><c r="{place}" t="inlineStr"><is><t>{text}</t></is></c></row>'


def pdf(objects: Mapping[int, bytes]) -> bytes:
    """Return a PDF with these numbered objects, of which 1 is the catalog."""
    body, offsets = b"%PDF-1.4\n", {}
    for number, content in objects.items():
        offsets[number] = len(body)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    size = max(objects) + 1
    entries = b"".join(b"%010d %05d %c \n" % (offsets.get(n, 0), 0, b"nf"[n not in offsets]) for n in range(size))
    start = len(body)
    return body + b"xref\n0 %d\n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        size, entries, size, start,
    )  # fmt: skip


def pdf_page(content: bytes, *, filters: bytes = b"", resources: bytes = b"", more: Mapping[int, bytes] = {}) -> bytes:
    """Return a PDF with one page that draws `content`."""
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << %b >> /Contents 4 0 R >>" % resources,
            4: _stream(content, filters),
            **more,
        }
    )


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), entries, content)


def double_deflated(mebibytes: int = 700) -> bytes:
    """Return a PDF whose page is deflated twice, so that a few kilobytes become 700 MiB."""
    packer, packed = zlib.compressobj(9), b""
    for _ in range(mebibytes):
        packed += packer.compress(b" " * MEBIBYTE)
    packed = zlib.compress(packed + packer.flush(), 9)
    return pdf_page(packed, filters=b"/Filter [/FlateDecode /FlateDecode]")


def many_operators(number: int = 1_000_000) -> bytes:
    """Return a PDF whose page has many commands."""
    return pdf_page(zlib.compress(b"q Q " * number), filters=b"/Filter /FlateDecode")


def looping_pages() -> bytes:
    """Return a PDF whose tree of pages contains itself."""
    return pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] >>"})


def nested_forms(depth: int = 200) -> bytes:
    """Return a PDF whose page draws a form twice, which draws another twice, and so on."""
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F %d 0 R >> >>"
    more = {5 + n: _stream(b"/F Do /F Do", form % (6 + n)) for n in range(depth)}
    more[5 + depth] = _stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    return pdf_page(b"/F Do /F Do", resources=b"/XObject << /F 5 0 R >>", more=more)


def many_kids(number: int = 1_000_000) -> bytes:
    """Return a PDF that names one page a million times."""
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count %d /Kids [%b] >>" % (number, b"3 0 R " * number),
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        }
    )


def deep_objects(depth: int = 100_000) -> bytes:
    """Return a PDF with arrays in arrays without end."""
    return pdf_page(b"", resources=b"/X " + b"[" * depth + b"]" * depth)
