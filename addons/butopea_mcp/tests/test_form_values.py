"""What the web client reads from a form, and how it decides: on every series alike."""

import datetime

from odoo.tests.common import TransactionCase, tagged

from .. import compat
from ..lib.form_values import (
    domain_holds,
    evaluate,
    expression_names,
    form_values,
    surroundings,
)


@tagged("post_install", "-at_install")
class TestFormValues(TransactionCase):
    def test_values_of_a_record(self):
        partner = self.env["res.partner"].create({"name": "Ada"})
        child = self.env["res.partner"].create({"name": "B", "parent_id": partner.id})
        names = {"name", "parent_id", "child_ids", "email", "color"}
        self.assertEqual(
            form_values(partner, names),
            {
                "id": partner.id,
                "name": "Ada",
                "parent_id": False,
                "child_ids": [child.id],
                "email": False,
                "color": 0,
            },
        )
        self.assertEqual(form_values(child, {"parent_id"})["parent_id"], partner.id)

    def test_values_of_a_new_record(self):
        tag = self.env["res.partner.category"].create({"name": "T"})
        record = self.env["res.partner"].new(
            {
                "category_id": [(6, 0, tag.ids)],
                "child_ids": [(0, 0, {"name": "B"})],
            }
        )
        values = form_values(record, {"category_id", "child_ids"})
        self.assertEqual(values["category_id"], tag.ids)
        self.assertEqual(values["child_ids"], ["virtual_0"])
        self.assertIs(values["id"], False)

    def test_dates_are_texts_and_none_comes_before_all(self):
        cron = self.env["ir.cron"].search([], limit=1)
        values = form_values(cron, {"nextcall", "lastcall"})
        self.assertIsInstance(values["nextcall"], str)
        cron.lastcall = False
        values = form_values(cron, {"lastcall"})
        for expression, expected in (
            ("lastcall", ""),
            ("not lastcall", True),
            ("lastcall == False", True),
            ("lastcall != False", False),
            ("lastcall < now", True),
            ("lastcall > now", False),
        ):
            known = {**values, **surroundings(cron)}
            self.assertEqual(evaluate(expression, known), expected, expression)

    def test_surroundings(self):
        record = self.env["res.partner"].create({"name": "Ada"})
        record = record.with_context(some_key=7)
        known = surroundings(record)
        today = datetime.date.today()
        for expression in (
            "context.get('some_key') == 7",
            f"uid == {self.env.uid}",
            f"active_id == {record.id}",
            "active_model == 'res.partner'",
            f"current_company_id in {self.env.companies.ids}",
            f"context_today().year >= {today.year - 1}",
            "(context_today() + relativedelta(days=1)) > context_today()",
            "time.strftime('%Y') > '2000'",
            "today <= now",
        ):
            self.assertIs(evaluate(expression, known), True, expression)

    def test_what_has_no_value(self):
        for expression in ("parent.state == 'x'", "no_field", "1 +", "1 / 0"):
            with self.assertRaises(ValueError, msg=expression):
                evaluate(expression, {})
        self.assertEqual(
            expression_names("state in ('a',) and (not b or context.get('c'))"),
            {"state", "b", "context"},
        )
        self.assertEqual(expression_names("1 +"), set())

    def test_domains(self):
        values = {
            "state": "draft",
            "amount": 0,
            "lines": [3, 4],
            "none": [],
            "partner": False,
        }
        for domain, expected in (
            ([], True),
            ([("state", "=", "draft")], True),
            ([("state", "!=", "draft")], False),
            ([("state", "in", ["draft", "sent"])], True),
            ([("state", "not in", ["draft", "sent"])], False),
            ([("state", "=", "draft"), ("amount", ">", 0)], False),
            (["|", ("state", "=", "x"), ("amount", "=", 0)], True),
            (["!", ("state", "=", "x")], True),
            (["&", ("state", "=", "draft"), "!", ("amount", "<", 1)], False),
            # In the web client, 0 is not `false`.
            ([("amount", "=", False)], False),
            ([("amount", "!=", False)], True),
            ([("partner", "=", False)], True),
            ([("partner", "!=", False)], False),
            ([("none", "=", [])], True),
            ([("lines", "!=", [])], True),
            ([("lines", "in", [4])], True),
            ([("lines", "not in", [5])], True),
            ([("state", "like", "raf")], True),
            ([("state", "ilike", "RAF")], True),
            ([("state", "=like", "dr%")], True),
            ([("state", "not ilike", "RAF")], False),
            ([("state", "=?", False)], True),
            ([("state", "=?", "sent")], False),
            ([(1, "=", 1)], True),
            ([(0, "=", 1)], False),
        ):
            self.assertIs(bool(domain_holds(domain, values)), expected, domain)
        with self.assertRaises(KeyError):
            domain_holds([("absent", "=", 1)], values)
        with self.assertRaises(ValueError):
            domain_holds([("state", "child_of", 1)], values)

    def test_conditions_of_this_series(self):
        if compat.HAS_VIEW_EXPRESSIONS:
            condition, unknown = "state == 'done'", "parent.x == 1"
        else:
            condition, unknown = [("state", "=", "done")], [("x", "=", 1)]
        self.assertEqual(compat.condition_names(condition), {"state"})
        self.assertIs(compat.condition_holds(condition, {"state": "done"}), True)
        self.assertIs(compat.condition_holds(condition, {"state": "new"}), False)
        self.assertIsNone(compat.condition_holds(unknown, {"state": "new"}))
        self.assertIs(compat.condition_holds(None, {}), False)
        self.assertIs(compat.condition_holds(True, {}), True)
        self.assertEqual(compat.condition_names(True), set())
