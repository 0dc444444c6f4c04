def sum_readings(event, context):
    items, limit = event["Items"], event["BatchInput"]["limit"]
    print(f"{len(items)} readings")
    return {
        "readings": len(items),
        "hot": sum(item["temperature"] > limit for item in items),
        "sum": round(sum(item["temperature"] for item in items), 2),
    }


def total(event, context):
    batches = event["batches"]
    readings = sum(batch["readings"] for batch in batches)
    return {
        "batches": len(batches),
        "readings": readings,
        "hot": sum(batch["hot"] for batch in batches),
        "mean": round(sum(batch["sum"] for batch in batches) / readings, 2),
    }
