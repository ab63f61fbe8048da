"""Real sections for an experiment."""

import cv2
import numpy as np
import pytest
from small_experiment import section

from synthem.data.files import FOLDERS
from synthem.labels import CLASSES


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    """A folder of eight real sections, of which the first five have no sheath."""
    root = tmp_path_factory.mktemp("real")
    for folder in ("slices", *(FOLDERS[name][0] for name in CLASSES)):
        (root / folder).mkdir()
    for k in range(8):
        patch = section(k, sheath=k >= 5)
        cv2.imwrite(str(root / "slices" / f"{patch.name}.png"), patch.image[0])
        for name, plane in zip(CLASSES, patch.labels, strict=True):
            cv2.imwrite(str(root / FOLDERS[name][0] / f"{patch.name}.png"), plane[0] * np.uint8(255))
    (root / "splits.yaml").write_text(
        "half: {train: [s000, s001, s002, s003, s004], test: [s005, s006, s007]}"
    )
    return root
