"""The inner plexiform layer: ribbons of bipolar cells, at dyads."""

from functools import cache

import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from shapes.neurites.population import AXON, GLIA
from synthem.preset.preset import load_preset
from synthem.scene.scene import Scene
from synthem.world import World


@cache
def ribbons() -> list[Scene]:
    """Return windows around a ribbon each."""
    world, out = World("urisc", 2), []
    for place, _ in zip(world.find("ribbon"), range(4), strict=False):
        out.append(
            world.scene(
                Grid(
                    (40, 60, 60),
                    (8.0,) * 3,
                    tuple(p - 8 * n for p, n in zip(place, (20, 30, 30), strict=True)),
                )
            )
        )
    return out


def test_there_is_no_seam_through_a_ribbon(check_halves):
    annotation = load_preset("urisc").annotation.model_copy(
        update={"classes": ("psd", "vesicle", "membrane", "ribbon")}
    )
    world, seen = World(load_preset("urisc").model_copy(update={"annotation": annotation}), 2), 0
    for scene in ribbons()[:2]:
        corner = tuple(o + 8.0 * n for o, n in zip(scene.grid.origin_nm, (12, 18, 18), strict=True))
        seen += check_halves(world, Grid((16, 24, 24), (8.0,) * 3, corner), 0.5).instances["ribbon"].any()
    assert seen == 2


def test_a_ribbon_stands_in_an_axon_off_the_membrane_and_vesicles_keep_off_it():
    for scene in ribbons():
        layer, inside = scene.layers["ribbon"], scene.layers["ribbon"].distance_nm < 0
        assert inside.any()
        assert (scene.neurites.kinds[scene.partition.index[inside]] == AXON).all()
        assert not (inside & (scene.layers["vesicle"].distance_nm < 0)).any()
        bars = scene.objects["ribbon"]
        # upright: along the first direction it is higher than it is thick, and longest along the second
        assert (bars.sizes_nm[:, 0] > bars.sizes_nm[:, 2]).all() and (
            bars.sizes_nm[:, 1] > bars.sizes_nm[:, 2]
        ).all()
        assert (2 * bars.sizes_nm[:, 0] + 12 <= 130.1).all()
        assert set(np.unique(layer.ids[inside])) <= set(bars.ids)


def test_some_axons_have_ribbons_at_all_their_synapses_and_others_none():
    with_one, without = set(), set()
    for scene in ribbons():
        contacts, bars = scene.objects["psd"], scene.objects["ribbon"]
        for owner in contacts.boutons[:, 0]:
            (with_one if owner in bars.owners else without).add(int(scene.neurites.ids[owner]))
    assert with_one and without and not with_one & without


def test_there_are_pale_processes_of_glia():
    kinds = World("urisc", 2).scene(Grid((1, 300, 300), (70.0, 20.0, 20.0))).neurites.kinds
    assert (kinds == GLIA).any()
    assert "glia_process" in load_preset("urisc").microscope.stain.model_dump()


def test_ribbons_need_polyadic_synapses():
    values = load_preset("urisc").model_dump(mode="json")
    values["anatomy"]["psd"]["polyadic"] = False
    with pytest.raises(InputError, match="ribbon: only a polyadic psd has ribbons"):
        load_preset(values)
