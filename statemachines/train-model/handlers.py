"""The steps of train-model on scikit-learn's diabetes data: 442 people, ten measurements, progression after a year.

Every step writes to `work/<run>/` and may be repeated: it reads what came before it and replaces its own file.
`work/<run>/ledger.jsonl` gets a line when a step begins and one when it ends.
"""
import contextlib
import json
import os
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
WORK = pathlib.Path(os.environ.get("TRAIN_MODEL_WORK", HERE / "work"))


def folder(run):
    path = WORK / re.sub(r"[^\w.-]", "_", run)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def ledger(run, step):
    def note(what):
        with open(folder(run) / "ledger.jsonl", "a") as file:
            file.write(json.dumps({"step": step, "what": what, "pid": os.getpid()}) + "\n")

    note("begin")
    yield
    note("end")


def save(path, write):
    """All or nothing: a reader never sees half a file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    write(draft)
    draft.replace(path)


def save_rows(path, names, rows):
    text = ",".join(names) + "\n" + "".join(",".join(repr(float(value)) for value in row) + "\n" for row in rows)
    save(path, lambda draft: draft.write_text(text))


def read_rows(path):
    import numpy

    names = path.open().readline().strip().split(",")
    return names, numpy.loadtxt(path, delimiter=",", skiprows=1)


def load_data(event, context):
    from sklearn.datasets import load_diabetes

    with ledger(event["run"], "load-data"):
        data = load_diabetes(scaled=False)
        rows = [list(x) + [y] for x, y in zip(data.data, data.target)][: int(event["rows"])]
        names = list(data.feature_names) + ["progression"]
        save_rows(folder(event["run"]) / "raw.csv", names, rows)
        print(f"{len(rows)} rows, {len(names) - 1} measurements")
        return {"rows": len(rows), "measurements": names[:-1]}


def prepare(event, context):
    """Splits, then scales both parts by the training part's mean and deviation."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    with ledger(event["run"], "prepare"):
        home = folder(event["run"])
        names, rows = read_rows(home / "raw.csv")
        train, test = train_test_split(rows, test_size=event["testShare"], random_state=event["seed"])
        scaler = StandardScaler().fit(train[:, :-1])
        for name, part in (("train", train), ("test", test)):
            part = part.copy()
            part[:, :-1] = scaler.transform(part[:, :-1])
            save_rows(home / f"{name}.csv", names, part)
        print(f"{len(train)} rows to train on, {len(test)} to test on")
        return {"train": len(train), "test": len(test)}


def estimator(candidate):
    import sklearn.dummy
    import sklearn.ensemble
    import sklearn.linear_model
    import sklearn.neighbors

    for module in (sklearn.dummy, sklearn.linear_model, sklearn.neighbors, sklearn.ensemble):
        if hasattr(module, candidate["estimator"]):
            return getattr(module, candidate["estimator"])(**candidate["settings"])
    raise ValueError(f"no estimator {candidate['estimator']}")


def train(event, context):
    import joblib
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    candidate = event["candidate"]
    with ledger(event["run"], f"train {candidate['name']}"):
        home = folder(event["run"])
        _, training = read_rows(home / "train.csv")
        _, test = read_rows(home / "test.csv")
        model = estimator(candidate).fit(training[:, :-1], training[:, -1])
        predicted = model.predict(test[:, :-1])
        save(home / f"model-{candidate['name']}.joblib", lambda draft: joblib.dump(model, draft))
        result = {
            "name": candidate["name"],
            "rmse": round(float(mean_squared_error(test[:, -1], predicted)) ** 0.5, 2),
            "mae": round(float(mean_absolute_error(test[:, -1], predicted)), 2),
            "r2": round(float(r2_score(test[:, -1], predicted)), 3),
        }
        print(f"{candidate['name']}: rmse {result['rmse']}, r2 {result['r2']}")
        return result


def write_report(event, context):
    with ledger(event["run"], "write-report"):
        home = folder(event["run"])
        best = event["best"]
        ranked = sorted(event["results"], key=lambda result: result["rmse"])
        lines = [
            "# Diabetes progression after one year",
            "",
            f"{event['data']['rows']} people, {len(event['data']['measurements'])} measurements each. "
            f"The best of {len(ranked)} candidates is **{best['name']}**.",
            "",
            "| candidate | rmse | mae | r2 |",
            "| --- | --- | --- | --- |",
            *(f"| {r['name']} | {r['rmse']} | {r['mae']} | {r['r2']} |" for r in ranked),
            "",
        ]
        save(home / "report.md", lambda draft: draft.write_text("\n".join(lines)))
        (home / f"model-{best['name']}.joblib").stat()
        print(f"best: {best['name']} (rmse {best['rmse']})")
        return {
            "best": best["name"],
            "rmse": best["rmse"],
            "r2": best["r2"],
            "ranking": [result["name"] for result in ranked],
            "report": f"work/{home.name}/report.md",
            "model": f"work/{home.name}/model-{best['name']}.joblib",
        }
