"""The world: where its objects are, who may ask, and what it costs to be imported."""

import math
import subprocess
import sys
import time
from itertools import islice, pairwise

import numpy as np
import pytest

import synthem
from shapes import Grid
from shapes.core.errors import InputError, UnknownNameError
from synthem.labels import CLASSES, channel
from synthem.preset.preset import load_preset
from synthem.scene import find as find_module
from synthem.scene.find import find_in_block
from synthem.world import WORLD_VERSION, World, replay

HERE = (12_300.0, -4_560.0, 7_890.0)


@pytest.fixture(scope="module")
def world() -> World:
    return World("epfl", 7)


@pytest.mark.parametrize("kind", ["psd", "mitochondrion", "vesicle", "sheath", "mito_boundary"])
def test_places_come_nearest_first_and_without_end(world, kind):
    places = list(islice(world.find(kind, HERE), 30))
    distances = [math.dist(place, HERE) for place in places]
    assert all(a <= b + 1e-6 for a, b in pairwise(distances))
    assert len(set(places)) == len(places)
    assert all(isinstance(c, float) for place in places for c in place)


@pytest.mark.parametrize(("kind", "share"), [("psd", 0.9), ("mitochondrion", 0.95), ("vesicle", 0.95)])
def test_a_window_around_a_place_shows_the_class(world, kind, share):
    """A place is the object's middle, but a thin window may pass beside what the membrane left of it."""
    hits = []
    for place in islice(world.find(kind, HERE), 20):
        corner = [p - n * 5.0 / 2 for p, n in zip(place, (9, 48, 48), strict=True)]
        hits.append(world.labels(Grid((9, 48, 48), (5.0, 5.0, 5.0), tuple(corner)))[channel(kind)].any())
    assert np.mean(hits) >= share


def test_a_window_around_a_wrapped_axon_shows_its_sheath(world):
    hits = []
    for place in islice(world.find("sheath", HERE), 8):
        corner = [p - 80 * 15.0 / 2 for p in place[1:]]
        window = Grid((1, 80, 80), (15.0, 15.0, 15.0), (place[0], *corner))
        hits.append(world.labels(window)[channel("sheath")].any())
    assert np.mean(hits) >= 0.75


@pytest.mark.parametrize("kind", ["psd", "vesicle", "mitochondrion"])
def test_places_do_not_depend_on_how_the_world_is_searched(world, kind, monkeypatch):
    usual = list(islice(world.find(kind, HERE), 12))
    monkeypatch.setattr(find_module, "_COMMON_BLOCK_NM", 1100.0)
    np.testing.assert_allclose(list(islice(world.find(kind, HERE), 12)), usual, atol=1e-2)


def test_find_misses_no_mitochondrion_that_a_window_shows(world):
    """Every mitochondrion in a volume lies around one of the places nearest to it."""
    window = Grid((60, 60, 60), (30.0, 30.0, 30.0), tuple(c - 900 for c in HERE))
    ids = world.patch(window).instances["mitochondrion"]
    shown = np.unique(ids[ids > 0])
    assert len(shown) >= 2
    places = np.array(list(islice(world.find("mitochondrion", HERE), 80)))
    for who in shown:
        voxels = np.argwhere(ids == who)[::5] * 30.0 + 15 + np.array(window.origin_nm)
        nearest = np.linalg.norm(voxels[:, None] - places[None], axis=2).min()
        assert nearest < 450, "half the length of the longest and a little"


@pytest.mark.parametrize(("kind", "nm"), [("mitochondrion", 20.0), ("psd", 8.0), ("vesicle", 5.0)])
def test_an_object_lies_within_its_extent_and_where_its_line_passes(world, kind, nm):
    """Ids are looked up in a volume around each of a few objects."""
    away = []
    for one in find_in_block(world.preset.anatomy, 7, kind, (2, -1, 1), world.preset.annotation.psd_en_face)[
        :5
    ]:
        assert one.low[0] < one.place[0] < one.high[0]
        corner = tuple(p - 40 * nm for p in one.place)
        at = np.argwhere(world.annotated(Grid((80, 80, 80), (nm,) * 3, corner))[1][kind] == one.id)
        at = (at + 0.5) * nm + np.array(corner)
        beyond = max(one.low[0] - at[:, 0].min(), at[:, 0].max() - one.high[0])
        # bending may take it a little farther, and the label, and a density the round head that it lies on
        assert beyond < 0.1 * one.extent_nm + (80 if kind == "psd" else 15)
        assert at[:, 0].min() < one.place[0] < at[:, 0].max()
        away += [np.linalg.norm(at[at[:, 0] == z] - one.at(z), axis=1).min() for z in np.unique(at[:, 0])]
    assert len(away) > 20 and np.median(away) < nm and np.mean(np.array(away) < 60) > 0.8


