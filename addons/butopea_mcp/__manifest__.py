{
    "name": "Butopea MCP",
    "summary": "Describes Odoo to MCP servers and typed clients, and runs their calls",
    # Without a series in front: Odoo then accepts the same module on 16.0 to 19.0.
    "version": "1.5.0",
    "category": "Technical",
    "author": "Butopea",
    "license": "LGPL-3",
    "depends": ["base", "web"],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "data/mcp_rule.xml",
        "views/mcp_views.xml",
    ],
    "installable": True,
    "application": False,
}
