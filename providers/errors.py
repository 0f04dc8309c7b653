"""Errors that readers of provider payloads raise, in one place because every source shares them."""

from __future__ import annotations


class UnparsableBody(ValueError):  # noqa: N818 - named for what is wrong with the body, as the dead letter shows it
    """The bytes of a signed event are not what its source sends.

    No row was changed and no money moved. The event goes up its retry ladder and is then dead; the bytes stay in the
    inbox. Next step: look at them (`bursar inbox show`), teach the reader their shape, and replay.
    """
