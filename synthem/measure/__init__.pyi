from .census import Census as Census
from .census_diff import Comparison as Comparison
from .census_diff import compare as compare
from .class_census import ClassCensus as ClassCensus
from .realism import Realism as Realism
from .realism_inputs import compare_sections as compare_sections
