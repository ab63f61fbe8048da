"""Budgets of a round follow needs, within bounds, and spend the same in all."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_experiment import SYNTHETIC, section

from shapes.core.errors import InputError
from synthem.experiment.allocation import LEAST, MOST, budgets, check_balance, needs_of

BASE = {"psd": 0.02, "sheath": 0.04, "mitochondrion": 0.1}


@given(st.lists(st.one_of(st.floats(0, 1), st.just(math.nan), st.floats(1, 1e6)), min_size=3, max_size=3))
def test_the_total_is_kept_and_every_budget_is_within_bounds(needs):
    out = budgets(BASE, dict(zip(BASE, needs, strict=True)))
    assert sum(out.values()) == pytest.approx(sum(BASE.values()), rel=1e-6)
    assert all(LEAST - 1e-9 <= out[name] / BASE[name] <= MOST + 1e-9 for name in BASE)
    known = [(n, out[name] / BASE[name]) for name, n in zip(BASE, needs, strict=True) if n == n]
    assert all(f <= g + 1e-6 for n, f in known for m, g in known if n < m)


def test_between_its_bounds_a_budget_is_in_proportion_to_the_need():
    out = budgets(BASE, {"psd": 0.8, "sheath": 0.4, "mitochondrion": 0.2})
    factor = {name: out[name] / BASE[name] for name in BASE}
    assert factor["psd"] == pytest.approx(2 * factor["sheath"])
    assert factor["sheath"] == pytest.approx(2 * factor["mitochondrion"])
    assert budgets(BASE, dict.fromkeys(BASE, 0.3)) == budgets(BASE, {}) == budgets(BASE, {"psd": 0.0}) == BASE
    unknown = budgets(BASE, {"psd": 0.9, "mitochondrion": 0.1})
    assert unknown["psd"] / 0.02 > unknown["sheath"] / 0.04 > unknown["mitochondrion"] / 0.1


def test_needs_are_what_an_allocation_says():
    assert set(needs_of("uniform", BASE, [], {"psd": 0.1}).values()) == {1.0}
    assert set(needs_of("adaptive", BASE, [], None).values()) == {1.0}
    found = needs_of("adaptive", BASE, [], {"psd": 0.25, "sheath": math.nan, "mean": 0.5})
    assert found["psd"] == 0.75 and math.isnan(found["sheath"]) and math.isnan(found["mitochondrion"])
    real = [section(k, sheath=False) for k in range(3)]
    held = needs_of("inverse", BASE, real, {"psd": 0.25})
    share = sum(patch.labels[0].mean() for patch in real) / 3
    assert held["mitochondrion"] == pytest.approx(1 / share)
    assert held["psd"] == held["sheath"] == pytest.approx(1e5)  # never held: as rare as stray pixels
    assert needs_of("inverse", BASE, SYNTHETIC, None)["sheath"] < 1e3


def test_a_balance_that_leaves_nothing_to_allocate_is_refused():
    check_balance("mixed-uniform", {"psd": 0.02})
    check_balance("mixed-adaptive", BASE)
    for arm, balance, says in (
        ("mixed-uniform", {}, "give a class"),
        ("mixed-adaptive", {"psd": 0.02}, "give two classes"),
        ("mixed-inverse", {"psd": 0.5, "axon": 0.6}, "below 1, not 1.1"),
    ):
        with pytest.raises(InputError, match=says):
            check_balance(arm, balance)
