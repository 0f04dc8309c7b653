"""The sources whose door is open, and where their events go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from core.settings import Settings
from webhooks_ingest.envelope import Destination, Plug
from webhooks_ingest.paypal import PayPalPlug
from webhooks_ingest.stripe import StripePlug
from webhooks_ingest.zoom import ZoomPlug
from workers.routing import ignored_reason, queue_of, route

PLUGS: dict[str, Callable[[Settings], Plug]] = {"stripe": StripePlug, "paypal": PayPalPlug, "zoom": ZoomPlug}
"""Source -> its plug. A further source is a line here, a module beside this one and its handlers' folder (INBOX-12)."""


def open_plugs(
    settings: Settings, plugs: Mapping[str, Callable[[Settings], Plug]] | None = None
) -> dict[str, Plug]:
    """A plug for each of `BURSAR_SOURCES`.

    Raises:
        ValueError: a source is unknown or lacks its secret; the message names the setting.
    """
    known = PLUGS if plugs is None else plugs
    if not settings.sources:
        raise ValueError("BURSAR_SOURCES is empty: the receiver would refuse everything; name at least one source")
    for source in settings.sources:
        if source not in known:
            raise ValueError(f"BURSAR_SOURCES names {source!r}, which is no source; the sources are {', '.join(known)}")
    return {source: known[source](settings) for source in settings.sources}


@lru_cache(maxsize=4096)
def destination(source: str, event_type: str) -> Destination:
    """Where an event type goes, by the generated routes. Cached, because it is asked for each event."""
    found = route(source, event_type)
    return Destination(
        queue_of(source, event_type), ignored_reason(source, event_type), found.name if found else None
    )