def test_a_stretch_of_sheath_bears_the_id_of_its_axon(world):
    found = find_in_block(world.preset.anatomy, 7, "sheath", (1, 0, 0))
    assert all(one.low[0] < one.place[0] < one.high[0] for one in found)
    shown = [
        one.id in world.annotated(Grid((1, 96, 96), (20.0,) * 3, (z, y - 960, x - 960)))[1]["sheath"]
        for one in found[::5]
        for z, y, x in (one.at(0.5 * (one.low[0] + one.place[0])),)
    ]
    assert len(shown) > 1 and np.mean(shown) > 0.8


def test_find_gives_what_it_holds_before_it_ends(world, monkeypatch):
    """The place lies farther off than the empty blocks that end the search."""
    far = find_module.Found((1500.0,) * 3, (1400.0,) * 3, (1600.0,) * 3, 1)
    farther = far._replace(place=(1550.0,) * 3)
    monkeypatch.setattr(find_module, "EMPTY_BLOCKS", 5)
    monkeypatch.setattr(find_module, "_objects", lambda *args: [farther, far] if (args[3] == 0).all() else [])
    assert list(world.find("mitochondrion", (1.0, 1.0, 1.0))) == [far.place, farther.place]


def test_find_is_lazy(world):
    started = time.perf_counter()
    for kind in ("psd", "sheath", "vesicle"):
        world.find(kind)
    assert time.perf_counter() - started < 0.05


def test_find_refuses_what_is_no_class_or_everywhere_or_left_out(world):
    with pytest.raises(UnknownNameError, match="did you mean 'vesicle'"):
        world.find("vesicles")
    with pytest.raises(InputError, match="everywhere"):
        world.find("membrane")
    for preset, kind in (
        ("getmanskaya2022", "mitochondrion"),
        ("getmanskaya2022", "mito_boundary"),
        ("getmanskaya2022", "vesicle"),
        ("sstem_drosophila", "sheath"),
    ):
        with pytest.raises(InputError, match="leaves it out"):
            World(preset, 7).find(kind)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"axons": {"bouton_chance": 0.0}}, "psd"),
        ({"dendrites": None}, "psd"),
        ({"psd": {"chance": 0.0}}, "psd"),
        ({"myelinated": {"chance": 0.0}}, "sheath"),
        ({"vesicle": {"loose_chance": 0.0}, "axons": {"bouton_chance": 0.0}}, "vesicle"),
        (
            {
                "mitochondrion": {"bouton_chance": 0.0, "dendrite_chance": 0.0},
                "axons": {"swelling_chance": 0.0},
                "myelinated": None,
            },
            "mitochondrion",
        ),
    ],
)
def test_find_refuses_what_could_never_be_found(change, kind):
    """A search for what is never made would not end."""
    values = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    for block, keys in change.items():
        values["anatomy"][block] = None if keys is None else {**values["anatomy"][block], **keys}
    with pytest.raises(InputError, match="leaves it out"):
        World(values, 7).find(kind)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "7", None, True, float("nan")])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(InputError, match="seed must be a whole number from 0"):
        World("epfl", seed)


def test_any_whole_number_may_be_a_seed():
    assert World("epfl", np.int64(5)).seed == 5
    assert World("epfl", 2**63 - 1).seed == 2**63 - 1


