"""Takes YAML; gives frozen parameters of anatomy, annotation, microscope and defects."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
