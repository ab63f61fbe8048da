"""Fitting a preset to images: the parameters, the file, the search, the masks, and the command."""

import json
from fnmatch import fnmatchcase
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.fit import anatomy_choice as tissue
from synthem.fit import masks, run
from synthem.fit.anatomy_choice import with_tissue
from synthem.fit.knobs import KNOBS
from synthem.fit.masks import fit_masks
from synthem.fit.parameters import Space, get, pruned
from synthem.fit.preset_text import preset_text
from synthem.fit.renderer import Renderer, render
from synthem.fit.report import write_preset
from synthem.fit.run import fit_preset
from synthem.fit.tuned_on import sections_seen
from synthem.fit.voxels import prepared
from synthem.measure.polarity import dark_lines
from synthem.preset.preset import Preset, load_preset, preset_names
from synthem.world import World

EPFL = load_preset("epfl")
SPACE = Space(EPFL)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search as short as can be: one step on three windows."""
    monkeypatch.setattr(run, "WINDOWS", 0.2)
    monkeypatch.setattr(run, "POOL", 6)
    monkeypatch.setattr(run, "STEPS", 1)
    monkeypatch.setattr(run, "LESSONS", 48)
    monkeypatch.setattr(tissue, "LESSONS", 48)
    monkeypatch.setattr(tissue, "STEPS", (1, 1))
    monkeypatch.setattr(run, "KNOBS", [knob for knob in KNOBS if knob.name in FEW])
    monkeypatch.setattr(masks, "PATCHES", 3)
    monkeypatch.setattr(masks, "LARGEST_PX", 256)


FEW = (
    "cytoplasm grey", "membrane grey", "blur", "blur along y over x",
    "read noise", "shot noise", "scale of neurites",
)  # fmt: skip


@pytest.fixture(scope="module")
def truth() -> Preset:
    values = SPACE.values_of(EPFL)
    for name, value in (("cytoplasm grey", 130), ("membrane grey", 90), ("blur", 10), ("read noise", 4)):
        values[SPACE.index(name)] = value
    return SPACE.preset(SPACE.to_unit(values))


@pytest.fixture(scope="module")
def images(truth: Preset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("images")
    for k in range(3):
        patch = World(truth, 9).patch(Grid((1, 128, 256), (5, 5, 5), (k * 9e3, 0, 0)))
        cv2.imwrite(str(path / f"{k}.png"), patch.image[0])
    return path


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_a_point_of_its_own_space(name: str) -> None:
    start = load_preset(name)
    space = Space(start)
    again = space.preset(space.to_unit(space.values_of(start)))
    assert np.allclose(space.values_of(again), space.values_of(start), rtol=1e-3, atol=1e-3)
    assert again.anatomy.model_dump() == load_preset(again).anatomy.model_dump()


@pytest.mark.parametrize(("angle", "along_y"), [(90, 1.5), (0, 1 / 1.5), (180, 1 / 1.5), (-45, 1.0)])
def test_a_start_is_fitted_with_its_blur_along_the_axes(angle: float, along_y: float) -> None:
    beam = EPFL.microscope.beam.model_copy(update={"astigmatism": 1.5, "angle_deg": float(angle)})
    space = Space(EPFL.model_copy(update={"microscope": EPFL.microscope.model_copy(update={"beam": beam})}))
    assert space.values_of(space.start)[space.index("blur along y over x")] == pytest.approx(along_y)
    assert space.start.microscope.beam.angle_deg == 90


@given(st.lists(st.floats(0, 1), min_size=len(SPACE.knobs), max_size=len(SPACE.knobs)))
def test_any_vector_is_a_preset_with_these_values(unit: list[float]) -> None:
    values = SPACE.from_unit(np.array(unit))
    assert (values >= SPACE.low - 1e-9).all() and (values <= SPACE.high + 1e-9).all()
    assert np.allclose(SPACE.to_unit(values), unit, atol=1e-6)
    found = SPACE.values_of(SPACE.preset(np.array(unit)))
    # shares are at most 1, and presets allow no more lanes and ruffles than that
    capped = ("_chance", ".density", "lanes_per_um2", "ruffle_nm")
    free = [k for k, knob in enumerate(SPACE.knobs) if not knob.paths[0].endswith(capped)]
    assert np.allclose(found[free], values[free], rtol=2e-3, atol=2e-3)


def test_every_parameter_names_fields_that_exist() -> None:
    known = {}
    for name in preset_names():
        values = load_preset(name).model_dump()
        known |= {path: True for knob in KNOBS for path in knob.paths if get(values, path) is not None}
    assert {path for knob in KNOBS for path in knob.paths} == known.keys()
    assert len({knob.name for knob in KNOBS}) == len(KNOBS)


def test_a_written_preset_is_the_same_preset(tmp_path: Path, truth: Preset) -> None:
    text = preset_text(truth, {"microscope.beam.sigma_nm": "from the images, was 7"}, "Two\nlines")
    assert text.startswith("# Two\n# lines\n")
    assert "sigma_nm: 10.0  # from the images, was 7\n" in text
    (tmp_path / f"{truth.name}.yaml").write_text(text)
    assert load_preset(tmp_path / f"{truth.name}.yaml") == truth
    for name in preset_names():
        (tmp_path / f"{name}.yaml").write_text(preset_text(load_preset(name), {}, "x"))
        assert load_preset(tmp_path / f"{name}.yaml") == load_preset(name)


def test_the_start_takes_the_images_voxels() -> None:
    start = load_preset("sstem_drosophila")
    iso = prepared(start, (5.0, 5.0, 5.0))
    assert (iso.voxel_nm, iso.microscope.section.sheets, iso.modality) == ((5, 5, 5), 1, "FIB-SEM")
    assert prepared(start, (30.0, 4.0, 4.0)).microscope.section.sheets == 3
    assert prepared(start, None).microscope == start.microscope


@pytest.mark.parametrize("name", preset_names())
def test_bright_membranes_are_told_from_dark_ones(name: str) -> None:
    nm = load_preset(name).voxel_nm[1]
    edge = max(128, round(640 / nm))  # tissue enough for some lines
    grey = np.array([render(load_preset(name), seed, edge) for seed in range(4)])
    assert dark_lines(grey, nm) > 0 > dark_lines(255 - grey, nm)


def test_the_number_of_processes_makes_no_difference() -> None:
    with Renderer(64, 3, workers=1) as alone, Renderer(64, 3, workers=2) as two:
        assert np.array_equal(alone.features([EPFL]), two.features([EPFL]))


def test_kept_scenes_make_no_difference(truth: Preset) -> None:
    once = render(truth, 3, 64)
    render(EPFL, 3, 64, keep=4)
    assert np.array_equal(render(truth, 3, 64, keep=4), once)
    grid = Grid((1, 64, 64), EPFL.voxel_nm)
    assert once.shape == grid.shape[1:]


def test_a_fit_comes_nearer_and_says_the_same_again(images: Path) -> None:
    fits = [fit_preset(images, EPFL, tissues=["epfl"], rounds=1, seed=1, workers=1) for _ in range(2)]
    assert fits[0].after == fits[1].after and fits[0].cost_after == fits[1].cost_after
    first = fits[0]
    assert first.cost_after < 0.7 * first.cost_before
    stain = first.after.microscope.stain
    assert abs(stain.cytoplasm.typical() - 130) < 15  # it was 30 off
    assert first.notes == [] and first.origin == EPFL


def test_an_interrupt_keeps_the_best_so_far(images: Path) -> None:
    def stop(stage: str) -> None:
        if stage == "search":
            raise KeyboardInterrupt

    found = fit_preset(images, EPFL, tissues=["epfl"], rounds=50, workers=1, tell=stop)
    assert found.interrupted and found.cost_after < found.cost_before
    assert any("interrupted" in note for note in found.notes)


def test_an_interrupt_of_the_choice_keeps_the_best_tissue(images: Path) -> None:
    def stop(stage: str) -> None:
        if stage == "tissue of urisc":
            raise KeyboardInterrupt

    found = fit_preset(images, EPFL, tissues=["getmanskaya2022", "epfl", "urisc"], workers=1, tell=stop)
    assert found.after.anatomy.vesicle == EPFL.anatomy.vesicle
    assert found.interrupted and found.cost_after < found.cost_before


@pytest.fixture(scope="module")
def masked(truth: Preset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sections of the truth, with masks of its membranes."""
    root = tmp_path_factory.mktemp("masked")
    for k in range(2):
        patch = World(truth, 5).patch(Grid((1, 128, 128), (5, 5, 5), (k * 2e4, 0, 0)))
        for name, image in (
            ("slices", patch.image[0]),
            ("membranes", patch.labels[2, 0].astype(np.uint8) * 255),
        ):
            (root / name).mkdir(exist_ok=True)
            cv2.imwrite(str(root / name / f"{k}.png"), image)
    return root


