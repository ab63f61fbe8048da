"""Takes real sections and masks; gives them as other preparations and microscopes would show them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
