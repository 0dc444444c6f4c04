"""The short form of `scripts/torture`: the built program under SIGKILL."""
import subprocess

import pytest
from conftest import PROGRAM, ROOT


@pytest.mark.parametrize("campaign, kills", [("commit", 6), ("crowd", 14)])
def test_nothing_is_lost_and_nothing_finished_runs_again_when_the_program_is_killed(campaign, kills):
    done = subprocess.run(
        [ROOT / "scripts/torture", "--only", campaign, "--kills", str(kills), "--seed", "11", "--program", PROGRAM], capture_output=True, text=True,
        timeout=400)
    last = done.stdout.splitlines()[-1]
    assert last.endswith("kills: 0 lost, 0 repeated") and int(last.split()[0]) >= kills, done.stdout + done.stderr
    if campaign == "commit":
        assert "before and after commits 1 to" in done.stderr
