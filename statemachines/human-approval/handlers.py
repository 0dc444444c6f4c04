import json
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def ask_for_approval(event, context):
    """Puts the question into the outbox folder: a mail, a chat message and a ticket would do the same."""
    folder = HERE / event["outbox"]
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"question-{os.getpid()}.tmp"
    draft.write_text(json.dumps({"question": event["question"], "token": event["token"]}))
    draft.rename(folder / "question.json")
    print(event["question"])
    return {"asked": True}
