from . import ir_http
from . import mcp_cancellation
from . import mcp_capabilities
from . import mcp_fingerprint
from . import mcp_idempotency
from . import mcp_schema
