"""The schema of one model as one user sees it: `/mcp/model/<model>/schema`.

The views give what the user works with: the fields and their order, the
conditions, the buttons. `fields_get` gives the rest, and the fields that are in
no view.
"""

from __future__ import annotations

from typing import Any

from odoo import models
from odoo.exceptions import UserError

from .. import compat
from ..lib.current_call import paused
from ..lib.operations import operations_of
from ..lib.view_arch import ViewArch, button_label, needs_records

VIEW_TYPES = ("form", "list", "search")

# What `fields_get` describes cheaply. Its domains are not among it: they cost
# half of its time, and are not static.
_ATTRIBUTES = [
    "type",
    "string",
    "help",
    "required",
    "readonly",
    "selection",
    "relation",
    "relation_field",
    "store",
    "searchable",
    "sortable",
    "groupable",
    compat.AGGREGATOR,
    "digits",
    "currency_field",
    "size",
    "translate",
    "company_dependent",
    "manual",
    "definition_record",
    "definition_record_field",
    "model_field",
]

# Taken over under the same name when there is something to say.
_PLAIN = ("size", "currency_field", "relation_field", "definition_record",
          "definition_record_field", "model_field")  # fmt: skip
_FLAGS = ("store", "searchable", "sortable", "translate", "company_dependent", "manual")

# Too large, or no use without the record's form.
_NO_DEFAULT_COLUMN = (
    "binary",
    "html",
    "json",
    "one2many",
    "properties",
    "properties_definition",
)


