import ArgumentParser
import JSON
import LocalJobs
import StatesLanguage
import Store

/// `sfn-run experiments PIPELINE`
struct ExperimentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiments",
        abstract: "Shows the executions of a pipeline or machine side by side, with parameters and metrics.",
        discussion: """
            sfn-run experiments abalone --sort mse         the best first: the lowest
            sfn-run experiments abalone --sort auc --descending

            The pipeline is the experiment, each execution a trial. Metrics are those that jobs reported, the numbers in \
            files that conditions read, those that functions returned, and those of the output. --sort takes a metric's \
            whole name or its end.
            """)

    @OptionGroup var place: StorePlace

    @Argument(help: "The pipeline's or machine's name, ARN or file.")
    var pipeline: String

    @Option(help: "The metric, parameter or column (NAME, STATUS, STARTED, TOOK) to sort by; else the newest first.")
    var sort: String?

    @Flag(help: "The highest first.")
    var descending = false

    @Flag(help: "One JSON array.")
    var json = false

    @Flag(help: "Parameters that are the same everywhere too.")
    var all = false

    @Option(help: "At most so many executions.")
    var limit = 100

    func run() throws {
        try Refusal.reporting {
            guard limit > 0 else { throw Refusal("--limit: expected a number above 0") }
            let store = try place.open().store
            let name =
                Files.exists(pipeline) && !Files.isFolder(pipeline) ? ExecutionName.sanitized(try DefinitionFile.read(pipeline).name, limit: 80) : pipeline
            let rows = try StoredStory.rows(ofMachine: name, in: store, limit: limit)
            guard !rows.isEmpty else { throw Refusal("nothing called \(name) has run in \(store.path); `sfn-run list` shows what has") }
            var trials = try rows.map { Trial(try StoredStory($0, in: store)) }
            if let sort { trials = try TrialTable.sorted(trials, by: sort, descending: descending) }
            printOutput(json ? JSONValue.array(trials.map(\.json)).text(.pretty) : TrialTable(trials, showsAll: all).text)
        }
    }
}

/// One execution among others.
struct Trial {
    let name: String
    let status: String
    let started: Int64
    let took: Int64?
    let parameters: JSONObject
    let metrics: [ReportedMetric]

    init(name: String, status: String, started: Int64, took: Int64?, parameters: JSONObject, metrics: [ReportedMetric]) {
        self.name = name
        self.status = status
        self.started = started
        self.took = took
        self.parameters = parameters
        self.metrics = metrics
    }

    init(_ told: StoredStory) {
        self.init(
            name: told.row.name, status: told.row.status.rawValue, started: told.row.startMilliseconds,
            took: told.row.stopMilliseconds.map { $0 - told.row.startMilliseconds }, parameters: told.parameters, metrics: ReportedMetrics.of(told.story))
    }

    var json: JSONValue {
        var object = JSONObject()
        object["name"] = .string(name)
        object["status"] = .string(status)
        object["startDate"] = .double(Double(started) / 1000)
        if let took { object["seconds"] = .double(Double(took) / 1000) }
        object["parameters"] = .object(parameters)
        object["metrics"] = .object(JSONObject(metrics.map { ($0.title, .normalized($0.value)) }))
        return .object(object)
    }
}

/// Trials as a table.
struct TrialTable {
    let trials: [Trial]
    let showsAll: Bool

    init(_ trials: [Trial], showsAll: Bool) {
        self.trials = trials
        self.showsAll = showsAll
    }

    var text: String {
        let parameters = Self.names(trials.map { $0.parameters.keys }).filter { name in
            let values = trials.map { $0.parameters[name]?.text() }
            return showsAll || trials.count == 1 || values.contains { $0 != values[0] }
        }
        let metrics = Self.names(trials.map { $0.metrics.map(\.title) })
        var table = Table(cells: ["NAME", "STATUS", "STARTED", "TOOK"] + parameters.map(Self.shown) + Self.headings(metrics).map(Self.shown))
        for trial in trials {
            let values = parameters.map { name in trial.parameters[name].map { Self.shown($0.string ?? $0.text()) } ?? "-" }
            let numbers = metrics.map { title in trial.metrics.first { $0.title == title }.map { HTML.number($0.value) } ?? "-" }
            table.add(
                cells: [
                    trial.name, trial.status, Timestamp(milliseconds: trial.started).text, trial.took.map { ProgressStyle.duration(milliseconds: $0) } ?? "-",
                ]
                    + values + numbers)
        }
        return table.text
    }

