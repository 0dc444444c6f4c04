"""Everything in examples/ is what a user would copy, so it is run."""
import json

from conftest import ROOT

PIPELINE = ROOT / "examples" / "lambda-pipeline" / "pipeline.json"


def test_the_pipeline_of_lambda_steps_succeeds(sfn):
    assert "the longest word is not" in sfn(PIPELINE).stderr


def test_a_parameter_leads_it_into_its_fail_step(sfn):
    error = sfn(PIPELINE, "--parameter", "Least=10", code=1).stderr
    assert "only 6 words" in error and "TooShort" in error


def test_it_compiles_and_exports_to_a_machine(sfn):
    for words in (["compile", PIPELINE], ["export", PIPELINE, "--to", "step-functions"]):
        assert "CountWords" in json.loads(sfn(*words).stdout)["States"]
