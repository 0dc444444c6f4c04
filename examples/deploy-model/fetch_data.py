"""The existing model that is to be deployed: trained here once on scikit-learn's diabetes data, kept as data/model.tar.gz."""
import pathlib
import tarfile
import tempfile

import joblib
from sklearn.datasets import load_diabetes
from sklearn.linear_model import RidgeCV

TARGET = pathlib.Path(__file__).parent / "data/model.tar.gz"
if not TARGET.exists():
    model = RidgeCV().fit(*load_diabetes(return_X_y=True, as_frame=True))
    TARGET.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        joblib.dump(model, f"{folder}/model.joblib")
        with tarfile.open(TARGET, "w:gz") as archive:
            archive.add(f"{folder}/model.joblib", "model.joblib")
