"""Whether a server's refusal says that the address itself is no good, and not the mail, the sender or the moment.

Only that suppresses an address (MAIL-3): a mailbox that is full today, or a policy against this mail, says nothing about
tomorrow's. Codes are RFC 3463's; the words are those of servers that send none.
"""

from __future__ import annotations

import re

STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_GONE = re.compile(r"5\.(?:1\.(?:0|1|2|3|6|10)|2\.1|4\.310)")
"""No such user or domain, moved without a trace, disabled. Not 5.1.7 and 5.1.8: these are about the sender."""
_WORDS = re.compile(
    r"user unknown|unknown user|no such (?:user|recipient|mailbox|person|address|domain)|mailbox (?:not found|does not exist)"
    r"|(?:user|account|mailbox|recipient|address|e-?mail account)[^.\n]{0,60} (?:does(?: not|n't)|do not) exist"
    r"|recipient (?:not found|unknown)|recipientnotfound|doesn't have an? \S+ account|invalid (?:recipient|mailbox)"
    r"|not a valid (?:mailbox|recipient|user)|unrouteable address"
    r"|(?:account|mailbox|user)(?: has been| is)? (?:disabled|deactivated|inactive)"
    r"|host or domain name not found|domain (?:not found|does not exist)|address rejected: undeliverable",
    re.IGNORECASE,
)


def address_is_gone(said: str) -> bool:
    """Of a permanent refusal's words: whether no mail will ever reach this address. A code outweighs the words beside it."""
    codes = STATUS.findall(said)
    if any(_GONE.fullmatch(code) for code in codes):
        return True
    return bool(_WORDS.search(said)) and all(code.startswith(("5.0.", "5.5.")) for code in codes)
