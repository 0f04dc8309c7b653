"""A customer is forgotten: nothing of him is left anywhere, the money facts stay, and nothing is lost half-way (SEC-6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.operations import advance_erasure
from billing.rules.personal_data import undecided
from providers.sandbox import samples
from tasks.maintenance.erasures import erase_due
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine
from workers.replay import replay, replay_calls

NAME, EMAIL = "Zoltana Quixworth", "zoltana@quixworth.example"
OTHER = "Berta Plimsoll"

_TEXTS = """SELECT c.relname, array_agg(a.attname)
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
            WHERE c.relnamespace = 'bursar'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
              AND NOT a.attisdropped AND t.typname IN ('text', 'jsonb', 'json', 'bytea', 'varchar', '_text')
            GROUP BY 1"""
_TABLES = """SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'bursar'::regnamespace AND relkind IN ('r', 'p')
                AND NOT relispartition ORDER BY 1"""


@pytest.fixture
def ann(machine: Machine) -> Machine:
    """Somebody who has paid, with her name in every place that takes one; and somebody else beside her."""
    do(machine.context, lambda unit: (
        subscriber(unit, "ann", email=EMAIL, name=NAME, pay_customer_ref="cus_ann"),
        subscriber(unit, "berta", email="berta@example.com", name=OTHER, pay_customer_ref="cus_berta"),
    ))  # fmt: skip
    for customer, name, email in (("cus_ann", NAME, EMAIL), ("cus_berta", OTHER, "berta@example.com")):
        deliver(machine, "customer.created", customer, {"id": customer, "name": name, "email": email, "metadata": {"nick": name}})
        machine.run("billing.customer.link.v1", {"source": "stripe", "customer_ref": customer, "external_ref": customer[4:]})
        paid = {"customer": customer, "payment_intent": f"pi_{customer}", "billing_details": {"name": name, "email": email}}
        paid["metadata"] = {"note": name, "bursar_purpose": "invoice", "invoice": "inv-1"}
        deliver(machine, "payment_intent.succeeded", customer, {"id": f"pi_{customer}", "customer": customer, "metadata": paid["metadata"]})
        deliver(machine, "charge.succeeded", customer, paid)
    machine.submit("billing.tokens.request.v1", {"reference": "w", "user_ref": "ann", "purpose": "password_reset"})
    login = {"reference": "l", "outcome": "failed", "at": machine.clock.now().isoformat(), "user_ref": "ann"}
    machine.run("billing.logins.record.v1", login | {"device": NAME, "address": EMAIL})
    return machine


def deliver(machine: Machine, event_type: str, customer: str, changes: dict[str, Any]) -> None:
    """A provider's event, in the lane that the door gives it."""
    row_id = machine.deliver(samples.event("stripe", event_type, machine.clock.now(), changes))
    with machine.connect() as connection:
        connection.execute("UPDATE bursar.inbox SET lane = %s WHERE id = %s", [f"stripe:{customer}", row_id])
    machine.settle()


def ask(machine: Machine, ref: str = "ann") -> dict[str, Any]:
    """`customers.erase`."""
    key = machine.submit("billing.customers.erase.v1", {"subscriber_ref": ref, "reason": "ticket 4711"}, actor="privacy desk")
    while machine.work():
        pass
    return machine.status(key)


def places(machine: Machine, *words: str) -> dict[str, int]:
    """Where any of the words still stands, in whatever table, capitals or not."""
    found = {}
    with machine.connect() as connection:
        for (table,) in connection.execute(_TABLES).fetchall():
            body = "encode(t.body, 'escape')" if table in ("inbox_payload", "inbox_conflict") else "t::text"
            wanted = [f"%{word.lower()}%" for word in words]
            count = connection.execute(f"SELECT count(*) FROM {table} t WHERE lower({body}) LIKE ANY (%s)", [wanted])
            if number := (count.fetchone() or (0,))[0]:
                found[str(table)] = int(number)
    return found


