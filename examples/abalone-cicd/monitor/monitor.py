"""Compares the newest fifth of the data with the rest; fails the job where a column's mean has moved by half a deviation."""
import json
import pathlib

import pandas

BASE = pathlib.Path("/opt/ml/processing")
table = pandas.concat([pandas.read_csv(file, header=None) for file in sorted((BASE / "input/data").glob("*.csv"))])
numbers = table.select_dtypes("number")
old, new = numbers[: int(0.8 * len(numbers))], numbers[int(0.8 * len(numbers)) :]
moved = ((new.mean() - old.mean()) / old.std()).round(3)
violations = [{"feature_name": str(name), "constraint_check_type": "mean_shift", "description": f"moved by {shift} deviations"}
              for name, shift in moved.items() if abs(shift) > 0.5]
(BASE / "output").mkdir(parents=True, exist_ok=True)
(BASE / "output/constraint_violations.json").write_text(json.dumps({"violations": violations}))
print("shifts in deviations:", moved.to_dict())
if violations:
    raise SystemExit("the data has drifted: " + json.dumps(violations))
