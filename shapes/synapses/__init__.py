"""Takes tissue; gives what lies at contacts: densities, T-bars and vesicles."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
