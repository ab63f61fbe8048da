"""Takes arrays, shard by shard; gives OME-Zarr 0.5 that napari, neuroglancer and the like open.

``Layout`` says how voxels lie in shards and levels, ``Image`` what an image of a store is, and ``OmeZarr``
writes them. For arrays in memory there is ``write_arrays``. The libraries ``zarr`` and ``ome-zarr`` are
an extra.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
