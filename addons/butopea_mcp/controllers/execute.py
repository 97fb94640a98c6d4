from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from psycopg2 import DatabaseError, OperationalError

from odoo import models
from odoo.exceptions import MissingError, UserError
from odoo.http import request

from .. import compat
from ..lib.input_guard import check_domain, check_ids, check_records
from ..lib.json_value import json_value
from ..lib.operations import operations_of
from ..lib.property_values import write_values
from .common import McpController, checked, mcp_route

# Before a method of several records.
_BEFORE_CALL = "butopea_mcp_before_call"
# The most records of which one that Odoo refuses is looked for.
_MOST_BLAMED = 100


class ExecuteController(McpController):
    @mcp_route("/mcp/execute")
    def mcp_execute(
        self,
        model: str,
        method: str,
        ids: list[int] | None = None,
        args: list | None = None,
        kwargs: dict | None = None,
        values: dict | list | None = None,
        context: dict | None = None,
        idempotency_key: str | None = None,
        request_token: str | None = None,
    ) -> dict[str, Any]:
        """Call a public method of a model, or of its records `ids`.

        A failure is raised: it ends the transaction, so Odoo rolls back all
        that the call did, and answers with the error.

        With a key, the same call of the same user is done once.
        """
        env = self._mcp_env(request_token)
        args = list(checked(args, list, "args must be a list", []))
        kwargs = dict(checked(kwargs, dict, "kwargs must be an object", {}))
        # As in Odoo's own calls, a context may also come with the arguments.
        own_context = checked(
            kwargs.pop("context", None), dict, "context must be an object", None
        )
        if own_context:
            env = self._mcp_with_context(env.context, own_context)
        ids = self._record_ids(ids)
        checked(method, str, "method must be a text", None)
        self._note(model, method, ids, (values, *args, *kwargs.values()))
        records = self._mcp_model(env, model).browse(ids)
        # Odoo's own rule on what may be called from outside.
        compat.get_public_method(records, method)
        if kwargs.get("domain") or args:
            check_domain(kwargs.get("domain", args[0] if args else None))
        env["butopea.mcp.policy"]._check_execute(records, method, args, kwargs, values)
        key = checked(idempotency_key, str, "idempotency_key must be a text", None)
        if key is None:
            return self._execute(records, method, args, kwargs, values)
        payload = {
            "model": model,
            "method": method,
            "ids": ids,
            "args": args,
            "kwargs": kwargs,
            "values": values,
            # As it was sent: methods read more from it than language and companies,
            # and the user's own part is no part of the call.
            "context": {**compat.request_context(request), **(own_context or {})},
        }
        return env["butopea.mcp.idempotency"]._once(
            key, payload, lambda: self._execute(records, method, args, kwargs, values)
        )

    def _execute(
        self,
        records: models.BaseModel,
        method: str,
        args: list,
        kwargs: dict,
        values: Any,
    ) -> dict[str, Any]:
        env = records.env
        call = {"create": self._create, "write": self._write, "unlink": self._unlink}
        if method in call:
            answer = call[method](records, args, kwargs, values)
        else:

            def call_on(some: models.BaseModel) -> Any:
                result = getattr(some, method)(*args, **kwargs)
                # Constraints and stored computations that still wait fail here.
                env.flush_all()
                return result

            result = self._call(records, call_on)
            answer = {"result": json_value(result, env)}
            action = env["butopea.mcp.action"]._resolve(result, records)
            if action is not None:
                answer["action"] = action
        env.flush_all()
        return {"success": True, **answer}

    def _note(self, model: Any, method: str, ids: list[int], given: tuple) -> None:
        """What the audit log says of the call: of what is given, the names only."""
        call = self._mcp_call()
        call.model, call.method, call.ids = str(model), method, ids
        call.operation = operations_of(method, bool(ids))[0]
        if call.operation in ("create", "write"):
            call.fields = list(
                {
                    name
                    for one in given
                    for values in (one if isinstance(one, list) else [one])
                    if isinstance(values, dict)
                    for name in values
                }
            )

    def _record_ids(self, ids: Any) -> list[int]:
        if isinstance(ids, int) and not isinstance(ids, bool):
            ids = [ids]
        ids = checked(ids, list, "ids must be a list of numbers", [])
        for record_id in ids:
            checked(record_id, int, "ids must be a list of numbers", None)
        check_ids(ids)
        return ids

    def _values(self, args: list, kwargs: dict, values: Any, names: tuple) -> Any:
        """The values, where a client may send them: `values`, or as an argument."""
        if values is not None:
            return values
        if args:
            return args[0]
        for name in names:
            if name in kwargs:
                return kwargs[name]
        raise UserError("There are no values.")

    def _create(
        self, records: models.BaseModel, args: list, kwargs: dict, values: Any
    ) -> dict[str, Any]:
        values = self._values(args, kwargs, values, ("vals_list", "vals", "values"))
        checked(values, (dict, list), "values must be an object or a list", None)
        check_records(values)
        empty = records.browse()
        if isinstance(values, dict):
            created = empty.create(values)
            records.env.flush_all()
            self._mcp_call().ids = created.ids
            return {"id": created.id}
        attempts = [(None, lambda one=one: empty.create(one)) for one in values]
        with self._blaming(records.env, attempts):
            created = empty.create(values)
            records.env.flush_all()
        self._mcp_call().ids = created.ids
        return {"id": created[:1].id or None, "ids": created.ids}

    def _write(
        self, records: models.BaseModel, args: list, kwargs: dict, values: Any
    ) -> dict[str, Any]:
        values = self._values(args, kwargs, values, ("vals", "values"))
        checked(values, dict, "values must be an object", None)
        self._check_exist(records)
        attempts = [
            (one.id, lambda one=one: write_values(one, values)) for one in records
        ]
        with self._blaming(records.env, attempts):
            write_values(records, values)
            records.env.flush_all()
        return {"ids": records.ids}

    def _unlink(
        self, records: models.BaseModel, args: list, kwargs: dict, values: Any
    ) -> dict[str, Any]:
        self._check_exist(records)
        ids = records.ids
        attempts = [(one.id, one.unlink) for one in records]
        with self._blaming(records.env, attempts):
            records.unlink()
            records.env.flush_all()
        return {"ids": ids}

    def _call(
        self, records: models.BaseModel, call_on: Callable[[models.BaseModel], Any]
    ) -> Any:
        """Call a method of `records`; when Odoo refuses, find the record that it means.

        Only for refusals, and only where a savepoint is left: a method that commits
        takes it away. That is why it is not released: such a method works as ever.
        """
        if not 1 < len(records) <= _MOST_BLAMED:
            return call_on(records)
        env = records.env
        env.flush_all()
        env.cr.execute(f"SAVEPOINT {_BEFORE_CALL}")
        try:
            return call_on(records)
        except UserError as error:
            refused = self._refused(records, call_on, error)
            if refused is error:
                raise
            raise refused from error

    def _refused(
        self,
        records: models.BaseModel,
        call_on: Callable[[models.BaseModel], Any],
        error: UserError,
    ) -> UserError:
        """The error of the one record that is refused, with its id, or else `error`.

        Each record is tried alone, and all of that is rolled back. A method that wants
        several (to merge them) refuses each of them alone: then it is not about one.
        """
        found, is_one_taken = None, False
        for index, record in enumerate(records):
            try:
                records.env.cr.execute(f"ROLLBACK TO SAVEPOINT {_BEFORE_CALL}")
            except DatabaseError:
                return error
            records.env.clear()
            try:
                call_on(record)
                is_one_taken = True
            except OperationalError:
                raise
            except UserError as alone:
                alone.butopea_mcp_failed = {"index": index, "id": record.id}
                if str(alone) == str(error):
                    return alone
                found = found or alone
            except Exception:
                # Something else than what it is refused for.
                return error
        return found if found is not None and is_one_taken else error

    @contextlib.contextmanager
    def _blaming(
        self, env: Any, attempts: list[tuple[int | None, Callable]]
    ) -> Iterator[None]:
        """When the block fails for several records, find the one that it fails for.

        Each is tried alone, and the first one that fails is noted on its error
        (see `_handle_error` of `ir.http`). Nothing of it stays: the error is
        raised, and ends the transaction.
        """
        if len(attempts) < 2:
            yield
            return
        with env.cr.savepoint(flush=False) as savepoint:
            try:
                yield
            except OperationalError:
                # Odoo does the whole request again.
                raise
            except Exception as error:
                savepoint.rollback()
                env.clear()
                raise self._blamed(env, error, attempts) from error

    def _blamed(
        self, env: Any, error: Exception, attempts: list[tuple[int | None, Callable]]
    ) -> Exception:
        for index, (record_id, attempt) in enumerate(attempts):
            try:
                attempt()
                env.flush_all()
            except OperationalError:
                raise
            except Exception as alone:
                alone.butopea_mcp_failed = {"index": index, "id": record_id}
                return alone
        return error

    def _check_exist(self, records: models.BaseModel) -> None:
        """Refuse records that do not exist: Odoo would do nothing, and succeed."""
        missing = records - records.exists()
        if missing:
            raise MissingError(
                f"Record does not exist or has been deleted.\n"
                f"(Record: {missing!s}, User: {records.env.uid})"
            )
