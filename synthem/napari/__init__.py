"""Takes data that synthem opens, or a preset; gives layers of napari, which finds it by ``napari.yaml``."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
