"""Takes a preset, a seed and a shape; gives a volume of any size as OME-Zarr, shard by shard."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
