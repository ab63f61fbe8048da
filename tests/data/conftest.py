"""Fixtures of the tests of data."""

import pytest

from synthem.data.plan import Plan, plan_dataset
from synthem.preset.defects import Defects
from synthem.preset.preset import load_preset
from synthem.world import World


@pytest.fixture(scope="session")
def lossy() -> Plan:
    """Three windows of insect tissue in which sections are lost."""
    preset = load_preset("sstem_drosophila")
    flaws = Defects.model_validate({"loss": {"missing_chance": 0.4}})
    scope = preset.microscope.model_copy(update={"defects": flaws})
    return plan_dataset(World(preset.model_copy(update={"microscope": scope}), seed=2), 3, (4, 40, 40))
