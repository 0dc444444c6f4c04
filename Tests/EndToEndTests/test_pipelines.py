"""Pipelines as people run them: what is reused, what runs again, and what is said about it."""
import json

import pipelines


def run(sfn, *arguments, code=0):
    return sfn("run", "small.json", "--output", "none", *arguments, code=code).stderr


def test_a_second_run_is_served_from_the_cache(sfn):
    calls = pipelines.install(sfn)
    run(sfn, "--name", "one")
    assert calls() == ["prepare", "train", "evaluate", "report"]
    said = run(sfn, "--name", "two")
    assert calls() == []
    assert "= Train  reused from one" in said
    assert "4 reused" in said


def test_one_changed_hyperparameter_runs_only_what_follows_from_it(sfn):
    calls = pipelines.install(sfn)
    run(sfn)
    calls()
    run(sfn, "--parameter", "Depth=5")
    assert calls() == ["train", "evaluate"]


def test_instance_count_role_and_output_path_do_not_count(sfn):
    calls = pipelines.install(sfn)
    run(sfn)
    calls()
    definition = pipelines.pipeline()
    definition["Steps"][1]["Arguments"]["RoleArn"] = "arn:aws:iam::000000000000:role/another"
    definition["Steps"][1]["Arguments"]["OutputDataConfig"]["S3OutputPath"] = "s3://work/elsewhere"
    sfn.write("small.json", definition)
    run(sfn, "--parameter", "InstanceCount=2")
    assert calls() == []


def test_contents_count_unless_the_cache_is_aws(sfn):
    calls = pipelines.install(sfn)
    run(sfn)
    calls()
    (pipelines.bucket(sfn) / "raw/data.csv").write_text("a\nb\nc\nd\n")
    run(sfn, "--cache", "aws")
    assert "prepare" in calls()  # another key: the one with contents is not the one without
    (pipelines.bucket(sfn) / "raw/data.csv").write_text("a\nb\n")
    run(sfn, "--cache", "aws")
    assert calls() == []
    run(sfn)
    assert calls() == ["prepare", "train", "evaluate"]
    run(sfn, "--cache", "off")
    assert calls() == ["prepare", "train", "evaluate", "report"]


def test_a_failed_step_is_not_cached_and_an_expired_success_is_not_used(sfn):
    calls = pipelines.install(sfn, pipelines.pipeline(expire="T0S"))
    (sfn.folder / "break-evaluate").write_text("")
    run(sfn, code=1)
    assert calls() == ["prepare", "train", "evaluate"]
    (sfn.folder / "break-evaluate").unlink()
    run(sfn)
    assert calls() == ["train", "evaluate", "report"]


def test_steps_without_cache_config_run_every_time(sfn):
    calls = pipelines.install(sfn, pipelines.pipeline(cached=False))
    run(sfn)
    calls()
    run(sfn)
    assert calls() == ["prepare", "train", "evaluate", "report"]
