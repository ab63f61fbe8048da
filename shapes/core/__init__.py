"""What all other rooms use: windows in nanometres, random numbers by place, smooth fields, bent tissue."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
