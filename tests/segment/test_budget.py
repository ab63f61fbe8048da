"""How minutes are shared."""

import pytest

from shapes.core.errors import InputError
from synthem.segment.budget import FEWEST, FEWEST_STEPS, FIT_SECONDS, Budget


def made(minutes: float, fits: bool = True) -> Budget:
    return Budget(60 * minutes, patch=1.0, step=0.5, crop=0.1, label=30.0, tiles=4, fits=fits)


def test_all_parts_together_keep_to_the_time() -> None:
    for minutes in (3, 10, 60):
        budget = made(minutes)
        budget.require("--adapt")
        fit, patches = 60 * budget.fit_minutes(), budget.patches() * budget.patch
        budget.begun -= fit + patches  # as if they were done
        steps = budget.steps()
        assert fit >= FIT_SECONDS and patches >= FEWEST and steps >= FEWEST_STEPS
        assert fit + patches + steps * budget.step + budget.check + budget.label <= 60 * minutes
    assert made(60).steps() > made(10).steps() and made(60).patches() > made(10).patches()
    assert made(3, fits=False).patches() > made(3).patches()


def test_too_few_minutes_name_the_least() -> None:
    with pytest.raises(
        InputError, match=r"--adapt: 1 minutes are too few .* (\d+\.\d|\d) are the least"
    ) as refused:
        made(1).require("--adapt")
    least = float(str(refused.value).split("; ")[1].split()[0])
    made(least).require("--adapt")
    with pytest.raises(InputError):
        made(least - 0.2).require("--adapt")
