"""A person's place of work: records are made, found, changed, and buttons pressed, by tools alone.

What a profile serves as a typed tool is done with that, everything else with the generic tool
of the same operation, as an assistant would. Buttons and the wizards that they open have their
one place here: `press` and `go_on`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.mcp_client import McpClient, Result

Record = dict[str, Any]


@dataclass(frozen=True)
class Wizard:
    """A form that Odoo wants filled in before it goes on."""

    model: str
    # What the answer gave to go on with.
    handle: str


@dataclass(frozen=True)
class Outcome:
    """What pressing a button led to: nothing more, a wizard to go on with, or other records."""

    value: Any = None
    wizard: Wizard | None = None
    opened: tuple[str, int] | None = None

    @property
    def opened_id(self) -> int:
        """The record that Odoo opens; there must be one."""
        assert self.opened, f"no record is opened by {self.value!r}"
        return self.opened[1]


class Desk:
    """Works with one client, of which it uses tools and nothing else."""

    def __init__(self, session: McpClient, uid: int) -> None:
        """`uid` is whose place it is."""
        self.uid = uid
        self._session = session
        self._served = set(session.tool_names())

    # ------------------------------------------------------------------ records

    def create(self, model: str, /, **values: Any) -> int:
        """Creates a record."""
        return self._use(model, "create", values=values).structured["id"]

    def update(self, model: str, record: int, /, **values: Any) -> None:
        """Changes a record."""
        self._use(model, "update", id=record, values=values)

    def delete(self, model: str, record: int) -> None:
        """Deletes a record."""
        self._use(model, "delete", id=record)

    def read(self, model: str, record: int, *fields: str) -> Record:
        """Fields of a record."""
        return self._use(model, "read", id=record, fields=list(fields)).structured["record"]

    def find(self, model: str, *domain: Any, fields: list[str] | None = None) -> list[Record]:
        """All records for which every condition holds; by their names alone, unless told."""
        shown = fields or ["display_name"]
        found = self._use(model, "search", domain=list(domain), fields=shown, order="id")
        assert found.structured["total"] == len(found.structured["records"]), found.text
        return found.structured["records"]

    def find_id(self, model: str, *domain: Any) -> int:
        """The one record for which every condition holds."""
        (record,) = self.find(model, *domain)
        return record["id"]

    def count(self, model: str, *domain: Any) -> int:
        """How many records there are for which every condition holds."""
        return self._use(model, "count", domain=list(domain)).structured["count"]

    def has_field(self, model: str, name: str) -> bool:
        """Whether the records of a model have this field: some came with a later series."""
        described = self._session.ok("odoo_schema", model=model, search=name)
        return name in described.structured["fields"]

    def has_button(self, model: str, method: str) -> bool:
        """Whether the form of a model has this button: some were renamed in a later series."""
        described = self._session.ok("odoo_schema", model=model)
        return method in {action["method"] for action in described.structured["actions"]}

    # ------------------------------------------------------------------ buttons and wizards

    def press(self, model: str, records: int | list[int], method: str) -> Outcome:
        """Presses a button of the form on one record, or on several.

        A button or menu entry that opens an action is named by it
        (`crm.crm_lead_lost_action`), as reading the record tells.
        """
        ids = records if isinstance(records, list) else [records]
        answer = self._press(model, ids, method)
        assert not answer.is_error, f"{method} of {model} {ids} failed: {answer.text}"
        return _outcome(answer)

    def offered(self, model: str, record: int, about: str) -> str:
        """The one button or entry of the menu of a record whose name has this part."""
        said = self._use(model, "read", id=record).structured
        entries = said.get("actions", []) + said.get("action_menu", [])
        (method,) = [entry["method"] for entry in entries if about in entry["method"]]
        return method

    def refusal(self, model: str, method: str, record: int) -> Record:
        """The error with which pressing a button is refused."""
        return self._press(model, [record], method).error

    def _press(self, model: str, ids: list[int], method: str) -> Result:
        typed = f"{model.replace('.', '_')}_{method}"
        if typed in self._served:
            return self._session.call(typed, ids=ids)
        return self._session.call("odoo_execute", model=model, method=method, ids=ids)

    def go_on(self, outcome: Outcome, button: str, /, **values: Any) -> Outcome:
        """Fills in the wizard that is open, and presses one of its buttons."""
        wizard = outcome.wizard
        assert wizard, f"no wizard is open, but {outcome.value!r}"
        answer = self._session.ok(
            "odoo_execute",
            model=wizard.model,
            method=button,
            wizard=wizard.handle,
            values=values,
        )
        return _outcome(answer)

    def run(self, model: str, method: str, records: int | list[int], **arguments: Any) -> Any:
        """Calls a method that is no button, with named arguments."""
        ids = records if isinstance(records, list) else [records]
        answer = self._session.ok(
            "odoo_execute", model=model, method=method, ids=ids, kwargs=arguments
        )
        return answer.structured["result"]

    def _use(self, model: str, operation: str, **arguments: Any) -> Result:
        typed = f"{model.replace('.', '_')}_{operation}"
        if typed in self._served:
            return self._session.ok(typed, **arguments)
        return self._session.ok(f"odoo_{operation}", model=model, **arguments)


def _outcome(answer: Result) -> Outcome:
    said = answer.structured
    if wizard := said.get("wizard"):
        return Outcome(said.get("result"), wizard=Wizard(wizard["model"], wizard["handle"]))
    opens = said.get("opens") or {}
    records = opens.get("records") or []
    opened = (opens["model"], records[0]["id"]) if len(records) == 1 else None
    return Outcome(said.get("result"), opened=opened)
