from .formats import FORMATS as FORMATS
from .formats import Format as Format
from .job import Case as Case
from .job import Job as Job
from .run import export as export
