"""Takes tissue; gives mitochondria in it, with boundary, cristae and granules."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
