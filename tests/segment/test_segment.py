"""The one command: masks, picture, counts and report; the same by hand; gone on with; refused."""

import json
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch

from shapes import Grid
from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.data.files import FOLDERS
from synthem.data.png_folder import write_png
from synthem.labels import CLASSES
from synthem.learning.config import NetworkConfig, TrainConfig
from synthem.learning.inference.adapt_norm import adapt_norm
from synthem.learning.inference.predict import Predictor
from synthem.learning.network.model_file import Model, ModelCard, load_model, save_model
from synthem.learning.network.unet import build_unet
from synthem.measure.census import Census
from synthem.segment import budget, make_model, make_preset, run
from synthem.segment.job import Job, check
from synthem.world import World

VOXEL = (5.0, 5.0, 5.0)


def save(path: Path, classes: tuple[str, ...] = CLASSES, dims: int = 2, **card) -> Path:
    """Write a model of random weights that finds about half of everything."""
    network = NetworkConfig(dims=dims, features=(4, 4, 4, 4, 4, 4))
    patch_vx = (1, 32, 32) if dims == 2 else (16, 32, 32)
    config = TrainConfig(network=network, classes=classes, patch_vx=patch_vx, batch=2)
    net = build_unet(network, len(classes), seed=1).eval()
    noise = np.random.default_rng(0).integers(0, 256, (16, 64, 64), np.uint8)
    model = adapt_norm(Model(net, ModelCard(config=config, voxel_nm=VOXEL, **card)), [noise])
    found = Predictor(model).probabilities(noise).reshape(len(classes), -1)
    middle = np.quantile(found, 0.5, axis=1)
    model.net.final_conv.bias.data -= torch.from_numpy(np.log(middle / (1 - middle)))
    save_model(path, model)
    return path


