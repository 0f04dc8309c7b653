"""Texts as e-Factura takes them: one line, no characters that XML forbids, and never longer than the Romanian rules allow.

A name that is cut stays readable: it ends at a word and says with an ellipsis that more was there. What must not be cut
(a number, an identifier) is not cut here: `ro_rules` refuses it instead.
"""

from __future__ import annotations

import unicodedata

NAME, STREET, CITY, ZIP = 200, 150, 50, 20
NOTE, ITEM_MORE, PAYMENT_ID, LEGAL = 300, 200, 140, 1000
SHORT_TEXT = 10 * 10
STREET_MORE = ITEM = REASON = CONTACT = SHORT_TEXT
MAX_NOTES = 20
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_SPACES = {"Zs", "Zl", "Zp"}


def clean(text: str) -> str:
    """The text on one line, its characters those that XML 1.0 can hold, spaces as single ones."""
    kept = (
        " " if _is_space(char) else char
        for char in unicodedata.normalize("NFC", text)
        if _is_space(char) or _is_allowed(char)
    )
    return " ".join("".join(kept).split(" ")).strip() if text else ""


def cut(text: str, limit: int) -> str:
    """`clean(text)` in at most `limit` characters: cut at a word where one ends late enough, never inside of a letter."""
    whole = clean(text)
    if len(whole) <= limit:
        return whole
    return _head(whole, limit - 1) + _ELLIPSIS


def in_two(text: str, first: int, second: int) -> tuple[str, str]:
    """The text over two fields, parted at a word: nothing is lost before both are full."""
    whole = clean(text)
    if len(whole) <= first:
        return whole, ""
    head = _head(whole, first)
    return head, cut(whole[len(head) :], second)


def _head(text: str, limit: int) -> str:
    """The first characters of a longer text; at a space, if that leaves at least two thirds."""
    end = limit
    while end > 1 and unicodedata.combining(text[end]):
        end -= 1
    space = text.rfind(" ", 0, end + 1)
    return text[: space if 3 * space >= 2 * limit else end].rstrip()


def _is_space(char: str) -> bool:
    return char in "\t\n\r\v\f\x85" or unicodedata.category(char) in _SPACES


def _is_allowed(char: str) -> bool:
    # XML 1.0's Char without the control characters; direction marks change how a name reads and are no part of it.
    return (
        unicodedata.category(char) not in ("Cc", "Cs", "Cn") and char not in _DIRECTION and ord(char) & 0xFFFE != 0xFFFE
    )


_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
