"""Commands by Celery, where a broker is all that the app shares with Bursar. The weakest of the three ways.

A broker can lose a message, and whoever reaches it can write one. So the body is signed, and a command counts as handed
over only when its status says so; until then, send it again with the same key. Needs Celery, which the app has.
"""

from __future__ import annotations

from typing import Any

from kombu.entity import Queue

from bursar_client.bursar import Bursar, Envelope
from bursar_client.errors import StatusUnknown, Unavailable
from bursar_client.signing import check_secret, message_signature
from bursar_client.status import Status


class CeleryBursar(Bursar):
    """Bursar through a Celery app whose broker is Bursar's.

    `submit` returns the state `sent`; refusals cannot come back and are seen on Bursar's side only.
    """

    def __init__(self, celery: Any, *, app: str, secret: str, status_from: Bursar | None = None, **options: Any) -> None:
        """
        Args:
            celery: the app's Celery app. Give its broker transport short time-outs (`socket_timeout`,
                `socket_connect_timeout`, `max_retries`): with Celery's own, publishing to a hanging Redis never returns.
            app: the name of this app's key.
            secret: its secret, 32 characters or more.
            status_from: a way that can ask for states (SQL, HTTP).
            options: further options of `send_task`, `retry=False` for one.

        Raises:
            ValueError: the secret is too short.
        """
        self._celery, self._app, self._secret = celery, app, check_secret(secret)
        self._status_from, self._options = status_from, options

    def status(self, key: str) -> Status | None:
        """As `Bursar.status`, through `status_from`.

        Raises:
            StatusUnknown: there is no `status_from`.
        """
        if self._status_from is None:
            raise StatusUnknown("Celery tells no states: make CeleryBursar with status_from=HttpBursar(...) or SqlBursar(...)")
        return self._status_from.status(key)

    def _submit(self, envelope: Envelope) -> Status:
        body = envelope.body(named=False)
        signature = message_signature(self._secret, task=envelope.name, body=body)
        try:
            self._celery.send_task(
                envelope.name,
                kwargs={"body": body, "app": self._app, "signature": signature},
                # Straight into Bursar's queue, which is not ours to declare.
                queue=Queue(envelope.queue, no_declare=True),  # type: ignore[no-untyped-call]  # kombu has few types
                # What Flower and events show instead of the body: it may hold personal data.
                kwargsrepr=f"{{'key': {envelope.key!r}}}",
                ignore_result=True,
                **self._options,
            )
        except Exception as error:
            # kombu's transports raise their own classes; each means that the broker did not take it.
            raise Unavailable(f"the broker did not take it: {type(error).__name__}: {error}") from error
        return Status(key=envelope.key, name=envelope.name, state="sent")
