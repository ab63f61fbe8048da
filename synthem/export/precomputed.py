"""Neuroglancer's precomputed format: an image, a segmentation a kind of object, and a state that shows them.

Written by tensorstore, whose axes are x, y, z and channel; ids are uint32, and 0 is none.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.export.folder import Folder
from synthem.export.job import Job
from synthem.labels import colour_of
from synthem.patch import Patch

URL = "http://localhost:9000"
"""Where the folder is served from, if nothing else is said."""
BLOCK = (64, 64, 64)
SERVER = '''"""Serves this folder to neuroglancer, whose page comes from elsewhere and wants leave to."""

from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, *given):
        super().__init__(*given, directory=str(Path(__file__).parent))

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


ThreadingHTTPServer(("localhost", {port}), Handler).serve_forever()
'''
"""A server for a folder on one's own machine."""
DONE = "done"
"""A file beside the layers of a volume that is whole."""


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write ``PART/NAME/LAYER``, ``PART/NAME/state.json`` and, for this machine, ``serve.py``.

    Raises
    ------
    InputError
        Where tensorstore is not installed, or the URL is none.
    """
    url = str(job.options.get("url", URL)).rstrip("/")
    port = _own_port(url)
    for done, case in enumerate(job.cases):
        patch = job.patch(case)
        folder = out.path / case.part / case.name
        if not (folder / DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            found = layers(patch, job.classes)
            for name, values in found.items():
                put(folder / name, values, patch.grid.voxel_nm, patch.grid.start_vx)
            at = f"{url}/{case.part}/{case.name}"
            out.json(f"{case.part}/{case.name}/state.json", state(list(found), patch, at))
            out.text(f"{case.part}/{case.name}/{DONE}", "")
        tick(done + 1, len(job.cases))
    if port is not None:
        out.text("serve.py", SERVER.format(port=port))
    out.text("README.md", _readme(job, url, port is not None))
    return []


def layers(patch: Patch, classes: Sequence[str] | None) -> Mapping[str, npt.NDArray[Any]]:
    """Return the layers of a volume: image, ids of each kind of object, and masks of classes without ids."""
    out: dict[str, npt.NDArray[Any]] = {"image": patch.image}
    for name in classes or patch.classes:
        if name not in patch.instances and patch.knows(name):
            out[name] = patch.mask(name).astype(np.uint32)
    out |= {kind: ids.astype(np.uint32) for kind, ids in sorted(patch.instances.items())}
    return out


def put(folder: Path, values: npt.NDArray[Any], voxel_nm: Triple, start_vx: tuple[int, int, int]) -> None:
    """Write one layer, (z, y, x)."""
    try:
        import tensorstore
    except ImportError:
        raise InputError(
            "export: precomputed needs tensorstore: `pip install 'synthem[neuroglancer]'`"
        ) from None
    image = values.dtype == np.uint8
    scale: dict[str, Any] = {
        "resolution": list(voxel_nm[::-1]),
        "size": list(values.shape[::-1]),
        "voxel_offset": list(start_vx[::-1]),
        "chunk_size": [min(b, n) for b, n in zip(BLOCK, values.shape[::-1], strict=True)],
        "encoding": "raw" if image else "compressed_segmentation",
    }
    if not image:
        scale["compressed_segmentation_block_size"] = [8, 8, 8]
    kind = "image" if image else "segmentation"
    store = tensorstore.open(
        {
            "driver": "neuroglancer_precomputed",
            "kvstore": {"driver": "file", "path": f"{folder}/"},
            "multiscale_metadata": {"type": kind, "data_type": values.dtype.name, "num_channels": 1},
            "scale_metadata": scale,
            "create": True,
        }
    ).result()
    store[...] = values.transpose(2, 1, 0)[..., None]


def state(names: Sequence[str], patch: Patch, url: str) -> dict[str, Any]:
    """Return the state that shows the layers of a volume that is served at a URL."""
    shown = []
    for name in names:
        kind = "image" if name == "image" else "segmentation"
        layer: dict[str, Any] = {"type": kind, "source": f"precomputed://{url}/{name}", "name": name}
        if name in patch.classes and name not in patch.instances:
            red, green, blue = colour_of(name)
            layer |= {"segmentColors": {"1": f"#{red:02x}{green:02x}{blue:02x}"}, "segments": ["1"]}
        layer |= {"visible": name in ("image", "neurite")}
        shown.append(layer)
    middle = [s + n / 2 for s, n in zip(patch.grid.start_vx, patch.grid.shape, strict=True)]
    return {
        "dimensions": {
            axis: [v * 1e-9, "m"] for axis, v in zip("xyz", patch.grid.voxel_nm[::-1], strict=True)
        },
        "position": middle[::-1],
        "layers": shown,
        "layout": "4panel",
    }


def _own_port(url: str) -> int | None:
    """Return the port of a URL of this machine; None where it is of another."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"export: --url {url} is no address: {error}") from None
    return (port or 80) if parts.hostname in ("localhost", "127.0.0.1") else None


def _readme(job: Job, url: str, here: bool) -> str:
    serve = ", which `python serve.py` does" if here else ""
    first = f"{job.cases[0].part}/{job.cases[0].name}"
    return f"""# {job.name}

Written by synthem: {len(job.cases)} volumes in neuroglancer's precomputed format, a folder a volume: `image`,
a segmentation for each kind of object, and `state.json`, which shows them where this folder is served from
{url}{serve}. Paste the state into neuroglancer by the `{{}}` at its top.

```python
import json

import neuroglancer
import tensorstore

with open("{first}/state.json") as file:
    print(neuroglancer.ViewerState(json.load(file)).layers)
store = {{"driver": "neuroglancer_precomputed", "kvstore": "file://{first}/neurite/"}}
print(tensorstore.open(store).result().shape)
```
"""
