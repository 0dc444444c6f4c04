import collections
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def list_files(event, context):
    names = sorted(path.name for path in (HERE / event["folder"]).iterdir() if path.suffix == ".txt")
    print(f"{len(names)} files")
    return {"names": names}


def count_words(event, context):
    words = (HERE / event["folder"] / event["name"]).read_text().split()
    print(f"{event['name']}: {len(words)} words")
    return {"name": event["name"], "words": len(words), "counts": dict(collections.Counter(words))}


def gather(event, context):
    total = collections.Counter()
    for one in event["counts"]:
        total.update(one["counts"])
    common = sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
    return {
        "files": [{"name": one["name"], "words": one["words"]} for one in event["counts"]],
        "words": sum(total.values()),
        "mostCommon": [{"word": word, "count": count} for word, count in common],
    }
