"""Takes tissue; gives what is no class: reticulum, endosomes, microtubules, glycogen."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
