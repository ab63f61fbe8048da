"""Shares of pixels: which things are set in, so that all sections together reach them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from synthem.paste.things import KINDS, Thing

TOLERANCE = 0.10
"""A share that is missed by more of itself is told."""


class Offer(NamedTuple):
    """One section: its pixels, those of each class, what could be set in, and what each of that would add."""

    pixels: int
    held: Mapping[str, int]
    things: Sequence[Thing]
    gains: Sequence[Mapping[str, int]]


def choose(
    offers: Sequence[Sequence[Offer]], balance: Mapping[str, float]
) -> tuple[list[list[list[Thing]]], list[str]]:
    """Choose things until each class has its share, section after section in turn.

    Parameters
    ----------
    offers : sequence of sequences of Offer
        Of each output patch its sections.
    balance : mapping of str to float
        Wanted shares of pixels.

    Returns
    -------
    list, list of str
        Of each patch and section what is set in, and a sentence for each share that is missed.
    """
    flat = [(p, z, offer) for p, own in enumerate(offers) for z, offer in enumerate(own)]
    pixels = sum(offer.pixels for _, _, offer in flat)
    wanted = {name: share * pixels for name, share in balance.items()}
    have = {name: float(sum(offer.held[name] for _, _, offer in flat)) for name in balance}
    start = dict(have)
    chosen: list[list[list[Thing]]] = [[[] for _ in own] for own in offers]
    # densities first: they bring vesicles, of which crowds then add what is lacking
    for name in sorted(balance, key=KINDS.index):
        kind = name if name != "vesicle" or any(t.kind == name for *_, o in flat for t in o.things) else "psd"
        queues = [(p, z, [(t, g) for t, g in zip(o.things, o.gains, strict=True) if t.kind == kind])
                  for p, z, o in flat]  # fmt: skip
        taken = {t.id for own in chosen for things in own for t in things}
        for row in range(max((len(queue) for *_, queue in queues), default=0)):
            for p, z, queue in queues:
                if row >= len(queue) or queue[row][0].id in taken:
                    continue
                thing, gain = queue[row]
                lacking = wanted[name] - have[name]
                # one that would lead farther away than it came near is left out
                if gain[name] == 0 or abs(lacking - gain[name]) >= abs(lacking) or lacking <= 0:
                    continue
                chosen[p][z].append(thing)
                for cls in have:
                    have[cls] += gain.get(cls, 0)
    notes = []
    for name, share in balance.items():
        reached = have[name] / pixels
        if abs(reached - share) > TOLERANCE * share:
            notes.append(_missed(name, reached, share, start[name] / pixels))
    return chosen, notes


def _missed(name: str, reached: float, share: float, before: float) -> str:
    if before > share:
        return f"over {name}: {before:.3g} of {share:.3g}: the real sections hold more already"
    if reached > share:
        return f"over {name}: {reached:.3g} of {share:.3g}: what else was set in brought more"
    return f"short of {name}: reached {reached:.3g} of {share:.3g}: no further place was found for any"
