"""Groups of options: on the command line their fields, in the command one object."""

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from synthem.cli.groups import grouped


@dataclass(frozen=True)
class Where:
    """Where something is."""

    split: Annotated[str | None, typer.Option(help="Which half.")] = None
    seed: Annotated[int, typer.Option(help="Which draw.", min=0)] = 3


def application() -> typer.Typer:
    app = typer.Typer()

    @app.command()
    @grouped
    def look(data: str, where: Where, often: Annotated[int, typer.Option()] = 1) -> None:
        """Look somewhere."""
        typer.echo(f"{data} {where} {often}")

    return app


def test_fields_are_options_and_arrive_as_one_object() -> None:
    done = CliRunner().invoke(application(), ["here", "--seed", "5", "--often", "2"])
    assert done.output == f"here {Where(None, 5)} 2\n"
    assert CliRunner().invoke(application(), ["here"]).output == f"here {Where()} 1\n"


def test_help_and_limits_are_those_of_the_fields() -> None:
    said = CliRunner().invoke(application(), ["--help"]).output
    assert "Look somewhere." in said and "Which half." in said and "--where" not in said
    assert CliRunner().invoke(application(), ["here", "--seed", "-1"]).exit_code == 2
