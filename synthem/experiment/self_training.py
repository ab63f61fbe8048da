"""The arm ``self-trained``: from which sections without labels it learns, and what came of it."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import BeforeValidator

from shapes.core.errors import InputError
from synthem.data.real.layouts import read_folder
from synthem.data.real.reading import Reading
from synthem.learning.training.teaching import TeachingConfig, image_alone
from synthem.patch import Patch


def _many(value: Any) -> Any:
    return value if value is None or isinstance(value, list | tuple) else [value]


class SelfTrainingConfig(TeachingConfig):
    """What the arm ``self-trained`` learns from beside what ``pretrained`` does: sections without labels.

    A mean teacher labels them, and is not listened to while what it finds is unlike the labels: see
    ``synthem.learning.training.mean_teacher``.
    """

    unlabelled: Annotated[tuple[str, ...] | None, BeforeValidator(_many)] = None
    """Names or globs of sections; left out, all that are in neither half. Their labels are never read. Those
    of the test half are taken only by names or globs that hold no others."""
    folder: str | None = None
    """Where these sections lie; the real folder, if left out."""


def unlabelled_sections(
    config: SelfTrainingConfig,
    root: str,
    voxel_nm: tuple[float, float, float],
    how: Reading,
    halves: tuple[Sequence[str], Sequence[str]],
) -> tuple[list[Patch], list[str]]:
    """Read the images of the sections without labels, and what a reader must know of them.

    Parameters
    ----------
    config : SelfTrainingConfig
    root : str
        The real folder.
    voxel_nm, how
        As the real sections are read.
    halves : (sequence of str, sequence of str)
        Names of all sections that train and that test.

    Raises
    ------
    InputError
        Where there are none, or a glob takes in sections of the test half beside others.
    """
    own = config.folder is None or config.folder == root
    there = read_folder(config.folder or root, None, voxel_nm, how).images_alone()
    train, test = (set(half) if own else set() for half in halves)
    taken: dict[str, None] = {}
    for pattern in config.unlabelled or ():
        some = [name for name in there.names if fnmatchcase(name, pattern)]
        if not some:
            raise InputError(f"self_training.unlabelled: no section is called {pattern!r} in {there.root}")
        tested = [name for name in some if name in test]
        if tested and len(tested) < len(some):
            raise InputError(
                f"self_training.unlabelled: {pattern!r} takes in {tested[0]} of the test half beside others; "
                "name sections of the test half by themselves"
            )
        taken |= dict.fromkeys(some)
    if config.unlabelled is None:
        taken = dict.fromkeys(name for name in there.names if name not in train | test)
    if not taken:
        raise InputError(
            f"self_training: all sections of {there.root} are in one of the halves; give `folder`, or name "
            "some under `unlabelled`"
        )
    notes = [f"self-trained: images of {len(taken)} sections without labels are learned from"]
    if tested := [name for name in taken if name in test]:
        notes.append(
            f"self-trained: {len(tested)} of these ({tested[0]}, …) are test sections: it has seen their "
            "images, though no label, so its score is no forecast for sections that it has not seen"
        )
    return [image_alone(there.read(name)) for name in taken], notes