@pytest.fixture(scope="module")
def tissue() -> np.ndarray:
    return np.stack(
        [World("epfl", seed=7).patch(Grid((1, 80, 96), origin_nm=(0, 0, 9e3 * k))).image[0] for k in range(2)]
    )


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tissue: np.ndarray) -> Path:
    """A folder with a model and two images; time costs nothing, and one process does all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("synthem.cli.segment.processors", lambda: 1)
    for name, value in {"FEWEST": 2, "MOST": 3, "FEWEST_STEPS": 2, "MOST_STEPS": 2}.items():
        monkeypatch.setattr(budget, name, value)
    save(Path("tiny.pt"))
    Path("IMAGES").mkdir()
    for k, image in enumerate(tissue):
        cv2.imwrite(f"IMAGES/s{k}.png", image)
    return tmp_path


def call(*arguments: str) -> int:
    return main(["segment", "IMAGES", "out", "--model", "tiny.pt", "--voxel-nm", "5,5,5", *arguments])


def masks(folder: str = "out/masks") -> dict[str, bytes]:
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def by_hand(capsys: pytest.CaptureFixture[str], folder: str = "hand") -> None:
    """Run the commands of ``commands.sh`` in this process."""
    Path(folder).mkdir()
    for line in Path("out/commands.sh").read_text().splitlines():
        words = shlex.split(line.replace("$out", str(Path(folder).resolve())))
        if line.startswith("cp "):
            Path(words[2]).write_bytes(Path(words[1]).read_bytes())
        elif line.startswith("synthem "):
            assert main(words[1:]) == 0, (line, capsys.readouterr().err)


def test_plain(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 0
    said = capsys.readouterr()
    assert "membrane" in said.out and "out: 12 masks; report: out/report.html" in said.out and said.err == ""
    assert {p.name for p in Path("out").iterdir()} == {
        "masks", "overlay.png", "census.json", "report.html", "commands.sh", "segment.json",
    }  # fmt: skip
    assert set(masks()) == {f"{FOLDERS[cls][0]}/s{k}.png" for cls in CLASSES for k in range(2)}
    census = Census.model_validate_json(Path("out/census.json").read_text())
    shares = [(cv2.imread(f"out/masks/{FOLDERS[cls][0]}/s0.png", 0) > 0).mean() for cls in CLASSES]
    assert census.patch_shares[0][1:] == pytest.approx(shares[1:]) and any(0.01 < s < 0.99 for s in shares)
    page = Path("out/report.html").read_text()
    assert "data:image/png;base64," in page and "synthem predict" in page and "http" not in page

    by_hand(capsys)
    assert masks("hand/masks") == masks(), "the commands give the same masks, byte for byte"


def test_a_stack_keeps_its_format_and_its_pixels(work: Path, tissue: np.ndarray) -> None:
    small = np.stack([cv2.resize(255 - image, (120, 100)) for image in tissue])
    tifffile.imwrite("stack.tif", small.astype(np.uint16) * 9, photometric="minisblack")
    assert main(["segment", "stack.tif", "out", "--model", "tiny.pt", "--voxel-nm", "40,4,4"]) == 0
    found = tifffile.imread("out/masks/membranes/stack.tif")
    assert found.shape == (2, 100, 120) and set(np.unique(found)) <= {0, 255}
    page = Path("out/report.html").read_text()
    for said in ("were stretched to 0–255", "are resampled to the model&#x27;s", "the greys are turned"):
        assert said in page
    assert json.loads(Path("out/census.json").read_text())["patches"] == 2
    assert "--invert yes" in Path("out/commands.sh").read_text()


def test_a_3d_model_takes_a_stack_as_a_volume(work: Path, tissue: np.ndarray) -> None:
    save(Path("deep.pt"), dims=3)
    tifffile.imwrite("stack.tif", np.repeat(tissue[:1], 6, axis=0), photometric="minisblack")
    assert main(["segment", "stack.tif", "out", "--model", "deep.pt"]) == 0
    assert json.loads(Path("out/census.json").read_text())["dimensions"] == 3


def test_a_model_of_fewer_classes_writes_only_these(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(Path("tiny.pt"), ("psd", "membrane", "vesicle"), learned=("psd", "membrane"))
    assert call() == 0
    said = capsys.readouterr().err
    assert "the model does not know mitochondrion, mito_boundary, vesicle, sheath: no masks" in said
    assert {p.name for p in Path("out/masks").iterdir()} == {"PSD", "membranes"}
    assert "not labelled" in Path("out/report.html").read_text()


def test_adapted_to_a_preset_and_by_hand(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--adapt", "3", "--preset", "epfl", "--seed", "4") == 0
    settled = json.loads(Path("out/choices.json").read_text())
    assert (settled["patches"], settled["steps"], settled["crop"]) == (3, 2, [1, 32, 32])
    assert {"model.pt", "preset.yaml", "training", "patches"} <= {p.name for p in Path("out").iterdir()}
    first, now = (load_model(path).net.state_dict() for path in ("tiny.pt", "out/model.pt"))
    assert any(not np.array_equal(first[name], now[name]) for name in first)
    by_hand(capsys)
    assert masks("hand/masks") == masks()
    assert "for 2 steps, with 3 synthetic patches of the preset epfl" in Path("out/report.html").read_text()


def test_real_masks_are_trained_on(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World("epfl", seed=8)
    write_png((world.patch(Grid((1, 64, 96), origin_nm=(0, 0, 9e3 * k))) for k in range(3)), "REAL")
    assert call("--masks", "REAL") == 0
    commands = Path("out/commands.sh").read_text()
    assert '--add "$out/patches"' in commands and "--adapt-norm" not in commands
    assert "--balance psd=0.02,sheath=0.04" in commands and "--rare psd=0.3,sheath=0.1" in commands
    by_hand(capsys)
    assert masks("hand/masks") == masks()
    assert (
        "3 real sections with masks and 3 synthetic patches of the preset epfl"
        in Path("out/report.html").read_text()
    )


def test_a_preset_is_fitted_and_stays_dark(
    work: Path, monkeypatch: pytest.MonkeyPatch, tissue: np.ndarray
) -> None:
    """With a fit in the place of the real one, which has its own tests."""
    from synthem.preset.preset import load_preset

    asked = {}

    class Fitted:
        interrupted, tissue, cost_before, cost_after = False, "epfl", 2.0, 1.0

    def fit(images, start, **how):
        asked.update(how, images=images, start=start)
        return Fitted()

    def write(found, path, images):
        text = (make_preset.preset_file("epfl")).read_text()
        path.write_text(
            text.replace("microscope:\n", "microscope:\n  tone: {invert: true}\n", 1)
            if "tone:" not in text
            else text
        )
        assert load_preset(path).microscope.tone.invert

    monkeypatch.setattr("synthem.fit.run.fit_preset", fit)
    monkeypatch.setattr("synthem.fit.report.write_preset", write)
    for k, image in enumerate(tissue):
        cv2.imwrite(f"IMAGES/s{k}.png", 255 - image)
    assert call("--adapt", "3") == 0
    assert asked["start"] == "epfl" and 1 <= asked["minutes"] < 3 and asked["voxel_nm"] == VOXEL
    assert not load_preset("out/preset.yaml").microscope.tone.invert
    assert (
        "synthem fit" in Path("out/commands.sh").read_text() and "sed " in Path("out/commands.sh").read_text()
    )

    Fitted.interrupted = True
    assert main(["segment", "IMAGES", "other", "--model", "tiny.pt", "--adapt", "3"]) == 130
    assert not Path("other/preset.yaml").exists()


def test_it_goes_on_where_it_was(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    adapt = ("--adapt", "3", "--preset", "epfl")
    label = run.label_all

    def stopping(*arguments):
        written = label(*arguments)
        written[-1].unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "label_all", stopping)
    assert call(*adapt) == 130
    kept = {p: p.stat().st_mtime_ns for p in Path("out").rglob("*") if p.is_file()}
    monkeypatch.setattr(run, "label_all", label)
    monkeypatch.setattr(run, "measure", lambda *a, **b: pytest.fail("is done already"))
    assert call(*adapt) == 0
    redone = {str(p.relative_to("out")) for p, when in kept.items() if p.stat().st_mtime_ns != when}
    assert redone and all(path.startswith("masks/") and path.endswith("s1.png") for path in redone)
    before = masks()
    assert call(*adapt) == 0 and masks() == before
    capsys.readouterr()
    assert call("--adapt", "4", "--preset", "epfl") == 2
    assert "out: holds a segmentation with other minutes (3.0, not 4.0); give" in capsys.readouterr().err


def test_stopped_in_training_it_trains_on(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapt = ("--adapt", "3", "--preset", "epfl")
    monkeypatch.setattr(make_model, "train_model", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
    assert call(*adapt) == 130
    assert (
        Path("out/patches").is_dir() and not Path("out/model.pt").exists() and not Path("out/masks").exists()
    )
    settled = json.loads(Path("out/choices.json").read_text())
    monkeypatch.undo()
    monkeypatch.chdir(work)
    monkeypatch.setattr("synthem.cli.segment.processors", lambda: 1)
    assert call(*adapt) == 0
    now = json.loads(Path("out/choices.json").read_text())
    settled.pop("notes", None)
    assert {name: now[name] for name in settled} == settled


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--adapt", "-1"], "--adapt: minutes must be a number above 0, not -1"),
        (["--adapt", "nan"], "--adapt: minutes must be a number above 0, not nan"),
        (
            ["--adapt", "0.01", "--preset", "epfl"],
            "--adapt: 0.01 minutes are too few for these images on this machine",
        ),
        (["--preset", "epfl"], "--preset is of the patches that --adapt and --masks train on"),
        (["--preset", "nowhere", "--adapt", "1"], "unknown preset 'nowhere'"),
        (["--voxel-nm", "5,5"], "voxel size: write z,y,x in nanometres"),
        (["--voxel-nm", "5,50,50"], "IMAGES: pixels of 50 × 50 nm are too far from the model's of 5 × 5 nm"),
        (["--model", "nobody"], "unknown model 'nobody'"),
        (["--masks", "IMAGES"], "real EM with labels must hold slices/"),
        (["--masks", "bare"], "have no class in common: masks of none"),
        (["--masks", "bright"], "membranes are bright in bright, and patches show them dark"),
    ],
)
def test_what_cannot_be_used_is_refused_before_any_work(
    work: Path, tissue: np.ndarray, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    for name, image in (("bare", tissue[0]), ("bright", 255 - tissue[0])):
        Path(name, "slices").mkdir(parents=True)
        cv2.imwrite(f"{name}/slices/s0.png", image)
    Path("bright/membranes").mkdir()
    cv2.imwrite("bright/membranes/s0.png", np.zeros_like(tissue[0]))
    assert call(*options) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1
    assert not Path("out").exists()


def test_folders_that_hold_no_images_or_other_things(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert main(["segment", "empty", "out", "--model", "tiny.pt"]) == 2
    assert "empty: no images" in capsys.readouterr().err
    assert main(["segment", "IMAGES", "IMAGES", "--model", "tiny.pt"]) == 2
    assert "IMAGES: is not empty and holds no segmentation" in capsys.readouterr().err
    assert main(["segment", "IMAGES", "tiny.pt", "--model", "tiny.pt"]) == 2
    assert "tiny.pt: is a file" in capsys.readouterr().err


def test_small_images_are_no_start_for_a_fit(work: Path, tissue: np.ndarray) -> None:
    cv2.imwrite("IMAGES/s0.png", tissue[0, :40])
    with pytest.raises(InputError, match="fitted to sections of 64 × 64 pixels and more"):
        check(Job(Path("IMAGES"), VOXEL, "tiny.pt", adapt=3))
    check(Job(Path("IMAGES"), VOXEL, "tiny.pt", adapt=3, preset="epfl"))
