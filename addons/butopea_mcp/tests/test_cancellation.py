import contextlib
import secrets
import threading
import time
from unittest.mock import patch

from psycopg2.errors import DivisionByZero
from psycopg2.extensions import QueryCanceledError

from odoo import api, sql_db
from odoo.service.model import retrying
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from ..controllers.schema import SchemaController
from ..models.mcp_cancellation import McpCancellation
from .common import McpCase

USER_ERROR = "odoo.exceptions.UserError"
QUERY_CANCELED = "psycopg2.errors.QueryCanceled"

# Much longer than a test waits for anything.
LONG = "SELECT pg_sleep(120)"


class Running:
    """A request that runs in a transaction and a thread of its own."""

    def __init__(self, case, user, token, work):
        self.uid = user.id
        self.token = token
        self.work = work
        self.calls = 0
        self.failure = None
        self.has_begun = threading.Event()
        self.cr = case.cursor()
        self.pid = self.cr._cnx.get_backend_pid()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        env = api.Environment(self.cr, self.uid, {})
        try:
            # As Odoo's dispatcher runs a request.
            retrying(lambda: self.request(env), env)
        except Exception as failure:
            self.failure = failure
        finally:
            self.cr.close()

    def request(self, env):
        self.calls += 1
        env["butopea.mcp.cancellation"]._name_transaction(self.token)
        self.has_begun.set()
        self.work(env)

    def wait(self):
        self.thread.join(60)
        if self.thread.is_alive():
            raise TimeoutError("The request does not end.")


