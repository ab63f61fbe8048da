"""Shares of pixels: reached within a tenth, or told."""

import numpy as np
import pytest

from synthem.paste.budget import Offer, choose
from synthem.paste.request import Request
from synthem.paste.run import paste_sections
from synthem.paste.things import Thing


def offer(kind, count, pixels=100, held=0):
    things = [Thing(kind, k + 1, np.uint64(k), (0.0, 0.0), 1.0) for k in range(count)]
    names = ("psd", "vesicle", "sheath", "mitochondrion")
    return Offer(
        10_000,
        {n: held * (n == kind) for n in names},
        things,
        [{n: pixels * (n == kind) for n in names}] * count,
    )


def test_things_are_taken_section_by_section_until_the_share_is_there():
    chosen, notes = choose([[offer("psd", 9)], [offer("psd", 9)]], {"psd": 0.05})
    assert [len(own[0]) for own in chosen] == [5, 5] and notes == []


def test_what_cannot_be_reached_is_told():
    _, notes = choose([[offer("sheath", 2)]], {"sheath": 0.5})
    assert notes == ["short of sheath: reached 0.02 of 0.5: no further place was found for any"]
    chosen, notes = choose([[offer("psd", 9, held=900)]], {"psd": 0.05})
    assert chosen == [[[]]] and "over psd: 0.09 of 0.05: the real sections hold more already" in notes
    # a thing that would lead farther past the share than it lacks is left out
    chosen, _ = choose([[offer("psd", 9, pixels=3000)]], {"psd": 0.1})
    assert chosen == [[[]]]


def test_sections_reach_a_share(sections):
    before = np.mean([p.mask("psd").mean() for p in sections])
    wanted = float(before) + 0.004
    request = Request(preset="epfl", classes=("psd", "vesicle"), balance={"psd": wanted})
    out, entries, notes = paste_sections(sections, request)
    after = np.mean([p.mask("psd").mean() for p in out])
    assert entries and (after == pytest.approx(wanted, rel=0.1) or "short of psd" in notes[0])
    assert after > before + 0.001
