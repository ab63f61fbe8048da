"""Takes patches; gives what is in them: census, profiles, statistics, and how real they look."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
