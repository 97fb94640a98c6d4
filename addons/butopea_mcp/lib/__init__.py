from . import form_values
from . import json_value
from . import transaction_end
from . import view_arch
