from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .common import McpCase

USER_ERROR = "odoo.exceptions.UserError"


@tagged("post_install", "-at_install")
class TestSearch(McpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.many = cls.env["res.partner"].create(
            [{"name": f"Many {number}", "ref": "mcp"} for number in range(5)]
        )

    def setUp(self):
        super().setUp()
        self.login(self.clerk)

    def search(self, **params):
        return self.mcp("/mcp/search", model="res.partner", **params)

    def test_shape(self):
        answer = self.search(
            domain=[["id", "=", self.child.id]],
            fields=["name", "parent_id", "create_date", "email"],
        )
        self.assertEqual(answer["model"], "res.partner")
        self.assertEqual((answer["count"], answer["total"]), (1, 1))
        record = answer["records"][0]
        self.assertEqual(record["parent_id"], [self.partner.id, "Ada"])
        self.assertIs(record["email"], False)
        self.assertRegex(record["create_date"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")

    def test_pages(self):
        domain = [["ref", "=", "mcp"]]
        page = self.search(
            domain=domain, fields=["name"], limit=2, offset=1, order="name desc"
        )
        self.assertEqual([r["name"] for r in page["records"]], ["Many 3", "Many 2"])
        self.assertEqual((page["count"], page["total"]), (2, 5))
        last = self.search(domain=domain, fields=["name"], limit=2, offset=4)
        self.assertEqual((last["count"], last["total"]), (1, 5))
        beyond = self.search(domain=domain, fields=["name"], limit=2, offset=9)
        self.assertEqual((beyond["count"], beyond["total"]), (0, 5))

    def test_defaults(self):
        answer = self.search()
        self.assertLessEqual(answer["count"], 80)
        self.assertGreaterEqual(answer["total"], 7)

    def test_without_fields_is_small(self):
        record = self.search(domain=[["id", "=", self.child.id]])["records"][0]
        self.assertEqual(record["display_name"], "Ada, Byron")
        self.assertNotIn("image_1920", record)
        self.assertNotIn("comment", record)
        self.assertLess(len(record), 40)

    def test_context_reaches_the_search(self):
        self.many[0].active = False
        domain = [["ref", "=", "mcp"]]
        self.assertEqual(self.search(domain=domain)["total"], 4)
        self.assertEqual(
            self.search(domain=domain, context={"active_test": False})["total"], 5
        )

    @mute_logger("odoo.http")
    def test_wrong_model(self):
        error = self.assertRefused(
            "werkzeug.exceptions.NotFound", "/mcp/search", model="no.such.model"
        )
        self.assertEqual(error.code, 404)
        self.assertIn("no.such.model", error.message)

    @mute_logger("odoo.http")
    def test_wrong_arguments(self):
        for params in (
            {"domain": "x"},
            {"fields": "name"},
            {"limit": "5"},
            {"limit": True},
            {"offset": [1]},
            {"order": 1},
        ):
            with self.subTest(**params):
                self.assertRefused(
                    USER_ERROR, "/mcp/search", model="res.partner", **params
                )

    @mute_logger("odoo.http", "odoo.models", "odoo.sql_db")
    def test_no_right(self):
        self.assertRefused(
            "odoo.exceptions.AccessError", "/mcp/search", model="ir.mail_server"
        )

    @mute_logger("odoo.http")
    def test_company_of_others(self):
        foreign = self.env["res.company"].create({"name": "Foreign"})
        self.assertRefused(
            "odoo.exceptions.AccessError",
            "/mcp/search",
            model="res.country",
            context={"allowed_company_ids": [foreign.id]},
        )

    @mute_logger("odoo.http")
    def test_context_that_is_none(self):
        response = self.post("/mcp/search", model="res.country", context=["lang"])
        self.assertIn("error", response.json())
