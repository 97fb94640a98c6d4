import datetime

from odoo.exceptions import ValidationError
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .common import McpCase

ACCESS_ERROR = "odoo.exceptions.AccessError"
MISSING = "odoo.exceptions.MissingError"
USER_ERROR = "odoo.exceptions.UserError"
VALIDATION_ERROR = "odoo.exceptions.ValidationError"


@tagged("post_install", "-at_install")
class TestExecute(McpCase):
    def setUp(self):
        super().setUp()
        self.login(self.boss)

    def refused(self, name, model, method, **params):
        return self.assertRefused(
            name, "/mcp/execute", model=model, method=method, **params
        )

    def replace(self, function):
        """Put `function` where a button of partners may lead to."""
        self.patch(type(self.env["res.partner"]), "action_archive", function)

    # ------------------------------------------------------------------
    # The methods that every client uses
    # ------------------------------------------------------------------

    def test_create(self):
        answer = self.execute("res.partner", "create", values={"name": "New"})
        self.assertIs(answer["success"], True)
        self.assertEqual(self.env["res.partner"].browse(answer["id"]).name, "New")

    def test_create_many(self):
        answer = self.execute(
            "res.partner", "create", values=[{"name": "One"}, {"name": "Two"}]
        )
        created = self.env["res.partner"].browse(answer["ids"])
        self.assertEqual(created.mapped("name"), ["One", "Two"])
        self.assertEqual(answer["id"], created[0].id)

    def test_the_record_that_fails_is_named(self):
        partners = self.env["res.partner"]
        before = partners.search_count([])
        with mute_logger("odoo.sql_db", "odoo.http"):
            error = self.refused(
                VALIDATION_ERROR,
                "res.partner",
                "create",
                values=[{"name": "One"}, {"type": "contact"}, {"name": "Three"}],
            )
        self.assertEqual(
            error.data["context"]["butopea_mcp_failed"], {"index": 1, "id": None}
        )
        self.assertEqual(partners.search_count([]), before)

    def test_the_record_that_is_not_written_is_named(self):
        tags = self.env["res.partner.category"].create([{"name": n} for n in "abc"])
        parent, child, other = tags
        child.parent_id = parent
        # The stored paths of parents refuse a loop before the model's own rule does.
        with mute_logger("odoo.http"):
            error = self.refused(
                USER_ERROR,
                "res.partner.category",
                "write",
                ids=[other.id, parent.id],
                values={"parent_id": child.id},
            )
        self.assertEqual(
            error.data["context"]["butopea_mcp_failed"], {"index": 1, "id": parent.id}
        )
        self.assertFalse(other.parent_id)

    def test_one_record_is_not_named(self):
        with mute_logger("odoo.sql_db", "odoo.http"):
            error = self.refused(
                VALIDATION_ERROR, "res.partner", "create", values={"type": "contact"}
            )
        self.assertNotIn("butopea_mcp_failed", error.data.get("context") or {})

    def test_create_by_argument(self):
        answer = self.execute("res.partner", "create", args=[{"name": "New"}])
        self.assertEqual(self.env["res.partner"].browse(answer["id"]).name, "New")

    def test_write(self):
        answer = self.execute(
            "res.partner", "write", ids=[self.partner.id], values={"name": "Eva"}
        )
        self.assertEqual(answer, {"success": True, "ids": [self.partner.id]})
        self.assertEqual(self.partner.name, "Eva")

    def test_write_by_argument(self):
        self.execute(
            "res.partner", "write", ids=self.partner.id, args=[{"name": "Eva"}]
        )
        self.assertEqual(self.partner.name, "Eva")

    def test_unlink(self):
        answer = self.execute("res.partner", "unlink", ids=[self.child.id])
        self.assertEqual(answer, {"success": True, "ids": [self.child.id]})
        self.assertFalse(self.child.exists())

    # ------------------------------------------------------------------
    # Results keep their kind
    # ------------------------------------------------------------------

    def test_number(self):
        result = self.execute("res.partner", "search_count", args=[[]])["result"]
        self.assertIs(type(result), int)
        # Rules hide some contacts from a user, such as addresses of employees on 16.0.
        partners = self.env["res.partner"].with_user(self.boss)
        self.assertEqual(result, partners.search_count([]))

    def test_recordset(self):
        answer = self.execute(
            "res.partner", "search", args=[[["id", "=", self.child.id]]]
        )
        self.assertEqual(
            answer["result"],
            {
                "model": "res.partner",
                "ids": [self.child.id],
                "display_names": ["Ada, Byron"],
            },
        )

    def test_list_of_records(self):
        answer = self.execute(
            "res.partner", "read", ids=[self.child.id], args=[["name", "parent_id"]]
        )
        self.assertEqual(
            answer["result"],
            [
                {
                    "id": self.child.id,
                    "name": "Byron",
                    "parent_id": [self.partner.id, "Ada"],
                }
            ],
        )

    def test_keyword_arguments(self):
        answer = self.execute(
            "res.partner",
            "name_search",
            kwargs={"name": "Byron", "args": [["id", "=", self.child.id]]}
            if "args" in self.env["res.partner"].name_search.__code__.co_varnames
            else {"name": "Byron", "domain": [["id", "=", self.child.id]]},
        )
        self.assertEqual(answer["result"], [[self.child.id, "Ada, Byron"]])

    def test_action_is_whole(self):
        partner_id = self.partner.id

        def action(records):
            return {
                "type": "ir.actions.act_window",
                "res_model": records._name,
                "views": [(False, "form")],
                "target": "new",
                "context": {"default_partner_ids": [(6, 0, records.ids)]},
                "deadline": datetime.date(2026, 1, 31),
            }

        self.replace(action)
        answer = self.execute("res.partner", "action_archive", ids=[partner_id])
        self.assertEqual(
            answer["result"],
            {
                "type": "ir.actions.act_window",
                "res_model": "res.partner",
                "views": [[False, "form"]],
                "target": "new",
                "context": {"default_partner_ids": [[6, 0, [partner_id]]]},
                "deadline": "2026-01-31",
            },
        )

    def test_nothing(self):
        self.replace(lambda records: None)
        answer = self.execute("res.partner", "action_archive", ids=[self.partner.id])
        self.assertEqual(answer, {"success": True, "result": None})

    def test_context_of_the_arguments(self):
        self.replace(lambda records: records.env.context.get("from_client"))
        answer = self.execute(
            "res.partner",
            "action_archive",
            ids=[self.partner.id],
            kwargs={"context": {"from_client": 7}},
        )
        self.assertEqual(answer["result"], 7)

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        country = self.env.ref("base.de")
        country.with_context(lang="fr_FR").name = "Allemagne"
        answer = self.execute(
            "res.country",
            "read",
            ids=[country.id],
            args=[["name"]],
            context={"lang": "fr_FR"},
        )
        self.assertEqual(answer["result"][0]["name"], "Allemagne")

    # ------------------------------------------------------------------
    # Failures
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_recursion_is_rolled_back(self):
        self.refused(
            VALIDATION_ERROR,
            "res.partner",
            "write",
            ids=[self.partner.id],
            values={"name": "Kept?", "parent_id": self.child.id},
        )
        self.assertFalse(self.partner.parent_id)
        self.assertEqual(self.partner.name, "Ada")

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_constraint_at_the_flush_is_rolled_back(self):
        germany = self.env.ref("base.de")
        name = germany.name
        self.refused(
            VALIDATION_ERROR,
            "res.country",
            "write",
            ids=[germany.id],
            values={"name": "Kept?", "code": self.env.ref("base.fr").code},
        )
        self.assertEqual((germany.name, germany.code), (name, "DE"))

    @mute_logger("odoo.http")
    def test_failure_after_the_flush_is_rolled_back(self):
        def change_and_fail(records):
            records.write({"name": "Kept?"})
            created = records.create({"name": "Kept too?"})
            records.env.flush_all()
            if created:
                raise ValidationError("No.")

        self.replace(change_and_fail)
        error = self.refused(
            VALIDATION_ERROR, "res.partner", "action_archive", ids=[self.partner.id]
        )
        self.assertEqual(error.message, "No.")
        self.assertEqual(self.partner.name, "Ada")
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Kept too?")]))

    @mute_logger("odoo.http")
    def test_failure_of_a_later_record_is_rolled_back(self):
        count = self.env["res.partner"].search_count([])
        self.refused(
            "builtins.ValueError",
            "res.partner",
            "create",
            values=[{"name": "First"}, {"name": "Second", "no_such_field": 1}],
        )
        self.assertEqual(self.env["res.partner"].search_count([]), count)

    @mute_logger("odoo.http")
    def test_missing_record(self):
        self.child.unlink()
        for method, values in (("write", {"name": "x"}), ("unlink", None)):
            with self.subTest(method=method):
                error = self.refused(
                    MISSING,
                    "res.partner",
                    method,
                    ids=[self.partner.id, self.child.id],
                    values=values,
                )
                self.assertIn(str(self.child.id), error.message)
        self.assertEqual(self.partner.exists().name, "Ada")

    @mute_logger("odoo.http")
    def test_wrong_model(self):
        for model in ("no.such.model", None, ["res.partner"]):
            with self.subTest(model=model):
                self.refused("werkzeug.exceptions.NotFound", model, "search_count")

    @mute_logger("odoo.http")
    def test_wrong_method(self):
        error = self.refused("builtins.AttributeError", "res.partner", "no_such_method")
        self.assertIn("no_such_method", error.message)

    @mute_logger("odoo.http")
    def test_wrong_arguments(self):
        for params in (
            {"ids": "1"},
            {"ids": ["1"]},
            {"ids": [True]},
            {"args": {}},
            {"kwargs": []},
            {"kwargs": {"context": "x"}},
        ):
            with self.subTest(**params):
                self.refused(USER_ERROR, "res.partner", "read", **params)
        for params in ({}, {"values": "x"}, {"values": 1}):
            with self.subTest(**params):
                self.refused(USER_ERROR, "res.partner", "create", **params)
        self.refused(
            USER_ERROR, "res.partner", "write", ids=[self.partner.id], values=[{}]
        )

    # ------------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------------

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_model")
    def test_rights_of_the_user(self):
        self.login(self.clerk)
        self.refused(
            ACCESS_ERROR,
            "res.partner",
            "write",
            ids=[self.partner.id],
            values={"name": "Changed"},
        )
        self.refused(ACCESS_ERROR, "res.partner", "unlink", ids=[self.partner.id])
        self.refused(ACCESS_ERROR, "res.partner", "create", values={"name": "New"})
        self.assertEqual(self.partner.name, "Ada")

    @mute_logger("odoo.http", "odoo.models")
    def test_private_method(self):
        self.login(self.clerk)
        for method in ("_write", "__init__", "_search"):
            with self.subTest(method=method):
                self.refused(
                    ACCESS_ERROR,
                    "res.partner",
                    method,
                    ids=[self.partner.id],
                    args=[{"name": "Changed"}],
                )
        self.assertEqual(self.partner.name, "Ada")

    @mute_logger("odoo.http", "odoo.models")
    def test_method_decorated_as_private(self):
        from odoo import api

        if not hasattr(api, "private"):
            self.skipTest("@api.private came with Odoo 18.0")
        self.replace(api.private(lambda records: True))
        self.refused(
            ACCESS_ERROR, "res.partner", "action_archive", ids=[self.partner.id]
        )

    @mute_logger("odoo.http")
    def test_company_of_others(self):
        foreign = self.env["res.company"].create({"name": "Foreign"})
        self.login(self.clerk)
        allowed = {"allowed_company_ids": [foreign.id]}
        for params in ({"context": allowed}, {"kwargs": {"context": allowed}}):
            with self.subTest(**params):
                self.refused(
                    ACCESS_ERROR, "res.country", "search_count", args=[[]], **params
                )

    @mute_logger("odoo.http", "odoo.models")
    def test_names_of_hidden_records(self):
        """A method may return what the user may not read: its ids, no names."""
        server = self.env["ir.mail_server"].create(
            {"name": "Hidden", "smtp_host": "localhost"}
        )
        self.login(self.clerk)
        self.replace(lambda records: records.env["ir.mail_server"].browse(server.id))
        answer = self.execute("res.partner", "action_archive", ids=[self.partner.id])
        self.assertEqual(
            answer["result"],
            {"model": "ir.mail_server", "ids": [server.id], "display_names": [None]},
        )

    @mute_logger("odoo.http", "odoo.models")
    def test_names_are_read_as_the_user(self):
        """Whatever the records come with: `sudo` is a public method on most series."""
        server = self.env["ir.mail_server"].create(
            {"name": "Hidden", "smtp_host": "localhost"}
        )
        self.login(self.clerk)
        for method, args in (("sudo", []), ("with_user", [self.boss.id])):
            with self.subTest(method=method):
                response = self.post(
                    "/mcp/execute",
                    model="ir.mail_server",
                    method=method,
                    ids=[server.id],
                    args=args,
                )
                self.assertNotIn("Hidden", response.text)
        self.replace(
            lambda records: records.env["ir.mail_server"].sudo().browse(server.id)
        )
        answer = self.execute("res.partner", "action_archive", ids=[self.partner.id])
        self.assertEqual(answer["result"]["display_names"], [None])
