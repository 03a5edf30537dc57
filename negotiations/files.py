"""Files kept with a source: which kinds, how large, under what name they lie on the disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files.base import File

MAX_BYTES = 20_000_000
NAME_LENGTH = 150
_ZIP = (0, b"PK\x03\x04")
_OLE = (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."


@dataclass(frozen=True)
class Kind:
    """A kind of file by what it is sent as, and by what stands at a place near its beginning.

    Without such a mark it is plain text, in which no byte is zero.
    """

    mime: str
    marks: tuple[tuple[int, bytes], ...] = ()

    def fits(self, head: bytes) -> bool:
        if not self.marks:
            return b"\x00" not in head
        return any(head[at : at + len(mark)] == mark for at, mark in self.marks)


KINDS = {
    "pdf": Kind("application/pdf", ((0, b"%PDF-"),)),
    "doc": Kind("application/msword", (_OLE,)),
    "docx": Kind(f"{_OFFICE}wordprocessingml.document", (_ZIP,)),
    "odt": Kind(f"{_OPEN}text", (_ZIP,)),
    "rtf": Kind("application/rtf", ((0, b"{\\rtf"),)),
    "xls": Kind("application/vnd.ms-excel", (_OLE,)),
    "xlsx": Kind(f"{_OFFICE}spreadsheetml.sheet", (_ZIP,)),
    "ods": Kind(f"{_OPEN}spreadsheet", (_ZIP,)),
    "ppt": Kind("application/vnd.ms-powerpoint", (_OLE,)),
    "pptx": Kind(f"{_OFFICE}presentationml.presentation", (_ZIP,)),
    "odp": Kind(f"{_OPEN}presentation", (_ZIP,)),
    "jpg": Kind("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    "jpeg": Kind("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    "png": Kind("image/png", ((0, b"\x89PNG\r\n\x1a\n"),)),
    "webp": Kind("image/webp", ((8, b"WEBP"),)),
    "heic": Kind("image/heic", ((4, b"ftyp"),)),
    "tif": Kind("image/tiff", ((0, b"II*\x00"), (0, b"MM\x00*"))),
    "tiff": Kind("image/tiff", ((0, b"II*\x00"), (0, b"MM\x00*"))),
    "txt": Kind("text/plain"),
    "csv": Kind("text/csv"),
    "eml": Kind("message/rfc822"),
    "msg": Kind("application/vnd.ms-outlook", (_OLE,)),
}
ACCEPT = ",".join(f".{ending}" for ending in KINDS)


def check_file(file: File[Any]) -> None:
    """Raises ValidationError unless this may be kept: a known kind by its name and its content."""
    kind = KINDS.get(_ending(file.name or ""))
    if kind is None:
        raise ValidationError(
            "Only documents, pictures and plain text are kept here, such as PDF, DOCX, XLSX, JPG "
            "or TXT."
        )
    if not file.size:
        raise ValidationError("This file is empty.")
    if file.size > MAX_BYTES:
        raise ValidationError(
            f"This file has {size_text(file.size)}; at most {size_text(MAX_BYTES)} are kept."
        )
    file.seek(0)
    head = file.read(1024)
    file.seek(0)
    if not kind.fits(head):
        raise ValidationError(
            f"This is called .{_ending(file.name or '')}, but what is in it is something else. "
            "Save it anew and choose it again."
        )


def sha256_of(file: File[Any]) -> str:
    """The hash of a file's content, by which it is known where the file itself is not."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def mime_of(name: str) -> str:
    """What a kept file is sent as."""
    kind = KINDS.get(_ending(name))
    return kind.mime if kind else "application/octet-stream"


def kept_name(name: str) -> str:
    """A file's own name as it is shown and sent: one line, without a folder, not too long."""
    plain = "".join(letter for letter in PurePath(name).name if letter.isprintable())
    path = PurePath(plain)
    return path.stem[: NAME_LENGTH - len(path.suffix)] + path.suffix


def random_name(_row: Any, _name: str) -> str:
    """Where a file lies on the disk: nothing there tells what it is or whose."""
    return f"sources/{uuid4().hex}"


def size_text(size: int) -> str:
    """ "820 bytes", "120 kB", "3.4 MB": to be read, not to be computed with."""
    if size < 1000:
        return f"{size} byte{'s' * (size != 1)}"
    if size < 1_000_000:
        return f"{round(size / 1000)} kB"
    return f"{size / 1_000_000:.1f}".removesuffix(".0") + " MB"


def file_text(size: int) -> str:
    """ "file, 120 kB"; empty where there is none: an empty file is not kept."""
    return f"file, {size_text(size)}" if size else ""


def _ending(name: str) -> str:
    return PurePath(name).suffix.removeprefix(".").lower()