class McpSchema(models.AbstractModel):
    _name = "butopea.mcp.schema"
    _description = "MCP Model Schema"

    @paused()
    def _get(self, model_name: str, view_type: str = "form") -> dict[str, Any]:
        """The schema of `model_name`; the fields of its `view_type` come first."""
        view_type = "list" if view_type == "tree" else view_type
        if view_type not in VIEW_TYPES:
            raise UserError(
                f"Unknown view type {view_type!r}: use form, list (or tree) or search."
            )
        model = self.env[model_name]
        views = self._views(model)
        standing = {kind: view.fields() for kind, view in views.items()}
        fields = self._fields_of(model, views, standing, view_type)
        return {
            "model": model_name,
            "view_type": compat.LIST_VIEW if view_type == "list" else view_type,
            "label": self.env["butopea.mcp.capabilities"]
            ._labels([model_name])
            .get(model_name, model._description),
            "description": model._description,
            "rec_name": model._rec_name or None,
            "order": model._order,
            "transient": model._transient,
            "abstract": model._abstract,
            "access": self.env["butopea.mcp.capabilities"]._access(model),
            "list_fields": [n for n in views["list"].columns() if n in fields],
            "fields": fields,
            "actions": self._actions(model, views),
        }

    def _views(self, model: models.BaseModel) -> dict[str, ViewArch]:
        """The user's default views.

        By `get_view`, of which `get_views` is made: that one describes also
        the fields of all models that stand in x2many fields, which is most of
        its time.
        """
        names = {"form": "form", "list": compat.LIST_VIEW, "search": "search"}
        return {
            kind: ViewArch(model.get_view(None, name)["arch"])
            for kind, name in names.items()
        }

    @paused()
    def _default_fields(self, model: models.BaseModel) -> list[str]:
        """What a search without `fields` reads: the columns of the user's list."""
        arch = model.get_view(None, compat.LIST_VIEW)["arch"]
        described = model.fields_get(attributes=["type"])
        columns = [
            name
            for name in ViewArch(arch).columns()
            if name in described and described[name]["type"] not in _NO_DEFAULT_COLUMN
        ]
        return ["display_name"] + [name for name in columns if name != "display_name"]

    # ------------------------------------------------------------------
    # Fields
    # ------------------------------------------------------------------

    def _fields_of(
        self,
        model: models.BaseModel,
        views: dict[str, ViewArch],
        standing: dict[str, dict],
        view_type: str,
    ) -> dict[str, dict[str, Any]]:
        described = model.fields_get(attributes=_ATTRIBUTES)
        set_defaults = compat.user_defaults(self.env, model._name)
        first = [name for name in standing[view_type] if name in described]
        rest = sorted(set(described) - set(first))
        result = {}
        for name in first + rest:
            entry = self._described(described[name])
            # Up to 18.0 users have fields for their groups that only
            # `fields_get` and the views know.
            field = model._fields.get(name)
            if field is not None:
                if compat.is_groupable(field, described[name]):
                    entry["groupable"] = True
                if compat.is_writable_in_a_state(field):
                    entry["readonly"] = False
                entry.update(self._defaults(field, name in set_defaults))
                entry.update(self._origin(field))
                if self._is_bytes(field):
                    entry.update(readonly=True, computed=True)
                    entry.pop("has_default", None)
            entry["views"] = [kind for kind in VIEW_TYPES if name in standing[kind]]
            entry["source"] = "view" if name in standing[view_type] else "model"
            if name in standing["form"]:
                conditions = views["form"].field_conditions(standing["form"][name])
                entry.update(self._expressions(entry, conditions))
            result[name] = entry
        return result

    def _described(self, description: dict[str, Any]) -> dict[str, Any]:
        """What `fields_get` says. The first seven keys are always there."""
        entry = {
            "type": description["type"],
            "string": description.get("string"),
            "required": bool(description.get("required")),
            "readonly": bool(description.get("readonly")),
            "selection": description.get("selection"),
            "relation": description.get("relation"),
            "help": description.get("help") or None,
        }
        for key in _FLAGS:
            if description.get(key):
                entry[key] = True
        if description.get(compat.AGGREGATOR):
            entry["aggregator"] = description[compat.AGGREGATOR]
        if description.get("digits"):
            entry["digits"] = list(description["digits"])
        for key in _PLAIN:
            if description.get(key):
                entry[key] = description[key]
        return entry

    def _defaults(self, field: Any, is_set: bool) -> dict[str, Any]:
        """`has_default`, and `default` where it is the same for everybody.

        A field that may be written, but that Odoo computes when it is not
        sent, has a default, too. What is set in the database (`is_set`) goes
        before the field's own.
        """
        while field.inherited:
            field = field.related_field
        if self._is_computed(field):
            return {}
        if is_set:
            return {"has_default": True}
        if field.company_dependent:
            return {}
        is_literal, value = compat.literal_default(field)
        if is_literal and value is False and field.type != "boolean":
            # Odoo's "no value".
            return {}
        if is_literal and isinstance(value, (bool, int, float, str)):
            return {"has_default": True, "default": value}
        return {"has_default": True} if field.default or field.compute else {}

    def _is_computed(self, field: Any) -> bool:
        """Whether a value that is written has no effect, or none that lasts."""
        is_readonly = field.readonly and not compat.is_writable_in_a_state(field)
        return bool(field.compute and not field.inverse and is_readonly)

    def _is_bytes(self, field: Any) -> bool:
        """Whether a value is bytes in Python, which JSON does not have.

        The contents of an attachment: of a text that is sent for them, Odoo stores
        the letters (`ir_attachment.py`). `datas` is the same in base64.
        """
        return (field.model_name, field.name) == ("ir.attachment", "raw")

    def _origin(self, field: Any) -> dict[str, Any]:
        """Where the value comes from when it is not simply stored."""
        entry: dict[str, Any] = {}
        if self._is_computed(field):
            entry["computed"] = True
        related = field.related
        if related:
            entry["related"] = (
                related if isinstance(related, str) else ".".join(related)
            )
        domain = getattr(field, "domain", None)
        if domain and not callable(domain):
            entry["domain"] = domain if isinstance(domain, str) else repr(list(domain))
        return entry

    def _expressions(
        self, entry: dict[str, Any], conditions: dict[str, Any]
    ) -> dict[str, str]:
        """`required_expr` and so on; nothing where the field says it already."""
        return {
            f"{name}_expr": compat.condition_text(condition)
            for name, condition in conditions.items()
            if condition is not None and not (condition is True and entry.get(name))
        }

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def _actions(
        self, model: models.BaseModel, views: dict[str, ViewArch]
    ) -> list[dict[str, Any]]:
        """The buttons of the user's form, and of the header of the list.

        A button that stands twice with one label (often: highlighted in one
        state) is one action, hidden where both are.
        """
        found: dict[tuple[str, str], dict[str, Any]] = {}
        elements = views["form"].buttons() + views["list"].buttons(in_header=True)
        for node, hidden in elements:
            label = self._button_label(model, node)
            key = (node.get("name"), label)
            if key in found:
                known = found[key]
                known["hidden"] = compat.all_conditions([known["hidden"], hidden])
                known["needs_records"] &= needs_records(node)
                continue
            found[key] = {
                "method": node.get("name"),
                "label": label,
                "type": "object",
                "confirm": node.get("confirm"),
                "help": node.get("help"),
                "context": node.get("context"),
                "needs_records": needs_records(node),
                "hidden": hidden,
            }
        policy = self.env["butopea.mcp.policy"]
        return [
            self._action_entry(action)
            for action in found.values()
            if all(
                policy._may(model._name, operation, action["method"])
                for operation in operations_of(action["method"], True)
            )
        ]

    def _action_entry(self, action: dict[str, Any]) -> dict[str, Any]:
        hidden = action.pop("hidden")
        if hidden is not None:
            action["invisible_expr"] = compat.condition_text(hidden)
        return {key: value for key, value in action.items() if value}

    def _button_label(self, model: models.BaseModel, node: Any) -> str:
        label = button_label(node)
        if label:
            return label
        for inner in node.iter("field"):
            field = model._fields.get(inner.get("name"))
            if field is not None:
                return model.fields_get([field.name], ["string"])[field.name]["string"]
        return node.get("name").replace("_", " ").strip().capitalize()
