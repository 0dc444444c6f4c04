"""Prints requests as botocore writes them, one JSON object a line, for random parameters of many operations.

    sample_requests.py SEED OPERATIONS_PER_SERVICE [SERVICE ...]

{service, operation, protocol, input, method, path, query: [[name, value]], headers: [[name, value]], body}
"""
import base64
import datetime
import json
import random
import sys

import botocore.loaders
import botocore.model
import botocore.serialize

OURS = ["json", "rest-json", "query", "rest-xml", "ec2"]
WORDS = ["a", "word", "two words", "ä/é&=?+%", "<x> \"q\"", "x.y-z_~", "日本"]


class Skip(Exception):
    pass


class Values:
    def __init__(self, dice):
        self.dice = dice

    def structure(self, shape, depth, top=False):
        ours, theirs = {}, {}
        for name, member in shape.members.items():
            needed = (name in shape.required_members or member.metadata.get("idempotencyToken")
                      or member.serialization.get("location") == "uri")
            if not needed and (depth > 3 or self.dice.random() < 0.4):
                continue
            if member.serialization.get("eventstream") or getattr(member, "is_document_type", False):
                raise Skip
            ours[name], theirs[name] = self.value(member, depth + 1)
        if getattr(shape, "is_tagged_union", False) and len(ours) > 1:
            keep = next(iter(ours))
            ours, theirs = {keep: ours[keep]}, {keep: theirs[keep]}
        return ours, theirs

    def value(self, shape, depth):
        if depth > 8:
            raise Skip
        kind = shape.type_name
        location = shape.serialization.get("location")
        if shape.serialization.get("jsonvalue"):
            raise Skip
        if kind == "structure":
            if getattr(shape, "is_document_type", False):
                raise Skip
            return self.structure(shape, depth)
        if kind == "list":
            pairs = [self.value(shape.member, depth + 1) for _ in range(self.dice.randint(1, 2))]
            if location == "header":
                pairs = [("h", "h")] if shape.member.type_name == "string" else pairs[:1]
            return [a for a, _ in pairs], [b for _, b in pairs]
        if kind == "map":
            ours, theirs = self.value(shape.value, depth + 1)
            key = (shape.key.enum or ["key"])[0] if hasattr(shape.key, "enum") else "key"
            return {key: ours}, {key: theirs}
        if kind in ("string", "character"):
            enum = getattr(shape, "enum", None)
            text = self.dice.choice(enum) if enum else self.dice.choice(["h"] if location in ("header", "headers") else WORDS)
            return text, text
        if kind in ("integer", "long", "bigInteger"):
            number = self.dice.randint(0, 1000)
            return number, number
        if kind in ("float", "double", "bigDecimal"):
            return 2.5, 2.5
        if kind == "boolean":
            flag = self.dice.random() < 0.5
            return flag, flag
        if kind == "blob":
            return "blob ä", "blob ä".encode()
        if kind == "timestamp":
            time = datetime.datetime(2023, 4, 5, 6, 7, 8, tzinfo=datetime.timezone.utc)
            return "2023-04-05T06:07:08Z", time
        raise Skip


def main():
    dice = random.Random(int(sys.argv[1]))
    count = int(sys.argv[2])
    loader = botocore.loaders.Loader()
    for name in sys.argv[3:] or loader.list_available_services("service-2"):
        model = botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), name)
        protocols = model.metadata.get("protocols", [model.metadata["protocol"]])
        protocol = next((one for one in OURS if one in protocols), None)
        if protocol is None:
            continue
        serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
        service = model.metadata.get("serviceId", name).lower().replace(" ", "").replace("-", "")
        names = list(model.operation_names)
        for operation in dice.sample(names, min(count, len(names))):
            operation = model.operation_model(operation)
            try:
                ours, theirs = Values(dice).structure(operation.input_shape, 0, True) if operation.input_shape else ({}, {})
                wire = serializer.serialize_to_request(theirs, operation)
            except Skip:
                continue
            body, query = wire["body"], wire["query_string"]
            if isinstance(body, dict):
                pairs = [[key, one] for key, value in body.items() for one in (value if isinstance(value, list) else [value])]
                body = json.dumps(sorted([str(key), str(value)] for key, value in pairs)).encode()
            elif isinstance(body, str):
                body = body.encode()
            pairs = query.items() if isinstance(query, dict) else query or []
            pairs = [[key, str(one)] for key, value in pairs for one in (value if isinstance(value, list) else [value])]
            print(json.dumps({
                "service": service, "operation": operation.name, "protocol": protocol, "input": ours,
                "method": wire["method"], "path": wire["url_path"], "query": pairs,
                "headers": [[key, str(value)] for key, value in wire["headers"].items()],
                "body": base64.b64encode(body or b"").decode()}))


main()