@pytest.mark.parametrize("stage", ["lessons", "masks: greys again"])
def test_an_interrupt_keeps_what_masks_have_set(
    images: Path, masked: Path, tmp_path: Path, stage: str
) -> None:
    def stop(now: str) -> None:
        if now == stage:
            raise KeyboardInterrupt

    found = fit_preset(images, EPFL, masks=masked, tissues=["epfl"], rounds=0, workers=1, tell=stop)
    assert found.interrupted
    new = pruned(found.after.model_dump())
    assert {one.path: one.new for one in found.mended} == {
        one.path: get(new, one.path) for one in found.mended
    }
    write_preset(found, tmp_path / "mine.yaml", "images")
    assert "# from the masks (membrane grey), was 72 ± 6" in (tmp_path / "mine.yaml").read_text()


def test_a_folder_without_masks_is_refused_before_any_work(images: Path) -> None:
    said: list[str] = []
    with pytest.raises(InputError, match=r"slices/ or original/"):
        fit_preset(images, EPFL, masks=images, workers=1, tell=said.append)
    assert said == []


def test_every_value_that_is_not_the_starts_has_a_comment(images: Path, tmp_path: Path) -> None:
    start = load_preset("sstem_drosophila")
    found = fit_preset(images, start, tissues=["ac4"], voxel_nm=(5.0, 5.0, 5.0), rounds=0, workers=1)
    write_preset(found, tmp_path / "mine.yaml", "images")
    lines = (tmp_path / "mine.yaml").read_text().splitlines()
    origin = with_tissue(start, load_preset("ac4"))
    changed = [
        field
        for field in ("sigma_nm", "angle_deg", "astigmatism", "backscatter")
        if any(
            get(found.after.model_dump(), f"microscope.{part}.{field}")
            != get(origin.model_dump(), f"microscope.{part}.{field}")
            for part in ("beam", "detector")
        )
    ]
    assert "sigma_nm" in changed and "backscatter" in changed
    for field in [*changed, "voxel_nm", "modality"]:
        assert any(line.strip().startswith(f"{field}: ") and "  # " in line for line in lines), field
    assert "modality: FIB-SEM  # set for these images, was ssTEM" in lines


