"""Options: keys that are no names, keys that become the same name, many and none."""

from __future__ import annotations

from odoo import fields, models

SYMBOLS = (
    "<", "<=", "=", "==", "!=", ">", ">=", "-", "--", "+", "*", "/", "\\", "|", "&",
    "^", "~", "?", "!", "@", "#", "$", "%", "(", ")", "[", "]", "{", "}", "'", '"', "`",
    ",", ".", "...", ";", ":", "_", "__",
)  # fmt: skip

ALPHABETS = (
    "é", "É", "e\u0301", "ß", "ss", "名", "名前", "ا", "\u200b", "\u202e", "👍", "👍🏽",
    "½", "²", "１", "Ⅳ", "ı", "İ", "ﬁ",
)  # fmt: skip

FOLDED = (
    "a-b", "a_b", "a b", "A_B", "A B", "aB", "AB", "ab", "a.b", "a/b", "a--b", "a__b",
    "_a_b", "a_b_", "A-b", "ab2", "a_b2", "a_b_2", "a b 2", "a2", "a",
)  # fmt: skip

WORDS = (
    "False", "false", "True", "true", "None", "none", "null", "nil", "0", "00", "-0",
    "0.0", "1", "01", "1e3", "-1", "+1", "1.5", "1_5", "15", "NaN", "self", "Self",
    "crate", "super", "unlisted", "Unlisted", "Unlisted2", "other", "Some", "Ok", "Box",
    "String", "Key", "Id", "key with spaces", " ", "  ", " lead", "trail ", "tab\there",
    "new\nline", "//x", "/* y", '"; drop', "{}", "{0}", "\\n", "x" * 200,
)  # fmt: skip


def _options(keys: tuple[str, ...]) -> list[tuple[str, str]]:
    # One label for several keys: a label alone says nothing.
    return [(key, f"Option {index // 2}") for index, key in enumerate(keys)]


def _reflected(keys: tuple[str, ...]) -> list[tuple[str, str]]:
    """Those that a field may have by itself: each has an external id, in which case,
    dots and blanks are lost. A method may answer with any."""
    by_id = {key.replace(".", "_").replace(" ", "_").lower(): key for key in keys}
    return _options(tuple(by_id.values()))


class NastySelection(models.Model):
    _name = "nasty.selection"
    _description = "Nasty Selection"
    _order = "words, id desc"

    name = fields.Char()
    empty_key = fields.Selection([("", "Nothing"), ("a", "A"), ("empty", "Empty")])
    only_empty_key = fields.Selection([("", "Nothing")])
    symbols = fields.Selection(_reflected(SYMBOLS))
    alphabets = fields.Selection(_reflected(ALPHABETS))
    folded = fields.Selection(_reflected(FOLDED))
    words = fields.Selection(_reflected(WORDS), required=True, default="null")
    all_symbols = fields.Selection(lambda self: _options(SYMBOLS))
    all_alphabets = fields.Selection(lambda self: _options(ALPHABETS))
    all_folded = fields.Selection(lambda self: _options(FOLDED), default="a-b")
    all_words = fields.Selection(lambda self: _options(WORDS))
    many = fields.Selection([(f"option {i}", f"Option {i}") for i in range(300)])
    none = fields.Selection([])
    dynamic = fields.Selection("_select_dynamic")
    dynamic_none = fields.Selection("_select_none")
    parent_id = fields.Many2one("nasty.selection")
    related = fields.Selection(related="parent_id.folded", string="Related Options")
    related_stored = fields.Selection(related="parent_id.words", store=True)
    related_dynamic = fields.Selection(related="parent_id.dynamic")
    computed = fields.Selection(_reflected(FOLDED), compute="_compute_computed")
    type = fields.Selection([("type", "Type"), ("self", "Self"), ("a", "A")])
    record = fields.Selection([("record", "Record")])
    fields = fields.Selection([("fields", "Fields")])

    def _select_dynamic(self) -> list[tuple[str, str]]:
        return [("one", "One"), ("a-b", "A-B"), ("a_b", "A_B"), (" ", "Blank")]

    def _select_none(self) -> list[tuple[str, str]]:
        return []

    def _compute_computed(self) -> None:
        for record in self:
            record.computed = record.folded
