"""What a preset may say: the anatomy of a tissue and the microscope that looks at it, with all defaults.

A preset is a YAML file in ``presets/`` or anywhere else. Lengths carry ``_nm`` in their names; what varies
from object to object is a ``Spread``. Unknown keys are refused with the nearest known one.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from shapes.endosomes import Endosomes
from shapes.errors import InputError, UnknownNameError
from shapes.glycogen import Glycogen
from shapes.membranes import Membranes
from shapes.microtubules import Microtubules
from shapes.mitochondria import Mitochondria
from shapes.nucleus import Nuclei
from shapes.population import Population
from shapes.psd import Synapses
from shapes.reticulum import Reticulum
from shapes.sheaths import Sheaths
from shapes.spread import Params
from shapes.tbars import TBars
from shapes.vesicles import Vesicles
from shapes.warp import Warp
from synthem.optics import Beam as Beam
from synthem.optics import Detector as Detector
from synthem.optics import Microscope as Microscope
from synthem.optics import Section as Section
from synthem.optics import Stain as Stain
from synthem.optics import Tone as Tone

M = TypeVar("M", bound=BaseModel)
Length = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Anatomy(Params):
    """The tissue: three populations of neurites, glial processes, cell bodies, and what is in them.

    ``null`` leaves a structure out. Thin glia fills the gaps between tubes also where there is no ``glia``.
    """

    warp: Warp = Warp()
    membranes: Membranes = Membranes()
    axons: Population
    dendrites: Population | None = None
    myelinated: Population | None = None
    glia: Population | None = None
    somata: Population | None = None
    mitochondrion: Mitochondria | None = Mitochondria()
    psd: Synapses | None = Synapses()
    t_bar: TBars | None = None
    vesicle: Vesicles | None = Vesicles()
    sheath: Sheaths | None = Sheaths()
    er: Reticulum | None = None
    endosome: Endosomes | None = None
    microtubule: Microtubules | None = None
    glycogen: Glycogen | None = None
    nucleus: Nuclei | None = None

    @model_validator(mode="after")
    def _glia_has_no_boutons(self) -> "Anatomy":
        if self.glia is not None and self.glia.bouton_chance > 0:
            raise ValueError("glia: its processes have no boutons; give bouton_chance: 0")
        return self

    @model_validator(mode="after")
    def _somata_are_plain(self) -> "Anatomy":
        if self.somata is not None and self.somata.bouton_chance + self.somata.swelling_chance > 0:
            raise ValueError("somata: they have neither boutons nor swellings; give both chances as 0")
        if self.nucleus is not None and self.somata is None:
            raise ValueError("nucleus: only a soma has one; give somata, too")
        return self

    @model_validator(mode="after")
    def _t_bars_face_several(self) -> "Anatomy":
        if self.t_bar is not None and not (self.psd is not None and self.psd.polyadic):
            raise ValueError("t_bar: only a polyadic psd has T-bars; give psd: {polyadic: true}")
        return self


class Annotation(Params):
    """Where an annotator draws the lines: a membrane's width, how far outside a vesicle its outline runs.

    ``also`` names structures that are no class and get instance maps of their own. A nucleus changes no
    class: ``membrane`` is the outer membrane of a cell, never the envelope of its nucleus.
    """

    membrane_width_nm: float = Field(default=40.0, gt=0)
    vesicle_margin_nm: float = Field(default=0.0, ge=-8, le=6)
    also: tuple[Literal["er", "endosome", "microtubule", "glycogen", "t_bar", "nucleus"], ...] = ()


class Preset(Params):
    """A tissue, a microscope, and the voxels and patches that go with them."""

    name: str
    title: str
    source: str = ""
    modality: Literal["FIB-SEM", "SBF-SEM", "ssTEM", "ssSEM"] = "FIB-SEM"
    voxel_nm: tuple[Length, Length, Length] = (5.0, 5.0, 5.0)
    patch_shape: tuple[Count, Count, Count] = (1, 256, 256)
    anatomy: Anatomy
    annotation: Annotation = Annotation()
    microscope: Microscope = Microscope()


def presets_folder() -> Path:
    """Return the folder of shipped presets: in the installed package, or beside it in an editable install."""
    here = Path(__file__).parent
    packed = here / "_presets"
    return packed if packed.is_dir() else here.parent / "presets"


def preset_names() -> list[str]:
    """Return the names of the shipped presets."""
    return sorted(path.stem for path in presets_folder().glob("*.yaml"))


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
            raise UnknownNameError("preset", str(source), preset_names())
    values = read_yaml(path)
    return parse(
        Preset, {"name": path.stem, **values}, str(path) if path == Path(source) else f"preset {source}"
    )


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds, or say in one sentence what it holds instead."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{path}{where}: not valid YAML") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read as text ({getattr(error, 'strerror', None) or 'not UTF-8'})"
        ) from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: a mapping of keys to values is wanted, not {type(values).__name__}")
    return values


def parse(model: type[M], values: dict[str, Any], where: str) -> M:
    """Validate a configuration; the first thing that is wrong becomes one sentence."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = _fields_at(model, first["loc"][:-1])
            raise UnknownNameError(f"key in {where},", place, known) from error
        raise InputError(
            f"{where}: {place or 'the whole'}: {first['msg'].removeprefix('Value error, ')}"
        ) from error


def _fields_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Return the names that may stand at a place in a configuration, with the path before them."""
    prefix = ""
    for part in place:
        annotation = model.model_fields[str(part)].annotation
        options = [annotation, *getattr(annotation, "__args__", ())]
        model = next(o for o in options if isinstance(o, type) and issubclass(o, BaseModel))
        prefix += f"{part}."
    return [prefix + name for name in model.model_fields]