@tagged("post_install", "-at_install")
class TestCancellation(McpCase):
    def setUp(self):
        super().setUp()
        self.token = secrets.token_urlsafe(24)
        self.login(self.boss)

    def cursor(self):
        """A cursor of its own: those of the registry are all the test's."""
        return sql_db.db_connect(self.env.cr.dbname).cursor()

    def cancel(self, token=None):
        return self.mcp("/mcp/cancel", request_token=token or self.token)["cancelled"]

    @contextlib.contextmanager
    def running(self, work=None, user=None, token=None):
        """A request of `user` that sleeps, or does `work`; it is ended in the end."""
        request = Running(
            self,
            user or self.boss,
            token or self.token,
            work or (lambda env: env.cr.execute(LONG)),
        )
        request.thread.start()
        try:
            self.assertTrue(request.has_begun.wait(60))
            yield request
        finally:
            while request.thread.is_alive():
                self.env.cr.execute("SELECT pg_cancel_backend(%s)", [request.pid])
                request.thread.join(0.1)

    def assertCancelled(self, request):
        request.wait()
        self.assertIsInstance(request.failure, QueryCanceledError)

    # ------------------------------------------------------------------
    # What is cancelled
    # ------------------------------------------------------------------

    @mute_logger("odoo.sql_db")
    def test_running_request(self):
        with self.running() as request:
            self.assertIs(self.cancel(), True)
            self.assertCancelled(request)
        self.assertEqual(request.calls, 1, "What was cancelled is not tried again.")
        self.assertIs(self.cancel(), False)

    @mute_logger("odoo.sql_db")
    def test_nothing_is_kept(self):
        name = f"Cancelled {self.token}"

        def work(env):
            env.cr.execute(
                "INSERT INTO res_partner_category (name)"
                " VALUES (jsonb_build_object('en_US', %s::text))",
                [name],
            )
            env.cr.execute(LONG)

        with self.running(work) as request:
            self.assertTrue(self.cancel())
            self.assertCancelled(request)
        with self.cursor() as cr:
            cr.execute(
                "SELECT 1 FROM res_partner_category WHERE name->>'en_US' = %s", [name]
            )
            self.assertFalse(cr.rowcount)

    @mute_logger("odoo.sql_db")
    def test_waiting_for_a_lock(self):
        partner = self.env.ref("base.main_partner")

        def work(env):
            env.cr.execute(
                "SELECT 1 FROM res_partner WHERE id = %s FOR UPDATE", [partner.id]
            )

        with self.cursor() as first:
            work(api.Environment(first, self.boss.id, {}))
            with self.running(work) as request:
                self.assertTrue(self.cancel())
                self.assertCancelled(request)

    @mute_logger("odoo.sql_db")
    def test_short_statements_between_computations(self):
        def work(env):
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                env.cr.execute("SELECT pg_sleep(0.005)")
                time.sleep(0.02)

        with self.running(work) as request:
            for _ in range(20):
                if not self.cancel():
                    break
            self.assertCancelled(request)

    def test_no_statement_at_all(self):
        may_end = threading.Event()
        with self.running(lambda env: may_end.wait(60)) as request:
            try:
                # It was told, and PostgreSQL took no notice.
                self.assertTrue(self.cancel())
            finally:
                may_end.set()
            request.wait()
        self.assertIsNone(request.failure)

    @mute_logger("odoo.sql_db")
    def test_same_token_twice(self):
        with self.running() as first, self.running() as second:
            self.assertTrue(self.cancel())
            self.assertCancelled(first)
            self.assertCancelled(second)

    # ------------------------------------------------------------------
    # The end of the transaction
    # ------------------------------------------------------------------

    def storm(self, request, seconds):
        """Cancel whatever the request's connection does, as fast as can be."""
        with self.cursor() as cr:
            cr.execute(
                """
                DO $$
                    DECLARE
                        till CONSTANT timestamptz
                            := clock_timestamp() + %s * interval '1 second';
                    BEGIN
                        WHILE clock_timestamp() < till LOOP
                            PERFORM pg_cancel_backend(%s);
                        END LOOP;
                    END
                $$
                """,
                [seconds, request.pid],
            )

    def end_in_a_storm(self, work):
        """The request, whose transaction ends while it is cancelled all the time."""
        may_end = threading.Event()

        def wait_and_work(env):
            may_end.wait(60)
            work(env)

        with self.running(wait_and_work) as request:
            storm = threading.Thread(target=self.storm, args=(request, 0.5))
            storm.start()
            # It should have begun by then; if not, less is tested.
            time.sleep(0.1)
            may_end.set()
            request.wait()
            storm.join(60)
        return request

    def assertPoolIsSound(self):
        """Each connection that is free can be used, and none is in a transaction."""
        with contextlib.ExitStack() as stack:
            for _ in range(10):
                stack.enter_context(self.cursor()).execute("SELECT 1")
        with self.cursor() as cr:
            cr.execute(
                """
                SELECT query, state
                  FROM pg_stat_activity
                 WHERE datname = current_database()
                   AND state LIKE 'idle in transaction%%'
                   AND pid NOT IN (pg_backend_pid(), %s)
                """,
                [self.env.cr._cnx.get_backend_pid()],
            )
            self.assertEqual(cr.fetchall(), [])

    def test_storm(self):
        def fail(env):
            raise ValueError("The request fails by itself.")

        for _ in range(4):
            request = self.end_in_a_storm(lambda env: None)
            if request.failure:
                self.assertIsInstance(request.failure, QueryCanceledError)
            self.assertPoolIsSound()
            request = self.end_in_a_storm(fail)
            self.assertIsInstance(request.failure, ValueError)
            self.assertPoolIsSound()

    def test_rollback_is_hit(self):
        hits = []

        def fail(env):
            connection = env.cr._cnx
            roll_back = connection.rollback

            def hit():
                if len(hits) < 3:
                    hits.append(connection.get_backend_pid())
                    raise QueryCanceledError("canceling statement due to user request")
                roll_back()

            connection.rollback = hit
            raise ValueError("The request fails by itself.")

        with self.running(fail) as request:
            request.wait()
        self.assertIsInstance(request.failure, ValueError)
        self.assertEqual(hits, [request.pid] * 3)
        del request.cr._cnx.rollback
        self.assertPoolIsSound()

    def test_commit_is_hit(self):
        def work(env):
            connection = env.cr._cnx

            def hit():
                # What it comes to: the database waits for a ROLLBACK, and the
                # driver believes that there is no transaction.
                connection.rollback()
                connection.autocommit = True
                with connection.cursor() as cr:
                    cr.execute("BEGIN")
                    with contextlib.suppress(DivisionByZero):
                        cr.execute("SELECT 1 / 0")
                raise QueryCanceledError("canceling statement due to user request")

            connection.commit = hit

        with self.running(work) as request:
            request.wait()
        self.assertIsInstance(request.failure, QueryCanceledError)
        self.assertTrue(request.cr._cnx.closed)
        self.assertPoolIsSound()

    # ------------------------------------------------------------------
    # What is not
    # ------------------------------------------------------------------

    @mute_logger("odoo.sql_db")
    def test_others(self):
        with self.running() as request:
            self.assertFalse(self.cancel(self.token + "x"))
            self.login(self.clerk)
            self.assertFalse(self.cancel())
            self.login(self.env.ref("base.user_admin"))
            self.assertFalse(self.cancel())
            self.assertTrue(request.thread.is_alive())
            self.login(self.boss)
            self.assertTrue(self.cancel())
            self.assertCancelled(request)

    @mute_logger("odoo.sql_db")
    def test_same_token_of_others(self):
        with self.running(user=self.clerk) as others, self.running() as own:
            self.assertTrue(self.cancel())
            self.assertCancelled(own)
            self.assertTrue(others.thread.is_alive())

    def test_ended_transaction(self):
        has_ended, may_end = threading.Event(), threading.Event()
        for end in ("commit", "rollback"):
            has_ended.clear()
            may_end.clear()

            def work(env, end=end):
                getattr(env.cr, end)()
                has_ended.set()
                env.cr.execute("SELECT 1")
                may_end.wait(60)
                env.cr.execute("SELECT pg_sleep(0.01)")

            with self.subTest(end=end), self.running(work) as request:
                try:
                    self.assertTrue(has_ended.wait(60))
                    self.assertFalse(self.cancel())
                finally:
                    may_end.set()
                request.wait()
                self.assertIsNone(request.failure)

    def test_nothing_runs(self):
        self.assertIs(self.cancel(), False)
        # The look at the name did not keep it.
        with self.running(lambda env: None) as request:
            request.wait()
        self.assertIsNone(request.failure)
        self.assertIs(self.cancel(), False)

    @mute_logger("odoo.sql_db")
    def test_name_is_free_after_a_look_at_it(self):
        self.assertFalse(self.cancel())
        with self.running() as request:
            self.assertTrue(self.cancel())
            self.assertCancelled(request)

    # ------------------------------------------------------------------
    # The routes
    # ------------------------------------------------------------------

    def routes(self):
        return {
            "/mcp/capabilities": {},
            "/mcp/model/res.partner/schema": {},
            "/mcp/schemas": {"models": ["res.partner"]},
            "/mcp/search": {"model": "res.partner", "limit": 1},
            "/mcp/execute": {
                "model": "res.partner",
                "method": "search_count",
                "args": [[]],
            },
        }

    def test_all_routes_take_a_token(self):
        tokens = []
        for path, params in self.routes().items():
            with self.subTest(path=path), patch.object(
                McpCancellation,
                "_name_transaction",
                lambda _model, token: tokens.append(token),
            ):
                self.mcp(path, **params)
                self.assertEqual(tokens, [])
                self.mcp(path, request_token=self.token, **params)
                self.assertEqual(tokens, [self.token])
                tokens.clear()

    @mute_logger("odoo.http")
    def test_wrong_tokens(self):
        wrong = ("", "x" * 15, "x" * 65, "x" * 16 + "\n", "é" * 16, "a b" * 6, 1, True)
        wrong += (["x" * 16], {"x" * 16: 1}, 1.5)
        for path, params in {**self.routes(), "/mcp/cancel": {}}.items():
            for token in wrong:
                with self.subTest(path=path, token=token):
                    error = self.assertRefused(
                        USER_ERROR, path, request_token=token, **params
                    )
                    self.assertIn("request_token must be", error.message)
        self.assertRefused(USER_ERROR, "/mcp/cancel")

    def test_right_tokens(self):
        for token in ("x" * 16, "-_" * 32, "0aZ" * 10):
            for path, params in self.routes().items():
                with self.subTest(path=path, token=token):
                    self.mcp(path, request_token=token, **params)

    def test_token_is_no_part_of_the_call(self):
        params = {"values": {"name": "Once"}, "idempotency_key": self.token}
        first = self.execute("res.partner", "create", **params)
        again = self.execute(
            "res.partner", "create", request_token=self.token, **params
        )
        self.assertEqual(again, {**first, "replayed": True})

    @mute_logger("odoo.http")
    def test_batch_of_schemas_ends(self):
        asked = []

        def schema_of(_controller, _env, name, _view_type):
            asked.append(name)
            raise QueryCanceledError("canceling statement due to user request")

        self.patch(SchemaController, "_schema_of", schema_of)
        self.assertRefused(
            "psycopg2.extensions.QueryCanceledError",
            "/mcp/schemas",
            models=["res.partner", "res.users"],
        )
        self.assertEqual(asked, ["res.partner"])

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_name_of_the_error(self):
        def method(records):
            # In a request of a test, where nobody else can cancel.
            records.env.cr.execute("SET LOCAL statement_timeout = 50")
            records.env.cr.execute(LONG)

        self.patch(type(self.env["res.partner"]), "action_archive", method)
        self.assertRefused(
            QUERY_CANCELED,
            "/mcp/execute",
            model="res.partner",
            method="action_archive",
            ids=[self.partner.id],
        )
