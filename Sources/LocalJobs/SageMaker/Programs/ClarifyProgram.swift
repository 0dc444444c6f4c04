/// What stands for SageMaker Clarify's processing image: bias before and after training, Shapley values by sampling, and what a
/// baseline says of them. It reads `analysis_config.json` and the data set, and writes `analysis.json`.
///
/// Predictions come from the model itself (through `TransformProgram`), as Clarify's come from a shadow endpoint.
enum ClarifyProgram {
    static let source = #"""
        import glob, json, math, os, subprocess, sys, tarfile

        import numpy
        import pandas

        env = os.environ.get
        kind = env("SFN_CHECK_TYPE", "DATA_BIAS")
        top = env("SFN_ML", "/opt/ml")


        def fail(message):
            os.makedirs(top + "/output", exist_ok=True)
            for name in ("message", "failure"):
                with open(top + "/output/" + name, "w") as out:
                    out.write("ClientError: " + message)
            sys.exit("ClientError: " + message)


        def files_of(path):
            return [path] if os.path.isfile(path) else sorted(f for f in glob.glob(path + "/**/*", recursive=True) if os.path.isfile(f))


        def clean(x):
            return None if x is None or not math.isfinite(float(x)) else float(x)


        settings = [f for f in files_of(top + "/processing/input/config") if f.endswith("analysis_config.json")] or files_of(top + "/processing/input/config")
        if not settings:
            fail("there is no analysis configuration in /opt/ml/processing/input/config")
        config = json.load(open(settings[0]))
        kept = files_of(top + "/processing/input/data")
        if not kept:
            fail("there is no data in /opt/ml/processing/input/data")
        form, headers = config.get("dataset_type", "text/csv"), config.get("headers")
        if "json" in form:
            frames = [pandas.read_json(f, lines="lines" in form) for f in kept]
        elif "parquet" in form:
            frames = [pandas.read_parquet(f) for f in kept]
        else:
            frames = []
            for f in kept:
                frame = pandas.read_csv(f, header=None)
                # With the names among the configuration, a first line that repeats them is not data.
                if headers is None or [str(v) for v in frame.iloc[0]] == [str(h) for h in headers]:
                    names, frame = [str(v) for v in frame.iloc[0]], pandas.read_csv(f)
                    frame.columns = names
                frames.append(frame)
        data = pandas.concat(frames, ignore_index=True)
        if headers is not None:
            if len(headers) != len(data.columns):
                fail("the data has %d columns, headers has %d" % (len(data.columns), len(headers)))
            data.columns = headers


        def column(name):
            if name in data.columns:
                return name
            if isinstance(name, int) or str(name).isdigit():
                return data.columns[int(name)]
            fail("the column %s is not in the data: it has %s" % (name, ", ".join(map(str, data.columns))))


        label = column(config["label"]) if "label" in config else None
        features = [c for c in data.columns if c != label]
        methods = config.get("methods", {})


        def chosen(series, values):
            # Classes are listed; of a continuous column one value is a threshold.
            if values is None or values == []:
                values = [series.max()]
            numeric = pandas.api.types.is_numeric_dtype(series)
            if numeric and len(values) == 1 and series.nunique() > 10:
                return series > float(values[0])
            if numeric:
                return series.isin([float(v) for v in values])
            return series.astype(str).isin([str(v) for v in values])


        def said(values):
            return ",".join(str(v) for v in values) if values else None


        def share(part, whole):
            return part / whole if whole else float("nan")


        def distance(p, q, order):
            return (abs(p - q) ** order + abs(p - q) ** order) ** (1.0 / order)


        def divergence(p, q):
            total = 0.0
            for a, b in ((p, q), (1 - p, 1 - q)):
                if a > 0:
                    total += a * math.log(a / b) if b > 0 else float("inf")
            return total


        def conditional(positive, advantaged, groups):
            total = 0.0
            for group in groups.unique():
                here = groups == group
                rejected, accepted = (~positive & here).sum(), (positive & here).sum()
                total += here.sum() * (share((~positive & here & ~advantaged).sum(), rejected) - share((positive & here & ~advantaged).sum(), accepted))
            return total / len(groups)


