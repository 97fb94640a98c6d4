"""Forms with lines and texts, buttons of lists, and records that are refused."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests.common import tagged
from odoo.tools import html2plaintext

from .. import compat
from .common import McpCase
from .test_actions import COLORED, hidden_when

PARTNER = "res.partner"
TAG = "res.partner.category"
LIST = compat.LIST_VIEW
HIDDEN = hidden_when("name == 'Ada'", "[('name', '=', 'Ada')]")
SHOWN = hidden_when("name != 'Ada'", "[('name', '!=', 'Ada')]")

FORM = f"""
<form>
  <p>Are you <b>quite</b> sure, <field name="name"/>?</p>
  <p {HIDDEN}>This text is never seen by Ada.</p>
  <p {SHOWN}>You are Ada, so this is seen.</p>
  <button name="copy" type="object">No text of a button</button>
  <label for="name" string="No label of a field"/>
  <field name="name"/>
  <field name="category_id"/>
  <field name="child_ids"><{LIST}>
    <field name="name"/><field name="ref"/><field name="country_id"/>
  </{LIST}></field>
</form>
"""


@tagged("post_install", "-at_install")
class TestDialogues(McpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.view = cls.env["ir.ui.view"].create(
            {"name": "mcp test", "model": PARTNER, "type": "form", "arch": FORM}
        )
        cls.countries = cls.env["res.country"].search([], limit=2)
        one, two = cls.countries.ids
        line = {"type": "other", "comment": "kept"}
        cls.context = {
            "default_name": "Ada",
            "default_child_ids": [
                [0, 0, {"name": "One", "ref": "r1", "country_id": one, **line}],
                [0, 0, {"name": "Two", "ref": "r2", "country_id": two, **line}],
            ],
        }

    def setUp(self):
        super().setUp()
        self.login(self.boss)

    def opened(self):
        path = f"/mcp/model/{PARTNER}/form"
        return self.mcp(path, view_id=self.view.id, context=self.context)

    def names(self):
        return [line["id"] for line in self.opened()["fields"]["child_ids"]["value"]]

    def saved(self, *commands, **values):
        values = {"child_ids": list(commands), **values}
        made = self.mcp(
            f"/mcp/model/{PARTNER}/save",
            view_id=self.view.id,
            values=values,
            context=self.context,
        )
        partner = self.env[PARTNER].browse(made["id"])
        return sorted(
            (line.name, line.ref, line.country_id.id) for line in partner.child_ids
        )

    def refused(self, *commands):
        return self.assertRefused(
            "odoo.exceptions.UserError",
            f"/mcp/model/{PARTNER}/save",
            view_id=self.view.id,
            values={"child_ids": list(commands)},
            context=self.context,
        ).message

    # ------------------------------------------------------------------
    # Lines
    # ------------------------------------------------------------------

    def test_lines_are_named_and_described(self):
        field = self.opened()["fields"]["child_ids"]
        first, second = field["value"]
        self.assertRegex(first["id"], "^new-1-[0-9a-f]{4}$")
        self.assertRegex(second["id"], "^new-2-[0-9a-f]{4}$")
        self.assertNotEqual(first["id"][6:], second["id"][6:])
        self.assertEqual(first["values"]["ref"], "r1")
        self.assertEqual(field["columns"]["country_id"]["type"], "many2one")
        # The next time they are called the same.
        self.assertEqual(self.names(), [first["id"], second["id"]])

    def test_what_is_not_said_stays(self):
        one, two = self.countries.ids
        first, second = self.names()
        kept = [("One", "r1", one), ("Two", "r2", two)]
        self.assertEqual(self.saved(), kept)
        changed = self.saved([1, first, {"ref": "x"}])
        self.assertEqual(changed, [("One", "x", one), ("Two", "r2", two)])
        self.assertEqual(self.saved([2, first, 0]), [("Two", "r2", two)])
        self.assertEqual(self.saved([3, first, 0]), [("Two", "r2", two)])
        self.assertEqual(self.saved([6, 0, [first]]), [("One", "r1", one)])
        self.assertEqual(self.saved([4, second, 0]), kept)
        self.assertEqual(self.saved([5, 0, 0]), [])

    def test_what_stands_in_no_column_stays(self):
        first, _second = self.names()
        made = self.mcp(
            f"/mcp/model/{PARTNER}/save",
            view_id=self.view.id,
            values={"child_ids": [[1, first, {"ref": "x"}]]},
            context=self.context,
        )
        lines = self.env[PARTNER].browse(made["id"]).child_ids
        self.assertEqual([html2plaintext(line.comment) for line in lines], ["kept"] * 2)

    def test_a_line_is_meant_by_its_record(self):
        one, two = self.countries.ids
        new = {"name": "Three", "ref": "r3", "country_id": two}
        self.assertEqual(
            self.saved([0, 0, {"country_id": two, "ref": "x"}]),
            [("One", "r1", one), ("Two", "x", two)],
        )
        # Said to be new, of another record, of none, or once more: a line of its own.
        self.assertEqual(len(self.saved([0, "new", new])), 3)
        other = self.env["res.country"].search([], limit=3).ids[2]
        self.assertEqual(len(self.saved([0, 0, {**new, "country_id": other}])), 3)
        self.assertEqual(len(self.saved([0, 0, {"name": "Three"}])), 3)
        self.assertEqual(len(self.saved([0, 0, {**new}], [0, 0, {**new}])), 3)

    def test_two_lines_that_may_be_meant(self):
        one = self.countries.ids[0]
        lines = [
            [0, 0, {**command[2], "country_id": one}]
            for command in self.context["default_child_ids"]
        ]
        self.context = {**self.context, "default_child_ids": lines}
        first, second = self.names()
        message = self.refused([0, 0, {"country_id": one, "ref": "x"}])
        self.assertIn("2 lines of the form may be meant", message)
        self.assertIn(f"{first} (", message)
        self.assertIn(f"{second} (", message)

    def test_a_line_that_is_not_there(self):
        first, second = self.names()
        for wrong in ("new-3-aaaa", f"new-1-{second[6:]}", "x"):
            message = self.refused([1, wrong, {"ref": "x"}])
            self.assertIn(f"no line '{wrong}'", message)
            self.assertIn(first, message)
        self.assertIn("no line", self.refused([2, first, 0], [2, first, 0]))

    def test_links_are_added_to_those_proposed(self):
        tags = self.env[TAG].create([{"name": "A"}, {"name": "B"}])
        context = {**self.context, "default_category_id": [[6, 0, tags[0].ids]]}
        made = self.mcp(
            f"/mcp/model/{PARTNER}/save",
            view_id=self.view.id,
            values={"category_id": [[4, tags[1].id, 0]]},
            context=context,
        )
        self.assertEqual(self.env[PARTNER].browse(made["id"]).category_id, tags)

    # ------------------------------------------------------------------
    # Texts
    # ------------------------------------------------------------------

    def test_texts(self):
        self.assertEqual(
            self.opened()["texts"],
            ["Are you quite sure, Ada?", "You are Ada, so this is seen."],
        )

    # ------------------------------------------------------------------
    # Buttons of lists
    # ------------------------------------------------------------------

    def make_list(self):
        window = self.env["ir.actions.act_window"].create(
            {"name": "Everywhere", "res_model": TAG, "view_mode": "form"}
        )
        self.env["ir.ui.view"].create(
            {
                "name": "mcp test list",
                "model": TAG,
                "type": LIST,
                "priority": -1,
                "arch": f"""
