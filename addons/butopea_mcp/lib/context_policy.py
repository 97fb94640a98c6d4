"""What a caller may put into the context of a call.

The context is how Odoo's code talks to itself: next to what a web client sets,
it has switches that take checks or traces away. Odoo's own RPC hands all of it
on. Here each key is one of three:

passed on
    What chooses how an answer looks or what a form starts with, and gives no
    right: `lang` (of an installed language), `tz` (that there is),
    `allowed_company_ids` (Odoo refuses those that are not the user's),
    `active_test`, `bin_size` and `bin_size_*` (sizes instead of contents),
    `default_*` and `search_default_*` (a default goes through the same checks as
    a value), `active_id`, `active_ids`, `active_model`, and the keys of Odoo's
    apps, which buttons and the actions that they return need from one step to
    the next.

dropped, because it says nothing
    `DROPPED` below: who the user is comes from the session, and `force_company`
    is what Odoo no longer reads. Web clients send some of them, so that is no
    mistake of the caller.

refused, with the reason
    `REFUSED` below, and each key that begins with an underscore, which is
    private as a method with such a name is. They are refused and not dropped,
    because a caller who set one counts on it.
"""

from __future__ import annotations

from typing import Any

from pytz import all_timezones_set

from odoo.exceptions import UserError

DROPPED = frozenset(
    {
        # The user of the request is the one who is signed in.
        "uid",
        # Rights of the superuser are no matter of the context.
        "su",
        # Without a meaning since 13.0; `allowed_company_ids` has it.
        "force_company",
    }
)

_TRACE = "what is changed has to stay visible in the record's history"
_INSTALLATION = "it is for the installation of modules"
_CONSISTENCY = "it switches checks of the books off"
REFUSED = {
    "tracking_disable": _TRACE,
    "mail_notrack": _TRACE,
    "mail_create_nolog": _TRACE,
    "install_mode": _INSTALLATION,
    "install_demo": _INSTALLATION,
    "install_module": _INSTALLATION,
    "install_filename": _INSTALLATION,
    "install_xmlid": _INSTALLATION,
    "module_uninstall": _INSTALLATION,
    "noupdate": _INSTALLATION,
    "import_file": "it is for the import of files, and skips checks",
    "check_move_validity": _CONSISTENCY,
    "dynamic_unlink": _CONSISTENCY,
    "force_delete": _CONSISTENCY,
    "skip_account_move_synchronization": _CONSISTENCY,
    "skip_invoice_sync": _CONSISTENCY,
    "skip_readonly_check": _CONSISTENCY,
}


def caller_context(context: dict[str, Any]) -> dict[str, Any]:
    """What of a caller's `context` is passed on; `UserError` where it is refused."""
    if not isinstance(context, dict):
        raise UserError(f"context must be an object, but got {context!r}.")
    for key in context:
        if key.startswith("_"):
            raise UserError(f"The context's {key!r} is private: leave it out.")
        if key in REFUSED:
            raise UserError(
                f"The context's {key!r} is not taken here, for {REFUSED[key]}: leave"
                " it out."
            )
    _check_companies(context.get("allowed_company_ids"))
    _check_time_zone(context.get("tz"))
    return {key: value for key, value in context.items() if key not in DROPPED}


def _check_companies(ids: Any) -> None:
    if ids in (None, False):
        return
    if not isinstance(ids, list) or any(
        isinstance(company, bool) or not isinstance(company, int) for company in ids
    ):
        raise UserError(
            f"allowed_company_ids must be a list of numbers, but got {ids!r}."
        )


def _check_time_zone(tz: Any) -> None:
    if tz and not (isinstance(tz, str) and tz in all_timezones_set):
        raise UserError(f"There is no time zone {tz!r}.")
