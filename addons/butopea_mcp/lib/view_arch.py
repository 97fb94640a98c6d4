"""What a view's architecture says about fields and buttons.

The architecture is the one that Odoo sends to the web client: inherited views
are applied, and what the user's groups do not allow is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree

from .. import compat

# `column_invisible` hides a list's column, the others are what a form knows.
CONDITIONS = ("required", "readonly", "invisible")

# What stands within a line of text, as opposed to what begins a new one.
_INLINE = ("a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "u")
# What has texts that are no words of the form: names of fields and of buttons, views of
# other models.
_NO_TEXT = ("button", "groupby", "label", "templates", "script", "style", "svg")


class Element(NamedTuple):
    """A `<field>` or `<button>`, and the condition that hides it.

    The condition includes those of the elements around it.
    """

    node: etree._Element
    hidden: Any


class StaticText(NamedTuple):
    """A text of the form itself: words, and the fields that stand between them."""

    pieces: list[str | Element]
    hidden: Any


class ViewArch:
    """A parsed view of one model. Views inside of x2many fields are left out."""

    def __init__(self, arch: str | bytes) -> None:
        self.root = etree.fromstring(arch)

    def _elements(
        self, tag: str, node: etree._Element | None = None, hidden: Any = None
    ) -> Iterator[Element]:
        for child in (self.root if node is None else node).iterchildren(etree.Element):
            child_hidden = compat.any_condition(
                [hidden, compat.view_condition(child, "invisible")]
            )
            if child.tag == tag:
                yield Element(child, child_hidden)
            # Below these two stand the fields of another model.
            if child.tag not in ("field", "groupby"):
                yield from self._elements(tag, child, child_hidden)

    def fields(self) -> dict[str, list[Element]]:
        """Where each field stands, in the order of the view."""
        found: dict[str, list[Element]] = {}
        for element in self._elements("field"):
            # Odoo 18.0 and later add the fields that a condition needs.
            if element.node.get("name") and not element.node.get("data-used-by"):
                found.setdefault(element.node.get("name"), []).append(element)
        return found

    def field_conditions(self, elements: list[Element]) -> dict[str, Any]:
        """The conditions of a field that stands in the form at `elements`.

        A field that stands in several places is hidden where all of them are;
        the rest is taken from the first place that is not always hidden.
        """
        shown = [e for e in elements if e.hidden is not True]
        place = (shown or elements)[0].node
        return {
            "required": compat.view_condition(place, "required"),
            "readonly": compat.view_condition(place, "readonly"),
            "invisible": compat.all_conditions(e.hidden for e in elements),
        }

    def columns(self) -> list[str]:
        """The columns of a list that are shown, those that may be hidden last."""
        shown, conditional = [], []
        for name, elements in self.fields().items():
            node, hidden = elements[0]
            condition = compat.view_condition(node, "column_invisible")
            if (
                condition is True
                or hidden is True
                or node.get("optional") == "hide"
                or node.get("widget") == "handle"
            ):
                continue
            (shown if condition is None else conditional).append(name)
        return shown + conditional

    def columns_of(self, node: etree._Element) -> list[str]:
        """The fields of the list that stands in an x2many field, hidden ones too."""
        for view in node.iterchildren("list", "tree"):
            return list(ViewArch(etree.tostring(view)).fields())
        return []

    def texts(self) -> list[StaticText]:
        """What the form says besides its fields: questions, explanations, warnings."""
        found: list[StaticText] = []
        self._add_texts(self.root, None, found)
        return found

    def _add_texts(
        self, node: etree._Element, hidden: Any, found: list[StaticText]
    ) -> None:
        pieces: list[str | Element] = []

        def end() -> None:
            if _has_words(pieces):
                found.append(StaticText(pieces.copy(), hidden))
            pieces.clear()

        def walk(within: etree._Element) -> None:
            pieces.append(within.text or "")
            for child in within:
                is_element = isinstance(child.tag, str)
                condition = (
                    compat.view_condition(child, "invisible") if is_element else None
                )
                if not is_element or child.tag in _NO_TEXT:
                    pass
                elif child.tag == "field":
                    pieces.append(Element(child, condition))
                elif child.tag in _INLINE and condition is None:
                    walk(child)
                elif child.tag == "br":
                    pieces.append("\n")
                else:
                    end()
                    self._add_texts(
                        child, compat.any_condition([hidden, condition]), found
                    )
                pieces.append(child.tail or "")

        walk(node)
        end()

    def status_field(self) -> str | None:
        """The field that the form shows as its state, if it has one."""
        names = (
            node.get("name")
            for node in self.root.iter("field")
            if node.get("widget") in ("statusbar", "statusbar_duration")
            and not any(above.tag == "field" for above in node.iterancestors())
        )
        return next(names, None)

    def buttons(
        self, in_header: bool = False, types: tuple[str, ...] = ("object",)
    ) -> list[Element]:
        """The buttons that call a method, and that are not always hidden.

        With `in_header` only those of a list's header: the others of a list
        stand in each line. `types` may also have `action`: what opens an action.
        """
        roots = self.root.findall("header") if in_header else [self.root]
        return [
            element
            for root in roots
            for element in self._elements(
                "button", root, compat.view_condition(root, "invisible")
            )
            if element.node.get("type") in types
            and element.node.get("name")
            and element.hidden is not True
        ]


def needs_records(node: etree._Element) -> bool:
    """Whether a person selects records before pressing the button.

    Only in the header of a list there are others: `display="always"` (without it they
    appear with the selection, `web/static/src/views/list/list_controller.xml`).
    """
    above = node.getparent()
    in_header = above is not None and above.tag == "header"
    in_list = in_header and above.getparent().tag == compat.LIST_VIEW
    return not (in_list and node.get("display") == "always")


def _has_words(pieces: list[str | Element]) -> bool:
    """Whether it is more than a sign or a word between two fields."""
    words = " ".join(piece for piece in pieces if isinstance(piece, str))
    return len(re.findall(r"\w{2,}", words)) > 2


def button_label(node: etree._Element) -> str | None:
    """The text that a button shows, if the view has it.

    A statistics button has it in a `<field>` or in an element of its own; the
    first one counts where the view has several to choose from.
    """
    inner = [field.get("string") for field in node.iter("field")]
    marked = [
        _text(element)
        for element in node.iter(etree.Element)
        if "o_stat_text" in (element.get("class") or "").split()
    ]
    candidates = [
        node.get("string"),
        *inner,
        *marked,
        _text(node),
        node.get("title"),
        node.get("aria-label"),
    ]
    return next((text for text in candidates if text), None)


def _text(node: etree._Element) -> str:
    return " ".join(" ".join(node.itertext()).split())
