"""442 diabetes patients (Efron and others, 2004), as they ship inside scikit-learn, split into data/{train,val,test}."""
import pathlib

from sklearn.datasets import load_diabetes

FOLDER = pathlib.Path(__file__).parent / "data"
if not (FOLDER / "test/rows.csv").exists():
    table = load_diabetes(as_frame=True).frame.sample(frac=1, random_state=1)
    for name, part in [("train", table[:310]), ("val", table[310:376]), ("test", table[376:])]:
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
        part.to_csv(FOLDER / name / "rows.csv", index=False)
