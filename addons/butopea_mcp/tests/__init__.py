from . import test_auth
from . import test_capabilities
from . import test_execute
from . import test_fingerprint
from . import test_json_value
from . import test_schema
from . import test_search
from . import test_view_arch
