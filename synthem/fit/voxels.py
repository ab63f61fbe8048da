"""The start at the images' voxel size, and what that tells: voxels far deeper than wide are of sections."""

import numpy as np

from shapes.core.grid import Triple
from synthem.fit.parameters import apparent_width, pruned
from synthem.preset.defects import Defects
from synthem.preset.preset import Preset, load_preset

DEEP, DEEP_NM = 2.0, 20.0
"""Voxels this many times as deep as wide, and as deep as this, are of sections cut off."""
_SHEET_NM = 10.0
_GRAIN = {"grain": 10.0, "octaves": 2, "lean": 0.15, "patchy": 0.3}
_FINEST_VX = 0.9
_FOLLOWED, _GAP, _LUMEN = 0.2, 0.1, 0.6
_BILAYER_NM = 7.5
_DRAWN = 0.92
"""Of how wide membranes look, so much is labelled: the mean of the shipped presets of serial sections."""


def prepared(start: Preset, voxel_nm: Triple | None) -> Preset:
    """Return the start at the images' voxel size, with sections as thick as theirs, and dark membranes.

    Voxels as deep as wide are of a block's face: backscattered electrons, and no defects of sections. Voxels
    far deeper than wide are of sections, seen by transmission where the start does not know better: their
    thickness is averaged, their grain and their noise are as in the shipped presets of such sections.
    """
    voxel = voxel_nm or start.voxel_nm
    scope = start.microscope
    section, flaws, detector, beam = scope.section, scope.defects, scope.detector, scope.beam
    sheets = section.sheets
    update: dict[str, object] = {"voxel_nm": voxel}
    if voxel[0] <= max(voxel[1:]):
        sheets = 1
        if start.modality in ("ssTEM", "ssSEM"):
            update["modality"], flaws = "FIB-SEM", Defects()
            detector = detector.model_copy(update={"backscatter": True})
            section = section.model_copy(update={"grain": 0.0})
    elif voxel[0] != start.voxel_nm[0]:
        sheets = int(np.clip(round(voxel[0] / _SHEET_NM), 1, 16))
    if of_sections(voxel) and not of_sections(start.voxel_nm):
        update["modality"], flaws = "ssTEM", Defects()
        section = section.model_copy(update=_GRAIN | {"finest_nm": _FINEST_VX * min(voxel[1:])})
        detector = detector.model_copy(
            update={
                "backscatter": False,
                "correlated": 0.9,
                "correlation_vx": 0.7,
                "elongation": 1.0,
                "rows": 0.0,
            }
        )
        beam = beam.model_copy(
            update={
                "sigma_nm": min(beam.sigma_nm, 0.8 * min(voxel[1:])),
                "astigmatism": 1.0,
                "angle_deg": 90.0,
            }
        )
    update["microscope"] = scope.model_copy(
        update={
            "section": section.model_copy(update={"sheets": sheets}),
            "tone": scope.tone.model_copy(update={"invert": False}),
            "detector": detector,
            "beam": beam,
            "defects": flaws,
        }
    )
    return in_sections(load_preset(pruned(start.model_copy(update=update).model_dump())))


def of_sections(voxel_nm: Triple) -> bool:
    """Tell whether voxels are those of sections rather than of a block's face."""
    return voxel_nm[0] >= DEEP_NM and voxel_nm[0] > DEEP * max(voxel_nm[1:])


def in_sections(preset: Preset) -> Preset:
    """Return a preset whose tissue is as thick sections show it, where it was made for a block's face.

    Membranes are thin and dark, together with what is between them, and are labelled as far as they run
    through the middle of a section; the space in cristae is pale. Other presets are returned as they are.
    """
    rules = preset.annotation
    if not of_sections(preset.voxel_nm) or rules.membrane_followed > 0:
        return preset
    values = preset.model_dump()
    wall, stain = values["anatomy"]["membranes"], values["microscope"]["stain"]
    wall["bilayer_nm"] = min(wall["bilayer_nm"], _BILAYER_NM)
    stain["gap"] = min(stain["gap"], _GAP)
    stain["crista_lumen"] = stain["crista_lumen"] or _LUMEN
    update = {"membrane_followed": _FOLLOWED, "membrane_width_nm": round(_DRAWN * apparent_width(values), 2)}
    values["annotation"] = rules.model_copy(update=update).model_dump()
    return load_preset(pruned(values))