        def bias(facet, values, positive, predicted, groups):
            d = chosen(data[facet], values)   # the disadvantaged group
            a = ~d
            na, nd = a.sum(), d.sum()
            qa, qd = share((positive & a).sum(), na), share((positive & d).sum(), nd)
            before = {
                "CI": ("Class Imbalance (CI)", share(na - nd, na + nd)),
                "DPL": ("Difference in Positive Proportions in Labels (DPL)", qa - qd),
                "JS": ("Jensen-Shannon Divergence (JS)", 0.5 * (divergence(qa, (qa + qd) / 2) + divergence(qd, (qa + qd) / 2))),
                "KL": ("Kullback-Liebler Divergence (KL)", divergence(qa, qd)),
                "KS": ("Kolmogorov-Smirnov Distance (KS)", abs(qa - qd)),
                "LP": ("L-p Norm (LP)", distance(qa, qd, 2)),
                "TVD": ("Total Variation Distance (TVD)", abs(qa - qd)),
            }
            if groups is not None:
                before["CDDL"] = ("Conditional Demographic Disparity in Labels (CDDL)", conditional(positive, a, groups))
            after = {}
            if predicted is not None:
                pa, pd_ = share((predicted & a).sum(), na), share((predicted & d).sum(), nd)

                def rate(top_mask, bottom_mask, group):
                    return share((top_mask & bottom_mask & group).sum(), (bottom_mask & group).sum())

                after = {
                    "AD": ("Accuracy Difference (AD)", share(((predicted == positive) & a).sum(), na) - share(((predicted == positive) & d).sum(), nd)),
                    "DAR": ("Difference in Acceptance Rates (DAR)", rate(positive, predicted, a) - rate(positive, predicted, d)),
                    "DCA": ("Difference in Conditional Acceptance (DCA)", share((positive & a).sum(), (predicted & a).sum()) - share((positive & d).sum(), (predicted & d).sum())),
                    "DCR": ("Difference in Conditional Rejection (DCR)", share((~positive & d).sum(), (~predicted & d).sum()) - share((~positive & a).sum(), (~predicted & a).sum())),
                    "DI": ("Disparate Impact (DI)", share(pd_, pa)),
                    "DPPL": ("Difference in Positive Proportions in Predicted Labels (DPPL)", pa - pd_),
                    "DRR": ("Difference in Rejection Rates (DRR)", rate(~positive, ~predicted, d) - rate(~positive, ~predicted, a)),
                    "RD": ("Recall Difference (RD)", rate(predicted, positive, a) - rate(predicted, positive, d)),
                    "SD": ("Specificity Difference (SD)", rate(~predicted, ~positive, d) - rate(~predicted, ~positive, a)),
                    "TE": ("Treatment Equality (TE)",
                           share((~predicted & positive & d).sum(), (predicted & ~positive & d).sum()) - share((~predicted & positive & a).sum(), (predicted & ~positive & a).sum())),
                }
                if groups is not None:
                    after["CDDPL"] = ("Conditional Demographic Disparity in Predicted Labels (CDDPL)", conditional(predicted, a, groups))
            return before, after


        def picked(method, metrics):
            wanted = methods.get(method, {}).get("methods", "all")
            result = []
            for name, (description, value) in sorted(metrics.items()):
                if wanted == "all" or name in wanted:
                    entry = {"name": name, "description": description, "value": clean(value)}
                    if entry["value"] is None:
                        entry["error"] = "a group is too small for it"
                    result.append(entry)
            return result


        # the model

        calls = [0]


