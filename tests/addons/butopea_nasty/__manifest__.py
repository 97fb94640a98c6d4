{
    "name": "Butopea Nasty",
    "summary": "Models that no Odoo should have, for the tests of generator and server",
    "version": "1.0.0",
    "category": "Technical",
    "author": "Butopea",
    "license": "LGPL-3",
    "depends": ["base", "mail", "butopea_mcp"],
    "data": ["views/nasty_views.xml", "data/nasty.xml"],
    "installable": True,
    "application": False,
}
