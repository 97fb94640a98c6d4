"""Work that keeps Odoo busy for long, and a look at whether it still does.

Both are made of what an administrator can set up in any Odoo: server actions and a record
rule with code of their own. The statement that takes long bears a mark in a comment, so it is
found among those that the database works on.
"""

from __future__ import annotations

from conftest import Records

from support.odoo import Odoo
from support.people import People, Person
from support.waiting import wait_until

TAG = "res.partner.category"
ACTION = "ir.actions.server"
# Much longer than any test waits: what ends before was ended.
SLEEP_SECONDS = 120
# A cancelled call ends within a moment; a busy machine gets more.
END_SECONDS = 30.0


class Slow:
    """Makes the work; what it makes is deleted with the test's records."""

    def __init__(self, odoo: Odoo, records: Records, mark: str) -> None:
        self._odoo = odoo
        self._records = records
        self._mark = mark
        self._look = self.action(
            "look",
            "env.cr.execute(\"SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
            ' AND query LIKE %s AND pid <> pg_backend_pid()",'
            f" ['%{mark}%pg_sleep%'])\n"
            "action = {'type': 'ir.actions.act_window_close', 'count': env.cr.fetchone()[0]}",
        )

    @property
    def _sleep(self) -> str:
        return f"execute('/* {self._mark} */ SELECT pg_sleep({SLEEP_SECONDS})')"

    def action(self, name: str, code: str) -> int:
        """A server action with this code; on actions themselves, so that its form shows *Run*."""
        (model,) = self._odoo.ids("ir.model", [["model", "=", ACTION]])
        values = {"name": f"{self._mark} {name}", "state": "code", "model_id": model, "code": code}
        return self._records.make(ACTION, **values)

    def change(self, tag: int, name: str) -> int:
        """A server action that gives a tag another name, and then takes long."""
        code = f"env['{TAG}'].browse({tag}).write({{'name': '{name}'}})\nenv.flush_all()\n"
        return self.action("change", f"{code}env.cr.{self._sleep}")

    def reader(self, people: People) -> Person:
        """A user for whom it takes long to read tags."""
        group = self._records.make("res.groups", name=f"{self._mark} readers")
        person = people.make("reader", ["base.group_user", group])
        (model,) = self._odoo.ids("ir.model", [["model", "=", TAG]])
        self._records.make(
            "ir.rule",
            name=f"{self._mark} slow",
            model_id=model,
            groups=[[6, 0, [group]]],
            domain_force=(
                f"[] if user.login != '{person.login}' or user.env.cr.{self._sleep} else []"
            ),
        )
        return person

    def at_work(self) -> int:
        """How many of our statements the database works on."""
        return self._odoo.call(ACTION, "run", [self._look])["count"]

    def wait_begun(self, count: int = 1) -> None:
        """Waits until so many are at work."""
        wait_until(lambda: self.at_work() == count, f"{count} slow statements to begin")

    def wait_ended(self, left: int = 0) -> None:
        """Waits until no more than `left` are at work."""
        wait_until(lambda: self.at_work() == left, "the slow statement to end", END_SECONDS)
