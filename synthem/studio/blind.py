"""A blind test: shuffled crops, what a rater took each for, real or synthetic, and how often rightly."""

import json
import math
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.atomic import write_whole
from synthem.studio.errors import RefusedError

MOST_TESTS = 8
"""So many tests are kept; the oldest goes first."""
MOST_CROPS = 200
Z = 1.959964
"""Of a normal distribution, 95 % lie within so many standard deviations."""


def wilson(right: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, after Wilson (1927): it stays within 0 and 1 and needs no many.

    Raises
    ------
    InputError
        Where there is nothing to take a share of.
    """
    if of < 1 or not 0 <= right <= of:
        raise InputError(f"wilson: right must lie between 0 and of, which is at least 1, not {right} of {of}")
    share, square = right / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass
class BlindTest:
    """Crops in a drawn order, half of them real, and the answers so far.

    Attributes
    ----------
    images : list of uint8 (y, x)
    real : list of bool
        Which of them are real; told when all are answered.
    about : dict
        What a report says of it besides.
    answers : list of bool
        Which were taken for real, in order.
    """

    images: list[npt.NDArray[np.uint8]]
    real: list[bool]
    about: dict[str, Any]
    answers: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _asked: float = field(default_factory=time.monotonic)

    @classmethod
    def shuffled(
        cls, real: list[npt.NDArray[np.uint8]], synthetic: list[npt.NDArray[np.uint8]], about: dict[str, Any]
    ) -> "BlindTest":
        """Return a test of crops in an order that nobody can foretell."""
        every = [(image, True) for image in real] + [(image, False) for image in synthetic]
        secrets.SystemRandom().shuffle(every)
        return cls([image for image, _ in every], [is_real for _, is_real in every], about)

    def answer(self, number: int, is_real: bool) -> None:
        """Take an answer; RefusedError where another crop is asked for."""
        if number != len(self.answers) or number >= len(self.images):
            raise RefusedError(409, f"crop {number} is not the one that is asked for, {len(self.answers)}")
        now = time.monotonic()
        self.answers.append(is_real)
        self.seconds.append(round(now - self._asked, 2))
        self._asked = now

    @property
    def done(self) -> bool:
        """Whether all are answered."""
        return len(self.answers) == len(self.images)

    def result(self) -> dict[str, Any]:
        """Return accuracy, its interval, and each crop's origin and answer; RefusedError before the end."""
        if not self.done:
            raise RefusedError(409, f"{len(self.images) - len(self.answers)} crops have no answer yet")
        right = sum(a == r for a, r in zip(self.answers, self.real, strict=True))
        low, high = wilson(right, len(self.real))
        return {
            **self.about,
            "crops": len(self.real),
            "right": right,
            "accuracy": round(right / len(self.real), 4),
            "interval_95": [round(low, 4), round(high, 4)],
            "taken_for_real": {
                name: sum(a for a, r in zip(self.answers, self.real, strict=True) if r is which)
                for name, which in (("real", True), ("synthetic", False))
            },
            "answers": [
                {"real": r, "taken_for_real": a, "seconds": s}
                for r, a, s in zip(self.real, self.answers, self.seconds, strict=True)
            ],
        }

    def write(self, folder: Path, rater: str) -> Path:
        """Write the result as a new JSON file of a rater, and return where."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = folder / f"blind-{rater}-{stamp}.json"
        number = 2
        while path.exists():
            path = folder / f"blind-{rater}-{stamp}-{number}.json"
            number += 1
        write_whole(path, (json.dumps({"rater": rater, **self.result()}, indent=1) + "\n").encode())
        return path


class BlindTests:
    """The tests that are under way, by names that nobody can guess."""

    def __init__(self) -> None:
        self._tests: OrderedDict[str, BlindTest] = OrderedDict()

    def add(self, test: BlindTest) -> str:
        """Keep a test and return its name."""
        name = secrets.token_urlsafe(12)
        self._tests[name] = test
        while len(self._tests) > MOST_TESTS:
            self._tests.popitem(last=False)
        return name

    def get(self, name: str) -> BlindTest:
        """Return a test; RefusedError where there is none of that name."""
        if name not in self._tests:
            raise RefusedError(404, "there is no such test any more: start a new one")
        return self._tests[name]
