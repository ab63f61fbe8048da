from .request import Request as Request
from .run import paste_into as paste_into
from .run import paste_sections as paste_sections
from .seam import seam as seam
