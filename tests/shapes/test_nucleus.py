"""Somata and their nuclei: envelope, pores, chromatin."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from shapes import Grid
from shapes.cells.envelope import cells_a_side, envelope, pore
from shapes.cells.nucleus import NUCLEOLUS_NM
from shapes.core.errors import InputError
from shapes.neurites.grow import grow
from shapes.neurites.population import SOMA
from synthem.cli.main import main
from synthem.preset.preset import Preset, load_preset
from synthem.scene.scene import OFF_NUCLEI, Scene, build_scene
from synthem.world import World

REPOSITORY = Path(__file__).resolve().parents[2]
SOMATA = {
    "cell_nm": 25000, "chance": 0.5, "length_nm": 1800, "branch_chance": 0, "step_nm": 450, "bend": 0.15,
    "radius_nm": {"min": 3000, "max": 4500}, "wobble": 0.05, "stiffness": 14, "ruffle_nm": 800,
    "ruffle_length_nm": 3000, "flatness": {"min": 0.9, "max": 1.0},
}  # fmt: skip
IDLE = ("psd", "vesicle", "er", "endosome", "microtubule", "sheath", "mitochondrion")


def with_somata(name: str = "epfl", nucleus: dict | None = None, **anatomy: object) -> Preset:
    values = load_preset(name).model_dump(mode="json", exclude_none=True)
    values["anatomy"] |= {"somata": SOMATA, "nucleus": nucleus or {}, **anatomy}
    values["annotation"]["also"] = [*values["annotation"].get("also", ()), "nucleus"]
    return load_preset(values)


@cache
def middles(seed: int) -> np.ndarray:
    """Return the middles of a world's somata and how thick they are there, (n, 4), the nearest first."""
    tubes = {"somata": (SOMA, with_somata().anatomy.somata)}
    cells = grow(seed, tubes, np.full(3, -4e4), np.full(3, 4e4), 0.0)
    nodes = cells.nodes_nm[np.arange(len(cells.counts)), cells.counts // 2]
    return nodes[np.argsort((nodes[:, :3] ** 2).sum(1))]


def crowd() -> Preset:
    """Return a preset of straight tissue with few axons, and somata that dent each other and their nuclei."""
    somata, nucleus = {**SOMATA, "cell_nm": 5000, "chance": 1}, {"clearance_nm": 300}
    axons = {"cell_nm": 2000, "length_nm": 2400, "step_nm": 300, "radius_nm": 250}
    idle = dict.fromkeys((*IDLE, "dendrites", "myelinated"))
    return with_somata(nucleus=nucleus, somata=somata, axons=axons, warp={"amplitude_nm": 0}, **idle)


def around(place: np.ndarray, shape: tuple[int, int, int], voxel: float) -> Grid:
    z, y, x = (float(np.floor(p / voxel) - n // 2) * voxel for p, n in zip(place, shape, strict=True))
    return Grid(shape, (voxel,) * 3, (z, y, x))


@cache
def section(clumps: float = 0.1, pores: float = 12.0) -> Scene:
    """Return a plane through the middle of a soma, straight tissue without neurites' organelles."""
    nucleus = {"clumps": clumps, "pores_per_um2": pores, "nucleolus_chance": 1}
    anatomy = with_somata(nucleus=nucleus, warp={"amplitude_nm": 0}, **dict.fromkeys(IDLE)).anatomy
    return build_scene(anatomy, 0, around(middles(0)[0, :3], (1, 700, 700), 10.0))


def of_kind(scene: Scene, kind: int) -> np.ndarray:
    return np.append(scene.neurites.kinds, -1)[scene.partition.index] == kind


@pytest.mark.parametrize("name", ["epfl", "cremi"])
@given(
    soma=st.integers(0, 9),
    off=st.tuples(*[st.floats(-0.7, 0.7)] * 3),
    shape=st.sampled_from([(1, 120, 110), (5, 40, 46)]),
    cut=st.floats(0.1, 0.9),
)
@settings(max_examples=4, deadline=None)
def test_two_half_windows_are_the_whole(check_halves, name, soma, off, shape, cut):
    world = World(with_somata(name), 0)
    voxel = world.preset.voxel_nm
    corner = middles(0)[soma, :3] + np.array(off) * middles(0)[soma, 3]
    place = tuple(float(np.floor(c / v) * v) for c, v in zip(corner, voxel, strict=True))
    patch = check_halves(world, Grid(shape, voxel, place), cut)
    assert "nucleus" in patch.instances


def test_halves_of_a_window_across_the_envelope_are_the_whole(check_halves):
    patch = check_halves(World(with_somata(), 0), around(middles(0)[1, :3], (2, 48, 1200), 5.0), 0.85)
    assert 0.3 < (patch.instances["nucleus"] > 0).mean() < 0.95


@given(seed=st.integers(0, 2**63 - 1), cut=st.floats(0.1, 0.9))
@settings(max_examples=4, deadline=None)
def test_halves_are_the_whole_where_somata_dent_each_other(check_halves, seed, cut):
    check_halves(World(crowd(), seed), Grid((1, 160, 160), (60.0, 60.0, 60.0)), cut)


def test_a_crowd_of_somata_shows_nuclei():
    """In six windows of 9.6 µm; one in some thousands may show none."""
    for seed in range(6):
        ids = World(crowd(), seed).annotated(Grid((1, 160, 160), (60.0, 60.0, 60.0)))[1]
        assert (ids["nucleus"] > 0).any()


def test_the_preset_in_the_guide_shows_a_nucleus(tmp_path):
    """As a person does: copied from docs/anatomy.md into a preset's file, and generated with."""
    guide = (REPOSITORY / "docs" / "anatomy.md").read_text(encoding="utf-8")
    block = yaml.safe_load(guide.split("## Cell bodies")[1].split("```yaml")[1].split("```")[0])
    values = load_preset("epfl").model_dump(mode="json", exclude_none=True, exclude={"name"})
    for part, more in block.items():
        values[part] |= more
    path = tmp_path / "somata.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    command = ["generate", str(path), str(tmp_path / "out"), "--count", "2", "--shape", "48,48"]
    assert main(command) == 0
    world, tubes = World(path, 0), {"somata": (SOMA, load_preset(path).anatomy.somata)}
    cells = grow(0, tubes, np.full(3, -3e4), np.full(3, 3e4), 0.0)
    patch = world.patch(around(cells.nodes_nm[0, cells.counts[0] // 2, :3], (1, 48, 48), 5.0))
    assert patch.instances["nucleus"].all()


def test_a_nucleus_lies_in_its_soma_clear_of_the_membrane():
    anatomy = crowd().anatomy
    seen, dented = 0, 0
    for seed in range(2):
        scene = build_scene(anatomy, seed, Grid((50, 70, 70), (80.0,) * 3))
        layer, index = scene.layers["nucleus"], scene.partition.index
        inside = layer.distance_nm < 0
        assert of_kind(scene, SOMA)[inside].all()
        assert (np.unique(layer.ids[inside]).size) == np.unique(index[inside]).size
        for j in np.unique(index[inside]):
            mine = inside & (index == j)
            seen += mine.sum()
            away = 80.0 * ndimage.distance_transform_edt(np.pad(index == j, 1, mode="edge"))[1:-1, 1:-1, 1:-1]
            assert away[mine].min() > 0.85 * 300 - 80
            dented += (away[mine] < 450).sum()
    assert seen > 20000 and dented > 200


def test_what_else_is_in_a_soma_keeps_clear_of_its_nucleus():
    mitochondrion = load_preset("epfl").anatomy.mitochondrion.model_dump(mode="json") | {"thinnest_nm": 80}
    glycogen = {"per_um3": 20, "soma_chance": 1.0}
    anatomy = with_somata(endosome={"per_um3": 30}, mitochondrion=mitochondrion, glycogen=glycogen).anatomy
    shown = set()
    for middle in middles(0)[:4]:
        scene = build_scene(anatomy, 0, around(middle[:3], (1, 560, 560), 15.0))
        nucleus, soma = scene.layers["nucleus"].distance_nm, of_kind(scene, SOMA)
        assert (nucleus < 0).mean() > 0.1
        for name in (
            "mitochondrion",
            "er",
            "endosome",
            "microtubule",
            "vesicle",
            "psd",
            "sheath",
            "glycogen",
        ):
            there = (scene.layers[name].distance_nm < 0) & soma
            assert not (there & (nucleus < OFF_NUCLEI.get(name, 0.0))).any(), name
            shown |= {name} if there.any() else set()
    assert shown - {"sheath"} == set(OFF_NUCLEI)  # one beside a soma takes in the membrane between


def test_a_window_in_a_nucleus_has_no_label():
    world = World(with_somata(), 0)
    patch = world.patch(around(middles(0)[1, :3] + [0, 400, 0], (2, 128, 128), 5.0))
    assert not patch.labels.any()
    assert len(np.unique(patch.instances["nucleus"])) == 1 and patch.instances["nucleus"].all()
    assert patch.image.std() > 5


@pytest.mark.parametrize("name", ["epfl", "insect"])
def test_far_from_somata_tissue_is_as_without_them(name):
    """Bit for bit but for ids, as a dendrite may be a soma's; and from no more tubes, so as fast."""
    grid = Grid((1, 128, 128), load_preset(name).voxel_nm, tuple(middles(0)[0, :3] + [12000.0, 0, 0]))
    plain, preset = World(name, 0), with_somata(name)
    one, two = plain.patch(grid), World(preset, 0).patch(grid)
    for kind, ids in one.instances.items():
        if kind != "neurite":
            np.testing.assert_array_equal(ids, two.instances[kind])
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.clean, two.clean)
    np.testing.assert_array_equal(one.labels, two.labels)
    assert not two.instances["nucleus"].any()
    scenes = plain.scene(grid), World(preset, 0).scene(grid)
    np.testing.assert_array_equal(
        *(np.append(s.neurites.keys, np.uint64(0))[s.partition.index] for s in scenes)
    )
    assert len(scenes[0].neurites.segments) == len(scenes[1].neurites.segments)
    assert (scenes[0].neurites.kinds != SOMA).all()


@given(st.integers(0, 2**63 - 1), st.floats(4, 20), st.floats(0.6, 1.0))
@settings(max_examples=5, deadline=None)
def test_there_are_as_many_pores_as_asked_for(seed, per_um2, squeeze):
    axes = np.array([3500.0, 3000.0, 3000.0 * squeeze])
    rng = np.random.default_rng(seed)
    side, way = cells_a_side(axes, per_um2), rng.normal(size=(20000, 3))
    way /= np.linalg.norm(way, axis=1)[:, None]
    # a point of the sphere stands for as much of the ovoid's surface
    weight = np.prod(axes) * np.linalg.norm(way / axes, axis=1)
    open_ = np.array([pore(np.uint64(seed), u, axes, side, 50.0) < 0 for u in way])
    assert (open_ * weight).sum() / weight.sum() == pytest.approx(per_um2 * np.pi * 0.05**2, rel=0.2)


def test_membranes_of_the_envelope_meet_around_pores():
    half = 22.0
    assert envelope(0.0, 1e4, half) == envelope(2 * half, 1e4, half) == 0
    assert envelope(half, 1e4, half) == -half
    assert envelope(half, 0.0, half) == pytest.approx(0)
    assert all(envelope(depth, -1.0, half) > 0 for depth in np.linspace(0, 2 * half, 9))


def test_the_envelope_is_as_thick_as_the_parameters_say():
    scene = section(pores=0)
    nuclei, layer = scene.anatomy.nucleus, scene.layers["nucleus"]
    inner = (layer.distance_nm < -nuclei.envelope_nm)[0]
    away = 10.0 * ndimage.distance_transform_edt(~inner)
    outside = (layer.distance_nm[0] > 0) & (layer.distance_nm[0] < 15)
    # the middle of the soma is cut upright
    assert np.median(away[outside]) == pytest.approx(nuclei.envelope_nm + 7.5 + 5, abs=6)


@pytest.mark.parametrize("clumps", [0.06, 0.3])
def test_chromatin_is_dense_in_clumps_and_at_the_rim_but_not_at_pores(clumps):
    scene = section(clumps)
    nuclei, layer = scene.anatomy.nucleus, scene.layers["nucleus"]
    inside, detail = -layer.distance_nm - nuclei.envelope_nm, layer.detail_nm
    body = detail < -0.5 * NUCLEOLUS_NM
    assert body.any() and not (body & (inside < 0)).any()
    deep = (inside > nuclei.rim_nm) & ~ndimage.binary_dilation(body, iterations=15)
    assert (detail[deep] < 0).mean() == pytest.approx(clumps, abs=0.05)
    rim = (inside > 0) & (inside < 0.3 * nuclei.rim_nm)
    plain = section(clumps, pores=0).layers["nucleus"].detail_nm
    assert (plain[rim] < 0).mean() > 0.7
    assert 0.4 < (detail[rim] < 0).mean() < (plain[rim] < 0).mean() - 0.05


def test_greys_are_what_the_stain_says():
    grid = around(middles(0)[1, :3], (1, 200, 200), 10.0)
    values = with_somata().model_dump(mode="json", exclude_none=True)
    values["microscope"]["stain"] |= {
        "euchromatin": 170, "chromatin": 90, "nucleolus": 60, "chromatin_texture": 3,
    }  # fmt: skip
    world = World(load_preset(values), 0)
    detail, image = world.scene(grid).layers["nucleus"].detail_nm, world.patch(grid).clean
    assert image[detail < -0.5 * NUCLEOLUS_NM].size + image[(detail < -25) & (detail > -1e3)].size > 500
    assert image[detail > 25].mean() == pytest.approx(170, abs=4)
    assert image[(detail < -25) & (detail > -1e3)].mean() == pytest.approx(90, abs=6)


def test_synapses_never_face_a_soma():
    """Even where boutons crowd around small somata and any neurite may be a partner."""
    small = {**SOMATA, "cell_nm": 3200, "chance": 1, "radius_nm": 700, "ruffle_nm": 0, "stiffness": 3}
    values = with_somata("insect", somata=small).model_dump(mode="json", exclude_none=True)
    values["anatomy"]["psd"]["partners"] = "any"
    seen = touched = 0
    for seed in range(5):
        scene = build_scene(load_preset(values).anatomy, seed, Grid((4, 300, 300), (8.0, 8.0, 8.0)))
        soma, density = of_kind(scene, SOMA), scene.layers["psd"].distance_nm < 0
        assert not (soma & (density | (scene.layers["vesicle"].distance_nm < 0))).any()
        seen, touched = seen + density.sum(), touched + soma.mean() / 5
    assert seen > 500 and touched > 0.1


@pytest.mark.parametrize(
    ("anatomy", "message"),
    [
        ({"somata": None}, r"nucleus.*give somata"),
        ({"somata": {**SOMATA, "bouton_chance": 0.1}}, r"somata.*neither boutons"),
        ({"somata": {**SOMATA, "ruffle_nm": 900}}, r"ruffle_nm.*60 times stiffness"),
        ({"nucleus": {"share": 0.95}}, r"nucleus.*share must lie between 0.3 and 0.85"),
        ({"nucleus": {"clumps": {"min": 0.1, "max": 0.9}}}, r"clumps must lie between 0 and 0.5"),
    ],
)
def test_what_cannot_be_is_refused(anatomy, message):
    values = with_somata().model_dump(mode="json", exclude_none=True)
    values["anatomy"] |= anatomy
    with pytest.raises(InputError, match=message):
        load_preset(values)
