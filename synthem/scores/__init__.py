"""Takes masks that were found and masks that are true; gives what biologists and benchmarks ask of them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
