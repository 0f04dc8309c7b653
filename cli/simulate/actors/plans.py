"""Other plans, an end, a change of mind: what becomes of a subscription that we bill."""

from __future__ import annotations

from cli.simulate.actors.arrivals import begin
from cli.simulate.people import Customer
from cli.simulate.stage import Stage

_STATUS = "SELECT status FROM bursar.subscription WHERE source = 'bursar' AND external_id = %s"


def upgrade(stage: Stage, one: Customer) -> bool:
    """To the next plan, at once: the difference is billed."""
    if one.product != "basic" or not one.begun:
        return False
    one.product = "pro"
    stage.say("subscriptions.change", **one.ours, when="now", product="pro")
    return True


def downgrade(stage: Stage, one: Customer) -> bool:
    """To the plan before, with the next period; sometimes at once, which leaves him a credit."""
    if one.product != "pro" or one.cycle == ("month", 3) or not one.begun:
        return False
    one.product = "basic"
    stage.say("subscriptions.change", **one.ours, when=one.chance.choice(("period_end", "period_end", "now")), product="basic")
    return True


def other_cycle(stage: Stage, one: Customer) -> bool:
    """From the month to the year or back, at once: a period begins anew, less what was not used of the other."""
    if one.product not in ("basic", "pro") or not one.begun or one.cycle == ("month", 3):
        return False
    one.cycle = ("month", 1) if one.cycle == ("year", 1) else ("year", 1)
    stage.say("subscriptions.change", **one.ours, when="now", cycle_unit=one.cycle[0], cycle_count=1)
    return True


def cancel(stage: Stage, one: Customer) -> bool:
    """With the period. Many take it back within days; some come back months later."""
    if not one.begun:
        return False
    stage.say("subscriptions.cancel", **one.ours, when="period_end")
    if one.chance.random() < 0.4:
        stage.soon(one, 1, 5, lambda: _reactivate(stage, one))
    elif one.chance.random() < 0.2:
        stage.soon(one, 40, 90, lambda: _come_back(stage, one))
    return True


def _reactivate(stage: Stage, one: Customer) -> None:
    stage.did("reactivations")
    stage.say("subscriptions.reactivate", **one.ours)


def _come_back(stage: Stage, one: Customer) -> None:
    found = stage.play.all(_STATUS, one.subscription)
    if found and found[0][0] in ("cancelled", "expired"):
        stage.did("returns")
        begin(stage, one)


def leave_now(stage: Stage, one: Customer) -> bool:
    """At once, and what was paid and not used becomes a credit."""
    if not one.begun:
        return False
    stage.say("subscriptions.cancel", **one.ours, when="now", credit_unused=True)
    return True


def pause(stage: Stage, one: Customer) -> bool:
    """Nothing is billed for some weeks."""
    if not one.begun:
        return False
    stage.say("subscriptions.pause", **one.ours)
    stage.soon(one, 5, 50, lambda: _resume(stage, one.ours))
    return True


def _resume(stage: Stage, ours: dict[str, str]) -> None:
    stage.did("resumptions")
    stage.say("subscriptions.resume", **ours)


def go_free(stage: Stage, one: Customer) -> bool:
    """Down to the free plan, whoever bills him."""
    if one.product == "free" or not (one.begun or one.provider_subscription):
        return False
    one.product = "free"
    stage.say("subscriptions.downgrade", subscriber_ref=one.ref, when=one.chance.choice(("now", "period_end")))
    return True
