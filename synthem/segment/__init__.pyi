from .job import Job as Job
from .run import segment as segment
