"""The trained model on the rows it has not seen → evaluation.json."""
import json
import pathlib
import tarfile
import warnings

import numpy
import xgboost
from sklearn.metrics import mean_squared_error, r2_score

BASE = pathlib.Path("/opt/ml/processing")
with tarfile.open(BASE / "model/model.tar.gz") as archive:
    archive.extractall(BASE / "model", filter="data")
warnings.filterwarnings("ignore", message="(?s).*Unknown file format")  # the algorithm names its file without an ending
model = xgboost.Booster()
model.load_model(BASE / "model/xgboost-model")
rows = numpy.loadtxt(BASE / "test/test.csv", delimiter=",", ndmin=2)
truth, guess = rows[:, 0], model.predict(xgboost.DMatrix(rows[:, 1:]))
mse = mean_squared_error(truth, guess)
report = {"regression_metrics": {
    "mse": {"value": float(mse), "standard_deviation": float(numpy.std(truth - guess))},
    "r2": {"value": float(r2_score(truth, guess))},
}}
(BASE / "evaluation").mkdir(parents=True, exist_ok=True)
(BASE / "evaluation/evaluation.json").write_text(json.dumps(report))
print(f"on {len(rows)} unseen animals: mse {mse:.1f}, so off by {mse ** 0.5:.1f} on the average; r2 {report['regression_metrics']['r2']['value']:.3f}")