def test_a_fitted_preset_says_what_it_has_seen(images: Path, masked: Path, tmp_path: Path) -> None:
    found = fit_preset(images, EPFL, masks=masked, tissues=["epfl"], names=["0"], rounds=0, workers=1)
    write_preset(found, tmp_path / "mine.yaml", "images")
    seen = load_preset(tmp_path / "mine.yaml").tuned_on
    assert with_tissue(load_preset("ac4"), EPFL).tuned_on == EPFL.tuned_on
    assert seen[: len(EPFL.tuned_on)] == EPFL.tuned_on and EPFL.tuned_on
    masks = {f"{masked.name}/{path.stem}" for path in (masked / "slices").glob("*.png")}
    assert set(seen[len(EPFL.tuned_on) :]) == {f"{images.name}/0"} | masks


def test_sections_seen_go_by_the_name_of_their_data_set(tmp_path: Path) -> None:
    (tmp_path / "brain" / "slices").mkdir(parents=True)
    picture = tmp_path / "brain" / "slices" / "a[1].png"
    picture.touch()
    for source in (tmp_path / "brain", tmp_path / "brain" / "slices", picture):
        (seen,) = sections_seen(source, ["a[1]", "a[1]"])
        assert seen.startswith("brain/") and fnmatchcase("a[1]", seen.removeprefix("brain/"))


def test_rounds_that_the_time_does_not_allow_are_said(images: Path) -> None:
    found = fit_preset(images, EPFL, tissues=["epfl"], rounds=10**6, minutes=0.05, workers=1)
    assert any("time was up before all rounds" in note for note in found.notes)


def test_masks_give_greys_sizes_and_numbers(tmp_path: Path) -> None:
    stain = EPFL.microscope.stain.model_copy(
        update={
            "membrane": EPFL.microscope.stain.membrane.model_copy(update={"mean": 105.0}),
            # masks show a mitochondrion's mean alone: its parts move together
            "matrix": EPFL.microscope.stain.matrix.model_copy(update={"mean": 90.0}),
            "crista": EPFL.microscope.stain.crista.model_copy(
                update={
                    "mean": EPFL.microscope.stain.crista.typical()
                    + 90.0
                    - EPFL.microscope.stain.matrix.typical()
                }
            ),
        }
    )
    other = World(
        EPFL.model_copy(update={"microscope": EPFL.microscope.model_copy(update={"stain": stain})}), 3
    )
    folders = {"membrane": "membranes", "mitochondrion": "mitochondrion"}
    for k in range(3):
        patch = other.patch(Grid((1, 256, 256), (5, 5, 5), (k * 2e4, 0, 0)))
        for name, image in [("slices", patch.image[0])] + [
            (folder, patch.labels[i, 0].astype(np.uint8) * 255)
            for i, cls in enumerate(("mitochondrion", "mito_boundary", "membrane"))
            if (folder := folders.get(cls))
        ]:
            (tmp_path / name).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / name / f"{k}.png"), image)
    found, mended = fit_masks(EPFL, tmp_path, flipped=False, greys_alone=True)
    assert abs(found.microscope.stain.membrane.typical() - 105) < 6
    assert abs(found.microscope.stain.matrix.typical() - 90) < 16
    assert found.microscope.stain.psd == EPFL.microscope.stain.psd, "what has no masks stays"
    assert found.anatomy == EPFL.anatomy
    assert all(abs(one.after - one.real) < abs(one.before - one.real) + 1 for one in mended)


