"""What a call may reach: methods, the context, fields that are Odoo's own."""

import datetime

from odoo.exceptions import AccessError
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .. import compat
from ..lib import context_policy
from .common import McpCase

ACCESS_ERROR = "odoo.exceptions.AccessError"
USER_ERROR = "odoo.exceptions.UserError"
ATTRIBUTE_ERROR = "builtins.AttributeError"


@tagged("post_install", "-at_install")
class TestMethods(McpCase):
    def setUp(self):
        super().setUp()
        self.login(self.clerk)

    def refused(self, name, method, **params):
        params.setdefault("ids", [self.partner.id])
        return self.assertRefused(
            name, "/mcp/execute", model="res.partner", method=method, **params
        )

    @mute_logger("odoo.http")
    def test_private_methods(self):
        for method in (
            "_write",
            "_create",
            "_compute_display_name",
            "__init__",
            "__class__",
            "__getattribute__",
            "__setattr__",
            "__reduce__",
            "__subclasshook__",
            "_",
        ):
            with self.subTest(method=method):
                self.refused(ACCESS_ERROR, method)

    @mute_logger("odoo.http")
    def test_methods_for_code(self):
        """What 19.0 marks as private is so in all series."""
        for method, args in (
            ("sudo", []),
            ("with_user", [self.boss.id]),
            ("with_env", [None]),
            ("with_context", [{"install_mode": True}]),
            ("with_company", [1]),
            ("with_prefetch", [None]),
            ("browse", [[1]]),
            ("new", [{}]),
            ("mapped", ["user_ids.password"]),
            ("filtered", ["user_ids.password"]),
            ("filtered_domain", [[]]),
            ("sorted", ["name"]),
            ("update", [{"name": "x"}]),
            ("concat", []),
            ("union", []),
            ("exists", []),
            ("ensure_one", []),
            ("init", []),
            ("modified", [["name"]]),
            ("invalidate_recordset", []),
            ("invalidate_model", []),
            ("flush_model", []),
            ("check_access", ["read"]),
        ):
            if not hasattr(self.env["res.partner"], method):
                continue
            with self.subTest(method=method):
                self.refused(ACCESS_ERROR, method, args=args)

    @mute_logger("odoo.http")
    def test_attributes_that_are_no_methods(self):
        """Also those of the class's class, which only a class has."""
        for method in (
            "env",
            "ids",
            "id",
            "pool",
            "name",
            "mro",
            "write.__globals__",
            "child_ids.write",
            "no_such_method",
            "",
            " write",
            "write ",
            "wri\u200bte",
        ):
            with self.subTest(method=method):
                self.refused(ATTRIBUTE_ERROR, method)

    @mute_logger("odoo.http")
    def test_methods_that_are_no_texts(self):
        for method in (["write"], {"a": 1}, 7, True):
            with self.subTest(method=method):
                self.refused(USER_ERROR, method)

    def test_never_more_than_odoo(self):
        """What Odoo's own rule refuses, ours does: for all names of a model."""
        own_rule = compat._odoo_public_method
        for model in (self.env["res.partner"], self.env["res.users"]):
            for name in dir(type(model)):
                try:
                    own_rule(model, name)
                except (AccessError, AttributeError) as error:
                    with self.subTest(name=name), self.assertRaises(type(error)):
                        compat.get_public_method(model, name)


