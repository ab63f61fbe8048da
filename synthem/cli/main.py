"""The command line. Commands, in the files beside this one, import what they need when they are run."""

import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from shapes.core.errors import InputError
from synthem import __version__
from synthem.cli.augment import augmenting
from synthem.cli.console import any_encoding, say, warn
from synthem.cli.data import making
from synthem.cli.explain import explaining
from synthem.cli.export import exporting
from synthem.cli.fit import fitting
from synthem.cli.learn import learning
from synthem.cli.paste import pasting
from synthem.cli.preview import looking
from synthem.cli.score import scoring
from synthem.cli.segment import segmenting
from synthem.cli.studio import tuning
from synthem.cli.train import training_alone
from synthem.cli.volume import volumes

app = typer.Typer(
    name="synthem",
    help="Synthetic, labelled electron microscopy of brain tissue, and what training on it gains.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

app.add_typer(looking)
app.add_typer(making)
app.add_typer(augmenting)
app.add_typer(pasting)
app.add_typer(training_alone)
app.add_typer(learning)
app.add_typer(scoring)
app.add_typer(explaining)
app.add_typer(fitting)
app.add_typer(tuning)
app.add_typer(segmenting)
app.add_typer(volumes)
app.add_typer(exporting)

# typer carries its own copy of click in some versions and not in others; these are the classes of either
UsageError: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

INTERRUPTED = 130
"""Exit status after an interrupt from the keyboard, or a signal to end, which schedulers send."""


@app.callback(invoke_without_command=True)
def synthem(
    version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False,
) -> None:
    """Make one command stay a command with a name; tell the version."""
    if version:
        say(f"synthem {__version__}")
        raise typer.Exit()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Whatever a person can mend is one sentence on the error stream and status 2; an interrupt, or a signal to
    end (SIGTERM), gives status 130, and what is complete stays.
    """
    status: object = 2
    any_encoding()
    # torch's threads sleep while they wait: where others use the processors too, spinning costs tenfold
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        status = typer.main.get_command(app).main(arguments, prog_name="synthem", standalone_mode=False)
    except (InputError, MemoryError) as error:
        warn(str(error) or "out of memory: ask for less at a time")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone
        return 1
    except OSError as error:
        warn(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except UsageError as error:
        ask = getattr(error, "format_message", error.__str__)
        if message := " ".join(ask().split()):  # empty where help was shown in its place
            warn(message)
    finally:
        signal.signal(signal.SIGTERM, before)
    if status == INTERRUPTED:  # some versions of typer return it, others raise
        warn("interrupted; what is complete stays")
    return status if isinstance(status, int) else 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a signal to end as an interrupt from the keyboard."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