<{LIST}>
  <header>
    <button name="action_archive" type="object" string="Selected"/>
    <button name="copy" type="object" string="Always" display="always"/>
    <button name="{window.id}" type="action" display="always"/>
  </header>
  <field name="name"/>
  <field name="color"/>
  <button name="action_unarchive" type="object" string="Row" {COLORED}/>
  <button name="toggle_active" type="object" string="No" column_invisible="1"
          invisible="1"/>
</{LIST}>""",
            }
        )
        return window

    def test_buttons_that_only_the_list_has(self):
        self.make_list()
        plain = self.env[TAG].create({"name": "Plain", "color": 0})
        colored = self.env[TAG].create({"name": "Colored", "color": 3})
        now = self.mcp(f"/mcp/model/{TAG}/actions", ids=[plain.id, colored.id])
        shown = {a["label"]: a["shown_for"] for a in now["list_actions"]}
        self.assertEqual(shown, {"Selected": [plain.id, colored.id], "Row": [plain.id]})

    def test_which_buttons_need_records(self):
        window = self.make_list()
        schema = self.mcp(f"/mcp/model/{TAG}/schema")
        needs = {a["label"]: a.get("needs_records") for a in schema["actions"]}
        self.assertIs(needs["Selected"], True)
        self.assertIsNone(needs["Always"])
        call = {"model": TAG, "action": str(window.id)}
        self.assertEqual(self.mcp("/mcp/action", **call)["action"]["res_model"], TAG)

    def test_an_action_of_records_without_records(self):
        window = self.env["ir.actions.act_window"].create(
            {
                "name": "Of records",
                "res_model": TAG,
                "binding_model_id": self.env["ir.model"]._get_id(TAG),
            }
        )
        error = self.assertRefused(
            "odoo.exceptions.UserError",
            "/mcp/action",
            model=TAG,
            action=str(window.id),
        )
        self.assertIn("opens for records of res.partner.category", error.message)

    # ------------------------------------------------------------------
    # Which record is refused
    # ------------------------------------------------------------------

    def call_method(self, method, *records):
        with patch.object(self.registry[TAG], "mcp_test", method, create=True):
            return self.assertRefused(
                "odoo.exceptions.UserError",
                "/mcp/execute",
                model=TAG,
                method="mcp_test",
                ids=[record.id for record in records],
            )

    def test_the_refused_record_is_named(self):
        tags = self.env[TAG].create(
            [{"name": name, "color": 0} for name in ("A", "B", "C")]
        )
        calls = []

        def mcp_test(records):
            calls.append(records.ids)
            records.write({"color": 7})
            if "B" in records.mapped("name"):
                raise UserError("Not B." if len(records) == 1 else f"Not {records}.")

        error = self.call_method(mcp_test, *tags)
        self.assertEqual(
            error.data["context"]["butopea_mcp_failed"], {"index": 1, "id": tags[1].id}
        )
        self.assertEqual(error.message, "Not B.")
        self.assertEqual(calls[0], tags.ids)
        tags.invalidate_recordset()
        self.assertEqual(tags.mapped("color"), [0, 0, 0])

    def test_a_method_of_several_is_not_about_one(self):
        tags = self.env[TAG].create([{"name": name} for name in ("A", "B", "C")])

        def mcp_test(records):
            if len(records) == 1:
                raise UserError("One is not enough.")
            raise UserError("Not today.")

        error = self.call_method(mcp_test, *tags)
        self.assertEqual(error.message, "Not today.")
        self.assertNotIn("butopea_mcp_failed", error.data.get("context") or {})

    def test_one_record_is_tried_once(self):
        calls = []

        def mcp_test(records):
            calls.append(records.ids)
            raise UserError("No.")

        self.call_method(mcp_test, self.env[TAG].create({"name": "A"}))
        self.assertEqual(len(calls), 1)
