"""synthem: labelled synthetic electron microscopy of brain tissue, balanced training sets, measured gains.

What scripts need stands here by name. Each is imported when it is first asked for, so that ``import synthem``
is quick and brings in neither torch nor numba.
"""

import lazy_loader

from shapes import Grid, InputError, UnknownNameError

__version__ = "0.3.0"

__getattr__, _dir, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = ["Grid", "InputError", "UnknownNameError", "__version__", *_names]


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return sorted(__all__)
