"""report, experiments and lineage, of pipelines and of machines."""
import html.parser
import json
import re

import pytest
from conftest import ROOT, lambda_task

PIPELINE = ROOT / "examples" / "lambda-pipeline" / "pipeline.json"


class Tags(html.parser.HTMLParser):
    """The elements of a document, which must be closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.all = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.all.append((tag, dict(attributes)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.all.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def report(sfn, name):
    sfn("report", name, "--html", "report.html")
    text = (sfn.folder / "report.html").read_text()
    tags = Tags(text)
    assert not [tag for tag, _ in tags.all if tag in ("script", "link", "img", "iframe", "object")]
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?(https?:)?//""", text)
    return text, tags


def test_the_report_of_a_pipeline_is_one_file_without_network(sfn):
    sfn(PIPELINE, "--name", "words", "--quiet")
    text, tags = report(sfn, "words")
    assert [word for word in ("Graph", "Steps", "Parameters", "Metrics", "Logs") if f"<h2>{word}</h2>" not in text] == []
    assert "to be or not to be" in text and "the longest word is not" in text
    drawn = [attributes["class"] for tag, attributes in tags.all if tag == "rect" and "node" in attributes.get("class", "")]
    assert "node succeeded" in drawn and "node unvisited" in drawn


def test_the_report_of_a_machine_draws_learning_curves(sfn):
    sfn.write("handlers.py", "def train(event, context):\n    for n in range(9):\n        print(f'epoch {n} train-loss={1 / (n + 1)} validation-loss={2 / (n + 1)}')\n    return {'auc': 0.75}\n")
    sfn.write("sfn-run.json", {"functions": {"train": {"python": "handlers.py:train"}}})
    machine = sfn.write("m.asl.json", {"StartAt": "Train", "States": {"Train": lambda_task("train")}})
    sfn(machine, "--name", "curves", "--quiet")
    text, tags = report(sfn, "curves")
    lines = [attributes["points"] for tag, attributes in tags.all if tag == "polyline"]
    assert [len(points.split()) for points in lines] == [9, 9]
    assert "train-loss" in text and "<h2>States</h2>" in text and "0.75" in text


def test_the_report_takes_nothing_for_markup(sfn):
    name = "</title><script>alert(1)</script>"
    machine = sfn.write("m.asl.json", {"Comment": name, "StartAt": name, "States": {name: {"Type": "Fail", "Error": "<b>", "Cause": "\"'><img src=x onerror=y>&"}}})
    sfn(machine, "--name", "evil", "--input", json.dumps({"<i>": "<script>"}), "--quiet", code=1)
    text, _ = report(sfn, "evil")
    assert "&lt;script&gt;" in text and "<img" not in text and "<b>m</b>" in text


def test_experiments_are_sorted_by_a_metric(sfn):
    for name, words in (("short", "a b c d"), ("long", "one more word than many others"), ("middle", "in between five words")):
        sfn(PIPELINE, "--name", name, "--quiet", "--parameter", f"Text={words}")
    trials = json.loads(sfn("experiments", "lambda-pipeline", "--sort", "words", "--json").stdout)
    assert [trial["metrics"]["CountWords/words"] for trial in trials] == [4, 4, 6]
    lines = sfn("experiments", PIPELINE, "--sort", "words", "--descending").stdout.splitlines()
    assert lines[0].split()[:4] == ["NAME", "STATUS", "STARTED", "TOOK"] and "Text" in lines[0] and "Least" not in lines[0]
    assert lines[1].startswith("long ")
    assert "--sort: there is no metric or parameter nothing" in sfn("experiments", "lambda-pipeline", "--sort", "nothing", code=64).stderr
    assert sfn("experiments", "unknown", code=64).stderr.count("\n") == 1


def test_lineage_goes_back_to_what_nothing_here_made(sfn):
    sfn.write(
        "handlers.py",
        "def clean(event, context):\n    return {'clean': 's3://data/clean/part.csv'}\n"
        "def train(event, context):\n    return {'model': 's3://models/m.tar.gz'}\n"
        "def deploy(event, context):\n    return {}\n")
    sfn.write("sfn-run.json", {"functions": {name: {"python": f"handlers.py:{name}"} for name in ("clean", "train", "deploy")}})
    states = {"Clean": lambda_task("clean", Next="Train"), "Train": lambda_task("train", Next="Deploy"), "Deploy": lambda_task("deploy")}
    machine = sfn.write("m.asl.json", {"StartAt": "Clean", "States": states})
    sfn(machine, "--name", "one", "--input", '{"raw": "s3://data/raw.csv"}', "--quiet")
    found = json.loads(sfn("lineage", "s3://models/m.tar.gz", "--json").stdout)
    assert [(entry["step"], entry["inputs"]) for entry in found["madeBy"]] == [("Train", ["s3://data/clean/part.csv"]), ("Clean", ["s3://data/raw.csv"])]
    assert [entry["step"] for entry in found["usedBy"]] == ["Deploy"]
    assert "used by Train of one" in sfn("lineage", "s3://data/clean/").stdout
    assert "made or used s3://data/none" in sfn("lineage", "s3://data/none", code=1).stderr


@pytest.mark.parametrize(
    "words", [["report", "none", "--html", "x.html"], ["experiments", "none"], ["lineage", "none"], ["experiments", "none", "--limit", "0"]], ids=" ".join)
def test_what_cannot_be_told_is_said_in_one_sentence(sfn, words):
    assert sfn(*words, code=64).stderr.count("\n") == 1
