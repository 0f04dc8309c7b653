"""A play of many customers is several shops, and what is printed is their sum; one that fails ends all."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cli.main import main
from cli.simulate.found import Found, Line, Pace, found_in_all, pace_of_all
from cli.simulate.shops import CUSTOMERS, ShopFailedError, of_shop, play_shops, usual_shops
from cli.simulate.tell import told
from cli.simulate.year import Wanted

_ROOT = Path(__file__).parents[3]
_BEGINS = datetime(2027, 1, 1, tzinfo=UTC)


def _wanted(customers: int, shops: int, seed: int = 5) -> Wanted:
    return Wanted(customers=customers, days=1, seed=seed, faults=False, begins=_BEGINS, shops=shops)


@given(st.integers(1, 5_000), st.integers(1, 40), st.integers(0, 10**9))
def test_customers_are_shared_out_and_each_shop_has_chance_of_its_own(customers: int, shops: int, seed: int) -> None:
    shops = min(shops, customers)
    whole = _wanted(customers, shops, seed)
    each = [of_shop(whole, shop) for shop in range(1, shops + 1)]
    assert sum(one.customers for one in each) == customers
    assert max(one.customers for one in each) - min(one.customers for one in each) <= 1
    assert each[0].seed == seed
    assert len({one.seed for one in each}) == shops
    assert usual_shops(customers) * CUSTOMERS >= customers > (usual_shops(customers) - 1) * CUSTOMERS
    assert all(f"--customers {customers}" in str(one) and f"--seed {seed} " in str(one) for one in each)


_COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9))


@st.composite
def _founds(draw: st.DrawFn) -> Found:
    """What a shop may say: tables whose lines are always the same, and such as depend on what there is."""
    fixed = [Line("z", draw(st.integers(-99, 99)), draw(st.integers(0, 9))), Line("= a", draw(st.integers(-99, 99)), None)]
    some = [Line(name, None, count) for name, count in sorted(draw(_COUNTS).items())]
    return Found({"joins": draw(_COUNTS)}, fixed, [fixed, some], [])


@given(st.lists(_founds(), min_size=1, max_size=4))
def test_what_is_printed_is_the_sum_of_all_shops(shops: list[Found]) -> None:
    came = found_in_all(shops)
    assert [line.name for line in came.bridge] == ["z", "= a"]
    assert [line.amount for line in came.bridge] == [sum(shop.bridge[place].amount or 0 for shop in shops) for place in (0, 1)]
    assert came.bridge[1].count is None
    counted = sum((Counter({line.name: line.count or 0 for line in shop.summary[1]}) for shop in shops), Counter[str]())
    assert {line.name: line.count for line in came.summary[1] if line.count} == {name: count for name, count in counted.items() if count}
    assert [line.name for line in came.summary[1]] == sorted({line.name for shop in shops for line in shop.summary[1]})
    assert sum(came.calendar["joins"].values()) == sum(sum(shop.calendar["joins"].values()) for shop in shops)
    assert len(shops) > 1 or told(came) == told(shops[0])


def test_the_pace_is_that_of_all_shops_from_the_first_beginning_to_the_last_end() -> None:
    one = Pace(
        began_s=10.0, ended_s=20.0, cpu_s=3.0, subscription_days=7, instants=2, runs={"a": 1}, failed={}, deaths={}, webhooks={"told": 1},
        spent_us={"rules": 5},
    )  # fmt: skip
    other = Pace(
        began_s=12.0, ended_s=30.0, cpu_s=4.0, subscription_days=8, instants=3, runs={"a": 2, "b": 1}, failed={"b": 1}, deaths={},
        webhooks={}, spent_us={"rules": 6},
    )  # fmt: skip
    assert pace_of_all([one, other]) == Pace(
        began_s=10.0, ended_s=30.0, cpu_s=7.0, subscription_days=15, instants=5, runs={"a": 3, "b": 1}, failed={"b": 1}, deaths={},
        webhooks={"told": 1}, spent_us={"rules": 11},
    )  # fmt: skip


def test_two_shops_are_played_by_the_command_and_added_up() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "simulate", "--customers=2", "--days=1", "--shops=2"], cwd=_ROOT, check=False,
        capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 shops," in done.stderr
    assert done.stdout.count("= money in") == 1


def test_a_shop_that_fails_ends_the_play_and_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ShopFailedError, match=r"shop [12] of 2 did not come to its end \(exit code 2\)"):
        play_shops(_wanted(2, 2), ["--customers=none"])
    assert "--customers" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--customers=4", "--shops=5"], "5 shops for 4 customers"),
        (["--customers=4", "--shops=2", "--shop=3"], "there are 2 shops: no number 3"),
        (["--customers=4", "--shops=2", "--database=postgresql://nowhere.invalid/x"], "each shop needs a database of its own"),
    ],
)
def test_shops_that_cannot_be_are_refused(options: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["simulate", *options])
    assert done.exit_code == 2
    assert said in done.output
