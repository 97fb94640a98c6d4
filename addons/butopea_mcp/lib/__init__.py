from . import json_value
from . import view_arch
