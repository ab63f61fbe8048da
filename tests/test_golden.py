"""The world looks as it did when its version was last raised: hashes of windows of every preset."""

import golden
import pytest

from synthem import preset_names
from synthem.world import WORLD_VERSION


def test_the_version_of_the_world_is_that_of_the_hashes() -> None:
    assert golden.read()["world_version"] == WORLD_VERSION, "run `python tests/golden.py`"
    assert {key.split("/")[0] for key in golden.read()["windows"]} == set(preset_names())


@pytest.mark.parametrize("seed", golden.SHAPES)
@pytest.mark.parametrize("preset", preset_names())
def test_a_window_is_what_it_was(preset: str, seed: int) -> None:
    """Bit for bit with the same libraries and processor; elsewhere rounding may differ."""
    stored, found = golden.read(), golden.fingerprint(golden.window(preset, seed))
    wanted = stored["windows"][f"{preset}/{seed}"]
    assert found["grey"] == pytest.approx(wanted["grey"], abs=0.5)
    assert found["shares"] == pytest.approx(wanted["shares"], abs=0.002)
    if found["hashes"] == wanted["hashes"] or stored["environment"] != golden.environment():
        return
    changed = [name for name, digest in wanted["hashes"].items() if found["hashes"].get(name) != digest]
    pytest.fail(
        f"{preset}: {', '.join(changed)} changed: raise WORLD_VERSION in synthem/world.py, "
        "say in CHANGELOG.md what looks different, and run `python tests/golden.py`"
    )
