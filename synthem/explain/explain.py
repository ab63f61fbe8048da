"""The context that each class needs, of one model on some data: attribution, and Dice by window."""

from collections.abc import Callable, Sequence

import numpy as np
from rich.table import Table

from shapes.core.errors import InputError
from shapes.core.frozen import Frozen
from synthem.explain.attribution import HELD, attribute, held_within, radius_of
from synthem.explain.context import ENOUGH, dice_with, enough, windows_of
from synthem.explain.places import places_of, window_around
from synthem.learning.inference.prepare import wanted_voxel
from synthem.learning.inference.score_model import common
from synthem.learning.network.model_file import Model
from synthem.patch import Patch
from synthem.scores.dice import score_table

NETWORK_STEP = 16
"""Edges of windows are multiples of this: the network halves them four times."""


class ClassContext(Frozen):
    """How much context one class needs.

    Attributes
    ----------
    pixels : int
        How many voxels of the class were asked about.
    radius_nm : float or None
        Median over these of the radius that holds 90 % of their attribution; None where there are none.
    quartiles_nm : (float, float) or None
        Between which half of these radii lie.
    shares : tuple of float
        Mean share of the attribution within each of ``Context.radii_nm``.
    dice : tuple of float or None
        With each of ``Context.windows_nm``.
    enough_nm : float or None
        The smallest of these windows from which on Dice is at least 95 % of its best.
    """

    pixels: int
    radius_nm: float | None
    quartiles_nm: tuple[float, float] | None
    shares: tuple[float, ...]
    dice: tuple[float | None, ...]
    enough_nm: float | None


class Context(Frozen):
    """The context that the classes of a model need; ``windows_nm`` are edges of square windows."""

    radii_nm: tuple[float, ...]
    windows_nm: tuple[float, ...]
    classes: dict[str, ClassContext]


def explain(
    model: Model,
    data: Sequence[Patch],
    *,
    count: int = 40,
    seed: int = 0,
    threshold: float = 0.5,
    say: Callable[[str], None] = lambda text: None,
    tick: Callable[[int, int], None] = lambda done, of: None,
) -> Context:
    """Measure how far from a pixel the network looks, and how large a window each class needs.

    The radius is that which holds 90 % of what integrated gradients attribute a class to, around ``count``
    voxels of each class; see ``attribute``. For Dice each voxel is labelled in the middle half of a window;
    windows grow from the smallest that the network takes to twice those that it was trained on.

    Parameters
    ----------
    model : Model
    data : sequence of Patch
        In the model's voxels. Classes that are not labelled in them are left out.
    count : int
        Voxels of each class to ask about; at least 1.
    seed : int
        Which they are.
    threshold : float
        A class is found above this probability.
    tick : callable
        Told how many parts of the work are done, and of how many.

    Raises
    ------
    InputError
        Where the data's voxels are not the model's, or the two have no class in common.
    """
    common(model.classes, data, say)
    for patch in data:
        own = patch.grid.voxel_nm
        if wanted_voxel(model.card, own, patch.name) != own:
            sizes = [" × ".join(f"{edge:g}" for edge in size) for size in (own, model.card.voxel_nm)]
            raise InputError(
                f"explain: {patch.name or 'a patch'} has voxels of {sizes[0]} nm and the model "
                f"knows those of {sizes[1]} nm: resample it first"
            )
    names = [n for n in model.learned if any(patch.knows(n) for patch in data)]
    channels = [model.classes.index(name) for name in names]
    dims = model.card.config.network.dims
    voxel_nm, window = model.card.voxel_nm, model.card.config.patch_vx
    windows = windows_of(window, NETWORK_STEP)
    of = len(names) + len(windows) * len(data)
    done = 0

    def step() -> None:
        nonlocal done
        tick(done, of)
        done += 1

    most_nm = max(n * v for n, v in zip(window[1:], voxel_nm[1:], strict=True)) / 2
    radii = np.linspace(0.0, most_nm, 65)[1:]
    found = {}
    for name, channel in zip(names, channels, strict=True):
        step()
        lengths, shares = [], []
        for place in places_of(name, data, count, rng=np.random.default_rng([seed, channel])):
            cut = window_around(data[place.patch].image, place.voxel, window)
            parts = attribute(model.net, cut[0] if dims == 2 else cut, channel).parts
            away, within = held_within(parts, voxel_nm)
            lengths.append(radius_of(away, within))
            shares.append(within[np.searchsorted(away, radii, side="right") - 1])
        found[name] = (lengths, np.mean(shares, axis=0) if shares else np.zeros(len(radii)))
    scores = [
        score_table(
            dice_with(model.net, channels, names, data, size, dims=dims, threshold=threshold, tick=step),
            names,
        )
        for size in windows
    ]
    edges = [size[-1] * voxel_nm[-1] for size in windows]
    classes = {}
    for name in names:
        lengths, inside = found[name]
        dice = tuple(
            float(row["dice"] or 0.0) if row["support"] else None for row in (table[name] for table in scores)
        )
        low, middle, high = np.percentile(lengths, (25, 50, 75)).tolist() if lengths else (0.0, 0.0, 0.0)
        classes[name] = ClassContext(
            pixels=len(lengths),
            radius_nm=middle if lengths else None,
            quartiles_nm=(low, high) if lengths else None,
            shares=tuple(inside.tolist()),
            dice=dice,
            enough_nm=enough(edges, dice),
        )
    return Context(radii_nm=tuple(radii.tolist()), windows_nm=tuple(edges), classes=classes)


def context_rows(context: Context) -> Table:
    """Make the table of a context for a terminal: a row a class."""
    out = Table(title="Context that each class needs")
    heads = (f"{HELD:.0%} of attribution within", f"window for {ENOUGH:.0%} of its best", "best Dice", "at")
    for head in ("class", *heads):
        out.add_column(head, justify="left" if head == "class" else "right", no_wrap=True)
    for name, one in context.classes.items():
        row = ["–"] * len(heads)
        if one.radius_nm is not None and one.quartiles_nm is not None:
            row[0] = f"{one.radius_nm:.0f} nm ({one.quartiles_nm[0]:.0f}–{one.quartiles_nm[1]:.0f})"
        if one.enough_nm is not None:
            best, at = max((d, w) for d, w in zip(one.dice, context.windows_nm, strict=True) if d is not None)
            row[1:] = f"{one.enough_nm:.0f} nm", f"{best:.3f}", f"{at:.0f} nm"
        out.add_row(name.replace("_", " "), *row)
    return out