@pytest.mark.requirement("SEC-6")
def test_every_column_that_can_hold_a_text_is_decided(machine: Machine) -> None:
    columns = {table: frozenset(names) for table, names in machine.all(_TEXTS)}
    assert undecided(columns) == []


@pytest.mark.requirement("SEC-6")
def test_nothing_of_her_is_left_and_the_money_is_as_it_was(ann: Machine) -> None:
    money = "SELECT source, external_id, status, amount_minor, currency FROM bursar.{0} ORDER BY 2"
    before = [ann.all(money.format(table)) for table in ("payment", "charge")] + [ann.all("SELECT * FROM bursar.journal ORDER BY id")]
    berta = places(ann, OTHER)
    digests = ann.all("SELECT id, sha256 FROM bursar.inbox ORDER BY id")
    assert {"subscriber", "customer", "inbox_payload", "login"} <= set(places(ann, NAME, EMAIL))
    with ann.connect() as connection:
        connection.execute("UPDATE bursar.outbox SET state = 'dead', error = 'x', fingerprint = 'x' WHERE kind = 'mail.send'")

    told = ask(ann)
    key = told["key"]
    assert ann.one("SELECT bursar_api.progress(%s) ->> 'status'", key) == "running"
    assert (told["state"], told["result"]["provider_customers"]) == ("succeeded", ["stripe cus_ann"])
    assert erase_due(ann.context)["finished"] == 1

    assert places(ann, NAME, EMAIL) == {}
    assert places(ann, OTHER) == berta
    after = [ann.all(money.format(table)) for table in ("payment", "charge")] + [ann.all("SELECT * FROM bursar.journal ORDER BY id")]
    assert after == before
    assert dict(ann.all("SELECT id, sha256 FROM bursar.inbox")).items() >= dict(digests).items()
    tags = ann.one("SELECT metadata FROM bursar.payment WHERE external_id = 'pi_cus_ann'")
    assert tags == {"bursar_purpose": "invoice", "invoice": "inv-1"}
    assert ann.all("SELECT actor, reason FROM bursar.audit WHERE action = 'erasure.status' ORDER BY id")[0][0] == "app:privacy desk"
    row = ann.all("SELECT status, emails, counts ->> 'inbox_payload', customers FROM bursar.erasure")[0]
    assert row == ("done", None, "7", ["stripe cus_ann"])

    progress = ann.one("SELECT bursar_api.progress(%s)", key)
    assert (progress["name"], progress["status"], progress["done"] > 7) == ("billing.customers.erase.v1", "done", True)
    assert ann.one("SELECT bursar_api.erasure('ann') ->> 'status'") == "done"
    assert ann.one("SELECT bursar_api.erasure('berta')") is None

    event = ann.one("SELECT id FROM bursar.inbox WHERE event_type = 'customer.created' AND lane = 'stripe:cus_ann'")
    assert list(replay(ann.context, [event], actor="me", reason="try", states=("done",)).refused) == [
        "its payload was erased with its customer; only the digest is left"
    ]
    mail = ann.one("SELECT id FROM bursar.outbox WHERE kind = 'mail.send'")
    refused = replay_calls(ann.context, [mail], actor="me", reason="try").refused
    assert list(refused) == ["its recipient was erased: there is nothing left to send"]
    again = ann.run("billing.subscribers.define.v1", {"subscriber_ref": "ann", "full_name": NAME})
    assert again["code"] == "erased"
    said = {"kind": "consumer", "full_name": NAME, "street": "Str. 1", "city": "Paris", "country": "FR"}
    assert ann.run("billing.subscribers.bill_to.v1", said | {"subscriber_ref": "ann"}).get("code") == "erased"


