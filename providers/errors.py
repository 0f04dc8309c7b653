"""Errors that readers of provider payloads raise, in one place because every source shares them."""

from __future__ import annotations


class UnparsableBody(ValueError):  # noqa: N818 - named for what is wrong with the body, as the dead letter shows it
    """The bytes of a signed event are not what its source sends.

    No row was changed and no money moved. The event goes up its retry ladder and is then dead; the bytes stay in the
    inbox. Next step: look at them (`bursar inbox show`), teach the reader their shape, and replay.
    """


class Retryable(Exception):  # noqa: N818 - the three outcomes of a failed call are named as the rules name them
    """The call surely did not happen and may be made again: no connection, 429, a mail server's 4xx."""


class RateLimited(Retryable):
    """Refused before anything was done, for now. `retry_after_s`: what the provider asks for, or None."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotConfigured(Retryable):
    """A setting is missing, so nothing was called. The row waits for as long as it takes and uses up none of its tries."""


class Final(Exception):  # noqa: N818
    """The call was refused for good; making it again would be refused again. The row is dead at once and operators are told."""


class NotThere(Final):
    """The provider says that it has no such object: the one refusal of a look-up that is an answer."""


class Unknown(Exception):  # noqa: N818
    """Nobody can say whether the call happened (time-out, lost reply); only the same key may be tried again."""


class KeySpent(Unknown):
    """The provider answers this key with an error that it has stored, or has forgotten the key: only a look-up can say more."""
