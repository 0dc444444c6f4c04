"""Packs a model and its inference scripts as one archive: model.tar.gz with the scripts under code/."""
import argparse
import pathlib
import shutil
import tarfile

parser = argparse.ArgumentParser()
parser.add_argument("--base", type=pathlib.Path, default=pathlib.Path("/opt/ml/processing"))
base = parser.parse_args().base
work = base / "work"
work.mkdir()
with tarfile.open(next((base / "input/model").glob("*.tar.gz"))) as archive:
    archive.extractall(work, filter="data")
shutil.copytree(base / "input/script", work / "code", dirs_exist_ok=True)
target = base / "output/model.tar.gz"
target.parent.mkdir(exist_ok=True)
with tarfile.open(target, "w:gz") as archive:
    for file in sorted(path for path in work.rglob("*") if path.is_file()):
        archive.add(file, file.relative_to(work))
        print("packed", file.relative_to(work))
