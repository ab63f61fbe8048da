"""The command that opens the studio says in one sentence what is missing."""

import builtins
import socket

import pytest

from synthem.cli.main import main


def told(capsys, arguments):
    status = main(["studio", *arguments])
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("synthem: "), error
    return status, error


def test_without_the_extra_it_says_what_to_install(capsys, monkeypatch):
    true_import = builtins.__import__

    def lacking(name, *rest, **more):
        if name.partition(".")[0] in ("starlette", "uvicorn"):
            raise ModuleNotFoundError(name)
        return true_import(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", lacking)
    status, error = told(capsys, [])
    assert status == 2 and "pip install 'synthem[studio]'" in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "unknown preset 'nothing'"),
        (["epfl", "--images", "nowhere"], "nowhere"),
        (["epfl", "--voxel-nm", "5,5,5"], "give --images"),
        (["epfl", "--names", "a"], "give --images"),
        (["epfl", "--out", "nowhere"], "no such folder"),
        (["epfl", "--port", "70000"], "65535"),
        (["epfl", "--host", "192.0.2.1", "--port", "0"], "192.0.2.1"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(capsys, tmp_path, monkeypatch, arguments, said):
    pytest.importorskip("starlette")
    monkeypatch.chdir(tmp_path)
    status = main(["studio", *arguments])
    error = capsys.readouterr().err
    assert status == 2 and said in error and "Traceback" not in error


def test_a_port_that_is_taken_is_said(capsys, tmp_path, monkeypatch):
    pytest.importorskip("starlette")
    monkeypatch.chdir(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        status, error = told(capsys, ["epfl", "--port", str(other.getsockname()[1])])
    assert status == 2 and "--port" in error
