"""Times the twelve JSONata expressions with the peers that are installed: jsonatapy, jsonata-rs, jlens (pip), and
jsonata-js on Node (from the build inside pip's `jsonata` package, as the npm registry is not always reachable).
Usage: bench-jsonata.py DOCUMENT EXPRESSIONS ROUNDS SWIFT_OUTPUT"""
import importlib, json, os, shutil, statistics, subprocess, sys, tempfile, time

document_path, expressions_path, rounds, swift_path = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
document_text = open(document_path, encoding="utf-8").read()
document = json.loads(document_text)
expressions = json.load(open(expressions_path, encoding="utf-8"))


def median_ms(function):
    for _ in range(2):
        function()
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        function()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1e6


def measure(prepare):
    result = {}
    for name, source in expressions.items():
        try:
            result[name] = median_ms(prepare(source))
        except Exception as error:  # a peer that cannot run an expression has no time for it
            result[name] = None
            print(f"  ({name}: {type(error).__name__}: {str(error)[:80]})", file=sys.stderr)
    return result


def jsonatapy():
    peer = importlib.import_module("jsonatapy")
    data = peer.JsonataData(document) if hasattr(peer, "JsonataData") else None

    def prepare(source):
        compiled = peer.compile(source)
        if data is not None and hasattr(compiled, "evaluate_with_data"):
            return lambda: compiled.evaluate_with_data(data)
        return lambda: compiled.evaluate(document)

    return measure(prepare)


def jsonata_rs():
    peer = importlib.import_module("jsonata")

    def prepare(source):
        compiled = peer.Jsonata(source)
        return lambda: compiled.evaluate(document)

    return measure(prepare)


def jlens():
    peer = importlib.import_module("jlens")

    data = peer.Document.from_json(document_text)

    def prepare(source):
        compiled = peer.Expression(source)
        return lambda: compiled.evaluate_document(data)

    return measure(prepare)


def jsonata_js():
    node = shutil.which("node")
    module = os.environ.get("JSONATA_JS", "")
    if not node or not os.path.exists(module):
        raise ImportError("no node, or JSONATA_JS names no file")
    program = """
const fs = require('fs');
const [,, file, documentPath, expressionsPath, rounds] = process.argv;
const holder = {exports: {}};
const jsonata = new Function('module', 'exports', fs.readFileSync(file, 'utf8')
  + ';return typeof jsonata !== "undefined" ? jsonata : module.exports;')(holder, holder.exports);
const document = JSON.parse(fs.readFileSync(documentPath, 'utf8'));
const expressions = JSON.parse(fs.readFileSync(expressionsPath, 'utf8'));
(async () => {
  const result = {};
  for (const [name, source] of Object.entries(expressions)) {
    const expression = jsonata(source);
    const times = [];
    for (let round = 0; round < +rounds + 2; round++) {
      const start = process.hrtime.bigint();
      await expression.evaluate(document);
      if (round >= 2) times.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    times.sort((a, b) => a - b);
    result[name] = times[times.length >> 1];
  }
  console.log(JSON.stringify(result));
})();
"""
    with tempfile.NamedTemporaryFile("w", suffix=".js", delete=False) as script:
        script.write(program)
    output = subprocess.run([node, script.name, module, document_path, expressions_path, str(rounds)],
                            capture_output=True, text=True, check=True).stdout
    os.unlink(script.name)
    return json.loads(output)


columns = {"sfn-run": {}}
for line in open(swift_path, encoding="utf-8"):
    name, milliseconds, _ = line.rstrip("\n").split("\t", 2)
    columns["sfn-run"][name] = float(milliseconds) if milliseconds != "error" else None
for title, peer in [("jsonatapy", jsonatapy), ("jsonata-rs", jsonata_rs), ("jlens", jlens), ("jsonata-js", jsonata_js)]:
    try:
        columns[title] = peer()
    except ImportError as error:
        print(f"  ({title} is not installed: {error})", file=sys.stderr)
    except Exception as error:
        print(f"  ({title}: {type(error).__name__}: {error})", file=sys.stderr)

titles = list(columns)
print("milliseconds for one evaluation, median of %d" % rounds)
print("%-14s" % "" + "".join("%13s" % title for title in titles) + "   place")
totals = dict.fromkeys(titles, 0.0)
for name in expressions:
    row = [columns[title].get(name) for title in titles]
    own = row[0]
    place = 1 + sum(1 for other in row[1:] if other is not None and own is not None and other < own)
    print("%-14s" % name + "".join("%13s" % ("-" if value is None else "%.3f" % value) for value in row) + "%8d" % place)
    for title, value in zip(titles, row):
        totals[title] = None if value is None or totals[title] is None else totals[title] + value
print("%-14s" % "total" + "".join("%13s" % ("-" if totals[t] is None else "%.3f" % totals[t]) for t in titles))