@tagged("post_install", "-at_install")
class TestContext(McpCase):
    def setUp(self):
        super().setUp()
        self.login(self.boss)
        self.seen = []
        seen = self.seen

        def look(records):
            seen.append((dict(records.env.context), records.env.uid, records.env.su))

        self.patch(type(self.env["res.partner"]), "action_archive", look)

    def context_of(self, context):
        """What a method sees of a context that a caller sends, by either way."""
        found = []
        for params in ({"context": context}, {"kwargs": {"context": context}}):
            self.execute(
                "res.partner", "action_archive", ids=[self.partner.id], **params
            )
            found.append(self.seen.pop())
        self.assertEqual(found[0], found[1])
        return found[0]

    def refuse(self, context, text, name=USER_ERROR):
        for params in ({"context": context}, {"kwargs": {"context": context}}):
            error = self.assertRefused(
                name,
                "/mcp/execute",
                model="res.partner",
                method="action_archive",
                ids=[self.partner.id],
                **params,
            )
            self.assertIn(text, error.message)
        self.assertFalse(self.seen)

    def test_user_and_superuser(self):
        """Neither comes from the context, so both keys are dropped."""
        admin = self.env.ref("base.user_root").id
        context, uid, is_superuser = self.context_of({"uid": admin, "su": True})
        self.assertEqual((uid, is_superuser), (self.boss.id, False))
        self.assertNotEqual(context.get("uid"), admin)
        self.assertNotIn("su", context)

    def test_obsolete(self):
        self.assertNotIn("force_company", self.context_of({"force_company": 1})[0])

    @mute_logger("odoo.http")
    def test_switches(self):
        for key in sorted(context_policy.REFUSED):
            with self.subTest(key=key):
                self.refuse({key: True}, f"{key!r} is not taken here")
                # Off is the same as on: the code may look for the key alone.
                self.refuse({key: False}, f"{key!r} is not taken here")

    @mute_logger("odoo.http")
    def test_private_keys(self):
        for key in ("_force_unlink", "__last_update", "_import_current_module"):
            with self.subTest(key=key):
                self.refuse({key: True}, "is private")

    @mute_logger("odoo.http")
    def test_history_stays(self):
        """The reason for the refusal: with these keys a change leaves no trace."""
        for route in ("/mcp/search", "/mcp/model/res.partner/schema"):
            self.assertRefused(
                USER_ERROR,
                route,
                model="res.partner",
                context={"tracking_disable": True},
            )

    @mute_logger("odoo.http")
    def test_language_that_is_not_installed(self):
        for lang in ("xx_XX", "../../etc", 7, ["en_US"], {"a": 1}):
            with self.subTest(lang=lang):
                self.refuse({"lang": lang}, "Invalid language code")
        self.assertEqual(self.context_of({"lang": "en_US"})[0]["lang"], "en_US")

    @mute_logger("odoo.http")
    def test_companies_of_others(self):
        foreign = self.env["res.company"].create({"name": "Foreign"})
        self.refuse({"allowed_company_ids": [foreign.id]}, "", ACCESS_ERROR)
        own = self.boss.company_id.ids
        context = self.context_of({"allowed_company_ids": own})[0]
        self.assertEqual(context["allowed_company_ids"], own)

    @mute_logger("odoo.http")
    def test_companies_that_are_none(self):
        for value in ("1", 1, {"a": 1}, [True], ["1"], [[1]]):
            with self.subTest(value=value):
                self.refuse({"allowed_company_ids": value}, "must be a list of numbers")

    @mute_logger("odoo.http")
    def test_time_zone_that_is_none(self):
        for tz in ("Mars/Olympus", "../../etc/passwd", 7, ["UTC"]):
            with self.subTest(tz=tz):
                self.refuse({"tz": tz}, "There is no time zone")
        for tz in ("Europe/Budapest", "", False):
            self.context_of({"tz": tz})

    def test_archived_records(self):
        """`active_test` shows what is archived, to who may see it."""
        self.partner.active = False
        for active_test, count in ((True, 0), (False, 1)):
            answer = self.mcp(
                "/mcp/search",
                model="res.partner",
                domain=[["id", "=", self.partner.id]],
                context={"active_test": active_test},
            )
            self.assertEqual(answer["count"], count)

    def test_sizes(self):
        self.partner.image_1920 = (
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
            b"WjR9awAAAABJRU5ErkJggg=="
        )
        answer = self.mcp(
            "/mcp/search",
            model="res.partner",
            domain=[["id", "=", self.partner.id]],
            fields=["image_1920"],
            context={"bin_size": True},
        )
        self.assertRegex(answer["records"][0]["image_1920"], r"ytes|b$")

    @mute_logger("odoo.http", "odoo.models")
    def test_defaults_are_values(self):
        """A default gives no right that a value does not."""
        hidden = self.env["res.groups"].create({"name": "Hidden"})
        field = next(
            name for name in ("group_ids", "groups_id") if name in self.boss._fields
        )
        user = self.env["res.users"].browse(self.clerk.id)
        self.login(self.clerk)
        self.assertRefused(
            ACCESS_ERROR,
            "/mcp/execute",
            model="res.users",
            method="create",
            values={"name": "x", "login": "x"},
            context={f"default_{field}": [[6, 0, hidden.ids]]},
        )
        self.login(self.boss)
        answer = self.execute(
            "res.partner",
            "create",
            values={"name": "By default"},
            context={"default_city": "Paris", "default_create_uid": user.id},
        )
        created = self.env["res.partner"].browse(answer["id"])
        self.assertEqual((created.city, created.create_uid), ("Paris", self.boss))


@tagged("post_install", "-at_install")
class TestMagicFields(McpCase):
    """Fields that Odoo fills in by itself: values for them change nothing."""

    def setUp(self):
        super().setUp()
        self.login(self.boss)
        self.values = {
            "id": 999_999,
            "create_uid": self.clerk.id,
            "create_date": "2001-01-01 00:00:00",
            "write_uid": self.clerk.id,
            "write_date": "2001-01-01 00:00:00",
            "__last_update": "2001-01-01 00:00:00",
            "parent_path": "1/2/3/",
        }

    def known(self, model):
        return {
            name: value
            for name, value in self.values.items()
            if name in self.env[model]._fields
        }

    def assertOwn(self, record):
        self.assertNotEqual(record.id, 999_999)
        self.assertEqual((record.create_uid, record.write_uid), (self.boss,) * 2)
        for date in (record.create_date, record.write_date):
            self.assertGreater(date, datetime.datetime(2020, 1, 1))
        if "parent_path" in record._fields:
            self.assertEqual(record.parent_path, f"{record.id}/")

    def test_create(self):
        for model in ("res.partner", "res.partner.category"):
            with self.subTest(model=model):
                values = {"name": "New", **self.known(model)}
                answer = self.execute(model, "create", values=values)
                self.assertOwn(self.env[model].browse(answer["id"]))

    def test_create_lines(self):
        line = {"name": "Line", **self.known("res.partner")}
        answer = self.execute(
            "res.partner", "create", values={"name": "x", "child_ids": [[0, 0, line]]}
        )
        self.assertOwn(self.env["res.partner"].browse(answer["id"]).child_ids)

    @mute_logger("odoo.http", "odoo.models", "odoo.sql_db")
    def test_write(self):
        """Odoo ignores them, or refuses the call; none is kept."""
        category = self.env["res.partner.category"].create({"name": "x"})
        made = (category.id, category.create_uid, category.create_date)
        for name, value in self.known(category._name).items():
            with self.subTest(name=name):
                self.post(
                    "/mcp/execute",
                    model=category._name,
                    method="write",
                    ids=category.ids,
                    values={"name": "y", name: value},
                )
                found = self.env[category._name].browse(category.id)
                self.assertTrue(found.exists())
                self.assertEqual((found.id, found.create_uid, found.create_date), made)
                self.assertEqual(found.parent_path, f"{category.id}/")
                self.assertGreater(found.write_date, datetime.datetime(2020, 1, 1))
                self.assertNotEqual(found.write_uid, self.clerk)
