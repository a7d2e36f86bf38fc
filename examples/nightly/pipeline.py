"""The programs of the nightly example: a small pipeline that really does something, standard library only.

Everything is written below the folder named in NIGHTLY_OUT (default: ``out`` in this folder). NIGHTLY_FAIL,
or a file ``fail`` in that folder, lets ``verify`` fail.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

OUT = Path(os.environ.get("NIGHTLY_OUT") or Path(__file__).resolve().parent / "out")
WAREHOUSE = OUT / "warehouse.sqlite"
PUBLISHED = OUT / "current.html"

COUNTRIES = {"NO": "NOK", "SE": "SEK", "DE": "EUR", "GB": "GBP"}
RATES = {"NOK": 0.085, "SEK": 0.088, "EUR": 1.0, "GBP": 1.17}
COLUMNS = {
    "orders": ("id", "customer", "amount"),
    "customers": ("id", "country"),
    "rates": ("currency", "euro"),
}


def export(table: str) -> list[tuple[object, ...]]:
    """Yesterday's rows, as the shop would send them."""
    if table == "orders":
        return [(number, number * 7 % 40, 10 + number * 13 % 190) for number in range(200)]
    if table == "customers":
        return [(number, list(COUNTRIES)[number % len(COUNTRIES)]) for number in range(40)]
    return list(RATES.items())


def fetch(table: str) -> None:
    """Write one export as CSV; the service for the rates is busy at the first attempt."""
    if table == "rates" and os.environ.get("TASKGRAPH_ATTEMPT") == "1":
        sys.exit("the exchange rate service is busy, try again")
    time.sleep(0.2)
    place = OUT / f"{table}.csv"
    with place.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS[table], *export(table)])
    print(f"wrote {place.name}")


def load(table: str) -> None:
    """Load one CSV into its table, replacing what was there."""
    with (OUT / f"{table}.csv").open(newline="", encoding="utf-8") as stream:
        _, *rows = csv.reader(stream)
    columns = COLUMNS[table]
    with warehouse() as database, database:
        database.execute(f"drop table if exists {table}")
        database.execute(f"create table {table} ({', '.join(columns)})")
        marks = ", ".join("?" * len(columns))
        database.executemany(f"insert into {table} values ({marks})", rows)  # noqa: S608 - names of our own
    print(f"loaded {len(rows)} rows into {table}")


def unload(table: str) -> None:
    """Undo ``load``."""
    with warehouse() as database, database:
        database.execute(f"drop table if exists {table}")
    print(f"dropped {table}")


def check() -> None:
    """Fail on an order without a customer."""
    with warehouse() as database:
        lost = database.execute(
            "select count(*) from orders where customer not in (select id from customers)"
        ).fetchone()[0]
        total = database.execute("select count(*) from orders").fetchone()[0]
    if lost or not total:
        sys.exit(f"{lost} of {total} orders have no customer")
    print(f"{total} orders, each with its customer")


def summarise() -> None:
    """Rebuild the table summary, slowly enough to see that nobody reads it meanwhile."""
    with warehouse() as database, database:
        database.execute("drop table if exists summary")
        database.execute("create table summary (country, euro)")
        time.sleep(0.3)
        revenue: dict[str, float] = {}
        rates = {currency: float(euro) for currency, euro in database.execute("select currency, euro from rates")}
        query = "select country, amount from orders join customers on customers.id = orders.customer"
        for country, amount in database.execute(query):
            revenue[country] = revenue.get(country, 0.0) + float(amount) * rates[COUNTRIES[country]]
        database.executemany("insert into summary values (?, ?)", sorted(revenue.items()))
    print(f"{len(revenue)} countries")


def export_summary() -> None:
    """Copy the summary for partners; empty the first night if it comes before the table is built."""
    with warehouse() as database:
        known = database.execute("select name from sqlite_master where name = 'summary'").fetchone()
        rows = database.execute("select country, euro from summary").fetchall() if known else []
    (OUT / "partners.json").write_text(json.dumps(dict(rows), indent=2), encoding="utf-8")
    print(f"exported {len(rows)} countries")


def report() -> None:
    """Write the page."""
    with warehouse() as database:
        rows = database.execute("select country, euro from summary order by euro desc").fetchall()
    lines = "".join(f"<tr><td>{country}</td><td>{euro:,.2f}</td></tr>" for country, euro in rows)
    (OUT / "report.html").write_text(f"<!doctype html><title>Revenue</title><table>{lines}</table>", encoding="utf-8")
    print(f"report with {len(rows)} countries")


def publish() -> None:
    """Make the page the current one."""
    temporary = OUT / "current.tmp"
    temporary.write_bytes((OUT / "report.html").read_bytes())
    temporary.replace(PUBLISHED)
    print("published")


def unpublish() -> None:
    """Undo ``publish``."""
    PUBLISHED.unlink(missing_ok=True)
    print("taken back")


def verify() -> None:
    """The page that is out is the one that was written; lets itself be made to fail, to show what is undone."""
    if os.environ.get("NIGHTLY_FAIL") or (OUT / "fail").exists():
        sys.exit("the published page is not the one that was written")
    if PUBLISHED.read_bytes() != (OUT / "report.html").read_bytes():
        sys.exit("the published page differs")
    print("the page is right")


def log() -> None:
    """One line for the night, whatever happened."""
    with (OUT / "nights.log").open("a", encoding="utf-8") as stream:
        stream.write(f"run {os.environ.get('TASKGRAPH_RUN_ID', '?')}: published {PUBLISHED.exists()}\n")


def warehouse() -> closing[sqlite3.Connection]:
    """The database, waiting for its turn to write."""
    return closing(sqlite3.connect(WAREHOUSE, timeout=30))


STEPS = {
    "fetch": fetch,
    "load": load,
    "unload": unload,
    "check": check,
    "summarise": summarise,
    "export": export_summary,
    "report": report,
    "publish": publish,
    "unpublish": unpublish,
    "verify": verify,
    "log": log,
}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    STEPS[sys.argv[1]](*sys.argv[2:])
