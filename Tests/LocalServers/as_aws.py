"""What moto 5.2 answers otherwise than AWS, put right in its server (`moto_server.py --as-aws`): only members that AWS's
own answers have, none that a single recording has.

EventBridge: events have `account`; a detail that is no object is malformed. SNS: notifications are signed with version 1
where the topic has no other. S3: objects are encrypted with AES256 where nobody asked for more (since January 2023), and
a checksum tells its type."""
import base64
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from moto.events.models import EventsBackend
from moto.events.utils import EventTemplateParser
from moto.s3.models import FakeKey
from moto.s3.responses import S3Response
from moto.sns.models import Subscription


def apply():
    events()
    notifications()
    objects()


def events():
    EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE = EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE.replace(
        '"region"', '"account": "<account>", "region"')
    put = EventsBackend.put_events

    def is_object(text):
        try:
            return isinstance(json.loads(text), dict)
        except ValueError:
            return False

    def put_events(self, events):
        return put(self, [{**event, "Detail": "{"} if event.get("Detail") and not is_object(event["Detail"]) else event for event in events])

    EventsBackend.put_events = put_events


def notifications():
    get = Subscription.get_post_data

    def get_post_data(self, *arguments, **named):
        data = get(self, *arguments, **named)
        if getattr(self.topic, "signature_version", None) in (None, "1"):
            text = "".join(f"{name}\n{data[name]}\n" for name in ("Message", "MessageId", "Timestamp", "TopicArn", "Type"))
            signature = self.private_key().sign(text.encode(), padding.PKCS1v15(), hashes.SHA1())
            data.update(SignatureVersion="1", Signature=base64.b64encode(signature).decode())
        return data

    Subscription.get_post_data = get_post_data


def objects():
    made = FakeKey.__init__

    def make(self, *arguments, **named):
        made(self, *arguments, **named)
        self.encryption = self.encryption or "AES256"

    FakeKey.__init__ = make
    for name in ("get_object", "head_object"):
        setattr(S3Response, name, with_checksum_type(getattr(S3Response, name)))


def with_checksum_type(answer):
    def answer_with_type(self, *arguments, **named):
        status, headers, body = answer(self, *arguments, **named)
        if any(name.startswith("x-amz-checksum-") for name in headers):
            headers.setdefault("x-amz-checksum-type", "FULL_OBJECT")
        return status, headers, body

    return answer_with_type
