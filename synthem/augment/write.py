"""Writes augmented copies of sections: a folder of PNGs with masks, and a note of what was done to each."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np

from shapes.core.errors import InputError
from shapes.core.streams import stream_key
from synthem import __version__
from synthem.augment.config import KINDS, MicroscopeAugment
from synthem.augment.draw import Recipe, draw_recipe
from synthem.augment.own import Own
from synthem.augment.see import see_anew
from synthem.augment.spoil import OF_STACKS
from synthem.data.atomic import write_json
from synthem.data.png_folder import write_png
from synthem.data.real.told import NOTE
from synthem.microscope.pipeline import to_uint8
from synthem.patch import Patch

LEAST_VX = 16
"""A smaller section holds too little to be measured."""


@dataclass(frozen=True)
class Written:
    """What was written: the number of copies, and how many of them each kind was done to."""

    copies: int
    kinds: Mapping[str, int]


def augmented(patch: Patch, config: MicroscopeAugment, *, seed: int) -> tuple[Patch, Recipe]:
    """Return a patch as another microscope would show it, and the recipe; its ids and trace are left out.

    Raises
    ------
    InputError
        Where a section is smaller than 16 × 16 pixels.
    """
    if min(patch.grid.shape[1:]) < LEAST_VX:
        y, x = patch.grid.shape[1:]
        raise InputError(
            f"augment: {patch.name or 'a section'} is {y} × {x} pixels; at least {LEAST_VX} × {LEAST_VX} "
            "are wanted"
        )
    image, size = patch.image.astype(np.float32), patch.grid.voxel_nm
    recipe = draw_recipe(Own(image), config, size, seed=seed)
    seen = see_anew(image, patch.labels, recipe, size, patch.ignored)
    changed = replace(
        patch,
        image=to_uint8(seen.image),
        labels=seen.labels,
        ignored=seen.ignored,
        clean=None,
        instances={},
        trace=None,
    )
    return changed, recipe


def augment_sections(
    patches: Sequence[Patch],
    out: Path,
    config: MicroscopeAugment,
    *,
    seed: int = 0,
    count: int = 1,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Written:
    """Write augmented copies of sections or stacks into a new or empty folder.

    Parameters
    ----------
    patches : sequence of Patch
        All of one voxel size, which the note keeps.
    out : Path
        As ``synthem.data.png_folder`` lays it out: copies are called after their section, with a letter.
    config : MicroscopeAugment
        How often and how far.
    seed : int
        A copy depends on it, on its section's name and on its letter alone.
    count : int
        How many copies of each.
    progress : callable
        Told how many copies are written, and of how many.

    Raises
    ------
    InputError
        Where the folder holds anything, a section is too small, voxel sizes differ, or all that is to be done
        is of stacks, and there is none.
    """
    if not len(patches):
        raise InputError("augment: there are no sections")
    _check_stacks(config, patches[0])
    done: dict[str, dict[str, Any]] = {}
    kinds: Counter[str] = Counter()
    size = patches[0].grid.voxel_nm

    def copies() -> Iterator[Patch]:
        progress(0, len(patches) * count)
        for patch in patches:
            if patch.grid.voxel_nm != size:
                raise InputError(f"augment: {patch.name} has other voxels than {patches[0].name}")
            for k in range(count):
                letter = _letter(k, count)
                own = int(stream_key(seed, f"augment/{patch.name}/{letter}"))
                changed, recipe = augmented(patch, config, seed=own)
                name = f"{patch.name.replace(':', '_')}-{letter}"
                yield replace(changed, name=name)
                done[name] = {"of": patch.name, "kinds": recipe.kinds} | recipe.model_dump(
                    mode="json", exclude_none=True
                )
                kinds.update(recipe.kinds)
                progress(len(done), len(patches) * count)

    write_png(copies(), out)
    head = {"synthem": __version__, "voxel_nm": size, "seed": seed, "count": count}
    write_json(out / NOTE, head | {"augment": config.model_dump(mode="json"), "sections": done})
    return Written(len(done), {name: kinds[name] for name in KINDS if kinds[name]})


def _check_stacks(config: MicroscopeAugment, first: Patch) -> None:
    asked = [name for name in KINDS if getattr(config, name).chance > 0]
    if first.grid.shape[0] == 1 and asked and set(asked) <= set(OF_STACKS):
        raise InputError(
            f"augment: {' and '.join(asked)} moves sections of a stack, and these are single; "
            "--volumes takes stacks as such"
        )


def _letter(k: int, count: int) -> str:
    """Return a copy's letters: names that end in numbers would be taken for the sections of a volume."""
    text = ""
    while True:
        text = ascii_lowercase[k % 26] + text
        k, count = k // 26, -(-count // 26)
        if count <= 1:
            return text
