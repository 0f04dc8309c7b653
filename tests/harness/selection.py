"""Which tests depend on the database's server: migrations, claims, stores, slots, audit, retention, commands, one whole flow.

They get the marker `postgresql` and run on each supported server; the others would find nothing there that these do not. Chosen
by what they ask of PostgreSQL and by their time.
"""

from __future__ import annotations

SERVER_MATTERS = (
    "tests/billing/operations/",
    "tests/cli/test_audit.py",
    "tests/cli/test_harness.py",
    "tests/cli/test_migrate.py",
    "tests/flows/test_samples.py",
    "tests/models/",
    "tests/schedules/test_slots.py",
    "tests/tasks/maintenance/",
    "tests/webhooks_ingest/test_arrays.py",
    "tests/webhooks_ingest/test_commands.py",
    "tests/webhooks_ingest/test_store.py",
    "tests/workers/test_at_size.py",
    "tests/workers/test_command_rights.py",
    "tests/workers/test_commands.py",
    "tests/workers/test_crashes.py",
    "tests/workers/test_inbox.py",
    "tests/workers/test_outbox.py",
    "tests/workers/test_sweep.py",
)
"""Files, and folders with all that is below them, from the project's root."""


def server_matters(path: str) -> bool:
    """Whether the test file (from the project's root) is one of them."""
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in SERVER_MATTERS)
