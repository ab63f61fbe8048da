from .serve import serve as serve
from .studio import Studio as Studio
from .studio import open_studio as open_studio
