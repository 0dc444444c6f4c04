"""Rows of measurements → scaled numbers, split into train, validation and test. What is predicted comes first in each row."""
import pathlib

import numpy
import pandas
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

BASE = pathlib.Path("/opt/ml/processing")
files = sorted((BASE / "input").glob("*.csv"))
table = pandas.concat([pandas.read_csv(file, header=None) for file in files])
features, target = table.iloc[:, :-1], table.iloc[:, -1].to_numpy(dtype=float)
texts = [name for name in features if not pandas.api.types.is_numeric_dtype(features[name])]
numbers = [name for name in features if name not in texts]
prepare = ColumnTransformer([
    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
    ("texts", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(sparse_output=False)), texts),
])
rows = numpy.column_stack([target, prepare.fit_transform(features)])
numpy.random.default_rng(2).shuffle(rows)
train, validation, test = numpy.split(rows, [int(0.7 * len(rows)), int(0.85 * len(rows))])
for name, part in [("train", train), ("validation", validation), ("test", test)]:
    folder = BASE / name
    folder.mkdir(parents=True, exist_ok=True)
    numpy.savetxt(folder / f"{name}.csv", part, delimiter=",", fmt="%.6g")
    print(f"{name}: {len(part)} rows, {part.shape[1] - 1} features")
