"""Takes a box of tissue and populations of neurites; gives the neurites in it, as chains of tubes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
