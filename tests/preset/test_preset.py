"""Presets: what ships renders, what is wrong is named in one sentence with the nearest right name."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

import synthem.preset.shipped
from shapes import Grid
from shapes.core.errors import InputError, UnknownNameError
from synthem.labels import CLASSES, channel
from synthem.preset.preset import Preset, load_preset, preset_names, with_classes
from synthem.preset.shipped import presets_folder
from synthem.world import World

REPOSITORY = Path(__file__).resolve().parents[2]
SHIPPED = ["epfl", "getmanskaya2022", "insect", "sstem_drosophila", "white_matter"]


def description(name: str = "epfl") -> dict:
    return yaml.safe_load((presets_folder() / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a preset to a file, changed at ``anatomy.axons.step_nm``, say."""

    def write(change: dict[str, object], drop: str = "") -> Path:
        values = description()
        for place, value in change.items():
            *way, last = place.split(".")
            block = values
            for part in way:
                block = block.setdefault(part, {})
            block[last] = value
        values.pop(drop, None)
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        return path

    return write


def refused(source, error=InputError) -> str:
    with pytest.raises(error) as caught:
        load_preset(source)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_the_presets_that_were_promised_ship():
    assert set(SHIPPED) <= set(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_a_shipped_preset_renders(name):
    preset = load_preset(name)
    assert preset.name == name
    assert preset.title and preset.source, "says what it shows, and where its figures come from"
    patch = World(preset, 5).patch(Grid((1, 320, 320), preset.voxel_nm, (0, 3e4, 0)))
    assert patch.image.std() > 5
    assert 20 < patch.image.mean() < 240
    assert patch.labels.any()


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_makes_every_class_that_it_has(name):
    world = World(with_classes(name, CLASSES), 2)
    absent = {kind for kind in CLASSES if kind != "membrane" and not makes(world.preset, kind)}
    for kind in set(CLASSES) - absent - {"membrane"}:
        shape = (1, 192, 192)
        hits = 0
        for place, _ in zip(world.find(kind), range(6), strict=False):
            voxel = (world.preset.voxel_nm[0], 8.0, 8.0)
            corner = [p - n * v / 2 for p, n, v in zip(place, shape, voxel, strict=True)]
            hits += world.labels(Grid(shape, voxel, tuple(corner)))[channel(kind)].any()
        assert hits >= 3, f"{name} has too little {kind} where it says there is some"


def makes(preset: Preset, kind: str) -> bool:
    kind = "mitochondrion" if kind == "mito_boundary" else kind
    return getattr(preset.anatomy, kind) is not None and (
        kind != "sheath" or preset.anatomy.myelinated is not None
    )


def test_a_preset_comes_from_a_name_a_path_a_mapping_or_itself(written):
    preset = load_preset("epfl")
    assert load_preset(preset) is preset
    assert load_preset(preset.model_dump(mode="json")) == preset
    mine = load_preset(written({}))
    assert mine.name == "mine"
    assert mine.model_copy(update={"name": "epfl"}) == preset
    assert load_preset(str(written({"name": "ours"}))).name == "ours"


def test_a_file_in_the_way_does_not_hide_a_shipped_preset(tmp_path, monkeypatch):
    (tmp_path / "epfl").write_text("title: another", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_preset("epfl").title != "another"


def test_an_unknown_preset_names_the_nearest_and_all():
    sentence = refused("epfi", UnknownNameError)
    assert "unknown preset 'epfi'" in sentence
    assert "did you mean 'epfl'" in sentence
    assert all(name in sentence for name in SHIPPED)
    assert "zebrafish" in refused("zebrafish", UnknownNameError)


@pytest.mark.parametrize(
    ("place", "nearest"),
    [
        ("voxel_mn", "voxel_nm"),
        ("anatomy.axon", "anatomy.axons"),
        ("anatomy.axons.steps_nm", "anatomy.axons.step_nm"),
        ("anatomy.vesicle.radius", "anatomy.vesicle.radius_nm"),
        ("anatomy.mitochondrion.radius_nm.sdt", "anatomy.mitochondrion.radius_nm.std"),
        ("microscope.beam.sigma", "microscope.beam.sigma_nm"),
    ],
)
def test_an_unknown_key_names_its_place_and_the_nearest(written, place, nearest):
    path = written({place: 3})
    sentence = refused(path, UnknownNameError)
    assert str(path) in sentence and repr(place) in sentence
    assert f"did you mean {nearest!r}?" in sentence


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("voxel_nm", [5, 5, 0], "greater than 0"),
        ("voxel_nm", [5, 5], "required"),
        ("patch_shape", [1, -256, 256], "greater than or equal to 1"),
        ("patch_shape", [1, 2.5, 256], "integer"),
        ("modality", "light", "FIB-SEM"),
        ("anatomy.axons.cell_nm", -3, "greater than 100"),
        ("anatomy.axons.cell_nm", float("inf"), "finite"),
        ("anatomy.axons.radius_nm", {"min": 3}, "a number, {min, max}"),
        ("anatomy.axons.radius_nm", -40, "negative"),
        ("anatomy.axons.bouton_chance", 1.4, "less than or equal to 1"),
        ("anatomy.warp", {"amplitude_nm": 500}, "fold"),
        ("microscope.section.sheets", 100, "less than or equal to 16"),
        ("microscope.detector.read", "loud", "number"),
    ],
)
def test_a_value_out_of_range_names_its_place_and_what_is_allowed(written, place, value, says):
    path = written({place: value})
    sentence = refused(path)
    assert sentence.startswith(f"{path}: {place}")
    assert says in sentence


