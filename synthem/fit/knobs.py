"""Which fields of a preset are fitted, within which bounds. A new one is one line of ``KNOBS``."""

from dataclasses import dataclass
from typing import Literal

_TUBES = ("axons", "dendrites", "myelinated")
_TUBE_LENGTHS = (
    "cell_nm", "step_nm", "radius_nm", "bouton_radius_nm", "swelling_radius_nm", "spine_length_nm",
    "spine_neck_radius_nm", "spine_head_radius_nm", "ruffle_length_nm",
)  # fmt: skip


@dataclass(frozen=True)
class Knob:
    """One parameter of the search.

    Attributes
    ----------
    name : str
        What to call it.
    paths : tuple of str
        Fields of the preset that it sets.
    low, high : float
        Bounds; of a factor, of the factor; ``per_voxel``: in voxels rather than nm.
    how : str
        ``set`` gives the value, or a spread's middle; ``spread`` a spread's standard deviation; ``factor``
        multiplies what the start preset says; ``lying`` is the share of neurites that run along the plane of
        the image, of a population's ``grain``.
    log : bool
        Whether steps are factors.
    anatomy : bool
        Whether the geometry has to be built again.
    doubt : float
        By how much of its range the start may well be off, a standard deviation, once rules of thumb have set
        greys, noise and blur: sizes in nm are known better than greys. What images tell nothing of stays.
    needs : str
        A field without which the parameter does nothing: left out where the start has it at 0.
    """

    name: str
    paths: tuple[str, ...]
    low: float
    high: float
    how: Literal["set", "spread", "factor", "lying"] = "set"
    log: bool = False
    anatomy: bool = False
    per_voxel: bool = False
    doubt: float = 0.06
    needs: str = ""


def _stain(name: str, low: float, high: float, how: Literal["set", "spread", "factor"] = "set") -> Knob:
    label = f"{name} grey" + (", spread" if how == "spread" else "")
    return Knob(label, (f"microscope.stain.{name}",), low, high, how, doubt=0.06 if name in ANCHORS else 0.04)


def _texture(name: str, high: float) -> Knob:
    return Knob(name, (f"microscope.stain.{name}",), 0.0, high, doubt=0.08)


_GRAIN, _LUMEN = "microscope.section.grain", "microscope.stain.crista_lumen"
ANCHORS = ("cytoplasm", "membrane")
"""The greys that images tell most of; those that are not fitted follow them."""

KNOBS: tuple[Knob, ...] = (
    _stain("cytoplasm", 30, 250),
    _stain("cytoplasm", 0, 30, "spread"),
    _stain("glia", 30, 250),
    _stain("membrane", 0, 200),
    _stain("matrix", 10, 230),
    _stain("boundary", 0, 220),
    _stain("crista", 0, 220),
    _stain("psd", 0, 200),
    _stain("vesicle", 0, 220),
    _stain("lumen", 10, 240),
    _stain("er", 0, 220),
    _texture("halo", 80),
    _texture("mottle", 30),
    _texture("blotch", 40),
    _texture("patchiness", 20),
    Knob("blotch size", ("microscope.stain.blotch_nm",), 10, 90, log=True),
    Knob("paleness of cristae", (_LUMEN,), 0, 1, doubt=0.1, needs=_LUMEN),
    Knob("paleness between membranes", ("microscope.stain.gap",), 0, 0.9, doubt=0.07),
    Knob("grain of mitochondria", ("microscope.stain.matrix_texture",), 0, 50, doubt=0.1),
    Knob("grain", (_GRAIN,), 0, 30, doubt=0.12, needs=_GRAIN),
    Knob(
        "finest grain", ("microscope.section.finest_nm",),
        0.6, 3.0, log=True, per_voxel=True, doubt=0.12, needs=_GRAIN,
    ),
    Knob("lean of grain", ("microscope.section.lean",), 0, 0.4, doubt=0.15, needs=_GRAIN),
    Knob("patches of grain", ("microscope.section.patchy",), 0, 1, doubt=0.12, needs=_GRAIN),
    Knob("brightness of sections", ("microscope.section.brightness",), 0, 20),
    Knob("blur", ("microscope.beam.sigma_nm",), 0.3, 4.0, log=True, per_voxel=True, doubt=0.08),
    Knob("blur along y over x", ("microscope.beam.astigmatism",), 1 / 4, 4.0, log=True, doubt=0.12),
    Knob("read noise", ("microscope.detector.read",), 0, 45),
    Knob("shot noise", ("microscope.detector.shot",), 0, 45, doubt=0.1),
    Knob("correlated noise", ("microscope.detector.correlated",), 0, 1, doubt=0.15),
    Knob("noise along y over x", ("microscope.detector.elongation",), 0.4, 4.0, log=True, doubt=0.15),
    Knob("noise of scan lines", ("microscope.detector.rows",), 0, 12),
    Knob("correlation of noise", ("microscope.detector.correlation_vx",), 0.4, 3.0, log=True, doubt=0.1),
    Knob(
        "scale of neurites", tuple(f"anatomy.{t}.{p}" for t in _TUBES for p in _TUBE_LENGTHS),
        0.3, 3.0, "factor", log=True, anatomy=True, doubt=0.16,
    ),
    Knob(
        "spacing of dendrites", ("anatomy.dendrites.cell_nm",),
        0.6, 1.8, "factor", log=True, anatomy=True, doubt=0.1,
    ),
    Knob(
        "thickness of membranes", ("anatomy.membranes.bilayer_nm",), 4, 16, log=True, anatomy=True, doubt=0.1,
    ),
    Knob("gap between membranes", ("anatomy.membranes.gap_nm",), 3, 30, log=True, anatomy=True, doubt=0.1),
    Knob(
        "neurites along the plane", tuple(f"anatomy.{t}.grain" for t in ("axons", "dendrites")),
        0.0, 1.0, "lying", anatomy=True, doubt=0.2,
    ),
    Knob(
        "ruffle of neurites", tuple(f"anatomy.{t}.ruffle_nm" for t in ("axons", "dendrites")),
        0.2, 3.0, "factor", log=True, anatomy=True, doubt=0.2, needs="anatomy.axons.ruffle_nm",
    ),
    Knob(
        "number of vesicles", ("anatomy.vesicle.density",),
        0.1, 1.5, "factor", log=True, anatomy=True, doubt=0.15,
    ),
    Knob(
        "number of reticula", ("anatomy.er.lanes_per_um2",),
        0.2, 3.0, "factor", log=True, anatomy=True, doubt=0.12,
    ),
    Knob(
        "number of mitochondria", tuple(f"anatomy.mitochondrion.{k}_chance" for k in ("bouton", "dendrite")),
        0.3, 3.0, "factor", log=True, anatomy=True, doubt=0.1,
    ),
    Knob(
        "thickness of mitochondria", ("anatomy.mitochondrion.radius_nm",),
        0.6, 1.7, "factor", log=True, anatomy=True, doubt=0.1,
    ),
    Knob(
        "number of boutons", ("anatomy.axons.bouton_chance",),
        0.3, 3.0, "factor", log=True, anatomy=True, doubt=0.1,
    ),
)  # fmt: skip
"""Every parameter. Those whose fields the start preset lacks are left out."""
