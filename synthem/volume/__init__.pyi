from .request import VolumeRequest as VolumeRequest
from .request import volume_request as volume_request
from .write import write_volume as write_volume
