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


def test_the_steps_are_listed_as_sagemaker_lists_them(sfn):
    pipelines.install(sfn)
    run(sfn, "--name", "one")
    said = run(sfn, "--name", "two", "--parameter", "Depth=5")
    assert "Train     Succeeded  1" in said and "validation:rmse 0.2" in said and "not started: TooBad" in said
    steps = pipelines.steps(sfn, "two")
    assert list(steps) == ["Prepare", "Train", "Evaluate", "Check", "Report"]
    assert steps["Prepare"]["CacheHitResult"]["SourcePipelineExecutionArn"].endswith(":one")
    assert steps["Prepare"]["AttemptCount"] == 0 and steps["Train"]["AttemptCount"] == 1
    assert "CacheHitResult" not in steps["Train"]
    assert steps["Train"]["Metadata"]["TrainingJob"]["Arn"].startswith("arn:aws:sagemaker:")
    assert steps["Train"]["Metrics"] == {"validation:rmse": 0.2}
    assert steps["Check"]["Metadata"]["Condition"]["Outcome"] == "True"
    run(sfn, "--name", "three", "--parameter", "Limit=0.01", code=1)
    assert pipelines.steps(sfn, "three")["TooBad"]["FailureReason"] == "the error is above the limit"
    sfn.write("machine.asl.json", {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    sfn("run", "machine.asl.json", "--name", "plain")
    assert "not a pipeline" in sfn("steps", "plain", code=64).stderr


def test_explain_says_why_field_by_field(sfn):
    pipelines.install(sfn)

    def explain(*names):
        return sfn("explain", *names).stdout

    run(sfn, "--name", "one")
    assert "no earlier success of the step is stored" in explain("one", "Train")
    run(sfn, "--name", "two", "--parameter", "Depth=5")
    said = explain("two", "Train")
    assert "ran" in said and "this differs from one (" in said
    assert 'HyperParameters/depth  "4" → "5"' in said
    assert "the same: AlgorithmSpecification, InputDataConfig, contents of s3://work/train" in said
    assert "does not count: TrainingJobName, OutputDataConfig, StoppingCondition, ResourceConfig, RoleArn" in said
    assert "reused from one (" in explain("two", "Prepare")
    assert "the condition Check came out True" in explain("two", "TooBad")
    (pipelines.bucket(sfn) / "raw/data.csv").write_text("other\n")
    run(sfn, "--name", "three", "--parameter", "Depth=5")
    assert "contents of s3://work/raw" in explain("three", "Prepare") and "→" in explain("Prepare")
    # Depth 5 overwrote what depth 4 had left in the same place.
    run(sfn, "--name", "four")
    assert "has been changed since" in explain("four", "Prepare") or "reused" in explain("four", "Prepare")
    decision = json.loads(sfn("explain", "two", "Train", "--json").stdout)["CacheDecision"]
    assert decision["Outcome"] == "Miss" and decision["Differences"][0]["Field"] == "/Fields/HyperParameters/depth"
    assert "it has Prepare, Train" in sfn("explain", "one", "Nobody", code=64).stderr


def test_from_step_runs_what_follows_with_the_rest_of_an_earlier_execution(sfn):
    calls = pipelines.install(sfn, pipelines.pipeline(cached=False))
    run(sfn, "--name", "one", "--parameter", "Depth=5")
    calls()
    run(sfn, "--from-step", "Evaluate", "--name", "two")
    assert calls() == ["evaluate", "report"]
    steps = pipelines.steps(sfn, "two")
    assert list(steps) == ["Train", "Evaluate", "Check", "Report"]
    assert steps["Train"]["SelectiveExecutionResult"]["SourcePipelineExecutionArn"].endswith(":one")
    assert steps["Train"]["AttemptCount"] == 0 and steps["Train"]["Metrics"] == {"validation:rmse": 0.2}
    # A selective execution can be the reference of the next.
    run(sfn, "--steps", "Check, Report", "--reference", "two", "--parameter", "Limit=0.1", "--name", "three")
    assert calls() == []
    assert pipelines.steps(sfn, "three")["Check"]["Metadata"]["Condition"]["Outcome"] == "False"
    assert "because it was not selected" in sfn("explain", "three", "Train").stdout


def test_a_selection_that_cannot_run_is_refused_in_one_sentence(sfn):
    calls = pipelines.install(sfn, pipelines.pipeline(cached=False))

    def refusal(*arguments):
        return run(sfn, *arguments, code=64)

    assert "Invalid SourcePipelineExecutionArn: null. The selected steps [Train] have dependencies on [Prepare]" in refusal("--steps", "Train")
    (sfn.folder / "break-train").write_text("")
    run(sfn, "--name", "one", code=1)
    (sfn.folder / "break-train").unlink()
    said = refusal("--steps", "Evaluate")
    assert "The selected step 'Evaluate' needs its " in said and "of 'Train'" in said
    assert "which is not selected and ended Failed in the reference execution one" in said
    assert "are not one connected piece" in refusal("--steps", "Prepare,Report")
    assert "'Nobody' is not in the pipeline" in refusal("--from-step", "Nobody")
    refusal("--reference", "one")
    calls()
    # What the failed execution has can be used.
    run(sfn, "--steps", "Train", "--name", "two")
    assert calls() == ["train"]


def test_resume_goes_on_from_the_failed_step_under_the_same_arn(sfn):
    calls = pipelines.install(sfn, pipelines.pipeline(cached=False))
    (sfn.folder / "break-train").write_text("")
    said = run(sfn, "--name", "one", code=1)
    assert "sfn-run resume one" in said
    assert calls() == ["prepare", "train"]
    before = pipelines.steps(sfn, "one")
    assert before["Train"]["StepStatus"] == "Failed" and "train is broken" in before["Train"]["FailureReason"]
    (sfn.folder / "break-train").unlink()
    sfn("resume", "one", "--output", "none")
    assert calls() == ["train", "evaluate", "report"]
    after = pipelines.steps(sfn, "one")
    assert after["Prepare"] == before["Prepare"]
    assert after["Train"]["StepStatus"] == "Succeeded" and after["Train"]["AttemptCount"] == 2
    # A retried job is a new job.
    assert after["Train"]["Metadata"]["TrainingJob"]["Arn"] != before["Train"]["Metadata"]["TrainingJob"]["Arn"]
    assert len(json.loads(sfn("list", "--json").stdout)) == 1


def test_resume_is_refused_after_a_fail_step_with_the_reason(sfn):
    pipelines.install(sfn)
    said = run(sfn, "--name", "one", "--parameter", "Limit=0.01", code=1)
    assert "sfn-run resume" not in said
    said = sfn("resume", "one", code=64).stderr
    assert "one cannot be resumed: it ended in the Fail step 'TooBad' (the error is above the limit)" in said


def side_by_side(count):
    return {
        "Version": "2020-12-01", "Metadata": {}, "Parameters": [{"Name": "InstanceCount", "Type": "Integer", "DefaultValue": 1}],
        "PipelineExperimentConfig": None,
        "Steps": [pipelines.processing(f"P{n}", "report", ["/opt/ml/processing/report"], [], [
            ("report", f"s3://work/report{n}", "/opt/ml/processing/report")], cached=False) for n in range(count)]}


def most_at_once(steps):
    edges = sorted([(step["StartTime"], 1) for step in steps] + [(step["EndTime"], -1) for step in steps])
    most = now = 0
    for _, change in edges:
        now += change
        most = max(most, now)
    return most


def test_a_stopped_pipeline_is_resumed_with_another_parallelism(sfn):
    calls = pipelines.install(sfn, side_by_side(4))
    (sfn.folder / "slow-report").write_text("0.8")
    process = sfn.start("run", "small.json", "--name", "one", "--max-parallel", "1", "--output", "none")
    while not (sfn.folder / "calls").exists():
        assert process.poll() is None, process.communicate()
    sfn("stop", "one")
    assert process.wait(timeout=60) == 3
    process.communicate()
    steps = pipelines.steps(sfn, "one")
    assert [step["StepStatus"] for step in steps.values()] == ["Stopped"]
    calls()
    (sfn.folder / "slow-report").write_text("0.5")
    sfn("resume", "one", "--max-parallel", "2", "--output", "none")
    assert calls() == ["report"] * 4
    after = pipelines.steps(sfn, "one")
    assert [step["StepStatus"] for step in after.values()] == ["Succeeded"] * 4
    assert most_at_once([step for step in after.values()][1:]) == 2
