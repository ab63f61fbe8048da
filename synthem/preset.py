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
from shapes.population import Population
from shapes.psd import Synapses
from shapes.reticulum import Reticulum
from shapes.sheaths import Sheaths
from shapes.spread import Params, Spread
from shapes.tbars import TBars
from shapes.vesicles import Vesicles
from shapes.warp import Warp

M = TypeVar("M", bound=BaseModel)
Length = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Anatomy(Params):
    """The tissue: three populations of neurites, one of glial processes, and what is in them.

    ``null`` leaves a structure out. Thin glia fills the gaps between tubes also where there is no ``glia``.
    """

    warp: Warp = Warp()
    membranes: Membranes = Membranes()
    axons: Population
    dendrites: Population | None = None
    myelinated: Population | None = None
    glia: Population | None = None
    mitochondrion: Mitochondria | None = Mitochondria()
    psd: Synapses | None = Synapses()
    t_bar: TBars | None = None
    vesicle: Vesicles | None = Vesicles()
    sheath: Sheaths | None = Sheaths()
    er: Reticulum | None = None
    endosome: Endosomes | None = None
    microtubule: Microtubules | None = None
    glycogen: Glycogen | None = None

    @model_validator(mode="after")
    def _glia_has_no_boutons(self) -> "Anatomy":
        if self.glia is not None and self.glia.bouton_chance > 0:
            raise ValueError("glia: its processes have no boutons; give bouton_chance: 0")
        return self

    @model_validator(mode="after")
    def _t_bars_face_several(self) -> "Anatomy":
        if self.t_bar is not None and not (self.psd is not None and self.psd.polyadic):
            raise ValueError("t_bar: only a polyadic psd has T-bars; give psd: {polyadic: true}")
        return self


class Annotation(Params):
    """Where an annotator draws the lines: a membrane's width, how far outside a vesicle its outline runs.

    ``also`` names structures that are no class and get instance maps of their own.
    """

    membrane_width_nm: float = Field(default=40.0, gt=0)
    vesicle_margin_nm: float = Field(default=0.0, ge=-8, le=6)
    also: tuple[Literal["er", "endosome", "microtubule", "glycogen", "t_bar"], ...] = ()


class Stain(Params):
    """Grey level, 0–255, of each structure, as a distribution over objects, and the texture in between.

    ``mottle`` (fine), ``blotch`` (filaments and ribosomes in a bundle) and ``patchiness`` (coarse) are
    standard deviations in grey levels of unevenness with features of about twice their ``_nm``; blotches
    are skewed to the dark. ``halo`` is by how much vesicles darken the cytoplasm at their surface;
    ``glia`` is the thin one in gaps, ``glia_process`` a process of ``anatomy.glia``, dark ones among them;
    ``cisterna`` is the lumen of ``er``; ``microtubule`` how far towards a membrane's grey a microtubule
    darkens the cytoplasm.
    """

    cytoplasm: Spread = Spread(mean=158, std=7)
    glia: Spread = Spread(mean=150, std=1)
    glia_process: Spread = Spread(mean=152, std=13)
    membrane: Spread = Spread(mean=84, std=5)
    gap: float = Field(default=0.35, ge=0, le=1)
    matrix: Spread = Spread(mean=116, std=7)
    boundary: Spread = Spread(mean=84, std=6)
    crista: Spread = Spread(mean=92, std=6)
    psd: Spread = Spread(mean=80, std=6)
    t_bar: Spread = Spread(mean=70, std=6)
    vesicle: Spread = Spread(mean=78, std=8)
    lumen: Spread = Spread(mean=138, std=8)
    halo: float = Field(default=0.0, ge=0, le=100)
    sheath: Spread = Spread(mean=70, std=6)
    er: Spread = Spread(mean=80, std=6)
    cisterna: Spread = Spread(mean=112, std=8)
    endosome: Spread = Spread(mean=88, std=8)
    endosome_lumen: Spread = Spread(mean=138, std=14)
    dense_body: Spread = Spread(mean=76, std=9)
    microtubule: float = Field(default=0.55, ge=0, le=1)
    glycogen: Spread = Spread(mean=62, std=8)
    lamella: float = Field(default=0.25, ge=0, le=1)
    mottle_nm: float = Field(default=13.0, gt=0)
    mottle: float = Field(default=7.0, ge=0)
    blotch_nm: float = Field(default=27.0, gt=0)
    blotch: float = Field(default=15.0, ge=0)
    patchiness_nm: float = Field(default=700.0, gt=0)
    patchiness: float = Field(default=4.0, ge=0)


class Section(Params):
    """How many sheets are rendered apart and averaged to a section, and how sections differ in grey."""

    sheets: int = Field(default=1, ge=1, le=16)
    brightness: float = Field(default=0.0, ge=0)
    contrast: float = Field(default=0.0, ge=0, le=0.9)


class Beam(Params):
    """Point spread in the section: a Gaussian, cut off at ``radius_vx`` voxels where that is given."""

    sigma_nm: float = Field(default=5.0, ge=0)
    radius_vx: int | None = Field(default=None, ge=1, le=64)


class Detector(Params):
    """Noise in grey levels: ``read`` everywhere, ``shot`` at grey 255 (its variance grows with the signal).

    ``correlated`` of the variance is smoothed over ``correlation_vx`` voxels: the noise of real detectors is
    not white.
    """

    read: float = Field(default=8.0, ge=0)
    shot: float = Field(default=8.0, ge=0)
    correlated: float = Field(default=0.5, ge=0, le=1)
    correlation_vx: float = Field(default=1.0, gt=0, le=8)


class Tone(Params):
    """The grey-level curve, last before rounding: grey · gain + offset, then gamma."""

    gain: float = Field(default=1.0, gt=0)
    offset: float = 0.0
    gamma: float = Field(default=1.0, gt=0)
    invert: bool = False


class Microscope(Params):
    """The stages of a microscope, in the order in which they act."""

    stain: Stain = Stain()
    section: Section = Section()
    beam: Beam = Beam()
    detector: Detector = Detector()
    tone: Tone = Tone()


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
