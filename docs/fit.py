"""Render docs/fit.png: python docs/fit.py. One preset stands for somebody's images; all is synthetic."""

import tempfile
from pathlib import Path

from shapes import Grid
from synthem.fit.report import write_report
from synthem.fit.run import fit_preset
from synthem.store.images import png_bytes
from synthem.world import World

HERE = Path(__file__).parent


def main() -> None:
    """Fit ``epfl`` to three unlabelled sections of ``insect`` and keep the report's picture."""
    world = World("insect", 5)
    with tempfile.TemporaryDirectory() as folder:
        images, report = Path(folder) / "images", Path(folder) / "report"
        images.mkdir()
        for k in range(3):
            patch = world.patch(Grid((1, 768, 768), world.preset.voxel_nm, (k * 3e4 + 137.0, 0.0, 0.0)))
            (images / f"{k}.png").write_bytes(png_bytes(patch.image[0]))
        found = fit_preset(images, "epfl", voxel_nm=world.preset.voxel_nm, minutes=1.5, tell=print)
        print(f"misfit {found.cost_before:.3g} before, {found.cost_after:.3g} after: {found.evaluations}")
        write_report(found, report)
        (HERE / "fit.png").write_bytes((report / "patches.png").read_bytes())


if __name__ == "__main__":
    main()
