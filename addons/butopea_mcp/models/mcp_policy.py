"""What the administrator lets MCP do: settings, rules, and who may come at all.

Everybody's calls have to know them, and nobody but administrators may read
`ir.config_parameter` or the rules. So both are read by SQL: of the parameters
only those whose key begins with the module's name, of the rules all; callers
see nothing of it but that they are refused. Both are kept in Odoo's own cache,
which is emptied when a parameter or a rule changes, in all worker processes. A
call on a module without settings costs no query.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from odoo import api, models, tools
from odoo.exceptions import AccessError

from .. import compat
from ..lib.current_call import Call, current
from ..lib.operations import models_of_paths, models_of_values, operations_of
from ..lib.rules import OWN_MODELS, CompiledRules, Rule
from .mcp_fingerprint import canonical, digest

PARAMETERS = "butopea_mcp."
GROUP = "butopea_mcp.group_user"

_MIB = 2**20
_DEFAULT_MAX_BODY = 32
_DEFAULT_AUDIT_DAYS = 90

_RIGHTS = ("read", "write", "create", "unlink")
_DOING = {
    "read": "reading",
    "create": "creating",
    "write": "changing",
    "unlink": "deleting",
    "execute": "calling methods",
}


class Settings(NamedTuple):
    """The settings of the section "MCP"."""

    restrict_users: bool = False
    audit: str | None = None
    audit_days: int = _DEFAULT_AUDIT_DAYS
    # No limit: 0.
    calls_per_minute: int = 0
    max_body: int = _DEFAULT_MAX_BODY * _MIB


def _number(text: str | None, default: int) -> int:
    """A parameter that a person may have written by hand."""
    try:
        return max(0, int(text or ""))
    except ValueError:
        return default


class McpPolicy(models.AbstractModel):
    _name = "butopea.mcp.policy"
    _description = "MCP Policy"

    # The cached methods bear no annotations: see `mcp_fingerprint.py`.

    @tools.ormcache()
    def _settings(self):
        self.env["ir.config_parameter"].flush_model()
        self.env.cr.execute(
            "SELECT key, value FROM ir_config_parameter WHERE key LIKE %s",
            [PARAMETERS.replace("_", r"\_") + "%"],
        )
        found = {key[len(PARAMETERS) :]: value for key, value in self.env.cr.fetchall()}
        audit = found.get("audit")
        return Settings(
            restrict_users=found.get("restrict_users") in ("True", "true", "1"),
            audit=audit if audit in ("changes", "all") else None,
            audit_days=_number(found.get("audit_days"), _DEFAULT_AUDIT_DAYS),
            calls_per_minute=_number(found.get("calls_per_minute"), 0),
            max_body=_MIB * (_number(found.get("max_body"), 0) or _DEFAULT_MAX_BODY),
        )

    @tools.ormcache()
    def _rules(self):
        return CompiledRules(
            Rule.of(
                effect == "allow",
                names,
                [name for name, is_named in zip(_DOING, named) if is_named],
                methods,
            )
            for effect, names, methods, *named in self._rule_rows()
        )

    def _rule_rows(self) -> list[tuple]:
        self.env["butopea.mcp.rule"].flush_model()
        self.env.cr.execute(
            """
            SELECT effect, models, methods, on_read, on_create, on_write, on_unlink,
                   on_execute
              FROM butopea_mcp_rule
             WHERE active
          ORDER BY id
            """
        )
        return self.env.cr.fetchall()

    @tools.ormcache()
    def _rules_digest(self):
        return digest(canonical(row) for row in self._rule_rows())

    def _features(self) -> dict[str, Any]:
        """Which of it is in force, for the capabilities."""
        settings = self._settings()
        return {
            "rules": bool(self._rule_rows()),
            "restricted_users": settings.restrict_users,
            "audit": settings.audit,
            "calls_per_minute": settings.calls_per_minute or None,
            "max_body": settings.max_body,
        }

    # ------------------------------------------------------------------
    # What is asked
    # ------------------------------------------------------------------

    def _check_user(self) -> None:
        """Refuse who is not let in, where the administrator chooses who is."""
        if self._settings().restrict_users and not self.env.user.has_group(GROUP):
            raise self._refusal(
                f"The administrator of this Odoo lets only members of the group"
                f' "MCP / User" use MCP, and {self.env.user.login} is none of them.',
                {"user": self.env.user.login},
            )

    def _may(self, model: str, operation: str, method: str | None = None) -> bool:
        """Whether the rules let calls do this; Odoo's own rights are not asked."""
        return self._rules().lets(model, operation, method)

    def _may_access(self, model: models.BaseModel, right: str) -> bool:
        """Whether both the user's rights and the rules allow `right`."""
        return compat.has_access(model, right) and self._may(model._name, right)

    def _check(self, model: str, operation: str, method: str | None = None) -> None:
        if self._may(model, operation, method):
            return
        # Who has no right in Odoo anyway hears that from Odoo.
        if (
            operation in _RIGHTS
            and not model.startswith(OWN_MODELS)
            and not compat.has_access(self.env[model], operation)
        ):
            return
        raise self._closed(model, operation, method)

    def _check_read(self, model: models.BaseModel, method: str, *what: Any) -> None:
        """Refuse to read a closed model, directly or by a path to it in `what`."""
        self._check(model._name, "read", method)
        for name in {name for part in what for name in models_of_paths(model, part)}:
            self._check(name, "read")

    def _check_execute(
        self,
        records: models.BaseModel,
        method: str,
        args: list,
        kwargs: dict,
        values: Any,
    ) -> None:
        """Refuse to call a method that is closed, or that names what is closed."""
        for operation in operations_of(method, bool(records)):
            self._check(records._name, operation, method)
            if operation == "read":
                self._check_read(records, method, args, kwargs)
        for given in (values, *args, *kwargs.values()):
            for name, operation in set(models_of_values(records, given)):
                self._check(name, operation)

    def _check_depth(self, call: Call, model: str, operation: str) -> None:
        """Refuse what a call does on the way, to a model that a rule denies."""
        if call.rules is not None and call.rules.denies(model, operation):
            raise self._closed(model, operation, call.method)

    def _closed(self, model: str, operation: str, method: str | None) -> AccessError:
        what = _DOING[operation]
        if operation == "execute" and method:
            what = f"calling {method}"
        return self._refusal(
            f"The administrator of this Odoo has closed {model!r} to MCP: {what} is not"
            " let through.",
            {"model": model, "operation": operation, "method": method},
        )

    def _refusal(self, message: str, about: dict[str, Any]) -> AccessError:
        error = AccessError(message)
        # Sent along with the error, so that clients need not read the text.
        error.context = {"butopea_mcp_policy": about}
        return error


class Base(models.AbstractModel):
    """The checks that Odoo itself makes before each operation of each model.

    Only where a failed check ends the operation: code that asks whether it may
    do something (menus, the buttons of views) keeps what it was told in caches
    that are not only for calls of MCP.
    """

    _inherit = "base"

    if hasattr(models.BaseModel, "check_access"):

        def check_access(self, operation: str) -> None:
            super().check_access(operation)
            self._butopea_mcp_check(operation)

    else:
        # 16.0 and 17.0
        @api.model
        def check_access_rights(self, operation, raise_exception=True):
            result = super().check_access_rights(operation, raise_exception)
            if raise_exception:
                self._butopea_mcp_check(operation)
            return result

    def _butopea_mcp_check(self, operation: str) -> None:
        call = current()
        # What Odoo's code does as the superuser is not what the caller does.
        if call is not None and not self.env.su:
            self.env["butopea.mcp.policy"]._check_depth(call, self._name, operation)