@pytest.mark.requirement("SEC-6")
def test_what_is_told_late_goes_too_and_what_is_not_final_is_waited_for(ann: Machine) -> None:
    open_ = ann.deliver(samples.event("stripe", "customer.updated", ann.clock.now(), {"id": "cus_ann", "name": NAME}))
    with ann.connect() as connection:
        connection.execute("UPDATE bursar.outbox SET state = 'done', done_at = created_at WHERE kind = 'mail.send'")
        later = ann.clock.now() + timedelta(hours=1)
        connection.execute("UPDATE bursar.inbox SET lane = 'stripe:cus_ann', state = 'waiting', next_at = %s WHERE id = %s", [later, open_])
    ask(ann)
    erase_due(ann.context)
    assert ann.all("SELECT status, waits_for FROM bursar.erasure") == [
        ("waiting", f"events that are not final, the first is inbox row {open_}")
    ]
    assert ann.one("SELECT count(*) FROM bursar.inbox_payload WHERE inbox_id = %s", open_) == 1
    assert erase_due(ann.context) == {"pages": 0, "finished": 0, "busy": 0, "more": False}

    ann.clock.move_to(ann.clock.now() + timedelta(hours=2))
    ann.settle()
    assert NAME in str(ann.one("SELECT name FROM bursar.customer WHERE external_id = 'cus_ann'"))
    assert erase_due(ann.context)["finished"] == 1
    assert places(ann, NAME, EMAIL) == {}

    deliver(ann, "customer.updated", "cus_ann", {"id": "cus_ann", "name": NAME, "email": EMAIL})
    assert places(ann, NAME) != {}
    ann.clock.move_to(ann.clock.now() + timedelta(days=8))
    erase_due(ann.context)
    assert places(ann, NAME, EMAIL) == {}
    assert ann.one("SELECT status FROM bursar.erasure") == "done"


@pytest.mark.requirement("SEC-6")
def test_one_that_cannot_be_forgotten_stops_no_other(ann: Machine) -> None:
    with ann.connect() as connection:
        connection.execute("UPDATE bursar.outbox SET state = 'done', done_at = created_at WHERE kind = 'mail.send'")
    for ref in ("ann", "berta"):
        ask(ann, ref)
    with ann.connect() as connection:  # as another version may have written it
        connection.execute("UPDATE bursar.erasure SET counts = '[1]', due_at = due_at - interval '1 s' WHERE external_id = 'ann'")
    with pytest.raises(TypeError):
        erase_due(ann.context)
    assert ann.all("SELECT external_id, status FROM bursar.erasure ORDER BY 1") == [("ann", "running"), ("berta", "done")]


@pytest.mark.requirement("SEC-6")
def test_a_worker_that_dies_on_any_page_loses_that_page_only(ann: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    with ann.connect() as connection:
        connection.execute("UPDATE bursar.outbox SET state = 'done', done_at = created_at WHERE kind = 'mail.send'")
    ask(ann)
    for name, small in (("erase_rows", 1), ("erase_mails", 1), ("erase_events", 1)):
        real = getattr(advance_erasure, name)
        monkeypatch.setattr(advance_erasure, name, lambda *args, real=real, small=small: real(*args, small))
    real_count, calls = advance_erasure._count, iter(range(10_000))

    def dies(*args: Any) -> None:
        if next(calls) % 2:
            raise KeyboardInterrupt
        real_count(*args)

    monkeypatch.setattr(advance_erasure, "_count", dies)
    deaths = 0
    while ann.one("SELECT status FROM bursar.erasure") != "done":
        try:
            erase_due(ann.context)
        except KeyboardInterrupt:
            deaths += 1
    assert deaths > 5
    assert places(ann, NAME, EMAIL) == {}


@pytest.mark.requirement("SEC-6", "SEC-9")
def test_while_money_is_open_it_is_refused(ann: Machine) -> None:
    with ann.connect() as connection:
        connection.execute("UPDATE bursar.payment SET status = 'processing' WHERE external_id = 'pi_cus_ann'")
    refused = ask(ann)
    assert (refused["code"], refused["details"]) == ("money_open", {"current": 1, "limit": 0, "open": {"payments": 1}})
    assert ask(ann, "nobody")["code"] == "unknown_subscriber"
    assert places(ann, NAME)["subscriber"] == 1
