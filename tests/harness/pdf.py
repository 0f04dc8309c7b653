"""Reads PDFs back: their words, their pages, what is attached to them."""

from __future__ import annotations

import re

import pypdfium2


def words(pdf: bytes) -> str:
    """All text, page after page, every run of blanks as one."""
    document = pypdfium2.PdfDocument(pdf)
    return plain(" ".join(page.get_textpage().get_text_bounded() for page in document))


def pages(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [plain(page.get_textpage().get_text_bounded()) for page in pypdfium2.PdfDocument(pdf)]


def plain(text: str) -> str:
    """Text without what a line break does to it."""
    return re.sub(r"\s+", " ", text.replace("\u200b", "").replace("\ufffe", "")).strip()


def attached(pdf: bytes) -> dict[str, bytes]:
    """What is attached, by its name."""
    document = pypdfium2.PdfDocument(pdf)
    found = [document.get_attachment(place) for place in range(document.count_attachments())]
    return {each.get_name(): bytes(each.get_data()) for each in found}


def right_edge(pdf: bytes) -> float:
    """How far right any character reaches, as a share of its page's width."""
    reach = 0.0
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        reach = max([reach, *(text.get_charbox(at)[2] / page.get_width() for at in range(text.count_chars()))])
    return reach