        def answers(rows):
            """The model's answers to rows of the features, as text rows."""
            model, program = env("SFN_MODEL_DATA"), env("SFN_TRANSFORM")
            if not model or not program:
                fail("%s needs a model: the step has no ModelName" % kind)
            home = "%s/processing/predictor-%d" % (top, calls[0])
            calls[0] += 1
            unpacked = top + "/processing/predictor-model"
            if not os.path.isdir(unpacked):
                for folder, place in ((model, unpacked), (env("SFN_MODEL_CODE", ""), unpacked + "/code")):
                    os.makedirs(place, exist_ok=True)
                    for archive in files_of(folder) if folder else []:
                        if tarfile.is_tarfile(archive):
                            with tarfile.open(archive) as packed:
                                packed.extractall(place, filter="data")
            os.makedirs(home + "/transform/input")
            os.makedirs(home + "/transform/output")
            with open(home + "/transform/input/rows.csv", "w") as out:
                rows.to_csv(out, header=False, index=False)
            accept = config.get("predictor", {}).get("accept_type", "text/csv")
            with open(home + "/transform/request.json", "w") as out:
                json.dump({"TransformInput": {"ContentType": "text/csv", "SplitType": "Line"}, "TransformOutput": {"Accept": accept, "AssembleWith": "Line"}}, out)
            done = subprocess.run([sys.executable, program], env={**os.environ, "SFN_ML": home, "SM_MODEL_DIR": unpacked}, capture_output=True, text=True)
            if done.returncode != 0:
                fail("the model does not answer: " + (done.stderr.strip().splitlines() or ["it says nothing"])[-1])
            lines = open(home + "/transform/output/rows.csv.out").read().split("\n")
            lines = [line for line in lines if line]
            if len(lines) != len(rows):
                fail("the model gave %d answers to %d rows" % (len(lines), len(rows)))
            return [json.loads(line) if line[:1] in "[{" else line.split(",") for line in lines]


        def score(answer):
            """One number of an answer."""
            place = config.get("predictor", {}).get("probability", config.get("predictor", {}).get("label"))
            if isinstance(answer, dict):
                answer = answer.get(place) if place is not None else next(iter(answer.values()))
            elif isinstance(place, int) and isinstance(answer, list) and place < len(answer):
                answer = answer[place]
            while isinstance(answer, list):
                answer = answer[0]
            return answer


        def numbers(given):
            try:
                return numpy.array([float(score(a)) for a in given])
            except (TypeError, ValueError):
                fail("the model's answers are not numbers, such as %s" % json.dumps(given[0]))


        report = {"version": "1.0"}
        wanted_values = config.get("label_values_or_threshold")
        if kind in ("DATA_BIAS", "MODEL_BIAS"):
            if label is None:
                fail("bias needs a label")
            positive = chosen(data[label], wanted_values)
            predicted = None
            if kind == "MODEL_BIAS":
                given = answers(data[features])
                threshold = config.get("probability_threshold", config.get("predictor", {}).get("probability_threshold"))
                if threshold is None and "probability" in config.get("predictor", {}):
                    threshold = 0.5
                if threshold is not None:
                    predicted = pandas.Series(numbers(given) >= float(threshold), index=data.index)
                elif pandas.api.types.is_numeric_dtype(data[label]):
                    predicted = chosen(pandas.Series(numbers(given), index=data.index), wanted_values or [data[label].max()])
                else:
                    predicted = chosen(pandas.Series([str(score(a)) for a in given], index=data.index), wanted_values or [data[label].max()])
            groups = data[column(config["group_variable"])] if "group_variable" in config else None
            before, after = {}, {}
            for facet in config.get("facet", []):
                name = column(facet["name_or_index"])
                values = facet.get("value_or_threshold")
                first, second = bias(name, values, positive, predicted, groups)
                shown = said(values) or str(data[name].max())
                before.setdefault(str(name), []).append({"value_or_threshold": shown, "metrics": picked("pre_training_bias", first)})
                after.setdefault(str(name), []).append({"value_or_threshold": shown, "metrics": picked("post_training_bias", second)})
            if not before:
                fail("bias needs a facet")
            head = {"label": str(label), "label_value_or_threshold": said(wanted_values) or str(data[label].max())}
            if kind == "DATA_BIAS" or "pre_training_bias" in methods:
                report["pre_training_bias_metrics"] = {**head, "facets": before}
            if kind == "MODEL_BIAS":
                report["post_training_bias_metrics"] = {**head, "facets": after}
        else:
            shap = methods.get("shap", {})
            known = data[features]
            baseline = shap.get("baseline")
            if isinstance(baseline, list) and baseline:
                base = pandas.DataFrame(baseline, columns=features)
            else:
                base = pandas.DataFrame([[known[c].mean() if pandas.api.types.is_numeric_dtype(known[c]) else known[c].mode()[0] for c in features]], columns=features)
            dice = numpy.random.default_rng(int(shap.get("seed", 0) or 0))
            rows = known if len(known) <= 100 else known.iloc[dice.choice(len(known), 100, replace=False)]
            walks = max(2, min(10, int(shap.get("num_samples") or 10)))
            # Features change from the baseline's value to the row's own in random orders; what each change does to the answer is
            # that feature's part. All that is to be answered is asked at once.
            asked, orders = [], []
            origin = base.iloc[0]
            for _, row in rows.iterrows():
                for _ in range(walks):
                    order = dice.permutation(len(features))
                    orders.append(order)
                    now = origin.copy()
                    asked.append(now.copy())
                    for place in order:
                        now[features[place]] = row[features[place]]
                        asked.append(now.copy())
            values = numbers(answers(pandas.DataFrame(asked, columns=features))).reshape(len(orders), len(features) + 1)
            parts = numpy.zeros((len(orders), len(features)))
            for index, order in enumerate(orders):
                parts[index, order] = numpy.diff(values[index])
            local = parts.reshape(len(rows), walks, len(features)).mean(axis=1)
            aggregate = {"mean_abs": numpy.abs(local).mean(axis=0), "median": numpy.median(local, axis=0), "mean_sq": (local ** 2).mean(axis=0)}
            how = shap.get("agg_method", "mean_abs")
            importance = aggregate.get(how, aggregate["mean_abs"])
            report["explanations"] = {"kernel_shap": {"label0": {
                "global_shap_values": {str(f): clean(v) for f, v in zip(features, importance)}, "expected_value": clean(values[:, 0].mean())}}}

