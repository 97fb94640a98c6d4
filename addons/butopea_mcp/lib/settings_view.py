"""The section "MCP" of Odoo's settings, in the form of the series that runs."""

from __future__ import annotations

from lxml import etree
from lxml.builder import E

from .. import compat

_TITLE = "MCP"
_APP = "butopea_mcp"

# Field, what it does.
SETTINGS = (
    ("butopea_mcp_restrict_users", "Only members of the group MCP / User may use MCP"),
    ("butopea_mcp_audit", "Write down who called what, when and from where"),
    ("butopea_mcp_audit_days", "Older entries of the audit log are deleted"),
    ("butopea_mcp_calls_per_minute", "How often each user may call; 0 for no limit"),
    ("butopea_mcp_max_body", "Larger requests are refused"),
)


def add_settings(
    arch: etree._Element, has_setting_tags: bool = compat.HAS_SETTING_TAGS
) -> None:
    """Put the section into the form of the settings."""
    if has_setting_tags:
        arch.append(_app())
    else:
        # All apps stand in this element, where `base_setup` is installed.
        found = [
            node
            for node in arch.iter("div")
            if "settings" in (node.get("class") or "").split()
        ]
        (found[0] if found else arch).append(_app_of_divs())


def _app() -> etree._Element:
    """Since 17.0: elements of their own."""
    rows = [
        E.setting(E.field(name=name), help=text, id=f"{name}_setting")
        for name, text in SETTINGS
    ]
    links = [
        E.button(
            name=f"{_APP}.action_{name}",
            type="action",
            string=text,
            **{"class": "btn-link"},
        )
        for name, text in (("rule", "Rules"), ("audit", "Audit log"))
    ]
    rows.append(E.setting(*links, id=f"{_APP}_links", string="Rules and audit log"))
    return E.app(
        E.block(*rows, title=_TITLE, name=f"{_APP}_block"),
        {"data-string": _TITLE, "string": _TITLE, "name": _APP},
    )


def _app_of_divs() -> etree._Element:
    """16.0: elements of HTML with classes."""

    def div(css: str, *children: etree._Element) -> etree._Element:
        return E.div(*children, {"class": css})

    rows = []
    for name, text in SETTINGS:
        left = div("o_setting_left_pane")
        right = div(
            "o_setting_right_pane",
            E.label({"for": name}),
            E.div(text, {"class": "text-muted"}),
        )
        is_switch = name == "butopea_mcp_restrict_users"
        (left if is_switch else right).append(E.field(name=name))
        rows.append(div("col-12 col-lg-6 o_setting_box", left, right))
    container = div("row mt16 o_settings_container", *rows)
    app = div("app_settings_block", E.h2(_TITLE), container)
    app.set("data-string", _TITLE)
    app.set("string", _TITLE)
    app.set("data-key", _APP)
    return app
