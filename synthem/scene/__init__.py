"""Takes a preset, a seed and a window; gives its geometry, labels and ids, and where rare objects are."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
