"""The stand-in as a thing: it starts at once, keeps its state, and is a process with a command line for people."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.sandbox import sandbox
from core.clock import monotonic_s
from providers.sandbox.control import Control, SandboxRefused
from providers.sandbox.stripe.standin import StripeSandbox
from tests.harness.ports import free_range
from tests.harness.processes import Processes
from tests.harness.sandbox import Sandbox
from tests.harness.waiting import wait_until
from tests.providers.sandbox.stripe_api import Json, Sdk


def test_it_starts_and_ends_at_once() -> None:
    began_at_s = monotonic_s()
    for _ in range(10):
        made = Sandbox()
        made.control.balances()
        made.stop()
    assert monotonic_s() - began_at_s < 5


def test_the_state_outlives_it(tmp_path: Path) -> None:
    kept = tmp_path / "stripe.json"
    first = StripeSandbox()
    first.keep_in(kept)
    first.start()
    sdk, control = Sdk(first.base), Control(first.base)
    asked: Json = {"amount": 4900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    paid = sdk.post("/v1/payment_intents", key="k", **asked)
    dispute = control.dispute(paid["latest_charge"])
    control.advance(hours=12)
    before = (control.balances(), control.effects(), [event["id"] for event in control.objects("event")])
    first.stop()

    second = StripeSandbox()
    second.keep_in(kept)
    second.start()
    sdk, control = Sdk(second.base), Control(second.base)
    assert (control.balances(), control.effects(), [event["id"] for event in control.objects("event")]) == before
    assert sdk.post("/v1/payment_intents", key="k", **asked)["id"] == paid["id"]
    control.advance(days=8)
    assert sdk.get(f"/v1/disputes/{dispute['id']}")["status"] == "lost"
    fresh = sdk.post("/v1/customers")["id"]
    assert fresh.startswith(paid["id"].replace("pi_", "cus_")[:13])
    second.stop()


def test_the_control_api_says_what_is_wrong(stripe_sandbox: Sandbox) -> None:
    for command, told, words in (
        ("nonsense", {}, "there are: advance"),
        ("dispute", {"charge": "ch_no"}, "there is no charge ch_no"),
        ("fault", {"kind": "nonsense"}, "lost_reply"),
        ("configure", {"nonsense": 1}, "fee_basis_points"),
        ("webhooks", {"nonsense": 1}, "duplicates"),
        ("advance", {}, "seconds"),
    ):
        with pytest.raises(SandboxRefused, match=words):
            stripe_sandbox.control.do(command, **told)


def test_as_a_process(processes: Processes, tmp_path: Path) -> None:
    port = free_range()
    running = processes.bursar("sandbox", "run", "--port", str(port), env={"BURSAR_HOME": str(tmp_path)})
    running.wait_output(f"export BURSAR_STRIPE_API_BASE=http://127.0.0.1:{port}")
    control = Control(f"http://127.0.0.1:{port}")
    wait_until(lambda: _answers(control), what="the sandbox to answer")
    control.paid(4900)
    running.signal(signal.SIGTERM)
    assert running.wait() == 0
    assert [row["amount"] for row in json.loads((tmp_path / "sandbox-stripe.json").read_text())["effects"]] == [4900]


def test_its_commands(stripe_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def bursar(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(sandbox, arguments)
        assert done.exit_code == code, done.output
        return done.output

    monkeypatch.setenv("BURSAR_STRIPE_API_BASE", stripe_sandbox.base)
    account = bursar("account").strip()
    shown = bursar("charge", "4900", "eur", "--to", account, "--fee", "245")
    charge = shown.split("latest_charge")[1].split()[0]
    assert "status    succeeded" in bursar("refund", charge, "1000")
    assert "greater than unrefunded amount" in bursar("refund", charge, "9000", code=2)
    dispute = bursar("dispute", charge, "--amount", "900").split()[1]
    assert "status    won" in bursar("decide", dispute, "won")
    assert f"{account}  eur       4655       0" in bursar("advance", "2")
    assert "amount    4655" in bursar("payout", "--account", account)
    assert "lost_reply" in bursar("faults", "lost_reply", "--path", "refunds")
    assert bursar("faults", "--clear").splitlines() == ["KIND  METHOD  PATH  TIMES  STRUCK"]
    kinds = [json.loads(line)["kind"] for line in bursar("effects").splitlines()]
    assert kinds == ["capture", "transfer", "refund", "dispute_withdrawn", "dispute_reinstated", "payout"]
    bursar("do", "restrict", json.dumps({"account": account}))
    assert bursar("webhooks", "--loss", "0.5").splitlines() == ["EVENT  TYPE  WHAT  STATUS"]

    monkeypatch.setenv("BURSAR_STRIPE_API_BASE", "https://api.stripe.com")
    assert "which is no sandbox" in bursar("balance", code=2)
    stripe_sandbox.stop()
    monkeypatch.setenv("BURSAR_STRIPE_API_BASE", stripe_sandbox.base)
    assert "does not answer" in bursar("balance", code=69)


def _answers(control: Control) -> bool:
    try:
        return control.balances() == {}
    except OSError:
        return False
