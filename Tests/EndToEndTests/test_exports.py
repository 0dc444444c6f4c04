"""Exported machines before statelint, cfn-lint and moto: the short form of scripts/check-exports."""
import os
import subprocess

from conftest import ROOT


def test_other_programs_accept_exported_machines_and_run_them_as_we_do():
    done = subprocess.run(
        [str(ROOT / "scripts/check-exports"), "--short"], capture_output=True, text=True, timeout=400,
        env={**os.environ, "SFN_SKIP_BUILD": "1", "SFN_CONFIGURATION": "debug"})
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1].split()
    assert last[0] == "exports:" and last[1] == last[3] and int(last[1]) >= 15
