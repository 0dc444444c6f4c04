/// A batch transform: loads the model with the user's inference script (`model_fn`, `input_fn`, `predict_fn`, `output_fn`, or
/// `transform_fn`) or the framework's own ways, and answers file after file.
enum TransformProgram {
    static let source = #"""
        import csv, importlib.util, inspect, io, json, os, re, sys

        ML = os.environ["SFN_ML"]
        MODEL = os.environ["SM_MODEL_DIR"]
        request = json.load(open(ML + "/transform/request.json"))
        framework = os.environ.get("SM_FRAMEWORK", "other")


        def find_script():
            name = os.environ.get("SAGEMAKER_PROGRAM", "inference.py")
            for folder in (os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY"), MODEL + "/code", ML + "/code", MODEL):
                if folder and os.path.isfile(os.path.join(folder, name)):
                    return folder, os.path.join(folder, name)
            return None, None


        folder, path = find_script()
        user = None
        if path:
            requirements = os.path.join(folder, "requirements.txt")
            if os.path.isfile(requirements):
                import subprocess
                subprocess.check_call([sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q", "-r", requirements])
            sys.path.insert(0, folder)
            spec = importlib.util.spec_from_file_location("inference", path)
            user = importlib.util.module_from_spec(spec)
            sys.modules["inference"] = user
            spec.loader.exec_module(user)


        def own(name):
            return getattr(user, name, None) if user else None


        def load_model(model_dir):
            import glob
            if framework == "xgboost" or os.path.exists(model_dir + "/xgboost-model"):
                import xgboost
                import pickle
                with open(model_dir + "/xgboost-model", "rb") as file:
                    body = file.read()
                try:
                    return xgboost.Booster(model_file=bytearray(body))
                except Exception:
                    return pickle.loads(body)
            if framework == "pytorch":
                import torch
                return torch.jit.load(next(iter(glob.glob(model_dir + "/*.pt") + glob.glob(model_dir + "/*.pth"))))
            files = [f for p in ("*.joblib", "*.pkl", "*.pickle") for f in glob.glob(model_dir + "/" + p)]
            if len(files) == 1:
                import joblib
                return joblib.load(files[0])
            raise SystemExit("ClientError: the model has no inference script with model_fn, and it is not one joblib file")


        def read_input(body, content_type):
            kind = content_type.split(";")[0].strip().lower()
            if kind in ("application/json", "application/jsonlines"):
                import numpy
                return numpy.array(json.loads(body)) if kind == "application/json" else numpy.array([json.loads(l) for l in body.splitlines() if l.strip()])
            if kind == "application/x-npy":
                import numpy
                return numpy.load(io.BytesIO(body), allow_pickle=False)
            if kind == "text/libsvm":
                from sklearn.datasets import load_svmlight_file
                return load_svmlight_file(io.BytesIO(body))[0]
            import numpy
            text = body.decode() if isinstance(body, bytes) else body
            return numpy.genfromtxt(io.StringIO(text), delimiter=",", ndmin=2)


        def predict(data, model):
            if type(model).__module__.startswith("xgboost") and type(model).__name__ == "Booster":
                import xgboost
                return model.predict(data if isinstance(data, xgboost.DMatrix) else xgboost.DMatrix(data))
            if framework == "pytorch":
                import torch
                with torch.no_grad():
                    return model(torch.as_tensor(data, dtype=torch.float32)).numpy()
            return model.predict(data)


        def write_output(prediction, accept):
            import numpy
            values = numpy.asarray(prediction)
            if "json" in accept:
                return json.dumps(values.tolist())
            if values.ndim == 0:
                return str(values)
            return "\n".join(",".join(str(v) for v in row) if numpy.ndim(row) else str(row) for row in values.tolist())


        def positional(function, *arguments):
            # Toolkits pass the context to functions that take one more argument.
            wanted = len(inspect.signature(function).parameters)
            return function(*(list(arguments) + [None])[:max(wanted, 1)] if wanted > len(arguments) else arguments[:wanted] or arguments)


        model = positional(own("model_fn") or load_model, MODEL)
        source = request["TransformInput"]
        content_type = source.get("ContentType") or "text/csv"
        split = source.get("SplitType") or "None"
        target = request["TransformOutput"]
        accept = target.get("Accept") or ("text/csv" if "csv" in content_type else content_type)
        assemble = target.get("AssembleWith") or "None"
        single = request.get("BatchStrategy") == "SingleRecord"
        most = int(request.get("MaxPayloadInMB") or 6) * 1024 * 1024
        processing = request.get("DataProcessing") or {}


        def answer(body):
            data = body.encode() if isinstance(body, str) else body
            whole = own("transform_fn")
            if whole:
                result = whole(model, data if "csv" not in content_type else data.decode(), content_type, accept)
            else:
                reader = own("input_fn")
                parsed = positional(reader, data.decode() if "csv" in content_type or "json" in content_type else data, content_type) if reader else read_input(data, content_type)
                prediction = positional(own("predict_fn") or predict, parsed, model)
                result = positional(own("output_fn") or write_output, prediction, accept)
            if isinstance(result, tuple):
                result = result[0]
            if hasattr(result, "response"):
                result = result.response
            return result.decode() if isinstance(result, (bytes, bytearray)) else str(result)


        def select(path, value):
            # The JSONPath subset of DataProcessing: $, .name, ['name'], [n], [a:b], [a,b].
            for part in re.findall(r"\.([A-Za-z_][\w-]*)|\[([^\]]*)\]", path[1:] if path.startswith("$") else path):
                name, inside = part
                if name or inside[:1] in "'\"" and inside:
                    value = value[name or inside[1:-1]]
                elif ":" in inside:
                    ends = [int(p) if p.strip() else None for p in inside.split(":")]
                    value = value[slice(*ends)]
                elif "," in inside:
                    value = [value[int(i)] for i in inside.split(",")]
                else:
                    value = value[int(inside)]
            return value


        def decode(record, kind):
            return json.loads(record) if "json" in kind else next(csv.reader([record]))


        def encode(value, kind):
            if "json" in kind:
                return json.dumps(value)
            out = io.StringIO()
            csv.writer(out, lineterminator="").writerow(value if isinstance(value, list) else [value])
            return out.getvalue()


        def transformed(records):
            """The answers to records: one each, in their order."""
            filtered = [encode(select(processing["InputFilter"], decode(r, content_type)), content_type) if "InputFilter" in processing else r for r in records]
            batches, size = [[]], 0
            for record in filtered:
                if batches[-1] and (single or size + len(record) + 1 > most):
                    batches.append([])
                    size = 0
                batches[-1].append(record)
                size += len(record) + 1
            answers = []
            for batch in batches:
                if not batch:
                    continue
                text = answer("\n".join(batch))
                lines = json.loads(text) if text.lstrip().startswith("[") and "json" in accept else None
                answers += [json.dumps(v) for v in lines] if isinstance(lines, list) and len(lines) == len(batch) else text.rstrip("\n").split("\n")
            if processing.get("JoinSource") == "Input":
                if len(answers) != len(records):
                    raise SystemExit("ClientError: JoinSource Input: %d records gave %d answers" % (len(records), len(answers)))
                joined = []
                for record, result in zip(records, answers):
                    if "json" in content_type:
                        value = decode(record, content_type)
                        value = value if isinstance(value, dict) else {"SageMakerInput": value}
                        value["SageMakerOutput"] = json.loads(result)
                        joined.append(json.dumps(select(processing.get("OutputFilter", "$"), value)))
                    else:
                        joined.append(encode(select(processing.get("OutputFilter", "$"), decode(record, "csv") + decode(result, "csv")), "csv"))
                return joined
            if "OutputFilter" in processing:
                return [encode(select(processing["OutputFilter"], decode(r, accept)), accept) for r in answers]
            return answers


        count = 0
        for base, folders, files in os.walk(ML + "/transform/input"):
            folders.sort()
            for name in sorted(files):
                here = os.path.join(base, name)
                there = os.path.join(ML, "transform/output", os.path.relpath(here, ML + "/transform/input")) + ".out"
                os.makedirs(os.path.dirname(there), exist_ok=True)
                with open(here, "rb") as file:
                    body = file.read()
                if split == "Line":
                    results = transformed([line for line in body.decode().splitlines() if line])
                    text = ("\n" if assemble == "Line" else "").join(results) + ("\n" if assemble == "Line" and results else "")
                else:
                    text = answer(body)
                with open(there, "w") as file:
                    file.write(text)
                count += 1
        print("%d files transformed" % count)
        """#
}
