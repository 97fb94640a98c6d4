"""What a request may be: its method, its type, its size, the values in it."""

import json

from odoo.tests.common import tagged
from odoo.tools import mute_logger

from ..lib import input_guard
from ..models.mcp_policy import PARAMETERS
from .common import McpCase

USER_ERROR = "odoo.exceptions.UserError"
JSON = "application/json"


@tagged("post_install", "-at_install")
class TestRequests(McpCase):
    def setUp(self):
        super().setUp()
        self.login(self.boss)

    def call(self, **params):
        params = {"model": "res.partner", "method": "create", **params}
        return json.dumps({"jsonrpc": "2.0", "params": params}).encode()

    def send(self, method, body, content_type, path="/mcp/execute", **headers):
        if content_type is not None:
            headers["Content-Type"] = content_type
        self.env.flush_all()
        return self.opener.request(
            method, self.base_url() + path, data=body, headers=headers, timeout=60
        )

    def raw(self, text, path="/mcp/search"):
        return self.send("POST", text.encode(), JSON, path)

    def error_of(self, response):
        return response.json()["error"]["data"]

    def assertNobody(self, name):
        self.env.invalidate_all()
        self.assertFalse(self.env["res.partner"].search([("name", "=", name)]))

    # ------------------------------------------------------------------
    # From other sites
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_what_a_page_of_another_site_can_send(self):
        """A form, or a script without a preflight request: refused, cookie or not."""
        body = self.call(values={"name": "Forged"})
        for content_type in (
            None,
            "text/plain",
            "text/plain;charset=UTF-8",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain; application/json",
        ):
            with self.subTest(content_type=content_type):
                response = self.send("POST", body, content_type)
                self.assertIn(response.status_code, (400, 415))
        self.assertNobody("Forged")
        # The same with the right type, so that the test is about the type.
        self.assertTrue(self.send("POST", body, JSON).json()["result"]["success"])

    @mute_logger("odoo.http")
    def test_preflight_is_not_answered(self):
        """And it does nothing: Odoo lets OPTIONS through to the route."""
        response = self.send(
            "OPTIONS",
            self.call(values={"name": "Forged"}),
            JSON,
            Origin="https://evil.example",
            **{"Access-Control-Request-Method": "POST"},
        )
        self.assertEqual(response.status_code, 405)
        self.assertEqual(response.headers["Allow"], "POST")
        self.assertNotIn("Access-Control-Allow-Origin", response.headers)
        self.assertNobody("Forged")

    @mute_logger("odoo.http")
    def test_other_methods(self):
        body = self.call(values={"name": "Forged"})
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
            with self.subTest(method=method):
                response = self.send(method, body, JSON)
                self.assertIn(response.status_code, (404, 405))
        self.assertNobody("Forged")

    @mute_logger("odoo.http")
    def test_unknown_route(self):
        for path in ("/mcp/no_such_route", "/mcp/model/res.partner", "/mcp/"):
            with self.subTest(path=path):
                response = self.send("POST", self.call(), JSON, path)
                self.assertIn(response.status_code, (200, 404))
                self.assertNotIn("Traceback", response.text)
                self.assertNotIn('"result"', response.text)

    # ------------------------------------------------------------------
    # Size
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_long_body(self):
        self.env["ir.config_parameter"].set_param(f"{PARAMETERS}max_body", "1")
        body = self.call(values={"name": "Long", "comment": "x" * 2**20})
        response = self.send("POST", body, JSON)
        self.assertEqual(response.status_code, 413)
        self.assertIn("larger than 1 MiB", self.error_of(response)["message"])
        self.assertNobody("Long")
        short = self.call(values={"name": "Short", "comment": "x" * (2**20 - 1000)})
        self.assertIn("result", self.send("POST", short, JSON).json())

    @mute_logger("odoo.http")
    def test_long_body_that_is_no_json(self):
        """It is refused before it is parsed."""
        self.env["ir.config_parameter"].set_param(f"{PARAMETERS}max_body", "1")
        self.assertEqual(self.raw("[" * 2**21).status_code, 413)

    @mute_logger("odoo.http")
    def test_many_ids(self):
        for method in ("read", "write", "unlink"):
            with self.subTest(method=method):
                error = self.assertRefused(
                    USER_ERROR,
                    "/mcp/execute",
                    model="res.partner",
                    method=method,
                    ids=[1] * (input_guard.MAX_IDS + 1),
                    values={},
                )
                self.assertIn("10000 records at most", error.message)

    @mute_logger("odoo.http")
    def test_many_records(self):
        error = self.assertRefused(
            USER_ERROR,
            "/mcp/execute",
            model="res.partner",
            method="create",
            values=[{}] * (input_guard.MAX_RECORDS + 1),
        )
        self.assertIn("10000 records at most", error.message)

    @mute_logger("odoo.http")
    def test_ids_that_cannot_be(self):
        for record_id in (-1, 2**31, 2**63 - 1):
            with self.subTest(record_id=record_id):
                error = self.assertRefused(
                    USER_ERROR,
                    "/mcp/execute",
                    model="res.partner",
                    method="read",
                    ids=[record_id],
                )
                self.assertIn("is not the id of a record", error.message)

    # ------------------------------------------------------------------
    # Domains
    # ------------------------------------------------------------------

    def refuse_domain(self, domain, text):
        for path, params in (
            ("/mcp/search", {"domain": domain}),
            ("/mcp/execute", {"method": "search", "args": [domain]}),
            ("/mcp/execute", {"method": "search_count", "kwargs": {"domain": domain}}),
        ):
            error = self.assertRefused(USER_ERROR, path, model="res.partner", **params)
            self.assertIn(text, error.message)

    @mute_logger("odoo.http")
    def test_wide_domain(self):
        terms = input_guard.MAX_DOMAIN_TERMS
        self.refuse_domain([["name", "=", "x"]] * (terms + 1), f"{terms} at most")

    @mute_logger("odoo.http")
    def test_deep_domain(self):
        """ "And" and "or" in turns: what Odoo 19.0 ends by a RecursionError."""
        domain = []
        for _ in range(200):
            domain += ["&", ["name", "ilike", "x"], "|", ["name", "ilike", "y"]]
        domain.append(["name", "ilike", "z"])
        self.refuse_domain(domain, "more than 100 levels deep")

    def test_long_domain_of_one_kind(self):
        """That is not deep: Odoo joins these."""
        terms = [["name", "=", f"x{number}"] for number in range(900)]
        domain = ["|"] * 900 + [*terms, ["name", "=", "Ada"]]
        answer = self.mcp("/mcp/search", model="res.partner", domain=domain)
        self.assertIn(self.partner.id, [row["id"] for row in answer["records"]])

    @mute_logger("odoo.http")
    def test_deep_values(self):
        domain = [["name", "=", "x"]]
        for _ in range(60):
            domain = [["parent_id", "any", domain]]
        self.refuse_domain(domain, "nested more than 100 levels deep")

    @mute_logger("odoo.http")
    def test_json_that_is_too_deep_to_parse(self):
        response = self.raw(f'{{"params": {{"domain": {"[" * 99_999}{"]" * 99_999}}}}}')
        error = self.error_of(response)
        self.assertEqual(error["name"], USER_ERROR)
        self.assertIn("nested too deeply", error["message"])

    # ------------------------------------------------------------------
    # Values
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_values_that_are_none(self):
        """Each in a value, in a domain, in an argument and as a name."""
        for text, reason in (
            ('"a\\u0000b"', "NUL character"),
            ('"a\\ud800b"', "surrogate"),
            ('"\\udfff"', "surrogate"),
            ("NaN", "finite"),
            ("Infinity", "finite"),
            ("-Infinity", "finite"),
            ("1e999", "finite"),
            ("9" * 40, "64 bits"),
            ("-" + "9" * 40, "64 bits"),
        ):
            bodies = [
                ("/mcp/execute", f'"method": "create", "values": {{"name": {text}}}'),
                ("/mcp/execute", f'"method": "name_search", "args": [{text}]'),
                ("/mcp/execute", f'"method": "read", "kwargs": {{"fields": [{text}]}}'),
                ("/mcp/search", f'"domain": [["name", "=", {text}]]'),
                ("/mcp/search", f'"context": {{"tz": {text}}}'),
            ]
            if text.startswith('"'):
                bodies.append(
                    ("/mcp/execute", f'"method": "create", "values": {{{text}: 1}}')
                )
            for path, rest in bodies:
                with self.subTest(path=path, rest=rest):
                    body = f'{{"params": {{"model": "res.partner", {rest}}}}}'
                    response = self.raw(body, path)
                    self.assertEqual(response.status_code, 200)
                    error = self.error_of(response)
                    self.assertEqual(error["name"], USER_ERROR)
                    self.assertIn(reason, error["message"])
                    self.assertIn("params", error["message"])

    def test_texts_of_all_planes(self):
        """What is no mistake goes through: accents, other scripts, emoji."""
        name = "Zoë \u6f22\u5b57 \U0001f600"
        answer = self.execute("res.partner", "create", values={"name": name})
        self.assertEqual(self.env["res.partner"].browse(answer["id"]).name, name)

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_number_that_the_column_cannot_hold(self):
        """The database says it, and its answer is one to the caller."""
        error = self.assertRefused(
            "odoo.exceptions.ValidationError",
            "/mcp/execute",
            model="res.partner.category",
            method="create",
            values={"name": "x", "color": 2**40},
        )
        self.assertIn("out of range", error.message)

    @mute_logger("odoo.http")
    def test_bodies_that_are_no_call(self):
        for text in ("", "{", "[]", "7", "null", '"x"', '{"params": 7}'):
            with self.subTest(text=text):
                response = self.raw(text)
                self.assertNotIn("Traceback", response.text)
                self.assertNotIn('"result"', response.text)
                self.assertLess(response.status_code, 500)

    # ------------------------------------------------------------------
    # What errors say
    # ------------------------------------------------------------------

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_errors_have_no_trace_and_no_sql(self):
        def bad_query(records):
            records.env.cr.execute("SELECT no_such_column FROM res_partner")

        def bad_code(records):
            return 1 / 0

        for function in (bad_query, bad_code):
            self.patch(type(self.env["res.partner"]), "action_archive", function)
            response = self.post(
                "/mcp/execute",
                model="res.partner",
                method="action_archive",
                ids=[self.partner.id],
            )
            with self.subTest(function=function.__name__):
                for text in ("Traceback", 'File \\"', ".py", "SELECT", "LINE 1"):
                    self.assertNotIn(text, response.text)
                self.assertTrue(self.error_of(response)["message"])

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule")
    def test_refused_records_are_not_named(self):
        """Also in the developer mode, which a request can switch on by its address."""
        secret = self.env["res.partner"].create({"name": "Secret Agent"})
        self.env["ir.rule"].create(
            {
                "name": "Top secret rule",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {secret.id})]",
            }
        )
        for path in ("/mcp/execute", "/mcp/execute?debug=1"):
            for params in (
                {"method": "read", "kwargs": {"fields": ["name"]}},
                {"method": "write", "values": {"city": "x"}},
                {"method": "unlink"},
            ):
                with self.subTest(path=path, **params):
                    self.env.flush_all()
                    body = self.call(ids=[secret.id], **params)
                    response = self.send("POST", body, JSON, path)
                    error = self.error_of(response)
                    self.assertEqual(error["name"], "odoo.exceptions.AccessError")
                    self.assertNotIn("Secret Agent", response.text)
                    self.assertNotIn("Top secret rule", response.text)
