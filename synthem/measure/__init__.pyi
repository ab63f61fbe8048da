from .census import Census as Census
from .census import ClassCensus as ClassCensus
from .census_diff import Comparison as Comparison
from .census_diff import compare as compare
from .realism import Realism as Realism
from .realism_inputs import compare_sections as compare_sections
