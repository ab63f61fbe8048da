"""Takes neurites and a window; gives each voxel's owner and depth, and what all generators share."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
