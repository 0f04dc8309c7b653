"""Reads what ANAF answers: XML where one expects it, JSON where one does not, a ZIP of two files, and errors under HTTP 200.

Tolerant of namespaces and of what is added; strict about what decides: an answer that is neither is `UnparsableBody`.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree import ElementTree

from providers.errors import UnparsableBody

_ZIP = b"PK"
_MOST_BYTES = 12 * 2**20
"""Of one file in an answer: ten times the largest document that the ministry takes."""
_MOST_ERROR = 4000
_QUOTA = re.compile(r"s-au\s+f[aă]cut\s+deja\s+\d+|limit[aă]\s+(zilnic|maxim)", re.IGNORECASE)
_DUPLICATE = re.compile(r"duplicat|(mai\s+fost|deja)\s+(transmis|incarcat|încărcat|depus)", re.IGNORECASE)
_INDEX = re.compile(r"ind(?:ex|icele)\D{0,40}?(\d{3,20})|id_incarcare\D{0,5}(\d{3,20})", re.IGNORECASE)
_TOO_LONG = re.compile(r"mai\s+mare\s+dec[aâ]t\s+num[aă]rul\s+de\s+\d+\s+elemente", re.IGNORECASE)
_NOTHING = re.compile(r"nu\s+exist[aă]\s+mesaje", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """`index` when it was taken; else `errors`. `first_index`: it says that it had the same document before, under that number."""

    index: str | None
    errors: str | None = None
    first_index: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """`processing`; `accepted` or `rejected` with the number of the answer; `unreadable`: not even taken in."""

    state: Literal["accepted", "rejected", "processing", "unreadable"]
    download_id: str | None = None
    errors: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the list."""

    id: str
    upload_index: str
    kind: str
    cif: str


@dataclass(frozen=True, slots=True)
class Papers:
    """The files of a download. `errors`: what the ministry found wrong, where it rejected the document."""

    answer: bytes
    signature: bytes | None
    errors: str | None


_STATES: Mapping[str, Literal["accepted", "rejected", "processing", "unreadable"]] = {
    "ok": "accepted", "nok": "rejected", "in prelucrare": "processing", "xml cu erori nepreluat de sistem": "unreadable",
}  # fmt: skip


def uploaded(body: bytes) -> Uploaded:
    """The answer to an upload.

    Raises:
        UnparsableBody: it is not one.
    """
    root = _root(body)
    status, index = root.get("ExecutionStatus"), root.get("index_incarcare")
    if status == "0" and index:
        return Uploaded(index)
    errors = _errors(root)
    if status != "1" or not errors:
        raise UnparsableBody("the answer to an upload says neither that it was taken nor why not")
    named = _INDEX.search(errors) if _DUPLICATE.search(errors) else None
    return Uploaded(None, errors, next(filter(None, named.groups())) if named else None)


def status(body: bytes) -> Status:
    """The answer to `stareMesaj`.

    Raises:
        UnparsableBody: it is not one; an answer that is only an error (no such number, no right) neither.
    """
    root = _root(body)
    said, errors = (root.get("stare") or "").strip().lower(), _errors(root)
    if said not in _STATES:
        raise UnparsableBody(f"the state of the message is {said or 'not said'!r}: {errors or 'and no error'}")
    return Status(_STATES[said], root.get("id_descarcare") or None, errors)


def papers(body: bytes) -> Papers:
    """The ZIP of a download: the document or its errors, and the ministry's signature.

    Raises:
        UnparsableBody: it is no ZIP (then it may be an error, see `error_text`), or not of that form.
    """
    if not body.startswith(_ZIP):
        raise UnparsableBody(f"the download is no ZIP: {error_text(body) or 'it says nothing else'}")
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for entry in archive.infolist():
                if entry.file_size > _MOST_BYTES:
                    raise UnparsableBody(f"{entry.filename} in the download has {entry.file_size} bytes")
                files[entry.filename] = archive.read(entry)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise UnparsableBody(f"the download is a broken ZIP: {error}") from None
    signature = next((content for name, content in files.items() if name.lower().startswith("semnatura")), None)
    answer = next((content for name, content in files.items() if not name.lower().startswith("semnatura")), None)
    if answer is None:
        raise UnparsableBody(f"the download has no document, but {', '.join(sorted(files)) or 'nothing'}")
    root = _root(answer)
    return Papers(answer, signature, _errors(root) if "mesajEroriFactuta" in root.tag else None)


def number_of(document: bytes) -> str | None:
    """The number (BT-1) of a document in UBL; None for anything else."""
    root = _root(document)
    return next((child.text.strip() for child in root if _local(child.tag) == "ID" and child.text), None)


def messages(body: bytes) -> list[Message]:
    """The lines of a list; "there are no messages" is an empty one.

    Raises:
        UnparsableBody: it is an error, or not of that form.
    """
    told = _json(body)
    if told is None:
        raise UnparsableBody("the list of messages is not JSON")
    error = error_text(body)
    if error:
        if _NOTHING.search(error):
            return []
        raise UnparsableBody(f"the list of messages is an error: {error}")
    lines = told.get("mesaje")
    if not isinstance(lines, list):
        raise UnparsableBody("the list of messages has none, and no error")
    return [_message(line) for line in lines]


def is_too_long(body: bytes) -> bool:
    """Whether a list is an error because it would hold more than the simple list may."""
    error = error_text(body)
    return error is not None and _TOO_LONG.search(error) is not None


def pages(body: bytes) -> int:
    """How many pages a list in pages has; one, where it does not say."""
    said = (_json(body) or {}).get("numar_total_pagini")
    return said if isinstance(said, int) else 1


def error_text(body: bytes) -> str | None:
    """What a JSON answer calls its error (`eroare`, else `message`); None if it is none."""
    told = _json(body)
    if told is None:
        return None
    said = next((told[name] for name in ("eroare", "message", "error") if isinstance(told.get(name), str) and told[name]), None)
    return None if said is None else said[:_MOST_ERROR]


def is_quota(said: str | None) -> bool:
    """Whether an error says that today's calls are used up."""
    return said is not None and _QUOTA.search(said) is not None


def _message(line: Any) -> Message:
    if not isinstance(line, dict):
        raise UnparsableBody("a line of the list of messages is no object")
    values = [str(line.get(name) or "") for name in ("id", "id_solicitare", "tip", "cif")]
    if not values[0] or not values[1]:
        raise UnparsableBody("a line of the list of messages has no id")
    return Message(*values)


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(body)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _root(body: bytes) -> ElementTree.Element:
    # A document type could define entities that grow; nothing that the ministry sends has one.
    if b"<!DOCTYPE" in body:
        raise UnparsableBody("the XML has a document type, which no answer of ANAF has")
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - as above
    except (ElementTree.ParseError, ValueError) as error:
        raise UnparsableBody(f"the answer is not XML: {error_text(body) or error}") from None


def _errors(root: ElementTree.Element) -> str | None:
    found: Sequence[str] = [
        element.get("errorMessage", "").strip() for element in root.iter() if _local(element.tag) in ("Errors", "Error")
    ]
    text = "\n".join(one for one in found if one)
    return text[:_MOST_ERROR].replace("\0", "") or None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
