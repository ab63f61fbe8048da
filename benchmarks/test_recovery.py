"""Does a fit find what is known? Hidden presets are rendered and fitted from the unmodified one, unlabelled.

Run by hand: ``pytest benchmarks/test_recovery.py -s``; ``SYNTHEM_FITS`` and ``SYNTHEM_FIT_MINUTES`` set how
many and how long. Prints a line a fit and the median errors.
"""

import os

import cv2
import numpy as np

from shapes import Grid
from synthem.fit.parameters import Space
from synthem.fit.run import fit_preset
from synthem.preset.preset import Preset, load_preset
from synthem.world import World

FITS = int(os.environ.get("SYNTHEM_FITS", "20"))
MINUTES = float(os.environ.get("SYNTHEM_FIT_MINUTES", "1"))
EDGE, SECTIONS = 768, 3


def figures(space: Space, preset: Preset) -> dict[str, float]:
    """The hidden figures of a preset; noise is that at grey 128, which read and shot noise share."""
    values = dict(zip((knob.name for knob in space.knobs), space.values_of(preset), strict=True))
    return {
        "blur": values["blur"],
        "noise": float(np.hypot(values["read noise"], values["shot noise"] * np.sqrt(128 / 255))),
        "cytoplasm": values["cytoplasm grey"],
        "membrane": values["membrane grey"],
        "scale": values["scale of neurites"],
    }


def hidden(space: Space, seed: int) -> Preset:
    rng = np.random.default_rng(seed)
    values = space.values_of(space.start)
    for names, low, high in (
        (("blur",), 0.6, 1.7),
        (("read noise", "shot noise"), 0.5, 1.8),
        (("scale of neurites",), 0.7, 1.4),
    ):
        factor = np.exp(rng.uniform(np.log(low), np.log(high)))
        for name in names:
            values[space.index(name)] *= factor
    values[space.index("cytoplasm grey")] += rng.uniform(-35, 35)
    values[space.index("membrane grey")] += rng.uniform(-35, 35)
    return space.preset(space.to_unit(values))


def test_hidden_parameters_are_recovered(tmp_path) -> None:
    start = load_preset("epfl")
    space = Space(start)
    errors: dict[str, list[float]] = {}
    for k in range(FITS):
        truth = hidden(space, 100 + k)
        folder = tmp_path / str(k)
        folder.mkdir()
        for j in range(SECTIONS):
            grid = Grid((1, EDGE, EDGE), truth.voxel_nm, (j * 30_000.0 + 137.0, 0.0, 0.0))
            cv2.imwrite(str(folder / f"{j}.png"), World(truth, 900 + k).patch(grid).image[0])
        found = fit_preset(folder, start, tissues=[start.name], minutes=MINUTES, seed=k)
        pairs = figures(space, truth), figures(space, found.after)
        line = []
        for name, true in pairs[0].items():
            errors.setdefault(name, []).append(abs(pairs[1][name] / true - 1))
            line.append(f"{name} {true:.4g} -> {pairs[1][name]:.4g}")
        told = f"{k:2d} ({found.evaluations} candidates, misfit {found.cost_after:.2f})"
        print(f"{told}: {'; '.join(line)}", flush=True)
    print("error of the", "median,", "80th percentile")
    for name, values in errors.items():
        print(f"{name:10s} {100 * np.median(values):5.1f} % {100 * np.quantile(values, 0.8):5.1f} %")
    assert all(np.median(values) < 0.15 for values in errors.values())
