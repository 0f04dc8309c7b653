"""Reads what comes back to the address for bounces: RFC 3464's notices, older servers' prose, and complaints (RFC 5965).

Whose mail it was is told by the reference that we gave it: in the address that the notice came to, in the Message-ID of
the returned headers, or anywhere in the text. A notice without one of ours is nobody's, and changes nothing.
"""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.policy import compat32
from typing import Literal

from providers.mail.gone import STATUS, address_is_gone

Kind = Literal["bounce", "soft_bounce", "complaint", "other"]

_REFERENCE = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_MARKED = re.compile(r"(?:\+|<)([0-9a-f]{32})@")
_FROM_A_MACHINE = re.compile(r"mailer-daemon|postmaster|mail delivery|<>", re.IGNORECASE)
_FAILED = re.compile(
    r"undeliver|could not be delivered|couldn't be delivered|wasn't delivered|failure notice|delivery (?:status notification|has failed)"
    r"|delivery failed|returned mail|unzustellbar|permanent (?:fatal )?error|mail delivery failed|unable to deliver",
    re.IGNORECASE,
)
_SMTP_CODE = re.compile(r"(?<![\d.:-])([45])[0-5]\d(?=[ -])")
_MOST_CHARS = 300
_MOST_TEXT = 200_000


@dataclass(frozen=True, slots=True)
class Report:
    """What one message says. `references`: what may be one of ours, the surest first."""

    kind: Kind
    references: tuple[str, ...]
    gone: bool
    """Whether the address itself is no good, for ever."""
    said: str
    """The other server's words, on one line."""


def read_report(raw: bytes) -> Report:
    """What came back says; what is neither bounce nor complaint is `other`. Never fails: this is other people's text."""
    try:
        return _read(raw)
    except (LookupError, ValueError, MessageError) as error:
        # Python's parser stumbles over character sets that are none. Whoever wrote so would else hold up all reports behind his.
        return Report("other", (), gone=False, said=_line(f"unreadable: {error}"))


def _read(raw: bytes) -> Report:
    message = email.message_from_bytes(raw, policy=compat32)
    text = _text(message)
    feedback = _fields(message, "message/feedback-report")
    if feedback:
        kind = str(feedback[0].get("feedback-type", "")).strip().lower()
        harmless = kind in ("not-spam", "auth-failure")
        return Report("other" if harmless else "complaint", _references(message, text), gone=False, said=_line(f"complaint: {kind}"))
    status = [part for part in _fields(message, "message/delivery-status") if part.get("action") or part.get("status")]
    if status:
        return _from_status(status, _references(message, text))
    return _from_prose(message, text)


def _from_status(parts: list[Message], references: tuple[str, ...]) -> Report:
    """RFC 3464: one block for each recipient; ours have one."""
    block = parts[0]
    action = str(block.get("action", "")).strip().lower()
    said = _line(" ".join(str(block[name]) for name in ("status", "diagnostic-code") if block.get(name)))
    if action == "failed" or (not action and said.startswith("5")):
        return Report("bounce", references, gone=address_is_gone(said), said=said)
    return Report("soft_bounce" if action == "delayed" else "other", references, gone=False, said=said or action)


def _from_prose(message: Message, text: str) -> Report:
    """Servers without notices: by their names, their subjects, and the codes in what they write."""
    head = f"{message.get('from', '')} {message.get('return-path', '')}"
    failed_to = str(message.get("x-failed-recipients", ""))
    references = _references(message, text)
    answers_itself = str(message.get("auto-submitted", "")).lower().startswith("auto-replied")
    if not failed_to and (answers_itself or not _FROM_A_MACHINE.search(head) or not _FAILED.search(f"{message.get('subject', '')} {text}")):
        return Report("other", references, gone=False, said=_line(str(message.get("subject", ""))))
    # What follows is the returned mail; its words are ours.
    own = re.split(r"(?im)^-{2,}.*(?:original|returned|copy of the|below this line|included below).*$", text)[0]
    line = next((one for one in own.splitlines() if STATUS.search(one) or _SMTP_CODE.search(one) or address_is_gone(one)), own)
    codes = [code[0] for code in STATUS.findall(line)] or _SMTP_CODE.findall(line)
    if codes and codes[0] == "4":
        return Report("soft_bounce", references, gone=False, said=_line(line))
    return Report("bounce", references, gone=address_is_gone(line), said=_line(line))


def _fields(message: Message, kind: str) -> list[Message]:
    """The blocks of fields of all parts of that type; a part that its sender did not take apart is taken apart here."""
    found: list[Message] = []
    for part in message.walk():
        if part.get_content_type() != kind:
            continue
        inside = part.get_payload()
        blocks = [one for one in inside if isinstance(one, Message)] if isinstance(inside, list) else []
        whole = "\n\n".join(f"{block}" if not block.keys() else block.as_string() for block in blocks) or _decoded(part)
        found += [email.message_from_string(block.strip() + "\n\n") for block in re.split(r"\r?\n[ \t]*\r?\n", whole) if block.strip()]
    return found


def _references(message: Message, text: str) -> tuple[str, ...]:
    heads = " ".join(f"{value}" for name, value in message.items() if name.lower() in _TO)
    return tuple(dict.fromkeys([*_MARKED.findall(heads), *_MARKED.findall(text), *_REFERENCE.findall(text)]))[:20]


_TO = frozenset({"to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "in-reply-to", "references"})


def _text(message: Message) -> str:
    """All of it that is text, decoded, returned headers included."""
    found = []
    for part in message.walk():
        if not part.is_multipart():
            found.append(_decoded(part))
        if part is not message:
            found.append("\n".join(f"{name}: {value}" for name, value in part.items()))
    return "\n".join(found)[:_MOST_TEXT]


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(part.get_payload())


def _line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_MOST_CHARS]