def test_what_is_missing_is_named(written):
    assert "title: Field required" in refused(written({}, drop="title"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"title: [unclosed", "line 1: not valid YAML"),
        (b"a: 1\n\tb: 2", "line 2: not valid YAML"),
        (b"- a\n- b", "a mapping of keys to values is wanted, not list"),
        (b"", "a mapping of keys to values is wanted"),
        (b"\xff\xfe\x00\x81", "not UTF-8"),
        (b"!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_preset(tmp_path, content, says):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    sentence = refused(path)
    assert sentence.startswith(str(path))
    assert says in sentence


@pytest.mark.parametrize("source", [5, None, ["epfl"]])
def test_what_is_no_source_of_a_preset(source):
    assert "is wanted" in refused(source)


def test_a_preset_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load_preset("epfl").title = "other"


def test_an_installed_package_finds_its_own_presets(tmp_path, monkeypatch):
    """A wheel carries them in ``synthem/_presets``; beside an editable install they are the repository's."""
    assert presets_folder() == REPOSITORY / "presets" or presets_folder().name == "_presets"
    packed = tmp_path / "synthem" / "_presets"
    packed.mkdir(parents=True)
    (packed / "only.yaml").write_text(yaml.safe_dump(description()), encoding="utf-8")
    monkeypatch.setattr(
        synthem.preset.shipped, "__file__", str(tmp_path / "synthem" / "preset" / "shipped.py")
    )
    assert preset_names() == ["only"]
    assert load_preset("only").title == description_of(REPOSITORY / "presets" / "epfl.yaml")["title"]
    packed.rename(tmp_path / "presets")
    assert preset_names() == ["only"], "and so from the folder beside the package"


def description_of(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_leaving_structures_out_leaves_them_out(written):
    change = {
        f"anatomy.{kind}": None
        for kind in ("mitochondrion", "psd", "vesicle", "sheath", "myelinated", "dendrites")
    }
    labels = World(written(change), 3).labels(Grid((1, 200, 200)))
    shares = labels.mean((1, 2, 3))
    assert shares[channel("membrane")] > 0.05
    assert np.count_nonzero(shares) == 1


@pytest.mark.slow
def test_the_wheel_carries_the_presets(tmp_path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        str(tmp_path),
        str(REPOSITORY),
    ]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for file in (REPOSITORY / "presets").rglob("*.yaml"):
        assert f"synthem/_presets/{file.relative_to(REPOSITORY / 'presets').as_posix()}" in names
    assert "shapes/core/grid.py" in names and "synthem/world.py" in names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def test_an_unknown_extra_label_is_refused_with_the_choices():
    with pytest.raises(
        InputError, match=r"annotation\.also.*endosome, er, fusiform_vesicle, glycogen, microtubule"
    ):
        load_preset({**load_preset("epfl").model_dump(mode="json"), "annotation": {"also": ["ribosome"]}})


def test_a_vesicle_is_no_wider_than_its_window_looks_for_mitochondria():
    values = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    values["anatomy"]["vesicle"]["radius_nm"] = 60
    with pytest.raises(InputError, match=r"a vesicle's radius may be 35\.1 nm at most, not 60"):
        load_preset(values)


@pytest.mark.parametrize("name", ["../../x", "a/b", ".hidden", "", "a\\b", "a b"])
def test_a_preset_s_name_names_a_file(name):
    assert "no dot in front" in refused({**description(), "name": name})


def test_a_file_with_a_space_in_its_name_is_a_preset_still(tmp_path):
    path = tmp_path / ".my tissue (2).yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in description().items() if k != "name"}))
    assert load_preset(path).name == "my-tissue--2-"
