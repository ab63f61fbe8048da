"""Takes a question; gives an answer: arms side by side, gains by class, a report."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
