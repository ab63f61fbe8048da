"""Masks of labelled images as files under the images' names, a folder a class, each whole or not there."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from synthem.data.atomic import write_whole
from synthem.data.files import folder_of
from synthem.data.mask_spool import MaskSpool
from synthem.data.pictures import TIFF
from synthem.data.png_file import png_bytes
from synthem.data.stack_file import BIG_BYTES, StackWriter


def mask_paths(out: Path, file: str, names: Sequence[str]) -> list[Path]:
    """Return where the masks of an image lie, by class, as files of one name."""
    return [out / folder_of(name) / file for name in names]


def write_files(spool: MaskSpool, first: int, depth: int, paths: Sequence[Path]) -> None:
    """Write the masks of one file, of which some sections of a spool are: TIFF by bands of rows, else PNG.

    Parameters
    ----------
    spool : MaskSpool
    first, depth : int
        Its first section, and how many there are; of a PNG, one.
    paths : sequence of Path
        One a class, in the order of the spool.
    """
    plane = spool.shape[1:]
    for cls, path in enumerate(paths):
        if path.suffix.lower() in TIFF:
            with StackWriter(path, big=depth * plane[0] * plane[1] > BIG_BYTES) as writer:
                for z in range(first, first + depth):
                    writer.write(plane, spool.bands(cls, z))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, png_bytes(np.concatenate(list(spool.bands(cls, first)))))
