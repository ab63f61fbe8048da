"""Who faces whom: a synapse's places lie in its partners, and every density has its own."""

from itertools import islice

import numpy as np
import pytest

from shapes import Grid
from synthem import World
from synthem.scene.synapses import synapses

SHAPE, VOXEL = (64, 112, 112), (12.0, 12.0, 12.0)


@pytest.fixture(scope="module", params=[("epfl", 5, 0), ("insect", 5, 0)], ids=lambda p: p[0])
def shown(request):
    preset, seed, at = request.param
    world = World(preset, seed)
    for place in islice(world.find("psd"), at, at + 12):
        grid = Grid(SHAPE, VOXEL, tuple(p - n * v / 2 for p, n, v in zip(place, SHAPE, VOXEL, strict=True)))
        found = synapses(world.scene(grid))
        if preset != "insect" or len({one.contact for one in found}) < len(found):
            break
    return found, world.annotated(grid)[1], grid, preset


def test_places_lie_in_their_neurites(shown):
    found, ids, grid, _ = shown
    assert found

    def owner(place):
        at = np.floor(np.divide(place, grid.voxel_nm)).astype(int) - grid.start_vx
        return ids["neurite"][tuple(at)] if ((at >= 0) & (at < grid.shape)).all() else None

    for one in found:
        assert one.presynaptic != one.postsynaptic
        assert owner(one.presynaptic_nm) in (None, one.presynaptic)
        assert owner(one.postsynaptic_nm) in (None, one.postsynaptic)


def test_every_density_has_its_partners(shown):
    found, ids, _, preset = shown
    told, boutons = {one.density for one in found}, {one.presynaptic for one in found}
    for density in np.unique(ids["psd"][ids["psd"] > 0]):
        if density not in told:  # a sliver: of it the bouton's side shows alone
            assert set(ids["neurite"][ids["psd"] == density]) <= boutons and preset == "insect"
    several = len({one.contact for one in found}) < len(found)
    assert several == (preset == "insect"), "insects' synapses have several partners"


def test_a_window_elsewhere_tells_the_same(shown):
    """What two windows show is one synapse: ids, partners and the middle of its contact are the same."""
    found, _, grid, preset = shown
    z, y, x = grid.origin_nm
    aside = Grid(SHAPE, VOXEL, (z, y, x + 240))
    less = {one.density: one for one in synapses(World(preset, 5).scene(aside))}
    both = [(one, less[one.density]) for one in found if one.density in less]
    assert both
    for one, other in both:
        assert one[:4] == other[:4] and np.allclose(one.place_nm, other.place_nm, atol=0.1)


def test_tissue_without_synapses_has_none():
    assert synapses(World("white_matter", 1).scene(Grid((8, 32, 32), (20.0, 20.0, 20.0)))) == []
