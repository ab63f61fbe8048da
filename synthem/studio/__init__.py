"""Takes a preset and a folder of real sections; gives a page in the browser on which the preset is tuned."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
