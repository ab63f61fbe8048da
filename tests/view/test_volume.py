"""Views of a 3D window, as arrays and as a person asks for them."""

import numpy as np
import pytest
from PIL import Image

from shapes import Grid
from shapes.core.errors import UnknownNameError
from synthem.cli.main import main
from synthem.cli.options import parse_names
from synthem.labels import CLASSES, COLOURS
from synthem.patch import Patch
from synthem.scene.annotate import NEURITE
from synthem.view.sheet import places
from synthem.view.volume import GLIA, around, bodies, fullest, sections, view
from synthem.world import World


def patch_of(shape=(6, 8, 10), voxel_nm=(5.0, 5.0, 5.0), **instances):
    rng = np.random.default_rng(0)
    labels = np.zeros((len(CLASSES), *shape), bool)
    labels[2] = rng.random(shape) < 0.3
    ids = {NEURITE: np.ones(shape, np.int32)} | instances
    return Patch(rng.integers(0, 256, shape, dtype=np.uint8), labels, Grid(shape, voxel_nm), instances=ids)


def painted(image, labels):
    grey = np.repeat(image[..., None], 3, 2)
    mixed = (0.6 * grey + 0.4 * np.array(COLOURS["membrane"])).round()
    return np.where(labels[2][..., None], mixed, grey)


def test_sections_are_the_arrays_of_the_patch_with_its_labels_over_them():
    patch = patch_of()
    image, labels = patch.image, patch.labels
    found = sections(patch, 5.0)
    assert np.allclose(found["xy"], painted(image[3], labels[:, 3]), atol=1)
    assert np.allclose(found["xz"], painted(image[:, 4], labels[:, :, 4]), atol=1)
    assert np.allclose(found["zy"], painted(image[:, :, 5].T, labels[..., 5].swapaxes(1, 2)), atol=1)
    for name, free in (("xy", ~labels[2, 3]), ("xz", ~labels[2, :, 4])):
        assert np.array_equal(found[name][free][:, 0], (image[3] if name == "xy" else image[:, 4])[free])


def test_label_sections_hold_labels_alone():
    patch = patch_of()
    found = sections(patch, 5.0, labels_alone=True)
    assert np.array_equal((found["zy"] == COLOURS["membrane"]).all(-1), patch.labels[2, :, :, 5].T)
    assert not found["zy"][~patch.labels[2, :, :, 5].T].any()


def test_sections_keep_their_proportions_where_voxels_are_long():
    patch = patch_of((3, 20, 30), (50.0, 4.0, 4.0))
    found = sections(patch, 2.0)
    assert [found[name].shape[:2] for name in ("xy", "zy", "xz")] == [(40, 60), (40, 75), (75, 60)]
    for z in range(3):
        assert (found["zy"][:, 25 * z : 25 * z + 25] == found["zy"][:, 25 * z][:, None]).all()
    assert (found["zy"][:, 24] != found["zy"][:, 25]).any()


def test_a_window_lies_around_an_object_of_the_first_class_that_there_is():
    world = World("sstem_drosophila", seed=1)
    grid = places(world, 1, (8, 64, 64), world.preset.voxel_nm)[0]
    moved = around(world, grid, ("neurite", "sheath", "mitochondrion"))  # this tissue has no sheaths
    middle = [o + s / 2 for o, s in zip(moved.origin_nm, moved.size_nm, strict=True)]
    place = next(world.find("mitochondrion", grid.origin_nm))
    assert np.all(np.abs(np.subtract(middle, place)) <= np.array(grid.voxel_nm) / 2 + 1e-6)
    assert (moved.shape, moved.voxel_nm) == (grid.shape, grid.voxel_nm)
    assert around(world, grid, ("neurite", "sheath")) == grid


def test_neurites_shown_are_those_that_hold_most_objects_and_never_glia():
    owners = np.repeat(np.array([7, 8, GLIA, 9], np.int32), 8)[None, None].repeat(4, 0).repeat(4, 1)
    vesicles = np.zeros_like(owners)
    vesicles[0, 0, :8] = [1, 1, 1, 1, 1, 1, 0, 0]  # one large one in 7
    vesicles[0, 0, 8:12] = [2, 3, 0, 4]  # three in 8
    vesicles[0, 0, 16:24] = np.arange(5, 13)  # and most in glia
    patch = patch_of(owners.shape, vesicle=vesicles, neurite=owners)
    assert fullest(patch, ("vesicle",), 3) == [8, 7]
    assert fullest(patch, ("vesicle",), 1) == [8]
    assert set(fullest(patch, (), 3)) == {8}  # 7 and 9 lie outside the middle
    clear = [body for body in bodies(patch, ("vesicle", "neurite")) if body.clear]
    assert [int(body.ids.max()) for body in clear] == [8, 7]


def test_classes_without_ids_are_shown_by_their_labels():
    patch = patch_of()
    (body,) = bodies(patch, ("membrane",))
    assert np.array_equal(body.ids > 0, patch.labels[2])
    assert body.colour == COLOURS["membrane"]


def test_a_view_holds_the_sections_and_draws_what_is_asked_for():
    ids = np.zeros((16, 16, 16), np.int32)
    ids[4:12, 4:12, 4:12] = 3
    patch = patch_of(ids.shape, mitochondrion=ids)
    with_it, without = view(patch, ("mitochondrion",)), view(patch, ("psd",))
    edge = 384
    assert np.array_equal(with_it[18 : 18 + edge, 18 : 18 + edge], sections(patch, 5 / 24)["xy"])
    differs = np.nonzero((with_it != without).any(-1))[1]
    assert differs.size > 10000
    assert differs.min() > 2 * edge + 3 * 18


def test_names_are_read_once_each_and_unknown_ones_refused():
    assert parse_names("psd, vesicle,psd", CLASSES) == ("psd", "vesicle")
    with pytest.raises(UnknownNameError, match="did you mean 'vesicle'"):
        parse_names("vesicles", CLASSES)


def test_a_person_asks_for_a_view(tmp_path, capsys):
    out = tmp_path / "view.png"
    arguments = ["preview", "epfl", "-o", str(out), "--shape", "20,24,28"]
    assert main([*arguments, "--show", "vesicle,neurite", "--labels"]) == 0
    picture = np.asarray(Image.open(out))
    shades = np.unique(picture[18:300, 18:400].reshape(-1, 3), axis=0)
    assert {tuple(map(int, shade)) for shade in shades} <= {(0, 0, 0), *COLOURS.values()}
    assert (picture[:-26, 900:] != 255).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--show", "psd"], "needs a 3D shape"),
        (["--shape", "8,32,32", "--show", "neuron"], "did you mean 'neurite'"),
        (["--shape", "8,32,32", "--show", ","], "write their names"),
        (["--shape", "8,32,32", "--stages"], "show sections"),
        (["--shape", "8,32,32", "--beside", "."], "show sections"),
        (["--shape", "90000,90000,90000"], "smaller shape"),
        (["--voxel-nm", "5,5"], "voxel size"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(tmp_path, capsys, arguments, message):
    assert main(["preview", "epfl", "-o", str(tmp_path / "a.png"), *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())
