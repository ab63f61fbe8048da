"""Takes tissue; gives what belongs to a cell as a whole: the sheath of an axon, the nucleus of a soma."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
