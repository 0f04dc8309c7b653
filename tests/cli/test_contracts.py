"""The contracts of commands: what may change in one, what may not, and that a breaking change is not even written."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from billing.rules.commands.base import COMMANDS
from cli import contracts, generate
from cli.contracts import breaking_changes, contract, field_docs, published, schema_of
from cli.main import main
from providers.app.event_types import EVENT_TYPES
from workers.routes import ROUTES

NAME = "billing.customer.link.v1"
Change = Callable[[dict[str, Any]], object]


def _told(change: Change) -> list[str]:
    """What is found when a published contract is changed like that."""
    old = {NAME: copy.deepcopy(dict(published()[NAME]))}
    old[NAME]["properties"]["count"] = {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}
    old[NAME]["properties"]["lines"] = {"type": "array", "items": {"type": "string"}}
    old[NAME]["required"].append("lines")
    new = copy.deepcopy(old)
    change(new[NAME])
    return list(breaking_changes(old, new))


def _field(name: str, schema: dict[str, Any]) -> Change:
    return lambda told: told["properties"].update({name: schema})


def _result(name: str, schema: dict[str, Any]) -> Change:
    return lambda told: told["x-result"]["properties"].update({name: schema})


BREAKING: dict[str, Change] = {
    "the field external_ref is gone": lambda told: told["properties"].pop("external_ref"),
    "the field move has become required": lambda told: told["required"].append("move"),
    "the field external_ref takes less than it did": _field("external_ref", {"type": "integer"}),
    "the field source takes less than it did": _field("source", {"enum": ["stripe"]}),
    "the field customer_ref takes less than it did": _field("customer_ref", {"enum": ["cus_1"]}),
    "the field count takes less than it did": _field("count", {"type": "integer", "default": None}),
    "the field lines takes less than it did": _field("lines", {"type": "array", "items": {"type": "integer"}}),
    "the field move means something else": _field("move", {"type": "boolean", "default": True}),
    "the result's field previous is gone": lambda told: told["x-result"]["properties"].pop("previous"),
    "the result's field customer may be what it never was": _result("customer", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    "the result is gone": lambda told: told.update({"x-result": None}),
}

HARMLESS: list[Change] = [
    lambda _: None,
    _field("extra", {"type": "string", "default": "x"}),
    _field("source", {"enum": ["stripe", "paypal", "zoom"]}),
    _field("source", {"type": "string"}),
    _field("external_ref", {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    lambda told: told["required"].remove("external_ref"),
    lambda told: told["properties"]["move"].update({"description": "said better"}),
    _result("more", {"type": "string"}),
    _result("previous", {"type": "string"}),
    lambda told: told["x-refusals"].update({"new_code": "when"}),
    lambda told: told.update({"x-queue": "payouts"}),
]


@pytest.mark.parametrize("sentence", BREAKING)
def test_what_would_break_an_app_is_found(sentence: str) -> None:
    (found,) = _told(BREAKING[sentence])
    assert found.startswith(f"{NAME}: {sentence}")
    assert found.endswith("make a new version of it beside this one")


@pytest.mark.parametrize("number", range(len(HARMLESS)))
def test_what_no_app_notices_passes(number: int) -> None:
    assert _told(HARMLESS[number]) == []


def test_a_command_that_is_gone_is_found_and_a_new_one_is_welcome() -> None:
    old = published()
    assert list(breaking_changes(old, {**old, "billing.customer.link.v2": old[NAME]})) == []
    (found,) = breaking_changes(old, {name: told for name, told in old.items() if name != NAME})
    assert "the command is gone" in found


def test_generate_does_not_overwrite_what_an_app_relies_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = copy.deepcopy(dict(published()[NAME]))
    old["properties"]["nickname"] = {"type": "string"}
    path = tmp_path / f"{NAME}{contracts.SUFFIX}"
    path.write_text(json.dumps(old), encoding="utf-8")
    before = path.read_bytes()
    monkeypatch.setattr(contracts, "FOLDER", tmp_path)
    monkeypatch.setattr(contracts.published, "__defaults__", (tmp_path,))
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    for arguments in (["generate"], ["generate", "--check"]):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 1
        assert f"{NAME}: the field nickname is gone; make a new version of it" in done.output
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_every_command_has_its_contract() -> None:
    assert set(published()) == set(EVENT_TYPES) == set(ROUTES["app"])
    for name, told in published().items():
        assert told["additionalProperties"] is False
        assert told["x-queue"] == ROUTES["app"][name]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silent:
    """A class."""

    said: str
    """Why it is there."""
    unsaid: str


def test_a_field_without_a_word_about_it_is_refused() -> None:
    assert field_docs(_Silent) == {"said": "Why it is there."}
    with pytest.raises(ValueError, match="without a docstring: unsaid"):
        schema_of(_Silent)


def test_no_published_contract_is_broken_by_this_version() -> None:
    made = {path.name.removesuffix(contracts.SUFFIX): json.loads(text) for path, text in contracts.render_contracts(ROUTES["app"]).items()}
    assert list(breaking_changes(published(), made)) == []


def test_a_contract_names_the_command() -> None:
    told = contract(COMMANDS[NAME], "payments")
    assert told["title"] == NAME
    assert told["required"] == ["source", "customer_ref", "external_ref"]
