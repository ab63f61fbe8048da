"""Takes files and folders of real EM, in whatever layout people keep it; gives patches."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
