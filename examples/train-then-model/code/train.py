"""Script mode: hyperparameters are arguments, channels and the model's folder come from SM_… variables."""
import argparse
import os
import pathlib
import shutil

import joblib
import pandas
from sklearn.metrics import mean_squared_error
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--max-epochs", type=int, default=300)
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--batch-size", type=int, default=32)
options = parser.parse_args()


def channel(name):
    table = pandas.read_csv(pathlib.Path(os.environ[f"SM_CHANNEL_{name}"]) / "rows.csv")
    return table.drop(columns="target"), table["target"]


network = MLPRegressor(
    hidden_layer_sizes=(16,), max_iter=options.max_epochs, learning_rate_init=options.lr, batch_size=options.batch_size, alpha=1.0,
    early_stopping=True, random_state=0)
model = make_pipeline(StandardScaler(), network).fit(*channel("TRAIN"))
for name in ("VAL", "TEST"):
    rows, truth = channel(name)
    print(f"{name.lower()}_rmse={mean_squared_error(truth, model.predict(rows)) ** 0.5:.2f};")

folder = pathlib.Path(os.environ["SM_MODEL_DIR"])
joblib.dump(model, folder / "model.joblib")
# The inference code goes with the model.
(folder / "code").mkdir(exist_ok=True)
shutil.copy("inference.py", folder / "code")
