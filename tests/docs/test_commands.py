"""Every command that a page shows is one that the command line takes; those of the README are run."""

import inspect
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from pages import PAGES, README, blocks, name

from shapes import Grid
from synthem.cli.main import app, main
from synthem.data.files import FOLDERS
from synthem.data.open import open_data
from synthem.data.png_folder import write_png
from synthem.labels import CLASSES
from synthem.learning.network.model_file import load_model
from synthem.world import World

GROUP: Any = typer.main.get_command(app)
HELP = [inspect.cleandoc(command.help).split("\n\n") for command in GROUP.commands.values()]

SMALL = {
    "--around psd": "--around vesicle --shape 48,48",
    "--shuffle": "--shuffle --shape 64,64 --count 1",
    "--count 300": "--count 4 --shape 64,64 --workers 1",
    "--init generalist": "--init generalist --steps 2 --config small.yaml",
    "model/model.pt IMAGES": "model/model.pt REAL/slices",
}
"""What makes the README's commands quick; each must occur in them, so that none is left behind."""

SETTINGS = """
patch_vx: [1, 32, 32]
batch: 2
check_every: 2
accelerator: cpu
"""


def commands(text: str) -> list[list[str]]:
    """Return the arguments of each line that calls synthem, also where another command comes before it."""
    lines = text.replace("\\\n", " ").splitlines()
    calls = [call.strip() for line in lines for call in line.split("&&")]
    return [shlex.split(call, comments=True)[1:] for call in calls if call.startswith("synthem")]


SHOWN = [(name(page), call) for page in PAGES for block in blocks(page, "sh") for call in commands(block)]
SHOWN += [(f"{example[0]} --help", example) for *_, text in HELP for example in commands(text[9:])]


def test_pages_show_commands() -> None:
    assert {call[0] for _, call in SHOWN} == set(GROUP.commands)


@pytest.mark.parametrize(("page", "call"), SHOWN, ids=[f"{page}: {' '.join(call)}" for page, call in SHOWN])
def test_the_command_line_takes_it(page: str, call: list[str]) -> None:
    context = GROUP.commands[call[0]].make_context(call[0], call[1:])
    assert not context.args


def test_every_help_is_a_few_sentences_and_an_example() -> None:
    for about, *more, example in HELP:
        assert about.endswith(".") and more and example.startswith("Example: synthem "), about
        assert max(map(len, "\n".join(more).splitlines())) <= 76, "a line is broken twice in 80 columns"


def test_one_labelled_slice_and_a_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The README's block, on one section of 96 × 96 pixels from a world that stands in for real tissue."""
    monkeypatch.chdir(tmp_path)
    world = World("epfl", seed=11)
    z, y, x = next(world.find("vesicle"))  # the block shows one of them beside ours
    write_png([world.patch(Grid((1, 96, 96), origin_nm=(z, y - 240.0, x - 240.0)))], "REAL")
    Path("small.yaml").write_text(SETTINGS)
    block = next(text for text in blocks(README, "sh") if "--add" in text)
    for long, short in SMALL.items():
        assert long in block
        block = block.replace(long, short)
    for call in commands(block):
        assert main(call) == 0, (call, capsys.readouterr().err)
    assert {path.name for path in tmp_path.iterdir()} == {
        "REAL", "small.yaml", "preview.png", "preview.key.txt", "synthetic", "model", "masks",
    }  # fmt: skip
    learned = load_model("model/model.pt").learned
    assert "membrane" in learned
    for cls in CLASSES:
        assert len(list(Path("masks", FOLDERS[cls][0]).glob("*.png"))) == (cls in learned)


def test_classes_beyond_the_six(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's block, on a few small patches."""
    monkeypatch.chdir(tmp_path)
    ((command,),) = [commands(text) for text in blocks(README, "sh") if "organelles" in text]
    assert main([*command, "--count", "4", "--shape", "64,64", "--workers", "1"]) == 0
    assert open_data("organelles").classes == ("er", "microtubule", "axon", "dendrite")
