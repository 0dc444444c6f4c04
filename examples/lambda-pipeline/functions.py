def count_words(event, context):
    words = event["text"].split()
    return {"words": len(words), "longest": max(words, key=len)}


def report(event, context):
    print("the longest word is", event["longest"])
    return {"line": "longest: " + event["longest"]}
