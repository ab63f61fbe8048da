"""The command as a whole: version, names, letters that a terminal lacks, signals to end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import synthem
from shapes.core.errors import UnknownNameError
from synthem.cli.main import INTERRUPTED, main
from synthem.labels import ALIASES, KNOWN, channel
from synthem.preset import preset_names
from synthem.preset.preset import ALIASES as PRESET_ALIASES
from synthem.preset.preset import load_preset

COMMAND = [sys.executable, "-P", "-m", "synthem"]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, **more}


def test_the_module_runs_the_command_and_tells_its_version() -> None:
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"synthem {synthem.__version__}\n", "")


@pytest.mark.parametrize("encoding", ["cp1251", "cp437", "latin-1"])
@pytest.mark.parametrize("arguments", [["presets"], ["--help"], ["census", "--help"], ["preview", "nothing"]])
def test_any_code_page_will_do(encoding: str, arguments: list[str]) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, env=environment(PYTHONIOENCODING=encoding)
    )
    assert done.returncode == (2 if "nothing" in arguments else 0), done.stderr
    assert done.stdout.decode(encoding) or done.stderr.decode(encoding)
    if arguments == ["presets"]:
        sizes = "4 × 4 × 50 nm".replace("×", "×" if "×".encode(encoding, "ignore") else "x")
        assert sizes in done.stdout.decode(encoding)


def test_completion_knows_the_commands() -> None:
    asked = environment(_SYNTHEM_COMPLETE="complete_bash", COMP_WORDS="synthem pre", COMP_CWORD="1")
    done = subprocess.run(COMMAND, capture_output=True, text=True, env=asked)
    assert done.stdout.split() == ["presets", "preview", "predict", "pretrain"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [("EPFL", "epfl"), ("SNEMI3D", "ac4"), ("Isbi-2012", "isbi2012"), ("Kasthuri15", "kasthuri")],
)
def test_near_names_of_presets(said: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f"did you mean '{meant}'"):
        load_preset(said)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("myelin", "sheath"), ("PSD", "psd"), ("Mitochondria", "mitochondrion"), ("Synapse", "psd")],
)
def test_near_names_of_classes(said: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f"did you mean '{meant}'"):
        channel(said)


def test_aliases_mean_names_that_there_are() -> None:
    assert set(ALIASES.values()) <= set(KNOWN) and not set(ALIASES) & set(KNOWN)
    assert set(PRESET_ALIASES.values()) <= set(preset_names())
    assert all(name == name.lower() for name in (*ALIASES, *PRESET_ALIASES))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals as Linux and macOS have them")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_to_end_is_an_interrupt(tmp_path: Path, workers: str) -> None:
    """As a scheduler ends a job: the signal goes to all its processes; the same command goes on then."""
    out = tmp_path / "set"
    asked = ["generate", "epfl", str(out), "--count", "24", "--shape", "64,64", "--format", "png"]
    run = subprocess.Popen(
        [*COMMAND, *asked, "--workers", workers],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while run.poll() is None and not list((out / "slices").glob("*.png")):
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGTERM)
    _, said = run.communicate(timeout=60)
    assert (run.returncode, said) == (INTERRUPTED, "synthem: interrupted; what is complete stays\n")
    assert main([*asked, "--workers", "1"]) == 0
    assert len(list((out / "slices").glob("*.png"))) == 24
