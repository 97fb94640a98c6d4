"""What several stories do in a warehouse."""

from __future__ import annotations

from support.desk import Desk, Outcome


def warehouse_stock(desk: Desk) -> int:
    """The location in which the first warehouse keeps its goods."""
    warehouse = min(record["id"] for record in desk.find("stock.warehouse"))
    return desk.read("stock.warehouse", warehouse, "lot_stock_id")["lot_stock_id"]["id"]


def put_in_stock(desk: Desk, product: int, quantity: float) -> None:
    """Counts goods in the warehouse, and applies the count."""
    place = warehouse_stock(desk)
    counted = desk.create(
        "stock.quant", product_id=product, location_id=place, inventory_quantity=quantity
    )
    desk.press("stock.quant", counted, "action_apply_inventory")


def move_goods(desk: Desk, transfer: int, quantity: float | None = None) -> Outcome:
    """Moves so much of the only product of a transfer (all, unless told), and validates it."""
    (move,) = desk.find("stock.move", ["picking_id", "=", transfer], fields=["product_uom_qty"])
    # 17.0 renamed the field, and lets a move be picked as a whole.
    done = "quantity" if desk.has_field("stock.move", "quantity") else "quantity_done"
    values = {done: move["product_uom_qty"] if quantity is None else quantity}
    if desk.has_field("stock.move", "picked"):
        values["picked"] = True
    desk.update("stock.move", move["id"], **values)
    return desk.press("stock.picking", transfer, "button_validate")
