{
    "name": "Butopea Nasty Twin",
    "summary": "Models whose names clash with those of Butopea Nasty",
    "version": "1.0.0",
    "category": "Technical",
    "author": "Butopea",
    "license": "LGPL-3",
    "depends": ["butopea_nasty"],
    "data": ["data/nasty.xml"],
    "installable": True,
    "application": False,
}