    /// The ends of the metrics' titles that tell them apart; --sort takes them.
    static func headings(_ titles: [String]) -> [String] {
        titles.map { title in
            var shortest = title
            while shortest.utf8.count > 24, let cut = shortest.firstIndex(where: { $0 == "/" || $0 == "." }) {
                let end = String(shortest[shortest.index(after: cut)...])
                // `mse.value`, never `value` alone.
                let isLast = !end.contains("/") && !end.contains(".") && !shortest.contains("/")
                if isLast || titles.filter({ $0 == end || $0.hasSuffix("/\(end)") || $0.hasSuffix(".\(end)") }).count != 1 { break }
                shortest = end
            }
            return shortest
        }
    }

    private static func shown(_ text: String) -> String { ProgressStyle.safe(text, limit: 40) }

    /// Every name once, in the order in which they appear.
    private static func names(_ lists: [[String]]) -> [String] {
        var seen: Set<String> = []
        return lists.joined().filter { seen.insert($0).inserted }
    }

    fileprivate enum Key {
        case number(Double)
        case text(String)
        case missing
    }

    static func sorted(_ trials: [Trial], by name: String, descending: Bool) throws(Refusal) -> [Trial] {
        let key = try key(name, trials)
        let keyed = trials.map { ($0, key($0)) }
        // What has no such value comes last, whichever way.
        let (known, unknown) = (keyed.filter { !$0.1.isMissing }, keyed.filter { $0.1.isMissing })
        return known.sorted { descending ? $1.1.isBefore($0.1) : $0.1.isBefore($1.1) }.map(\.0) + unknown.map(\.0)
    }

    private static func key(_ name: String, _ trials: [Trial]) throws(Refusal) -> (Trial) -> Key {
        switch name.uppercased() {
        case "NAME": return { .text($0.name) }
        case "STATUS": return { .text($0.status) }
        case "STARTED": return { .number(Double($0.started)) }
        case "TOOK": return { $0.took.map { .number(Double($0)) } ?? .missing }
        default: break
        }
        let titles = names(trials.map { $0.metrics.map(\.title) })
        let lower = name.lowercased()
        let matches =
            titles.contains(name)
            ? [name]
            : titles.filter { title in
                let other = title.lowercased()
                return other == lower || [".", "/", ":", " "].contains { other.hasSuffix($0 + lower) }
                    || [".", "/", ":", " "].contains { other.hasSuffix($0 + lower + ".value") }
            }
        if matches.count == 1 {
            return { trial in trial.metrics.first { $0.title == matches[0] }.map { .number($0.value) } ?? .missing }
        }
        if matches.count > 1 { throw Refusal("--sort: \(name) may be \(matches.joined(separator: " or ")); say it whole") }
        if trials.contains(where: { $0.parameters[name] != nil }) {
            return { trial in
                guard let value = trial.parameters[name] else { return .missing }
                return value.number.map(Key.number) ?? .text(value.string ?? value.text())
            }
        }
        let known = titles.isEmpty ? "there are none" : "there are \(titles.prefix(20).joined(separator: ", "))"
        throw Refusal("--sort: there is no metric or parameter \(name); \(known)")
    }
}

extension TrialTable.Key {
    fileprivate var isMissing: Bool {
        if case .missing = self { return true }
        return false
    }

    fileprivate func isBefore(_ other: Self) -> Bool {
        switch (self, other) {
        case (.number(let a), .number(let b)): a < b
        case (.text(let a), .text(let b)): a < b
        case (.number, .text): true
        default: false
        }
    }
}
