from odoo import http
from odoo.tests.common import new_test_user, tagged
from odoo.tools import mute_logger

from .common import BAD_KEY, McpCase, make_key, saved_sessions

DENIED = "odoo.exceptions.AccessDenied"
EXPIRED = "odoo.http.SessionExpiredException"


@tagged("post_install", "-at_install")
class TestAuth(McpCase):
    def whoami(self, key=None, path="/mcp/capabilities"):
        return self.mcp(path, key)["user"]["login"]

    def test_session_cookie(self):
        self.login(self.clerk)
        self.assertEqual(self.whoami(), "mcp_clerk")

    @mute_logger("odoo.http")
    def test_nobody(self):
        self.logout()
        for path in (
            "/mcp/capabilities",
            "/mcp/model/res.partner/schema",
            "/mcp/schemas",
            "/mcp/search",
            "/mcp/execute",
            "/mcp/session",
            "/mcp/cancel",
        ):
            with self.subTest(path=path):
                self.assertRefused(EXPIRED, path)

    def test_key(self):
        self.logout()
        self.assertEqual(self.whoami(make_key(self.clerk)), "mcp_clerk")

    def test_key_header_case(self):
        self.logout()
        key = make_key(self.clerk)
        response = self.url_open(
            "/mcp/capabilities",
            data=b'{"jsonrpc": "2.0", "params": {}, "id": 1}',
            headers={
                "Content-Type": "application/json",
                "authorization": f"bearer {key}",
            },
        )
        self.assertEqual(response.json()["result"]["user"]["login"], "mcp_clerk")

    def test_key_uses_own_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.clerk.lang = "fr_FR"
        self.logout()
        self.assertEqual(
            self.mcp("/mcp/capabilities", make_key(self.clerk))["lang"], "fr_FR"
        )

    def test_key_leaves_no_session(self):
        key = make_key(self.clerk)
        # With the parameter the request writes into its session.
        for path in ("/mcp/capabilities", "/mcp/capabilities?debug=1"):
            with self.subTest(path=path), saved_sessions() as saved:
                self.logout()
                response = self.post(path, key)
                self.assertIn("result", response.json())
                self.assertEqual(saved, [])
                self.assertNotIn("session_id", response.cookies)

    def test_wrong_key(self):
        self.logout()
        with saved_sessions() as saved, self.assertLogs("odoo", "DEBUG") as logs:
            response = self.post("/mcp/capabilities?debug=1", BAD_KEY)
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")
        self.assertEqual(response.json()["error"]["data"]["name"], DENIED)
        self.assertEqual(saved, [])
        self.assertNotIn("session_id", response.cookies)
        self.assertTrue(any("API key refused" in line for line in logs.output))
        self.assertFalse(any(BAD_KEY in line for line in logs.output))

    def test_key_with_a_wrong_end(self):
        self.logout()
        key = make_key(self.clerk)
        with self.assertLogs("odoo", level="DEBUG") as logs:
            response = self.post("/mcp/capabilities", key[:-4] + "zzzz")
        self.assertEqual(response.status_code, 401)
        self.assertFalse(any(key[8:-4] in line for line in logs.output))

    @mute_logger("odoo.http")
    def test_empty_key(self):
        self.logout()
        self.assertEqual(self.post("/mcp/capabilities", "").status_code, 401)

    @mute_logger("odoo.http")
    def test_wrong_key_beats_session(self):
        self.login(self.clerk)
        self.assertEqual(self.post("/mcp/capabilities", BAD_KEY).status_code, 401)
        self.assertEqual(self.whoami(), "mcp_clerk")

    @mute_logger("odoo.http")
    def test_key_of_another_purpose(self):
        self.logout()
        key = make_key(self.clerk, scope="2fa")
        self.assertEqual(self.post("/mcp/capabilities", key).status_code, 401)

    @mute_logger("odoo.http")
    def test_key_of_archived_user(self):
        self.logout()
        key = make_key(self.clerk)
        self.clerk.active = False
        self.assertEqual(self.post("/mcp/capabilities", key).status_code, 401)

    @mute_logger("odoo.http")
    def test_key_of_another_user_than_the_session(self):
        self.login(self.clerk)
        self.assertRefused(DENIED, "/mcp/capabilities", key=make_key(self.boss))

    def test_portal_user(self):
        new_test_user(self.env, "mcp_portal", "base.group_portal")
        self.authenticate("mcp_portal", "mcp_portal")
        answer = self.mcp("/mcp/capabilities")
        self.assertEqual(answer["user"]["login"], "mcp_portal")
        self.assertEqual((answer["menus"], answer["models"]), ([], []))
        self.assertIsNone(answer["modules"])

    def test_own_routes_only(self):
        """`/mcp` itself belongs to Odoo: some editions have an endpoint there."""
        self.login(self.clerk)
        self.assertEqual(self.post("/mcp").status_code, 404)

    # ------------------------------------------------------------------
    # /mcp/session
    # ------------------------------------------------------------------

    def open_session(self, key):
        response = self.post("/mcp/session", key)
        self.assertEqual(
            response.json()["result"],
            {"uid": self.clerk.id, "login": "mcp_clerk", "session": True},
        )
        return response.cookies["session_id"]

    def use_session(self, session_id):
        self.logout()
        self.opener.cookies.set("session_id", session_id)

    def test_session_from_key(self):
        self.logout()
        with saved_sessions() as saved:
            session_id = self.open_session(make_key(self.clerk))
        self.assertIn(session_id, saved)
        self.use_session(session_id)
        self.assertEqual(self.whoami(), "mcp_clerk")

    def test_session_keeps_no_key(self):
        self.logout()
        key = make_key(self.clerk)
        session_id = self.open_session(key)
        session = http.root.session_store.get(session_id)
        self.assertNotIn(key[:8], str(dict(session)))

    @mute_logger("odoo.http")
    def test_session_ends_with_its_key(self):
        self.logout()
        session_id = self.open_session(make_key(self.clerk))
        self.use_session(session_id)
        self.assertEqual(self.whoami(), "mcp_clerk")
        self.env.cr.execute(
            "DELETE FROM res_users_apikeys WHERE user_id = %s", [self.clerk.id]
        )
        self.assertRefused(EXPIRED, "/mcp/capabilities")

    @mute_logger("odoo.http")
    def test_session_without_key(self):
        self.login(self.clerk)
        self.assertRefused(DENIED, "/mcp/session")

    @mute_logger("odoo.http")
    def test_session_by_wrong_key(self):
        self.logout()
        with saved_sessions() as saved:
            response = self.post("/mcp/session", BAD_KEY)
        self.assertEqual(response.status_code, 401)
        self.assertEqual(saved, [])
        self.assertNotIn("session_id", response.cookies)
