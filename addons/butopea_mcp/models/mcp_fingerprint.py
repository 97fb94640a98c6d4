"""A short name for the state of the schema, as the user sees it.

A client that keeps schemas compares it to know whether they still hold. It is
made of contents only, so that an upgrade of a module that changes nothing, a
restart or another worker give the same. It moves with

* the registry: models, fields, static selections, labels, views of the types
  that the schema is made of,
* the user's rights: groups, and the access rules and record rules that apply,
  and the administrator's rules for MCP,
* the language.

Each part is cached exactly where Odoo caches what the schema is made of, so
that Odoo's own invalidation keeps both in step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from odoo import models, tools

from .. import compat

# Counts the changes of what is hashed. Another number gives other fingerprints.
_FORMAT = 1

_VIEW_TYPES = ["form", "list", "tree", "search"]


def canonical(value: Any) -> str:
    """A text for `value` that is the same in every process.

    `repr` alone is not: it depends on the order of sets and on addresses.
    """
    if isinstance(value, dict):
        items = sorted(f"{canonical(k)}:{canonical(v)}" for k, v in value.items())
        return "{" + ",".join(items) + "}"
    if isinstance(value, (set, frozenset)):
        return "{" + ",".join(sorted(map(canonical, value))) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(canonical, value)) + "]"
    if value is None or isinstance(value, (str, bool, int, float)):
        return repr(value)
    return f"<{type(value).__name__}>"


def digest(parts: Iterable[str]) -> str:
    """The hexadecimal hash (32 digits) of `parts`, each kept apart."""
    result = hashlib.blake2b(digest_size=16)
    for part in parts:
        result.update(part.encode())
        result.update(b"\0")
    return result.hexdigest()


class McpFingerprint(models.AbstractModel):
    _name = "butopea.mcp.fingerprint"
    _description = "MCP Schema Fingerprint"

    # The cached methods bear no annotations: Odoo 16.0 makes the key's code from
    # the text of the signature, and takes them for a part of it.

    def _get(self) -> str:
        lang = self.env.lang or "en_US"
        return digest(
            [
                str(_FORMAT),
                lang,
                self._registry_digest(),
                self._label_digest(lang),
                self._view_digest(lang),
                self._rights_digest(tuple(compat.user_group_ids(self.env))),
                self.env["butopea.mcp.policy"]._rules_digest(),
            ]
        )

    # ------------------------------------------------------------------
    # The registry
    # ------------------------------------------------------------------

    @tools.ormcache()
    def _registry_digest(self):
        return digest(self._registry_parts())

    def _registry_parts(self) -> Iterable[str]:
        for name in sorted(self.env.registry):
            model = self.env[name]
            yield canonical(
                [
                    name,
                    model._description,
                    model._rec_name,
                    model._order,
                    model._transient,
                    model._abstract,
                ]
            )
            for field_name in sorted(model._fields):
                yield canonical(self._field_part(model._fields[field_name]))

    def _field_part(self, field: Any) -> list[Any]:
        return [
            field.name,
            field.type,
            field.required,
            field.readonly,
            field.store,
            field.groups,
            field.related,
            field.company_dependent,
            field.manual,
            bool(field.compute),
            bool(field.inverse),
            bool(field.search),
            bool(field.default),
            compat.literal_default(field),
            field.comodel_name,
            getattr(field, "inverse_name", None),
            getattr(field, "domain", None),
            getattr(field, "selection", None),
            getattr(field, "size", None),
            bool(getattr(field, "translate", False)),
            getattr(field, "currency_field", None),
            getattr(field, "_digits", None),
            getattr(field, compat.AGGREGATOR, None),
        ]

    # ------------------------------------------------------------------
    # The database
    # ------------------------------------------------------------------
    # Read by SQL, for most users may not read these tables. Nothing of it is
    # shown but a hash over all of it.

    def _database_digest(self, query: str, params: dict[str, Any]) -> str:
        self.env.flush_all()
        self.env.cr.execute(query, params)
        return digest(canonical(row) for row in self.env.cr.fetchall())

    @tools.ormcache("lang")
    def _label_digest(self, lang):
        """Labels and help of models, fields and selections in `lang`."""
        params = {"lang": lang}
        fields = self._database_digest(
            """
            SELECT model, name,
                   COALESCE(field_description->>%(lang)s, field_description->>'en_US'),
                   COALESCE(help->>%(lang)s, help->>'en_US')
              FROM ir_model_fields
          ORDER BY model, name
            """,
            params,
        )
        selections = self._database_digest(
            """
            SELECT f.model, f.name, s.value,
                   COALESCE(s.name->>%(lang)s, s.name->>'en_US')
              FROM ir_model_fields_selection s
              JOIN ir_model_fields f ON f.id = s.field_id
          ORDER BY f.model, f.name, s.sequence, s.id
            """,
            params,
        )
        names = self._database_digest(
            """
            SELECT model, COALESCE(name->>%(lang)s, name->>'en_US')
              FROM ir_model
          ORDER BY model
            """,
            params,
        )
        return digest([fields, selections, names])

    @tools.ormcache("lang", cache="templates")
    def _view_digest(self, lang):
        """Views in `lang`, in the order in which Odoo applies them."""
        return self._database_digest(
            """
            SELECT v.model, v.type, v.mode, v.priority, v.inherit_id,
                   md5(COALESCE(v.arch_db->>%(lang)s, v.arch_db->>'en_US')),
                   ARRAY(SELECT r.group_id
                           FROM ir_ui_view_group_rel r
                          WHERE r.view_id = v.id
                       ORDER BY r.group_id)
              FROM ir_ui_view v
             WHERE v.active AND v.type = ANY(%(types)s)
          ORDER BY v.id
            """,
            {"lang": lang, "types": _VIEW_TYPES},
        )

    @tools.ormcache("group_ids")
    def _rights_digest(self, group_ids):
        """The groups, and the access rules and record rules that apply to them."""
        params = {"groups": list(group_ids)}
        access = self._database_digest(
            """
            SELECT m.model, a.group_id,
                   a.perm_read, a.perm_write, a.perm_create, a.perm_unlink
              FROM ir_model_access a
              JOIN ir_model m ON m.id = a.model_id
             WHERE a.active
               AND (a.group_id IS NULL OR a.group_id = ANY(%(groups)s))
          ORDER BY m.model, a.group_id, a.id
            """,
            params,
        )
        rules = self._database_digest(
            """
            SELECT m.model, r.domain_force,
                   r.perm_read, r.perm_write, r.perm_create, r.perm_unlink,
                   ARRAY(SELECT g.group_id
                           FROM rule_group_rel g
                          WHERE g.rule_group_id = r.id
                            AND g.group_id = ANY(%(groups)s)
                       ORDER BY g.group_id) AS applied
              FROM ir_rule r
              JOIN ir_model m ON m.id = r.model_id
             WHERE r.active
               AND (NOT EXISTS (SELECT FROM rule_group_rel g
                                 WHERE g.rule_group_id = r.id)
                    OR EXISTS (SELECT FROM rule_group_rel g
                                WHERE g.rule_group_id = r.id
                                  AND g.group_id = ANY(%(groups)s)))
          ORDER BY m.model, r.id
            """,
            params,
        )
        return digest([canonical(group_ids), access, rules])
