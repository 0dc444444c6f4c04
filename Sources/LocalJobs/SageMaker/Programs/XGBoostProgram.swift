/// SageMaker's built-in XGBoost algorithm: CSV (label first, no header) or LibSVM channels, hyperparameters by their names,
/// metrics printed as its image prints them, the model saved as `xgboost-model`.
enum XGBoostProgram {
    static let source = #"""
        import glob, json, os, sys

        ML = os.environ.get("SM_INPUT_DIR", "/opt/ml/input").rsplit("/input", 1)[0]


        def fail(message):
            with open(os.path.join(ML, "output", "failure"), "w") as out:
                out.write("ClientError: " + message)
            sys.exit("ClientError: " + message)


        import numpy, xgboost

        config = json.load(open(os.path.join(ML, "input/config/inputdataconfig.json")))
        given = json.load(open(os.path.join(ML, "input/config/hyperparameters.json")))


        def value(text):
            text = str(text)
            try:
                parsed = json.loads(text)
                return parsed if not isinstance(parsed, dict) else text
            except ValueError:
                return text


        params = {name: value(text) for name, text in given.items() if not name.startswith("sagemaker_")}
        if "num_round" not in params:
            fail("Required hyperparameter num_round is missing")
        rounds = int(params.pop("num_round"))
        early = params.pop("early_stopping_rounds", None)
        params.pop("csv_weights", None), params.pop("silent", None), params.pop("save_model_on_termination", None)
        objective = params.get("objective", "reg:squarederror")
        params["objective"] = {"reg:linear": "reg:squarederror"}.get(objective, objective)
        if isinstance(params.get("eval_metric"), str) and "," in params["eval_metric"]:
            params["eval_metric"] = params["eval_metric"].split(",")
        params.setdefault("nthread", os.cpu_count())


        def load(channel):
            folder = os.path.join(ML, "input/data", channel)
            files = sorted(f for f in glob.glob(folder + "/**/*", recursive=True) if os.path.isfile(f) and not os.path.basename(f).startswith("."))
            if not files:
                return None
            kind = (config.get(channel, {}).get("ContentType") or "").split(";")[0].strip().lower()
            if not kind:
                with open(files[0], errors="replace") as first:
                    kind = "text/libsvm" if ":" in first.readline() else "text/csv"
            if "libsvm" in kind:
                from sklearn.datasets import load_svmlight_files
                pieces = load_svmlight_files(files)
                import scipy.sparse
                return xgboost.DMatrix(scipy.sparse.vstack(pieces[0::2]), label=numpy.concatenate(pieces[1::2]))
            if "parquet" in kind:
                import pandas
                table = numpy.concatenate([pandas.read_parquet(f).to_numpy(dtype=float) for f in files])
            else:
                import pandas
                frames = [pandas.read_csv(f, header=None) for f in files]
                if any(not str(cell).replace(".", "", 1).replace("-", "", 1).replace("e", "", 1).isdigit() and frame.dtypes.iloc[0] == object
                       for frame in frames for cell in frame.iloc[0, :1]):
                    fail("Unable to parse the CSV of channel %s: found a header or text in the label's column" % channel)
                table = numpy.concatenate([frame.to_numpy(dtype=float) for frame in frames])
            return xgboost.DMatrix(table[:, 1:], label=table[:, 0])


        train = load("train")
        if train is None:
            fail("No data in the channel train")
        watched = [(train, "train")]
        if "validation" in config:
            validation = load("validation")
            if validation is not None:
                watched.append((validation, "validation"))


        class Printer(xgboost.callback.TrainingCallback):
            def after_iteration(self, model, epoch, log):
                parts = ["%s-%s:%.5f" % (data, name, values[-1]) for data, metrics in log.items() for name, values in metrics.items()]
                print("[%d]#011%s" % (epoch, "#011".join(parts)), flush=True)
                return False


        try:
            model = xgboost.train(params, train, rounds, evals=watched, early_stopping_rounds=early, callbacks=[Printer()], verbose_eval=False)
        except xgboost.core.XGBoostError as error:
            with open(os.path.join(ML, "output", "failure"), "w") as out:
                out.write("AlgorithmError: " + str(error).strip().splitlines()[0])
            raise
        target = os.path.join(os.environ.get("SM_MODEL_DIR", ML + "/model"), "xgboost-model")
        if os.environ.get("SFN_XGBOOST_PICKLE"):
            import pickle
            with open(target, "wb") as out:
                pickle.dump(model, out)
        else:
            model.save_model(target + ".ubj")
            os.rename(target + ".ubj", target)
        """#
}
