import time


def slow_answer(event, context):
    print("thinking")
    time.sleep(600)


def quick_answer(event, context):
    return {"answer": "left", "to": event["question"]}
