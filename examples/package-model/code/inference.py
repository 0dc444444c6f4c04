"""What the inference containers call."""
import io
import pathlib

import joblib
import pandas


def model_fn(model_dir):
    return joblib.load(pathlib.Path(model_dir) / "model.joblib")


def input_fn(body, content_type):
    return pandas.read_csv(io.StringIO(body))


def predict_fn(rows, model):
    return model.predict(rows)


def output_fn(prediction, accept):
    return "\n".join(f"{value:.1f}" for value in prediction)
