"""Typst: a template and data become the bytes of a PDF/A-3b, the same bytes for the same data in every process and on every host.

- Data goes in as JSON and is shown as text; it is never part of the program, so no name can be Typst.
- Only the typefaces inside the typst wheel are used, never the host's: Libertinus Serif, then New Computer Modern, then DejaVu
  Sans Mono. They have Latin, Greek, Cyrillic, Hebrew and Arabic letters, and none for Chinese, Japanese, Korean or emoji.
- A letter that none of them has is printed as U+25A1, a square, and the paper says so; PDF/A forbids to leave a gap. What is
  attached as XML has every letter.
- The paper's own date is the file's date; there is no clock and no chance in it.
- Typst's threads do not survive a fork: a child of a process that has made a paper would wait for ever, so it is refused. Workers make
  papers in threads, or in children of a process that never made one.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from emails.render import harmless

TEMPLATES = Path(__file__).resolve().parent / "templates"
STANDARD: Final = "a-3b"
MISSING = "\N{WHITE SQUARE}"
_MISSING_TEXT = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
_LONGEST_WORD = 28
_LONG_WORD = re.compile(r"\S{%d,}" % (_LONGEST_WORD + 1))  # noqa: UP031 - braces of a pattern
_ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"


class PaperError(RuntimeError):
    """A paper could not be made: a fault of the template. The document itself stands; nothing was sent."""


def compile_paper(
    template: str, sheet: Mapping[str, Any], *, missing_note: str, on: date, attached: bytes | None = None
) -> bytes:
    """The PDF of `templates/<template>.typ` with `sheet` as its data.

    `missing_note` is added to the sheet's notes where a letter had to be replaced. `on` is the file's date.

    Raises:
        PaperError: the template does not fit the data.
    """
    data = harmless(dict(sheet))
    try:
        return _compiled(template, data, on, attached)
    except typst.TypstError as error:
        missing = _missing(error)
        if not missing:
            raise _failed(template, error) from error
    shown = _without(data, missing)
    shown["notes"] = [*shown["notes"], {"label": "", "lines": [missing_note]}]
    try:
        return _compiled(template, shown, on, attached)
    except typst.TypstError as error:
        raise _failed(template, error) from error


def _compiled(template: str, data: Mapping[str, Any], on: date, attached: bytes | None) -> bytes:
    inputs = {"sheet": json.dumps(_breakable(data), ensure_ascii=False, sort_keys=True)}
    if attached is not None:
        inputs["attached"] = attached.decode("utf-8")
    compiler, lock, made_in = _compiler(template)
    if made_in != os.getpid():
        raise PaperError(
            f"process {made_in} made papers before it forked this one, whose compiler would hang; no money is affected: make papers in "
            "threads, or in children of a process that never made one"
        )
    stamp = int(datetime.combine(on, time(), UTC).timestamp())
    with lock:
        made = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=STANDARD, timestamp=stamp)
    if not isinstance(made, bytes):
        raise PaperError(
            f"the template {template} made {type(made).__name__}, not one PDF: mend emails/papers/templates/{template}.typ"
        )
    return made


@cache
def _compiler(template: str) -> tuple[typst.Compiler, threading.Lock, int]:
    """One per template and process, with its lock and that process: it keeps what it has read, and serves one caller at a time."""
    compiler = typst.Compiler(TEMPLATES / f"{template}.typ", root=TEMPLATES, ignore_system_fonts=True)
    return compiler, threading.Lock(), _first_user()


@cache
def _first_user() -> int:
    """The process that made the first paper: of all templates, for they share their threads."""
    return os.getpid()


def _missing(error: typst.TypstError) -> frozenset[str]:
    """The characters that no typeface has, out of the compiler's complaint."""
    texts = _MISSING_TEXT.findall(str(error.diagnostic))
    plain = (_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) for text in texts)
    return frozenset(char for text in plain for char in text if not char.isspace() and not char.isascii())


def _without(value: Any, missing: frozenset[str]) -> Any:
    if isinstance(value, str):
        return "".join(MISSING if char in missing else char for char in value)
    if isinstance(value, Mapping):
        return {key: _without(part, missing) for key, part in value.items()}
    return [_without(part, missing) for part in value] if isinstance(value, list) else value


def _breakable(value: Any) -> Any:
    """Words longer than a column may be broken: they get places for it, which no reader sees."""
    if isinstance(value, str):
        return _LONG_WORD.sub(lambda found: _in_pieces(found[0]), value)
    if isinstance(value, Mapping):
        return {key: _breakable(part) for key, part in value.items()}
    return [_breakable(part) for part in value] if isinstance(value, list) else value


def _in_pieces(word: str) -> str:
    half = _LONGEST_WORD // 2
    return _ZERO_WIDTH_SPACE.join(word[at : at + half] for at in range(0, len(word), half))


def _failed(template: str, error: typst.TypstError) -> PaperError:
    return PaperError(
        f"the paper {template} could not be made: {error.message}. No money is affected; mend its template and make it again"
    )
