"""What is in a mitochondrion: cristae, lamellar or tubular, and dark granules."""

import numpy as np
import pytest

from shapes import Grid
from shapes.mitochondria.cristae import GRANULE_NM
from shapes.partition.generator import FAR_NM, Layer
from synthem.preset.preset import load_preset
from synthem.scene.scene import CLUTTER, build_scene

IDLE = dict.fromkeys(("psd", "vesicle", *CLUTTER))
SHARP = {
    "granule_radius_nm": {"min": 20, "max": 20},
    "crista_period_nm": {"min": 60, "max": 60},
    "crista_thickness_nm": 24,
    "boundary_nm": 35,
}


def layer(seed: int = 1, **changes: object) -> Layer:
    """Return mitochondria of a deep window with ``changes`` to the preset."""
    values = load_preset("sstem_drosophila").model_dump(mode="json", exclude_none=True)
    values["anatomy"]["mitochondrion"] |= {**SHARP, **changes}
    tissue = load_preset(values).anatomy.model_copy(update=IDLE)
    return build_scene(tissue, seed, Grid((60, 150, 150), (8.0, 8.0, 8.0))).layers["mitochondrion"]


def shares(some: Layer, boundary_nm: float = 35.0) -> float:
    """Return how much of the matrix the cristae fill."""
    matrix = some.distance_nm < -boundary_nm
    return float((some.detail_nm[matrix] < 0).mean())


def test_granules_are_small_balls_in_the_matrix():
    with_them, without = layer(6, granule_chance=1.0), layer(6, granule_chance=0.0)
    grains = with_them.detail_nm < GRANULE_NM / 2
    assert not (without.detail_nm < GRANULE_NM / 2).any()
    np.testing.assert_array_equal(with_them.detail_nm[~grains], without.detail_nm[~grains])
    assert (with_them.distance_nm[grains] < -0.5 * 35).all()
    held = np.unique(with_them.ids[grains])
    assert len(held) > 1
    for number in held:
        volume = (grains & (with_them.ids == number)).sum() * 8.0**3
        assert volume <= 4 * 1.3 * 4 / 3 * np.pi * 20**3
    assert with_them.detail_nm[grains].min() == pytest.approx(GRANULE_NM - 18, abs=4)


def test_tubes_fill_less_than_lamellae():
    lamellae, mixed, tubes = (layer(granule_chance=0.0, tubular=part) for part in (0.0, 0.5, 1.0))
    assert shares(lamellae) > shares(mixed) > shares(tubes) > 0.05
    np.testing.assert_array_equal(lamellae.ids, tubes.ids)
    assert (tubes.detail_nm[tubes.distance_nm >= 0] == FAR_NM).all()


def test_cristae_begin_at_the_inner_membrane():
    some = layer(granule_chance=0.0)
    rim = (some.distance_nm < -0.7 * 35) & (some.distance_nm > -0.95 * 35)
    assert (some.detail_nm[rim] < 0).mean() > 0.15
    assert (some.detail_nm[(some.distance_nm < 0) & (some.distance_nm > -0.55 * 35)] > 0).all()
