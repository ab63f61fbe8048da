"""Takes any data that synthem opens; gives it in the layout that another tool's trainer or viewer reads."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
