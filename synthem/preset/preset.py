"""A preset: the anatomy of a tissue, the microscope that images it, and where presets are found.

It is a YAML file in ``presets/`` or anywhere else, whole or laid over another (``extends``). Lengths carry
``_nm`` in their names; what varies from object to object is a ``Spread``. Unknown keys are refused with
the nearest known one.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from shapes.core.errors import InputError, UnknownNameError
from shapes.core.frozen import Frozen
from synthem.labels import check_classes
from synthem.preset.anatomy import Anatomy, Annotation
from synthem.preset.extends import read_extended
from synthem.preset.microscope import Microscope
from synthem.preset.shipped import presets_folder, shipped_names
from synthem.preset.yaml_file import parse

Length = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
PLAIN = re.compile(r"[\w-][\w.-]*")


class Preset(Frozen):
    """A tissue, a microscope, and the voxels and patches that go with them."""

    name: str
    """It names files and folders: letters, digits, ``_``, ``.`` and ``-``, and no dot in front."""
    title: str
    source: str = ""
    tuned_on: tuple[Annotated[str, Field(pattern=r"^[^/]+/.+$")], ...] = ()
    """Real sections by which values were set, as ``DATA SET/SECTION``, the latter a glob: what learns from
    its patches must not be scored on these. No patch depends on it."""
    modality: Literal["FIB-SEM", "SBF-SEM", "ssTEM", "ssSEM"] = "FIB-SEM"
    voxel_nm: tuple[Length, Length, Length] = (5.0, 5.0, 5.0)
    patch_shape: tuple[Count, Count, Count] = (1, 256, 256)
    anatomy: Anatomy
    annotation: Annotation = Annotation()
    microscope: Microscope = Microscope()

    @field_validator("name")
    @classmethod
    def _names_a_file(cls, name: str) -> str:
        if not PLAIN.fullmatch(name):
            raise InputError(f"letters, digits, _ . and - are allowed, and no dot in front, not {name!r}")
        return name


ALIASES = {
    "lucchi": "epfl",
    "hippocampus": "epfl",
    "snemi3d": "ac4",
    "isbi2013": "ac4",
    "isbi": "isbi2012",
    "drosophila": "sstem_drosophila",
    "myelin": "white_matter",
    "corpus callosum": "white_matter",
    "retina": "urisc",
    "liver": "sbfsem_liver",
}
"""What people also call the shipped presets, in lower case."""


def preset_names() -> list[str]:
    """Return the names of the shipped presets."""
    return shipped_names("*.yaml")


def load_preset(source: "str | Path | Preset | dict[str, Any]") -> Preset:
    """Return a preset, from its name, a path to a YAML file, a description, or itself.

    Raises
    ------
    UnknownNameError
        Where there is neither a shipped preset nor a file of that name, or a key is unknown.
    InputError
        Where the file is no YAML, or a value is out of range; the message names file, key and what is
        allowed.
    """
    if isinstance(source, Preset):
        return source
    if isinstance(source, dict):
        return parse(Preset, source, "preset")
    if not isinstance(source, (str, Path)):
        raise InputError(f"preset: a name, a path or a mapping is wanted, not {source!r}")
    path = presets_folder() / f"{source}.yaml"
    if str(source) not in preset_names():
        path = Path(source)
        if not path.is_file():
            raise UnknownNameError("preset", str(source), preset_names(), ALIASES)
    values = read_extended(path, {name: presets_folder() / f"{name}.yaml" for name in preset_names()})
    where = str(path) if path == Path(source) else f"preset {source}"
    named = re.sub(r"[^\w.-]", "-", path.stem).lstrip(".") or "preset"
    return parse(Preset, {"name": named, **values}, where)


def covering(source: "str | Path | Preset", classes: Iterable[str]) -> Preset:
    """Return a preset as it is if it is labelled for some classes, or else with these for its own."""
    preset, wanted = load_preset(source), tuple(classes)
    return preset if set(wanted) <= set(preset.annotation.classes) else with_classes(preset, wanted)


def with_classes(source: "str | Path | Preset", classes: Iterable[str]) -> Preset:
    """Return a preset whose patches are labelled for other classes than its own.

    Raises
    ------
    UnknownNameError
        Where there is no such preset or class.
    InputError
        Where there is no class, or one is named twice.
    """
    preset = load_preset(source)
    own = preset.annotation.model_copy(update={"classes": check_classes(classes)})
    return preset.model_copy(update={"annotation": own})
