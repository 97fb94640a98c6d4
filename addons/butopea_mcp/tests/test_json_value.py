import datetime
import decimal
import json

from markupsafe import Markup

from odoo.tests.common import TransactionCase
from odoo.tools import frozendict, lazy

from ..lib.json_value import json_value


class TestJsonValue(TransactionCase):
    def assertBecomes(self, value, expected):
        result = json_value(value, self.env)
        self.assertEqual(result, expected)
        self.assertIs(type(result), type(expected))
        json.dumps(result, allow_nan=False)

    def test_scalars(self):
        for value in (None, True, False, 0, 7, 2**60, 1.5, "", "text"):
            with self.subTest(value=value):
                self.assertBecomes(value, value)

    def test_numbers_without_json(self):
        self.assertBecomes(float("nan"), None)
        self.assertBecomes(float("inf"), None)
        self.assertBecomes(decimal.Decimal("1.25"), 1.25)

    def test_texts(self):
        self.assertBecomes(Markup("<b>x</b>"), "<b>x</b>")
        self.assertBecomes(lazy(lambda: "later"), "later")
        self.assertBecomes(lazy(lambda: [1, (2,)]), [1, [2]])

    def test_dates(self):
        self.assertBecomes(datetime.date(2026, 1, 31), "2026-01-31")
        self.assertBecomes(
            datetime.datetime(2026, 1, 31, 12, 30, 5, 999), "2026-01-31 12:30:05"
        )

    def test_bytes(self):
        self.assertBecomes(b"\xff\x00", "/wA=")
        # What binary fields give under `bin_size`.
        for size in ("70.00 bytes", "1.50 Kb", "12.00 Mb"):
            self.assertBecomes(size.encode(), size)
        # What binary fields give is base64 already.
        self.assertBecomes(b"/wA=", "/wA=")
        self.assertBecomes(b"a text", "YSB0ZXh0")

    def test_containers(self):
        self.assertBecomes((1, [2, (3,)]), [1, [2, [3]]])
        self.assertBecomes({5}, [5])
        self.assertBecomes((n for n in (1, 2)), [1, 2])
        self.assertBecomes(
            frozendict(a=datetime.date(2026, 1, 1), b={1: None, None: 2, False: 3}),
            {"a": "2026-01-01", "b": {"1": None, "null": 2, "false": 3}},
        )

    def test_recordsets(self):
        germany, france = self.env.ref("base.de"), self.env.ref("base.fr")
        self.assertBecomes(
            france + germany,
            {
                "model": "res.country",
                "ids": [france.id, germany.id],
                "display_names": [france.display_name, germany.display_name],
            },
        )
        self.assertBecomes(
            self.env["res.country"],
            {"model": "res.country", "ids": [], "display_names": []},
        )
        self.assertBecomes(
            self.env["res.country"].new({"name": "x"}),
            {"model": "res.country", "ids": [None], "display_names": [None]},
        )
        self.assertBecomes(
            [{"country": germany}],
            [
                {
                    "country": {
                        "model": "res.country",
                        "ids": [germany.id],
                        "display_names": [germany.display_name],
                    }
                }
            ],
        )

    def test_record_that_is_gone(self):
        category = self.env["res.partner.category"].create({"name": "x"})
        category_id = category.id
        category.unlink()
        self.assertBecomes(
            category,
            {
                "model": "res.partner.category",
                "ids": [category_id],
                "display_names": [None],
            },
        )

    def test_what_json_has_not(self):
        self.assertBecomes(
            [object(), len],
            [
                {"unrepresentable": "builtins.object"},
                {"unrepresentable": "builtins.builtin_function_or_method"},
            ],
        )
