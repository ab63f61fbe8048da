"""The two sides of a test of realism, from whatever people have: datasets, folders of images, presets."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from shapes.core.errors import InputError
from shapes.core.grid import Grid, Triple
from synthem.data.hdf5 import Dataset
from synthem.data.open import is_generated
from synthem.data.real.reading import PLAIN, Reading
from synthem.data.unlabelled import SMALLEST_PX, sample_windows
from synthem.measure.realism import Realism, features_of, quartered, realism
from synthem.measure.statistics import describe
from synthem.measure.statistics.distance import Features
from synthem.preset.preset import load_preset, preset_names
from synthem.world import World

_APART_NM = 4.0e4


def compare_sections(
    synthetic: str | Path,
    real: Path,
    count: int = 64,
    *,
    names: list[str] | None = None,
    how: Reading = PLAIN,
    voxel_nm: Triple | None = None,
    seed: int = 0,
    tick: Callable[[int, int], None] = lambda done, of: None,
) -> Realism:
    """Compare synthetic sections with real ones.

    Parameters
    ----------
    synthetic : str or Path
        A generated dataset, a folder of images, or a preset's name or YAML file, which is then rendered.
    real : Path
        Real images.
    count : int
        Windows on either side, at most.
    names : list of str, optional
        The real sections to take.
    how : Reading
        How the real images are read.
    voxel_nm : tuple of float, optional
        Voxel size at which a preset is rendered; its own if None.
    seed : int
        Which windows.

    Raises
    ------
    InputError
        Where either side cannot be read or is too small.
    """
    notes: list[str] = []
    theirs = sample_windows(real, count, names=names, seed=seed, how=how)
    edge = theirs.images.shape[1]
    is_preset = str(synthetic) in preset_names() or str(synthetic).endswith((".yaml", ".yml"))
    if not is_preset and voxel_nm is not None:
        raise InputError("realism: a voxel size is that of a preset to render; images have theirs already")
    if is_preset:
        ours, our_sections = _rendered(str(synthetic), count, edge, voxel_nm, seed, tick)
    elif is_generated(synthetic) and isinstance(data := _dataset(Path(synthetic)), Dataset):
        ours, our_sections, edge = _patches(data, count, edge)
    else:
        windows = sample_windows(synthetic, count, largest_vx=edge, seed=seed)
        edge = windows.images.shape[1]
        ours, our_sections = features_of(windows.images), list(windows.sections)
        notes += [f"{synthetic}: {note}" for note in windows.notes]
    if edge != theirs.images.shape[1]:
        theirs = sample_windows(real, count, largest_vx=edge, names=names, seed=seed, how=how)
    notes += [f"{real}: {note}" for note in theirs.notes]
    their_sections, few = quartered(theirs.sections, theirs.places)
    if few:
        notes.append(
            f"{real}: with {len(set(theirs.sections))} sections their quarters stand for sections in the "
            "cross-validation, which makes real data look more alike than they are"
        )
    return realism(ours, features_of(theirs.images), our_sections, their_sections, seed=seed, notes=notes)


def _rendered(
    preset: str, count: int, edge: int, voxel_nm: Triple | None, seed: int, tick: Callable[[int, int], None]
) -> tuple[Features, list[str]]:
    """Describe windows of a preset that lie far apart: each is a section of its own."""
    world = World(load_preset(preset), seed)
    voxel = voxel_nm or world.preset.voxel_nm
    out = []
    for k in range(count):
        patch = world.patch(Grid((1, edge, edge), voxel, (k * _APART_NM + 137.0, 0.0, 0.0)))
        out.append(describe(patch.image[0]))
        tick(k + 1, count)
    return np.array(out), [str(k) for k in range(count)]


def _dataset(path: Path) -> Dataset | None:
    from synthem.data.open import open_data

    data = open_data(path)
    return data if isinstance(data, Dataset) else None


def _patches(data: Dataset, count: int, edge: int) -> tuple[Features, list[str], int]:
    """Describe windows of a dataset's patches: a patch is a section, of a volume its middle one."""
    shape = data.manifest.plan.request.shape
    if min(shape[1:]) < SMALLEST_PX:
        raise InputError(
            f"realism: patches of {shape[1]} × {shape[2]} are too small; {SMALLEST_PX} is the least"
        )
    edge = min(edge, min(shape[1:]) // 32 * 32)
    cuts, sections = [], []
    for k in np.linspace(0, len(data) - 1, min(count, len(data))).round().astype(int):
        patch = data[int(k)]
        plane = patch.image[patch.image.shape[0] // 2]
        cuts.append(plane[:edge, :edge])
        sections.append(str(k))
    return features_of(np.array(cuts)), sections, edge
