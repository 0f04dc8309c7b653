"""What the mails to operators need to know: entries of the catalogue, apart from it by reader. Instants are texts in UTC."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunFailureAlert:
    """What a scheduled run could not do. `item` is the newest, with its error; instants are texts in UTC."""

    job: str
    items: str
    """How many, in words where they were not all counted."""
    item: str
    error: str
    tries: int
    first_at: str
    last_at: str
    look: str
    retry: str


@dataclass(frozen=True, slots=True)
class DeadLetterAlert:
    """What an operator needs to act on a group of dead rows. Instants are texts in UTC; texts are scrubbed already."""

    what: str
    """`event` or `call`."""
    queue: str
    source: str
    event_type: str
    object_id: str | None
    error_class: str
    error: str
    fingerprint: str
    count: int
    row: int
    """The newest of them, by its id in the inbox or outbox."""
    first_at: str
    last_at: str
    overview: str
    """The command that lists all that is dead."""
    look: str
    """The command that shows the newest of these."""
    replay: str
    """The command that sends the whole group through again, once the cause is mended; its reason is still to be said."""


@dataclass(frozen=True, slots=True)
class ConflictAlert:
    """Bodies that came under other bodies' ids. Instants are texts in UTC; texts are scrubbed already."""

    count: int
    sources: str
    examples: list[str]
    more: int
    """How many are not among the examples."""
    first_at: str
    last_at: str
    overview: str
    """The command that shows an event with its conflicts."""


@dataclass(frozen=True, slots=True)
class OtherModeAlert:
    """Live events in a test database, or test events in a live one."""

    mode: str
    """The database's: `live` or `test`."""
    count: int
    types: list[str]
    more: int
    """How many types are not shown."""
    last_at: str
    look: str


@dataclass(frozen=True, slots=True)
class InvariantAlert:
    """A rule of the books that does not hold, and some of what violates it."""

    rule: str
    why: str
    found: list[str]
    more: bool
    then: str
    """The operator's next step."""


@dataclass(frozen=True, slots=True)
class ClockJumpAlert:
    """The clock jumped, and money waits. Instants are texts in UTC."""

    before: str
    after: str
    passed: str | None
    """How much time really passed; None where nothing can tell."""
    held: list[str]
    """The runs that wait."""
    look: str
    consent: str


@dataclass(frozen=True, slots=True)
class DisputeAlert:
    """A payer contests a charge. `amount` is a text with its currency, `due_at` one in UTC; `reason` is the provider's word."""

    dispute: str
    source: str
    amount: str
    charge: str | None
    due_at: str | None
    assigned_to: str | None
    look: str
    """The command that shows it."""
    reason: str
    status: str


@dataclass(frozen=True, slots=True)
class DisputeReminder:
    """The deadline for evidence is near, and nothing was answered yet."""

    dispute: str
    source: str
    amount: str
    charge: str | None
    due_at: str
    assigned_to: str | None
    look: str
    days: int
    """Less than so many are left."""


@dataclass(frozen=True, slots=True)
class EfacturaAlert:
    """An e-Factura that the ministry has not accepted. `deadline` is a text in Romania's time; texts are scrubbed already."""

    document: str
    said: str
    """What is the matter, as the rest of a sentence."""
    status: str
    deadline: str | None
    error: str | None
    look: str
    retry: str | None
    """The command that sends it again once the cause is mended, where it was refused."""


@dataclass(frozen=True, slots=True)
class FxRateAlert:
    """A rate of exchange that was kept back as a likely misprint. Rates are decimal texts, days ISO 8601."""

    bank: str
    pair: str
    rate: str
    valid_on: str
    last_rate: str
    last_on: str
    record: str
    """The command by which a person says what is right."""


@dataclass(frozen=True, slots=True)
class LoginAlert:
    """Many logins fail. `lines` name users by the app's ids; instants are texts in UTC."""

    what: str
    """How many users, addresses and limiters, in words."""
    lines: list[str]
    more: int
    """How many lines are not shown."""
    first_at: str
    last_at: str
    look: str


@dataclass(frozen=True, slots=True)
class AnafLoginAlert:
    """The login at ANAF ends, or has ended. Instants are texts in UTC."""

    said: str
    ends_at: str
    access_ends_at: str
    error: str | None
    look: str
    then: str
    """The command that says where to log in."""
