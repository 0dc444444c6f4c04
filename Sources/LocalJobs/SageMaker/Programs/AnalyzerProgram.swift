/// What stands for SageMaker Model Monitor's analyzer: statistics and constraints of a data set (DATA_QUALITY) or of a model's
/// predictions (MODEL_QUALITY), and the violations of a baseline.
enum AnalyzerProgram {
    static let source = #"""
        import glob, json, math, os, sys

        import pandas

        env = os.environ.get
        kind = env("SFN_CHECK_TYPE", "DATA_QUALITY")
        source = env("dataset_source", "/opt/ml/processing/input/baseline_dataset_input")
        target = env("output_path", "/opt/ml/processing/output")
        form = json.loads(env("dataset_format", '{"csv": {"header": true}}'))
        os.makedirs(target, exist_ok=True)


        def fail(message):
            os.makedirs("/opt/ml/output", exist_ok=True)
            with open("/opt/ml/output/message", "w") as out:
                out.write(message)
            sys.exit("ClientError: " + message)


        files = [source] if os.path.isfile(source) else sorted(f for f in glob.glob(source + "/**/*", recursive=True) if os.path.isfile(f))
        if not files:
            fail("no data in " + source)
        if "json" in form:
            frames = [pandas.read_json(f, lines=form["json"].get("lines", True)) for f in files]
        elif "parquet" in form:
            frames = [pandas.read_parquet(f) for f in files]
        else:
            header = 0 if form.get("csv", {}).get("header", True) else None
            frames = [pandas.read_csv(f, header=header) for f in files]
        data = pandas.concat(frames, ignore_index=True)
        data.columns = [c if isinstance(c, str) else "_c%d" % c for c in data.columns]


        def clean(x):
            x = float(x)
            return x if math.isfinite(x) else None


        def write(name, value):
            with open(os.path.join(target, name), "w") as out:
                json.dump(value, out, indent=1)


        def baseline(name):
            path = env("baseline_" + name)
            return json.load(open(path)) if path and os.path.exists(path) else None


        violations = []


        def violate(feature, check, text):
            violations.append({"feature_name": feature, "constraint_check_type": check, "description": text})


        def data_quality():
            features, constraints = [], []
            for name in data.columns:
                column = data[name]
                numeric = pandas.api.types.is_numeric_dtype(column)
                integral = numeric and (column.dropna() % 1 == 0).all()
                inferred = "Integral" if integral else "Fractional" if numeric else "String"
                present, missing = int(column.notna().sum()), int(column.isna().sum())
                common = {"num_present": present, "num_missing": missing}
                entry = {"name": name, "inferred_type": inferred}
                if numeric:
                    entry["numerical_statistics"] = {
                        "common": common, "mean": clean(column.mean()), "sum": clean(column.sum()), "std_dev": clean(column.std(ddof=0)),
                        "min": clean(column.min()), "max": clean(column.max())}
                else:
                    entry["string_statistics"] = {"common": common, "distinct_count": float(column.nunique())}
                features.append(entry)
                limit = {"name": name, "inferred_type": inferred, "completeness": present / max(1, len(column))}
                if numeric:
                    limit["num_constraints"] = {"is_non_negative": bool((column.dropna() >= 0).all())}
                constraints.append(limit)
            write("statistics.json", {"version": 0.0, "dataset": {"item_count": len(data)}, "features": features})
            config = {"evaluate_constraints": "Enabled", "datatype_check_threshold": 1.0, "domain_content_threshold": 1.0,
                      "distribution_constraints": {"perform_comparison": "Enabled", "comparison_threshold": 0.1, "comparison_method": "Robust"}}
            write("constraints.json", {"version": 0.0, "features": constraints, "monitoring_config": config})

            wanted = baseline("constraints")
            if not wanted:
                return
            have = {c["name"]: c for c in constraints}
            for limit in wanted.get("features", []):
                name = limit["name"]
                if name not in have:
                    violate(name, "missing_column_check", "the column %s of the baseline is missing" % name)
                    continue
                now = have[name]
                fits = limit["inferred_type"] == now["inferred_type"] or (limit["inferred_type"], now["inferred_type"]) == ("Fractional", "Integral")
                if limit["inferred_type"] != "Unknown" and not fits:
                    violate(name, "data_type_check", "the data type %s is not the baseline's %s" % (now["inferred_type"], limit["inferred_type"]))
                if now["completeness"] < limit.get("completeness", 0) - 1e-9:
                    violate(name, "completeness_check", "the completeness %.4f is below the baseline's %.4f" % (now["completeness"], limit["completeness"]))
                if limit.get("num_constraints", {}).get("is_non_negative") and not now.get("num_constraints", {}).get("is_non_negative", True):
                    violate(name, "non_negative_check", "found negative values, which the baseline has not")
                domain = limit.get("string_constraints", {}).get("domains")
                if domain:
                    share = data[name].dropna().astype(str).isin(domain).mean()
                    if share < wanted.get("monitoring_config", {}).get("domain_content_threshold", 1.0):
                        violate(name, "categorical_values_check", "%.4f of the values lie in the baseline's domain" % share)
            extra = [n for n in have if n not in {l["name"] for l in wanted.get("features", [])}]
            for name in extra:
                violate(name, "extra_column_check", "the column %s is not in the baseline" % name)
            drift(baseline("statistics"), wanted.get("monitoring_config", {}), {f["name"]: f for f in features})


