"""Everything in which Odoo 16.0, 17.0, 18.0 and 19.0 differ for this module.

Each name below says what differs and why the module needs it. No other file
asks which series runs. Where a feature can be asked for, it is asked for, and
the series number is not looked at: that also fits the versions in between.

Three differences need no question, and are told where one code serves all:
`can_save` of the session (`models/ir_http.py`), fields that only `fields_get`
knows (`models/mcp_schema.py`), signatures of cached methods
(`models/mcp_fingerprint.py`).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from odoo import api, http, models, release
from odoo.exceptions import AccessError
from odoo.modules.module import get_manifest

from .lib.form_values import domain_holds, evaluate, expression_names

SERIES: str = release.series
VERSION: str = release.version
# The first part is a number, or a text such as "saas~18" between two series.
_MAJOR = int(re.sub(r"\D", "", str(release.version_info[0])))

# 19.0 renamed the route type; its alias "json" logs a deprecation warning.
JSON_ROUTE: str = "jsonrpc" if "jsonrpc" in http._dispatchers else "json"

# 18.0 renamed the list view; each series refuses the other's name.
LIST_VIEW: str = "list" if _MAJOR >= 18 else "tree"

# 17.0 replaced `attrs` (domains) by Python expressions as attributes.
HAS_VIEW_EXPRESSIONS: bool = _MAJOR >= 17

# 17.0 gave the settings elements of their own: `<app>`, `<block>`, `<setting>`.
HAS_SETTING_TAGS: bool = _MAJOR >= 17

# 18.0 renamed `group_operator`.
AGGREGATOR: str = "aggregator" if _MAJOR >= 18 else "group_operator"


@functools.lru_cache(maxsize=None)
def module_version(name: str) -> str:
    """The version of a module's manifest: Odoo puts its own series before it.

    Kept, for 19.0 reads the file each time. Another version comes with a restart.
    """
    version = get_manifest(name)["version"]
    prefix = f"{SERIES}."
    return version[len(prefix) :] if version.startswith(prefix) else version


# ---------------------------------------------------------------------------
# Requests
# ---------------------------------------------------------------------------


def request_context(request: http.Request) -> dict[str, Any]:
    """The `context` of the JSON-RPC params, as it was sent.

    16.0 takes it out of the params and merges it over the session's context,
    17.0 and later leave it there: reading the body again is the same for all.
    """
    params = request.dispatcher.jsonrequest.get("params") or {}
    return params.get("context") or {}


def body_stream(request: http.Request) -> Any:
    """The body of the request that is not read yet.

    17.0 put a wrapper around the request, which hides it.
    """
    httprequest = request.httprequest
    return getattr(httprequest, "_HTTPRequest__wrapped", httprequest).stream


def is_key_left(env: api.Environment, key_ids: list[int], uid: int) -> bool:
    """Whether one of the API keys still exists for the user.

    18.0 gave keys an expiration date. By SQL, as Odoo itself looks keys up: a
    user that is not logged in yet may read nothing.
    """
    query = "SELECT 1 FROM res_users_apikeys WHERE id = ANY(%s) AND user_id = %s"
    if "expiration_date" in env["res.users.apikeys"]._fields:
        query += (
            " AND (expiration_date IS NULL"
            " OR expiration_date >= now() at time zone 'utc')"
        )
    env.cr.execute(query, [key_ids, uid])
    return bool(env.cr.rowcount)


def clear_cache(env: api.Environment) -> None:
    """Forget what `ormcache` keeps, in all worker processes.

    17.0 split the caches into groups, and renamed the method.
    """
    registry = env.registry
    getattr(registry, "clear_cache", getattr(registry, "clear_caches", None))()


def is_writable_in_a_state(field: Any) -> bool:
    """Whether a field that is read-only may be written while a record is new.

    Up to 16.0 a field's `states` lift what the field itself says (a quotation's
    customer, the product of a manufacturing order); 17.0 says it in views.
    """
    states = getattr(field, "states", None) or {}
    return any(("readonly", False) in modifiers for modifiers in states.values())


# ---------------------------------------------------------------------------
# Methods and access
# ---------------------------------------------------------------------------

# Of 19.0, which marks them by `@api.private`: they are for code, and give nothing
# that a caller could use. Before, Odoo lets them be called; here no series does.
_FOR_CODE = frozenset(
    {
        "browse",
        "check_access",
        "concat",
        "ensure_one",
        "exists",
        "fetch",
        "filtered",
        "filtered_domain",
        "flush",
        "flush_model",
        "flush_recordset",
        "grouped",
        "init",
        "invalidate_cache",
        "invalidate_model",
        "invalidate_recordset",
        "lock_for_update",
        "mapped",
        "modified",
        "new",
        "refresh",
        "sorted",
        "sudo",
        "try_lock_for_update",
        "union",
        "update",
        "with_company",
        "with_context",
        "with_env",
        "with_prefetch",
        "with_user",
    }
)

try:
    # 19.0, and 18.0 since it has `@api.private`, which this refuses too.
    from odoo.service.model import get_public_method as _odoo_public_method
except ImportError:
    # Before, the rule is on names only.
    from odoo.models import check_method_name

    def _odoo_public_method(model: models.BaseModel, name: str) -> Any:
        check_method_name(name)
        method = getattr(type(model), name, None)
        if not callable(method):
            raise AttributeError(f"The method '{model._name}.{name}' does not exist")
        return method


def get_public_method(model: models.BaseModel, name: str) -> Any:
    """The method `name`, if it may be called from outside: Odoo's own rule.

    What a model itself calls by such a name, as a new method, is not refused.
    """
    method = _odoo_public_method(model, name)
    # Up to 18.0 the registry of models can be called: it passes for a method.
    if method is model.pool:
        raise AttributeError(f"The method '{model._name}.{name}' does not exist")
    if name in _FOR_CODE and hasattr(models.BaseModel, name):
        raise AccessError(
            f"Private methods (such as '{model._name}.{name}') cannot be called"
            " remotely."
        )
    return method


def has_access(records: models.BaseModel, operation: str) -> bool:
    """Whether the user has the right `operation` on the model.

    18.0 joined access rights and rules in `has_access`; 16.0 and 17.0 have
    `check_access_rights`.
    """
    if hasattr(records, "has_access"):
        return records.browse().has_access(operation)
    return records.check_access_rights(operation, raise_exception=False)


def filter_readable(records: models.BaseModel) -> models.BaseModel:
    """The existing records among `records` that the user may read."""
    records = records.exists()
    if hasattr(records, "_filtered_access"):
        return records._filtered_access("read")
    if not records.check_access_rights("read", raise_exception=False):
        return records.browse()
    return records._filter_access_rules_python("read")


def check_readable(records: models.BaseModel) -> None:
    """`AccessError` for records that the user may not read: 18.0 has one check."""
    if hasattr(records, "check_access"):
        records.check_access("read")
    else:
        records.check_access_rights("read")
        records.check_access_rule("read")


def check_creatable(model: models.BaseModel) -> None:
    """`AccessError` where the user may not create records: as `check_readable`."""
    if hasattr(model, "check_access"):
        model.browse().check_access("create")
    else:
        model.check_access_rights("create")


def user_group_ids(env: api.Environment) -> list[int]:
    """The ids of all groups of the user, implied ones included, sorted.

    Up to 18.0 implied groups are stored with the user's; 19.0 computes them.
    The cursor is asked directly where there is no method: a portal user may
    not read groups, not even the own ones.
    """
    user = env.user
    if hasattr(user, "_get_group_ids"):
        return sorted(user._get_group_ids())
    env["res.users"].flush_model(["groups_id"])
    env.cr.execute(
        "SELECT gid FROM res_groups_users_rel WHERE uid = %s ORDER BY gid", [env.uid]
    )
    return [row[0] for row in env.cr.fetchall()]


# ---------------------------------------------------------------------------
# Fields
# ---------------------------------------------------------------------------


def user_defaults(env: api.Environment, model_name: str) -> Mapping[str, Any]:
    """The defaults that were set in the database for this user and company.

    The method became private with 17.0.
    """
    ir_default = env["ir.default"]
    getter = getattr(ir_default, "_get_model_defaults", None)
    return (getter or ir_default.get_model_defaults)(model_name)


def literal_default(field: Any) -> tuple[bool, Any]:
    """`(True, value)` if the field's default is a literal, else `(False, None)`.

    Odoo wraps a literal in `lambda model: value` when it sets the field up, in
    the module that defines `Field` (`odoo.fields`, since 19.0 `odoo.orm.fields`).
    The value is the lambda's only free variable.
    """
    default = field.default
    code = getattr(default, "__code__", None)
    if (
        code is not None
        and code.co_freevars == ("value",)
        and default.__module__ in ("odoo.fields", "odoo.orm.fields")
    ):
        return True, default.__closure__[0].cell_contents
    return False, None


def is_groupable(field: Any, description: Mapping[str, Any]) -> bool:
    """Whether the field can be grouped by: 18.0 and later describe it."""
    if "groupable" in description:
        return bool(description["groupable"])
    base = field.base_field
    return bool(base.store and (base.column_type or base.type == "many2many"))


def tracked_field(names: Iterable[str]) -> str:
    """The field of `mail.tracking.value` that says what changed: 17.0 renamed it."""
    return "field_id" if "field_id" in names else "field"


# ---------------------------------------------------------------------------
# Expressions of views
# ---------------------------------------------------------------------------
# `None` stands for "never", `True` for "always"; anything else is the series'
# own form of a condition: a Python expression (17.0 and later) or a domain.

if HAS_VIEW_EXPRESSIONS:

    def view_condition(node: etree._Element, name: str) -> Any:
        text = (node.get(name) or "").strip()
        if text in ("", "0", "False", "false"):
            return None
        return True if text in ("1", "True", "true") else text

    def _join(word: str, conditions: list[str]) -> str:
        return f" {word} ".join(f"({condition})" for condition in conditions)

    def condition_text(condition: Any) -> str:
        return str(condition)

else:
    from odoo.osv import expression

    def view_condition(node: etree._Element, name: str) -> Any:
        # Odoo 16 puts `attrs`, `states` and the field's own attributes here.
        value = json.loads(node.get("modifiers") or "{}").get(name)
        if isinstance(value, list):
            return value or True
        return True if value else None

    def _join(word: str, conditions: list[list]) -> list:
        return (expression.OR if word == "or" else expression.AND)(conditions)

    def condition_text(condition: Any) -> str:
        return "True" if condition is True else json.dumps(condition)


def _distinct(conditions: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for condition in conditions:
        if condition not in found:
            found.append(condition)
    return found


def any_condition(conditions: Iterable[Any]) -> Any:
    """The condition that holds when one of `conditions` holds."""
    found = _distinct(c for c in conditions if c is not None)
    if any(c is True for c in found):
        return True
    if len(found) < 2:
        return found[0] if found else None
    return _join("or", found)


def all_conditions(conditions: Iterable[Any]) -> Any:
    """The condition that holds when every one of `conditions` holds."""
    found = _distinct(conditions)
    if any(c is None for c in found):
        return None
    found = [c for c in found if c is not True]
    if len(found) < 2:
        return found[0] if found else True
    return _join("and", found)


# What a condition or a button's context reads: the names of fields among others, and
# whether it holds for a form's values. `None` says that it cannot be told: it names
# what the form does not have (`parent` of a form that is no line, a field that the
# user may not see).

if HAS_VIEW_EXPRESSIONS:

    def condition_names(condition: Any) -> set[str]:
        return expression_names(condition) if isinstance(condition, str) else set()

    def condition_holds(condition: Any, values: Mapping[str, Any]) -> bool | None:
        if condition is None or condition is True:
            return bool(condition)
        try:
            return bool(evaluate(condition, values))
        except ValueError:
            return None

else:

    def condition_names(condition: Any) -> set[str]:
        if condition is None or condition is True:
            return set()
        return {
            leaf[0].split(".")[0] for leaf in condition if not isinstance(leaf, str)
        }

    def condition_holds(condition: Any, values: Mapping[str, Any]) -> bool | None:
        if condition is None or condition is True:
            return bool(condition)
        try:
            return domain_holds(condition, values)
        except (KeyError, TypeError, ValueError):
            return None