def test_the_command_writes_preset_and_report(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inverted = tmp_path / "images"
    inverted.mkdir()
    for path in images.iterdir():
        cv2.imwrite(str(inverted / path.name), 255 - cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
    out, report = tmp_path / "mine.yaml", tmp_path / "report"
    asked = ["fit", inverted, "--from", "epfl", "-o", out, "--rounds", 0, "--workers", 1, "--report", report]
    asked += ["--tissue", "epfl"]
    assert main(list(map(str, asked))) == 0
    said = capsys.readouterr()
    assert "misfit" in said.out and "membranes are bright" in said.err
    preset = load_preset(out)
    assert preset.name == "mine" and preset.microscope.tone.invert
    assert f"# from the images (blur), was {EPFL.microscope.beam.sigma_nm:g}" in out.read_text()
    assert yaml.safe_load(out.read_text())["title"].endswith("fitted to 3 sections")
    told = json.loads((report / "report.json").read_text())
    assert told["misfit"]["after"] < told["misfit"]["before"]
    assert "What could not be matched" in (report / "report.md").read_text()
    picture = cv2.imread(str(report / "patches.png"))
    assert picture is not None and picture.shape[0] == 3 * 128 + 2 * 4


@pytest.mark.slow
def test_the_command_says_whose_tissue_it_took(images: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "mine.yaml", tmp_path / "report"
    asked = [
        "fit",
        images,
        "--from",
        "sstem_drosophila",
        "--voxel-nm",
        "5,5,5",
        "-o",
        out,
        "--report",
        report,
    ]
    asked += ["--tissue", "getmanskaya2022", "--tissue", "epfl", "--rounds", 0, "--workers", 1]
    assert main(list(map(str, asked))) == 0
    text, preset = out.read_text(), load_preset(out)
    assert "from sstem_drosophila with the tissue of epfl" in text
    assert preset.title == f"{EPFL.title}, fitted to 3 sections" and EPFL.source in preset.source
    assert preset.anatomy.vesicle == EPFL.anatomy.vesicle and preset.anatomy.sheath == EPFL.anatomy.sheath
    assert "# follows cytoplasm and membrane, was 70 ± 6" in text
    told = json.loads((report / "report.json").read_text())
    assert [one["name"] for one in told["tissues"]] == ["epfl", "getmanskaya2022"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["IMAGES", "--from", "epfll", "-o", "OUT.yaml"], "did you mean 'epfl'"),
        (["IMAGES", "--from", "epfl", "-o", "OUT.txt"], "ends in .yaml"),
        (["IMAGES", "--from", "epfl", "-o", "OUT/none/x.yaml"], "there is no folder"),
        (["IMAGES", "--from", "epfl", "-o", "OUT.yaml", "--tissue", "epfll"], "did you mean 'epfl'"),
        (["nothing", "--from", "epfl", "-o", "OUT.yaml"], "no such file or folder"),
        (["IMAGES", "--from", "epfl", "-o", "OUT.yaml", "--minutes", "0"], "more than 0"),
        (["IMAGES", "--from", "epfl", "-o", "OUT.yaml", "--masks", "IMAGES"], "slices/ or original/"),
        (["IMAGES", "--from", "epfl", "-o", "OUT.yaml", "--voxel-nm", "5,5"], "z,y,x"),
        (["IMAGES", "--from", "epfl", "-o", "OUT.yaml", "--report", "IMAGES"], "no empty folder"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    places = {"IMAGES": str(images)}
    words = [places.get(word, word.replace("OUT", str(tmp_path / "out"))) for word in arguments]
    assert main(["fit", *words]) == 2
    err = capsys.readouterr().err.splitlines()
    assert says in err[-1] and err[-1].startswith("synthem: ")
    assert not list(tmp_path.glob("*.yaml"))
