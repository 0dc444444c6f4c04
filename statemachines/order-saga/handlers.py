"""The order service's functions. Each error is a class, whose name is what Catch and Retry see."""


class OutOfStock(Exception):
    pass


class CardDeclined(Exception):
    pass


class NoCarrier(Exception):
    pass


STOCK = {"book": 10, "lamp": 3}


def reserve_stock(event, context):
    for item in event["items"]:
        if STOCK.get(item["sku"], 0) < item["quantity"]:
            raise OutOfStock(f"{item['sku']}: asked for {item['quantity']}")
    print(f"reserved {len(event['items'])} items for {event['orderId']}")
    return {"reservationId": f"R-{event['orderId']}"}


def charge_card(event, context):
    if event["card"].endswith("0000"):
        raise CardDeclined(f"card ending in {event['card'][-4:]}")
    print(f"charged {event['amount']} for {event['orderId']}")
    return {"paymentId": f"P-{event['orderId']}"}


def ship_order(event, context):
    if event["address"]["country"] == "XX":
        raise NoCarrier(f"nobody delivers to {event['address']['city']}")
    return {"tracking": f"T-{event['orderId']}"}


def refund_card(event, context):
    print(f"refunded {event['paymentId']}")
    return {"refunded": event["paymentId"]}


def release_stock(event, context):
    print(f"released {event['reservationId']}")
    return {"released": event["reservationId"]}
