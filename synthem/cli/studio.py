"""The command that opens the studio."""

from pathlib import Path
from typing import Annotated

import typer

from shapes.core.errors import InputError
from synthem.cli.console import say, warn
from synthem.cli.groups import grouped
from synthem.cli.real_files import Labelled
from synthem.cli.shared import PresetName, Sections

tuning = typer.Typer()


@tuning.command()
@grouped
def studio(
    sections: Sections,
    labelled: Labelled,
    preset: PresetName = "epfl",
    images: Annotated[
        Path | None,
        typer.Option(help="Real sections to stand beside it; with masks or without.", metavar="DIR"),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="The folder that presets, data sets and raters' files are written to.")
    ] = Path(),
    port: Annotated[
        int, typer.Option(help="Where it listens; 0 is any that is free.", min=0, max=65535)
    ] = 8765,
    host: Annotated[
        str, typer.Option(help="The address that it listens at; others than this machine's let others in.")
    ] = "127.0.0.1",
    browse: Annotated[bool, typer.Option("--browse", help="Open the page in the browser.")] = False,
) -> None:
    """Tune a preset in the browser, beside your own sections: see what a number does while moving it.

    It prints the address of a page, which it serves until it is interrupted.
    Tune, compare figures, test yourself blind, fit, turn a volume, and leave
    with a preset. Nothing leaves this machine.

    Example: synthem studio epfl --images REAL --voxel-nm 5,5,5
    """
    try:
        import starlette
        import uvicorn
    except ImportError as error:
        raise InputError(
            "studio: wants starlette and uvicorn, which are not installed: pip install 'synthem[studio]'"
        ) from error
    _ = starlette, uvicorn
    from synthem.studio.serve import serve
    from synthem.studio.studio import open_studio

    names = sections.chosen(images or Path())
    words: tuple[str, ...] = ("--split", sections.split) if sections.split else ()
    words += tuple(word for name in sections.names or () for word in ("--names", name))
    opened = open_studio(preset, images, sections.size, out, labelled.how, names, words)
    if opened.sections is not None:
        for sentence in opened.sections.warnings:
            warn(sentence)
    if host not in ("127.0.0.1", "localhost", "::1"):
        warn(f"{host}: whoever can reach this machine and has the address can use the studio")

    def tell(address: str) -> None:
        say(address)
        if browse:
            import webbrowser

            webbrowser.open(address)

    serve(opened, host, port, tell)