        def drift(before, config, now):
            compare = config.get("distribution_constraints", {})
            if not before or compare.get("perform_comparison") != "Enabled":
                return
            limit = compare.get("comparison_threshold", 0.1)
            for entry in before.get("features", []):
                old = entry.get("numerical_statistics")
                new = now.get(entry["name"], {}).get("numerical_statistics")
                if not old or not new or not old.get("std_dev"):
                    continue
                # Without the raw baseline, the distance of the means in standard deviations stands for the distributions' distance.
                distance = abs(new["mean"] - old["mean"]) / old["std_dev"]
                if distance > max(limit, 3 / math.sqrt(max(1, new["common"]["num_present"]))):
                    violate(entry["name"], "baseline_drift_check", "the mean moved by %.4f standard deviations, more than %.4f" % (distance, limit))


        def model_quality():
            problem = env("problem_type", "Regression")
            truth, guess = env("ground_truth_attribute"), env("inference_attribute")
            for name in (truth, guess or env("probability_attribute")):
                if name not in data.columns:
                    fail("the column %s is not in the data" % name)
            from sklearn import metrics
            y = data[truth]
            if guess in data.columns:
                p = data[guess]
            else:
                p = (data[env("probability_attribute")] >= float(env("probability_threshold_attribute", "0.5"))).astype(int)
            values = {}
            if problem == "Regression":
                section = "regression_metrics"
                values = {"mae": metrics.mean_absolute_error(y, p), "mse": metrics.mean_squared_error(y, p), "r2": metrics.r2_score(y, p)}
                values["rmse"] = math.sqrt(values["mse"])
                better = {"mae": "Less", "mse": "Less", "rmse": "Less", "r2": "Greater"}
            else:
                section = "binary_classification_metrics" if problem == "BinaryClassification" else "multiclass_classification_metrics"
                average = "binary" if problem == "BinaryClassification" else "weighted"
                prefix = "" if average == "binary" else "weighted_"
                positive = {"pos_label": sorted(y.unique())[-1]} if average == "binary" else {}
                values = {"accuracy": metrics.accuracy_score(y, p),
                          prefix + "recall": metrics.recall_score(y, p, average=average, zero_division=0, **positive),
                          prefix + "precision": metrics.precision_score(y, p, average=average, zero_division=0, **positive),
                          prefix + "f1": metrics.f1_score(y, p, average=average, zero_division=0, **positive)}
                score = env("probability_attribute")
                if average == "binary" and score in data.columns and y.nunique() == 2:
                    values["auc"] = metrics.roc_auc_score(y, data[score])
                better = {name: "Greater" for name in values}
            statistics = {name: {"value": clean(v), "standard_deviation": 0.0} for name, v in values.items()}
            write("statistics.json", {"version": 0.0, "dataset": {"item_count": len(data)}, section: statistics})
            limits = {n: {"threshold": clean(v), "comparison_operator": "LessThanThreshold" if better[n] == "Greater" else "GreaterThanThreshold"} for n, v in values.items()}
            write("constraints.json", {"version": 0.0, section.replace("_metrics", "_constraints"): limits})
            wanted = baseline("constraints") or {}
            for name, limit in wanted.get(section.replace("_metrics", "_constraints"), {}).items():
                now, threshold = values.get(name), limit["threshold"]
                if now is None or threshold is None:
                    continue
                worse = now < threshold if limit["comparison_operator"] == "LessThanThreshold" else now > threshold
                if worse and abs(now - threshold) > 1e-9:
                    violate(name, limit["comparison_operator"], "Metric %s with %.6f was %s the threshold %.6f" % (
                        name, now, "less than" if now < threshold else "greater than", threshold))


        model_quality() if kind == "MODEL_QUALITY" else data_quality()
        write("constraint_violations.json", {"version": 0.0, "violations": violations})
        print("%d rows, %d violations" % (len(data), len(violations)))
        """#
}