def test_a_patch_carries_everything(world):
    grid = Grid((2, 30, 40), (5.0, 5.0, 5.0), HERE)
    patch = world.patch(grid)
    assert patch.grid == grid and patch.name == "epfl-7"
    assert patch.image.dtype == np.uint8 and patch.image.shape == grid.shape
    assert patch.clean.dtype == np.float32 and patch.labels.shape == (6, *grid.shape)
    assert set(patch.instances) == {"mitochondrion", "psd", "vesicle", "sheath", "neurite"}
    assert all(values.flags.c_contiguous for values in (patch.labels, *patch.instances.values()))
    assert patch.known == (True,) * 6


def test_any_voxel_size_shows_the_same_tissue(world):
    """A coarser window of one place holds the same cells."""
    fine = world.patch(Grid((1, 90, 90), (5.0, 5.0, 5.0), HERE)).instances["neurite"]
    coarse = world.patch(Grid((1, 30, 30), (5.0, 15.0, 15.0), HERE)).instances["neurite"]
    origin = [Grid((1, 1, 1), (5.0, v, v), HERE).origin_nm[1:] for v in (5.0, 15.0)]
    shift = [round((b - a) / 5.0) for a, b in zip(*origin, strict=True)]
    same = [
        fine[0, 3 * y + 1 + shift[0], 3 * x + 1 + shift[1]] == coarse[0, y, x]
        for y in range(2, 27)
        for x in range(2, 27)
    ]
    assert np.mean(same) > 0.999


def test_public_names_are_all_there():
    for name in synthem.__all__:
        assert getattr(synthem, name) is not None
        assert name in dir(synthem)
    assert synthem.CLASSES is CLASSES
    assert synthem.World is World
    with pytest.raises(AttributeError, match="synthem attribute Wrold"):
        _ = synthem.Wrold


def test_import_is_quick_and_brings_no_heavy_library():
    code = "import sys, synthem; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    best = math.inf
    for _ in range(3):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
        best = min(best, time.perf_counter() - started)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "numba", "lightning", "monai", "matplotlib", "h5py", "scipy"}
    assert best < 0.8


def test_generating_brings_no_torch():
    code = (
        "import sys, synthem; synthem.World('epfl'); print('torch' in sys.modules or 'monai' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(("name", "shape"), [("epfl", (3, 50, 70)), ("kasthuri", (3, 40, 56))])
def test_a_patch_that_is_made_in_blocks_is_the_same(name, shape, monkeypatch):
    """Lost sections, what moves tissue and instance maps among it."""
    world = World(name, 5)
    grid = Grid(shape, world.preset.voxel_nm, HERE)
    whole = world.patch(grid)
    monkeypatch.setattr("synthem.world.BLOCK_VX", 900)
    built = world.patch(grid)
    assert built == whole and np.array_equal(built.clean, whole.clean)
    assert (built.trace, built.name, built.unlabelled) == (whole.trace, whole.name, whole.unlabelled)


def test_who_changes_a_trace_changes_no_other(world):
    first = world.trace(Grid((1, 16, 16)))
    first["preset"]["anatomy"]["axons"]["cell_nm"] = -1.0
    assert world.trace(Grid((1, 16, 16)))["preset"] == world.preset.model_dump(mode="json")


def test_a_trace_of_another_world_version_is_refused_and_says_what_made_it():
    trace = World("epfl", 3).trace(Grid((1, 16, 16)))
    assert trace["world_version"] == WORLD_VERSION and trace["synthem"] == synthem.__version__
    with pytest.raises(InputError, match=r"of a world of version 999, made by synthem 7\.1"):
        replay({**trace, "world_version": 999, "synthem": "7.1"})
    older = {key: value for key, value in trace.items() if key not in ("world_version", "synthem")}
    with pytest.raises(InputError, match="a version before these were counted"):
        replay(older)


def test_ends_come_in_the_order_of_z_where_the_bending_turns_an_object_over():
    found = [
        one
        for block in ((-11, 8, 53), (-11, 8, 54), (-10, 8, 53), (3, 1, 0), (0, 5, 2))
        for one in find_in_block(load_preset("epfl").anatomy, 101, "psd", block)
    ]
    assert len(found) > 10
    for one in found:
        assert one.low[0] <= one.place[0] <= one.high[0]
