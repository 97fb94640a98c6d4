from . import actions
from . import cancel
from . import capabilities
from . import execute
from . import schema
from . import search
from . import session