        # drift

        violations = []
        path = env("baseline_constraints")
        old = json.load(open(path)) if path and os.path.exists(path) else None
        if old:
            for section in ("pre_training_bias_metrics", "post_training_bias_metrics"):
                for facet, entries in old.get(section, {}).get("facets", {}).items():
                    now = {e["value_or_threshold"]: {m["name"]: m["value"] for m in e["metrics"]} for e in report.get(section, {}).get("facets", {}).get(facet, [])}
                    for entry in entries:
                        for metric in entry["metrics"]:
                            value = now.get(entry["value_or_threshold"], {}).get(metric["name"])
                            if value is None or metric.get("value") is None:
                                continue
                            ideal = 1.0 if metric["name"] == "DI" else 0.0
                            if abs(value - ideal) > abs(metric["value"] - ideal) + 1e-9:
                                violations.append({"facet": facet, "facet_value": entry["value_or_threshold"], "metric_name": metric["name"],
                                    "constraint_check_type": "bias_drift_check",
                                    "description": "%s of %s=%s is %.4f, further from no bias than the baseline's %.4f" % (metric["name"], facet, entry["value_or_threshold"], value, metric["value"])})
            for label_name, entry in old.get("explanations", {}).get("kernel_shap", {}).items():
                before = entry.get("global_shap_values", {})
                now = report.get("explanations", {}).get("kernel_shap", {}).get(label_name, {}).get("global_shap_values", {})
                names = [n for n in before if n in now]

                def gain(order):
                    return sum(abs(before[n] or 0) / math.log2(place + 2) for place, n in enumerate(order))

                ideal = gain(sorted(names, key=lambda n: -abs(before[n] or 0)))
                got = gain(sorted(names, key=lambda n: -abs(now[n] or 0)))
                if ideal > 0 and got / ideal < 0.9:
                    violations.append({"label": label_name, "metric_name": "nDCG", "constraint_check_type": "feature_attribution_drift_check",
                        "description": "the features' order of importance has an nDCG of %.4f to the baseline's, less than 0.9" % (got / ideal)})

        target = top + "/processing/output"
        os.makedirs(target, exist_ok=True)
        for name, value in (("analysis.json", report), ("constraint_violations.json", {"version": "1.0", "violations": violations})):
            with open(os.path.join(target, name), "w") as out:
                json.dump(value, out, indent=1)
        print("%d rows, %d violations" % (len(data), len(violations)))
        """#
}
