"""`billing.prices.*`: versions, who keeps what, and moves from one version to another."""

from __future__ import annotations

from billing.operations.assign_price import grandfather_price, override_price
from billing.operations.decide_price_move import decide_price_move
from billing.operations.link_price import link_price
from billing.operations.migrate_price import count_migration, migrate_price, steer_migration
from billing.operations.publish_price import publish_price
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.price_links import LinkPrice, PriceLinked
from billing.rules.commands.price_moves import DecideMove, MoveDecided
from billing.rules.commands.prices import (
    GrandfatherPrice,
    MigratePrice,
    MigrationStands,
    OverridePrice,
    PriceAssigned,
    PricePublished,
    PublishPrice,
    ResumeMigration,
    StopMigration,
)
from billing.rules.facts.event import Event
from billing.rules.instants import iso
from billing.rules.price_precedence import ends_at
from core.ids import public_id
from models.price_assignment import PriceAssignment
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def publish(unit: UnitOfWork, command: PublishPrice) -> PricePublished:
    """The next version."""
    row = publish_price(unit, command)
    return PricePublished(
        price=row.external_id, version=row.version or 0, effective_for_new_at=iso(row.effective_for_new_at) or "",
        effective_for_existing_at=iso(row.effective_for_existing_at),
    )  # fmt: skip


def grandfather(unit: UnitOfWork, command: GrandfatherPrice) -> PriceAssigned:
    """He keeps a version."""
    return _assigned(grandfather_price(unit, command))


def override(unit: UnitOfWork, command: OverridePrice) -> PriceAssigned:
    """A price that was agreed with him."""
    return _assigned(override_price(unit, command))


def migrate(unit: UnitOfWork, command: MigratePrice) -> MigrationStands:
    """Move a version's subscribers to another, or count them."""
    if command.mode == "dry_run":
        return count_migration(unit, command.reference, "dry_run", command.from_price, command.to_price)
    row = migrate_price(unit, command)
    return count_migration(unit, row.external_id, row.status or "running", command.from_price, command.to_price)


def stop_migration(unit: UnitOfWork, command: StopMigration) -> MigrationStands:
    """It waits."""
    row = steer_migration(unit, command.reference, "stopped", command.reason)
    return count_migration(unit, row.external_id, row.status or "stopped", row.from_price_ref or "", row.to_price_ref or "")


def resume_migration(unit: UnitOfWork, command: ResumeMigration) -> MigrationStands:
    """It goes on."""
    row = steer_migration(unit, command.reference, "running", command.reason)
    return count_migration(unit, row.external_id, row.status or "running", row.from_price_ref or "", row.to_price_ref or "")


def link(unit: UnitOfWork, command: LinkPrice) -> PriceLinked:
    """What a version is called at a provider."""
    row = link_price(unit, command)
    return PriceLinked(price=command.price, source=command.source, provider_ref=row.provider_ref or "")


def decide_move(unit: UnitOfWork, command: DecideMove) -> MoveDecided:
    """A subscription that was not moved keeps its price, or is asked for again."""
    row = decide_price_move(unit, command)
    return MoveDecided(migration=command.migration, subscription=command.subscription, status=row.status or "", because=row.because)


def _assigned(row: PriceAssignment) -> PriceAssigned:
    return PriceAssigned(
        assignment=public_id(row.PUBLIC_PREFIX, row.id), status=row.status or "active", unit_amount_minor=row.unit_amount_minor or 0,
        expires_at=iso(row.expires_at), ends_at=iso(ends_at(row.expires_at, row.warned_at)),
    )  # fmt: skip
