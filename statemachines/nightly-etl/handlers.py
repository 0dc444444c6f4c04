import csv
import pathlib
import sqlite3

HERE = pathlib.Path(__file__).resolve().parent


def extract(event, context):
    rows = []
    with open(HERE / event["file"], newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            row["line"] = line
            try:
                row["amount"] = float(row["amount"])
            except ValueError:
                del row["amount"]
            rows.append(row)
    print(f"{len(rows)} rows")
    return rows


def convert(event, context):
    return round(event["amount"] * event["rate"], 2)


def load(event, context):
    """Into a database of its own here; the sums come back from SQL."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE sale (day TEXT, shop TEXT, amount REAL)")
    with database:
        database.executemany("INSERT INTO sale VALUES (:day, :shop, :amount)", event["rows"])
    print(f"loaded {len(event['rows'])} rows")
    return [
        {"shop": shop, "days": days, "total": round(total, 2)}
        for shop, days, total in database.execute(
            "SELECT shop, count(DISTINCT day), sum(amount) FROM sale GROUP BY shop ORDER BY shop")
    ]
