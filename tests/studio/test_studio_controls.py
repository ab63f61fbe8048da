"""Controls are made of the schema: every key has one, with its unit, bounds and help."""

import pytest

from synthem.preset.preset import load_preset, preset_names
from synthem.studio.changes import OPEN, is_leaf, values_of
from synthem.studio.controls import controls_of, help_of, paths_of


def leaves(values, path=""):
    for key, value in values.items():
        if isinstance(value, dict) and not is_leaf(value):
            yield from leaves(value, f"{path}{key}.")
        elif value != {}:
            yield f"{path}{key}"


@pytest.mark.parametrize("name", preset_names())
def test_every_key_that_a_preset_holds_has_a_control_with_its_value(name):
    preset = load_preset(name)
    groups = controls_of(preset)
    controls = {control["path"]: control for control in paths_of(groups)}
    values = {key: value for key, value in values_of(preset).items() if key in OPEN}
    switches = {"anatomy", *(f"anatomy.{k}" for k, v in values["anatomy"].items() if v is None)}
    switches |= {f"microscope.defects.{k}" for k in values["microscope"]["defects"]}
    for path in leaves(values):
        if path not in switches:
            there = values
            for part in path.split("."):
                there = there[part]
            assert controls[path]["value"] == there, path
    for control in controls.values():
        if control["kind"] in ("number", "whole", "spread"):
            low, high = control["range"]
            assert low < high, control
        if control["kind"] in ("number", "whole") and control["value"] is not None:
            assert low <= control["value"] <= high, control


def test_units_bounds_and_docstrings_come_from_the_schema():
    controls = {c["path"]: c for c in paths_of(controls_of(load_preset("epfl")))}
    blur = controls["microscope.beam.sigma_nm"]
    assert blur["unit"] == "nm" and blur["bounds"] == [0, None] and "standard deviation" in blur["help"]
    assert controls["microscope.beam.radius_vx"]["bounds"] == [1, 64]
    assert controls["microscope.beam.radius_vx"]["empty"]
    assert controls["microscope.section.sheets"]["kind"] == "whole"
    assert controls["anatomy.endosome.per_um3"]["unit"] == "per µm³"
    assert controls["modality"]["choices"] == ["FIB-SEM", "SBF-SEM", "ssTEM", "ssSEM"]
    assert controls["anatomy.axons.grain"]["bounds"] == [0, 1]
    assert "psd" in controls["annotation.classes"]["choices"]
    assert "``" not in "".join(c["help"] for c in controls.values())
    assert help_of("anatomy.axons.bend") and help_of("anatomy.er")


def test_what_a_tissue_lacks_can_be_switched_on():
    def optional(groups):
        for group in groups:
            if group["optional"]:
                yield group
            yield from optional(group["groups"])

    from synthem.studio.changes import changed

    base = load_preset("epfl")
    absent = [g for g in optional(controls_of(base)) if not g["on"]]
    assert {"anatomy.glycogen", "microscope.defects.fold"} <= {g["path"] for g in absent}
    for group in absent:
        if group["path"] in (
            "anatomy.t_bar",
            "anatomy.ribbon",
            "anatomy.nucleus",
            "anatomy.glia",
            "anatomy.somata",
        ):
            continue  # these want something else besides, and say so
        tuned = values_of(changed(base, {group["path"]: group["template"]}))
        for part in group["path"].split("."):
            tuned = tuned[part]
        assert tuned is not None
