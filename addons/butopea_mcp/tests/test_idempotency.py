import functools
import threading
import time
import uuid

from odoo import api, sql_db
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import retrying
from odoo.tests.common import HttpCase, tagged
from odoo.tools import mute_logger

from ..models import mcp_idempotency
from .common import McpCase, make_key

ACCESS_ERROR = "odoo.exceptions.AccessError"
USER_ERROR = "odoo.exceptions.UserError"
VALIDATION_ERROR = "odoo.exceptions.ValidationError"


@tagged("post_install", "-at_install")
class TestIdempotency(McpCase):
    def setUp(self):
        super().setUp()
        self.login(self.boss)

    def create(self, name="New", key="key 1", **params):
        return self.execute(
            "res.partner",
            "create",
            values={"name": name},
            idempotency_key=key,
            **params,
        )

    def refused(self, name, method, key="key 1", **params):
        return self.assertRefused(
            name,
            "/mcp/execute",
            model="res.partner",
            method=method,
            idempotency_key=key,
            **params,
        )

    def named(self, name="New"):
        return self.env["res.partner"].search([("name", "=", name)])

    def keys(self):
        self.env.cr.execute("SELECT key FROM butopea_mcp_idempotency ORDER BY key")
        return [row[0] for row in self.env.cr.fetchall()]

    def replace(self, function):
        """Put `function` where a button of partners may lead to."""
        self.patch(type(self.env["res.partner"]), "action_archive", function)

    def archive(self, **params):
        return self.execute(
            "res.partner", "action_archive", ids=[self.partner.id], **params
        )

    # ------------------------------------------------------------------
    # The same call
    # ------------------------------------------------------------------

    def test_create_once(self):
        first = self.create()
        self.assertEqual(first, {"success": True, "id": self.named().id})
        self.assertEqual(self.create(), {**first, "replayed": True})
        self.assertEqual(self.create(), {**first, "replayed": True})
        self.assertEqual(len(self.named()), 1)

    def test_write_and_unlink_once(self):
        for method, values in (("write", {"name": "Eva"}), ("unlink", None)):
            with self.subTest(method=method):
                call = functools.partial(
                    self.execute,
                    "res.partner",
                    method,
                    ids=[self.child.id],
                    values=values,
                    idempotency_key=method,
                )
                answer = call()
                self.assertEqual(answer, {"success": True, "ids": [self.child.id]})
                self.assertEqual(call(), {**answer, "replayed": True})

    def test_method_once(self):
        calls = []

        def method(records):
            calls.append(records.ids)
            return {"type": "ir.actions.act_window", "name": "„ä\0", "n": [1.5, None]}

        self.replace(method)
        first = self.archive(idempotency_key="k")
        self.assertEqual(self.archive(idempotency_key="k"), {**first, "replayed": True})
        self.assertEqual(calls, [[self.partner.id]])

    def test_without_a_key(self):
        for _ in range(2):
            self.assertNotIn("replayed", self.create(key=None))
        self.assertEqual(len(self.named()), 2)
        self.assertEqual(self.keys(), [])

    def test_other_key(self):
        first, second = self.create(key="a"), self.create(key="b")
        self.assertNotEqual(first["id"], second["id"])
        self.assertEqual(self.keys(), ["a", "b"])

    def test_what_is_left_out_is_what_is_empty(self):
        first = self.archive(idempotency_key="k")
        params = {"args": [], "kwargs": {}, "values": None, "context": {}}
        self.assertEqual(
            self.archive(idempotency_key="k", **params), {**first, "replayed": True}
        )

    # ------------------------------------------------------------------
    # Another call
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_other_payload_is_refused(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        values = {"name": "New"}
        self.create()
        for method, params in (
            ("create", {"values": {"name": "Other"}}),
            ("create", {"args": [values]}),
            ("create", {"kwargs": {"vals_list": values}}),
            ("create", {"values": values, "ids": [self.partner.id]}),
            ("write", {"values": values}),
            ("create", {"values": values, "context": {"lang": "fr_FR"}}),
            ("create", {"values": values, "context": {"default_city": "Paris"}}),
            ("create", {"values": values, "kwargs": {"context": {"tz": "UTC"}}}),
            (
                "create",
                {
                    "values": values,
                    "context": {"allowed_company_ids": self.boss.company_ids.ids},
                },
            ),
        ):
            with self.subTest(method=method, **params):
                error = self.refused(USER_ERROR, method, **params)
                self.assertIn("'key 1' was used for another call", error.message)
        error = self.assertRefused(
            USER_ERROR,
            "/mcp/execute",
            model="res.partner.category",
            method="create",
            values=values,
            idempotency_key="key 1",
        )
        self.assertIn("'key 1' was used for another call", error.message)
        self.assertEqual(len(self.named()), 1)
        self.assertFalse(self.named("Other"))
        # And the first call still has its answer.
        self.assertTrue(self.create()["replayed"])

    def test_both_places_of_the_context_are_the_same(self):
        first = self.create(context={"tz": "UTC"})
        again = self.create(kwargs={"context": {"tz": "UTC"}})
        self.assertEqual(again, {**first, "replayed": True})

    def test_other_user_is_independent(self):
        first = self.create()
        self.login(self.env.ref("base.user_admin"))
        second = self.create()
        self.assertNotIn("replayed", second)
        self.assertNotEqual(first["id"], second["id"])
        self.assertTrue(self.create()["replayed"])

    def test_same_user_by_api_key(self):
        api_key = make_key(self.boss)
        first = self.create()
        self.logout()
        self.assertEqual(
            self.mcp(
                "/mcp/execute",
                api_key,
                model="res.partner",
                method="create",
                values={"name": "New"},
                idempotency_key="key 1",
            ),
            {**first, "replayed": True},
        )

    # ------------------------------------------------------------------
    # Failures
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_failed_call_leaves_no_key(self):
        self.refused(
            VALIDATION_ERROR,
            "write",
            ids=[self.partner.id],
            values={"parent_id": self.child.id},
        )
        self.assertEqual(self.keys(), [])
        # The key is free, also for another call.
        self.assertNotIn("replayed", self.create())

    @mute_logger("odoo.http")
    def test_refused_calls_stay_refused(self):
        self.refused(ACCESS_ERROR, "_write", args=[{"name": "x"}])
        self.refused("builtins.AttributeError", "no_such_method")
        self.assertEqual(self.keys(), [])
        foreign = self.env["res.company"].create({"name": "Foreign"})
        self.create()
        self.refused(
            ACCESS_ERROR,
            "create",
            values={"name": "New"},
            context={"allowed_company_ids": [foreign.id]},
        )

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_model")
    def test_rights_of_the_user(self):
        self.login(self.clerk)
        self.refused(ACCESS_ERROR, "create", values={"name": "New"})
        self.assertFalse(self.named())
        self.assertEqual(self.keys(), [])

    @mute_logger("odoo.http")
    def test_wrong_keys(self):
        for key in ("", "x" * 129, "ä", "a\nb", "a\n", "\x7f", 1, True, ["a"], {}):
            with self.subTest(key=key):
                error = self.refused(USER_ERROR, "create", key, values={"name": "New"})
                self.assertIn("idempotency_key must be", error.message)
        self.assertFalse(self.named())
        self.assertNotIn("replayed", self.create(key="~ " * 64))

    @mute_logger("odoo.http")
    def test_long_answer_is_not_kept(self):
        calls = []

        def method(records):
            calls.append(records)
            return "x" * 50

        self.replace(method)
        self.patch(mcp_idempotency, "_LONGEST_ANSWER", 50)
        self.assertEqual(self.archive(idempotency_key="k")["result"], "x" * 50)
        error = self.refused(USER_ERROR, "action_archive", "k", ids=[self.partner.id])
        self.assertIn("was done before", error.message)
        self.assertIn("too long", error.message)
        self.assertEqual(len(calls), 1)

    @mute_logger("odoo.http")
    def test_method_that_commits_and_fails(self):
        calls = []

        def method(records):
            calls.append(records)
            records.env.cr.commit()
            raise ValidationError("No.")

        self.replace(method)
        self.refused(VALIDATION_ERROR, "action_archive", "k", ids=[self.partner.id])
        error = self.refused(USER_ERROR, "action_archive", "k", ids=[self.partner.id])
        self.assertIn("has saved a part of its work", error.message)
        self.assertEqual(len(calls), 1)

    def test_method_that_rolls_back(self):
        self.replace(lambda records: records.env.cr.rollback())
        self.archive(idempotency_key="k")
        self.assertTrue(self.archive(idempotency_key="k")["replayed"])

    # ------------------------------------------------------------------
    # The table
    # ------------------------------------------------------------------

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_model")
    def test_nobody_has_access(self):
        self.create()
        table = self.env["butopea.mcp.idempotency"]
        self.assertEqual(len(table.search([])), 1)
        for user in (self.boss, self.clerk, self.env.ref("base.user_admin")):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    table.with_user(user).search([])
                with self.assertRaises(AccessError):
                    table.search([]).with_user(user).read(["answer"])
                with self.assertRaises(AccessError):
                    table.search([]).with_user(user).unlink()
                with self.assertRaises(AccessError):
                    table.with_user(user).create({"user_id": user.id, "key": "x"})
                with self.assertRaises(AccessError):
                    table.search([]).with_user(user).write({"answer": "{}"})
        self.assertRefused(ACCESS_ERROR, "/mcp/search", model="butopea.mcp.idempotency")

    def test_vacuum(self):
        for key, age in (("new", 0), ("young", 23), ("old", 25), ("older", 1000)):
            self.create(key=key)
            self.env.cr.execute(
                "UPDATE butopea_mcp_idempotency"
                " SET date = date - %s * interval '1 hour' WHERE key = %s",
                [age, key],
            )
        vacuum = type(self.env["butopea.mcp.idempotency"])._gc_keys
        self.assertTrue(vacuum._autovacuum)
        vacuum(self.env["butopea.mcp.idempotency"])
        self.assertEqual(self.keys(), ["new", "young"])
        self.assertNotIn("replayed", self.create(key="old"))

    def test_keys_go_with_their_user(self):
        user = self.boss.copy({"login": "mcp_leaver"})
        table = self.env["butopea.mcp.idempotency"].with_user(user)
        table._once("k", {}, dict)
        user.unlink()
        self.env.flush_all()
        self.assertEqual(self.keys(), [])


def pid_of(cr):
    """The process of the database that serves `cr`."""
    return cr._cnx.get_backend_pid()


@tagged("post_install", "-at_install")
class TestConcurrency(HttpCase):
    """Two calls at the same time, in transactions of their own.

    A case of HTTP, for only there threads may ask for the registry meanwhile.
    """

    def setUp(self):
        super().setUp()
        self.key = str(uuid.uuid4())
        self.uid = self.env.ref("base.user_admin").id
        self.done = []
        self.addCleanup(self.forget)

    def forget(self):
        with self.cursor() as cr:
            cr.execute("DELETE FROM butopea_mcp_idempotency WHERE key = %s", [self.key])

    def cursor(self):
        """A cursor of its own: those of the registry are all the test's."""
        return sql_db.db_connect(self.env.cr.dbname).cursor()

    def once(self, env, who, payload=None):
        def call():
            self.done.append(who)
            return {"by": who}

        return env["butopea.mcp.idempotency"]._once(self.key, payload or {}, call)

    def second(self, cr, answers, payload=None):
        """What a second request does, as Odoo's dispatcher does it."""
        env = api.Environment(cr, self.uid, {})
        try:
            answers.append(retrying(lambda: self.once(env, "second", payload), env))
        except UserError as error:
            answers.append(str(error))

    def wait_until_blocked(self, cr, by):
        """Wait until the transaction of `cr` waits for the one of `by`."""
        deadline = time.monotonic() + 30
        with self.cursor() as watch:
            while time.monotonic() < deadline:
                watch.execute("SELECT pg_blocking_pids(%s)", [pid_of(cr)])
                if watch.fetchone()[0] == [pid_of(by)]:
                    return
                time.sleep(0.05)
        self.fail("The second one does not wait for the first one.")

    def race(self, end, payload=None):
        """The answers to a second one that comes before the `end` of the first."""
        answers = []
        with self.cursor() as first, self.cursor() as second:
            env = api.Environment(first, self.uid, {})
            self.assertEqual(self.once(env, "first"), {"by": "first"})
            thread = threading.Thread(
                target=self.second, args=(second, answers, payload)
            )
            thread.start()
            try:
                self.wait_until_blocked(second, by=first)
                self.assertEqual((self.done, answers), (["first"], []))
            finally:
                end(first)
                thread.join(60)
            self.assertFalse(thread.is_alive())
        return answers

    def test_first_succeeds(self):
        answers = self.race(lambda cr: cr.commit())
        self.assertEqual(answers, [{"by": "first", "replayed": True}])
        self.assertEqual(self.done, ["first"])

    def test_first_fails(self):
        answers = self.race(lambda cr: cr.rollback())
        self.assertEqual(answers, [{"by": "second"}])
        self.assertEqual(self.done, ["first", "second"])

    def test_first_was_another_call(self):
        [answer] = self.race(lambda cr: cr.commit(), {"other": 1})
        self.assertIn("was used for another call", answer)
        self.assertEqual(self.done, ["first"])
