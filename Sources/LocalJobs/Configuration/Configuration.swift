import JSON

/// What `sfn-run.json` says: what a machine names, and what that is on this machine. Every path in it is seen from its folder.
package struct Configuration: Sendable {
    /// The folder of the file.
    package var folder: String
    /// By the name or ARN that the file uses.
    package var functions: [String: FunctionConfiguration] = [:]
    /// Activity name or ARN → the command that works on its tasks.
    package var activities: [String: ActivityConfiguration] = [:]
    /// In the order of the file: the first whose pattern matches an image counts.
    package var images: [ImageConfiguration] = []
    package var services = ServicesConfiguration()
    /// Bucket name → absolute path of its folder.
    package var buckets: [String: String] = [:]
    /// Name or ARN of an EventBridge connection → as the file has it (for `http:invoke`).
    package var connections: [String: JSONValue] = [:]
    package var limits = LimitsConfiguration()
    /// Where buckets, jobs and virtual environments live.
    package var dataDirectory: String

    package init(folder: String) {
        self.folder = folder
        dataDirectory = "\(folder)/.sfn-run/data"
    }

    /// Reads a file. A file that is not there or not JSON gives one diagnostic.
    package static func read(file path: String) -> (configuration: Configuration, diagnostics: [ConfigurationDiagnostic]) {
        let whole = Files.resolve(path, in: Files.currentFolder)
        do {
            let bytes = try Files.read(whole)
            return parse(try JSONValue(parsing: bytes), folder: Files.parent(whole))
        } catch {
            let message = (error as? JSONError).map { "\(path) is not JSON: \($0)" } ?? "cannot read \(error)"
            return (
                Configuration(folder: Files.parent(whole)),
                [ConfigurationDiagnostic(pointer: "", message: message, isWarning: false)]
            )
        }
    }

    /// The nearest `sfn-run.json` at or above `folder`.
    package static func find(from folder: String) -> String? {
        var current = Files.resolve(folder, in: Files.currentFolder)
        while true {
            if Files.isFile("\(current)/sfn-run.json") { return "\(current)/sfn-run.json" }
            let upper = Files.parent(current)
            if upper == current { return nil }
            current = upper
        }
    }

    package static func parse(_ value: JSONValue, folder: String) -> (configuration: Configuration, diagnostics: [ConfigurationDiagnostic]) {
        let reader = ConfigurationReader(value)
        var result = Configuration(folder: folder)
        guard value.object != nil else {
            reader.expected("an object")
            return (result, reader.notes.diagnostics)
        }
        reader.onlyKnows(
            "functions", "activities", "images", "services", "buckets", "connections", "limits", "data", "region", "account", "store")
        for (name, member) in reader.member("functions")?.members() ?? [] {
            result.functions[name] = FunctionConfiguration.read(member, name: name, folder: folder)
        }
        for (name, member) in reader.member("activities")?.members() ?? [] {
            result.activities[name] = ActivityConfiguration.read(member)
        }
        if let images = reader.member("images") { result.images = ImageConfiguration.read(images, folder: folder) }
        if let services = reader.member("services") { result.services = ServicesConfiguration.read(services) }
        result.services.region = reader.string("region") ?? result.services.region
        result.services.account = reader.string("account") ?? result.services.account
        for (name, member) in reader.member("buckets")?.members() ?? [] {
            guard let path = member.value.string, !path.isEmpty else {
                member.expected("the path of a folder")
                continue
            }
            result.buckets[name] = Files.resolve(path, in: folder)
        }
        for (name, member) in reader.member("connections")?.members() ?? [] {
            if member.value.object == nil { member.expected("an object") } else { result.connections[name] = member.value }
        }
        if let limits = reader.member("limits") { result.limits = LimitsConfiguration.read(limits) }
        if let data = reader.string("data") { result.dataDirectory = Files.resolve(data, in: folder) }
        return (result, reader.notes.diagnostics)
    }
}

/// A command that works on an activity's tasks.
package struct ActivityConfiguration: Sendable, Equatable {
    package var command: [String]
    package var concurrency = 1
    package var environment: [String: String] = [:]
    package var timeoutSeconds: Double?

    static func read(_ reader: ConfigurationReader) -> ActivityConfiguration? {
        if reader.value.array != nil { return reader.strings().map { ActivityConfiguration(command: $0) } }
        guard reader.value.object != nil else {
            reader.expected("an object with a command")
            return nil
        }
        reader.onlyKnows("command", "concurrency", "environment", "timeout")
        guard let command = reader.member("command") else {
            reader.wrong("has no command, expected a list of texts")
            return nil
        }
        guard let words = command.strings() else { return nil }
        var result = ActivityConfiguration(command: words)
        result.concurrency = reader.whole("concurrency", from: 1, to: 1000) ?? 1
        result.environment = reader.texts("environment")
        result.timeoutSeconds = reader.seconds("timeout")
        return result
    }
}

/// What runs here in place of a container image.
package struct ImageConfiguration: Sendable, Equatable {
    /// `*` stands for any characters; matched against the whole image URI.
    package var pattern: String
    /// Replaces the image's entry point; empty: a job's own entry point, or the framework's default one.
    package var command: [String] = []
    package var environment: [String: String] = [:]
    /// A virtual environment's folder, or nil for one made here from `packages`.
    package var venv: String?
    package var packages: [String] = []

    /// An object pattern → entry, or an array of entries with `pattern`.
    static func read(_ reader: ConfigurationReader, folder: String) -> [ImageConfiguration] {
        if reader.value.array != nil {
            return reader.elements().compactMap { element in
                guard let pattern = element.string("pattern") else {
                    element.wrong("has no pattern")
                    return nil
                }
                return entry(element, pattern: pattern, folder: folder)
            }
        }
        return reader.members().compactMap { entry($0.reader, pattern: $0.name, folder: folder) }
    }

    private static func entry(_ reader: ConfigurationReader, pattern: String, folder: String) -> ImageConfiguration? {
        if reader.value.array != nil { return reader.strings().map { ImageConfiguration(pattern: pattern, command: $0) } }
        guard reader.value.object != nil else {
            reader.expected("a command, or an object with command, venv or packages")
            return nil
        }
        reader.onlyKnows("pattern", "command", "environment", "venv", "packages")
        var result = ImageConfiguration(pattern: pattern)
        result.command = reader.member("command")?.strings() ?? []
        result.environment = reader.texts("environment")
        result.venv = reader.string("venv").map { Files.resolve($0, in: folder) }
        result.packages = reader.member("packages")?.strings() ?? []
        return result
    }

    package func matches(_ image: String) -> Bool { Wildcard.matches(pattern, image) }
}

/// Where AWS's services are.
package struct ServicesConfiguration: Sendable, Equatable {
    package enum Mode: String, Sendable { case local, aws }
    /// For SageMaker jobs, Lambda, S3 and SQS: this machine or AWS.
    package var mode = Mode.local
    /// Per service, where it differs from `mode`.
    package var modes: [String: Mode] = [:]
    package var region = "us-east-1"
    package var account = "123456789012"
    /// Service → URL; `*` for all others.
    package var endpoints: [String: String] = [:]
    package var profile: String?
    /// This program is a Step Functions itself: an endpoint for all services does not take its own machines away.
    package var isStepFunctions = false

    package func mode(of service: String) -> Mode { modes[service] ?? mode }

    static func read(_ reader: ConfigurationReader) -> ServicesConfiguration {
        var result = ServicesConfiguration()
        for (name, member) in reader.members() {
            switch name {
            case "region": result.region = reader.string(name) ?? result.region
            case "account": result.account = reader.string(name) ?? result.account
            case "profile": result.profile = reader.string(name)
            case "mode": result.mode = mode(member) ?? result.mode
            case "endpoint": if let url = url(member) { result.endpoints["*"] = url }
            case "endpoints":
                for (service, entry) in member.members() { if let url = url(entry) { result.endpoints[service] = url } }
            default: service(name, member, &result)
            }
        }
        return result
    }

    /// `"dynamodb": {"endpoint": "http://…", "mode": "aws"}` or `"sagemaker": "aws"`
    private static func service(_ name: String, _ reader: ConfigurationReader, _ result: inout ServicesConfiguration) {
        switch reader.value {
        case .object:
            reader.onlyKnows("endpoint", "mode")
            if let entry = reader.member("endpoint"), let url = url(entry) { result.endpoints[name] = url }
            if let entry = reader.member("mode") { result.modes[name] = mode(entry) }
        case .string(let text) where text.hasPrefix("http"): result.endpoints[name] = url(reader)
        default: result.modes[name] = mode(reader)
        }
    }

    private static func mode(_ reader: ConfigurationReader) -> Mode? {
        guard let mode = reader.value.string.flatMap(Mode.init(rawValue:)) else {
            reader.expected("\"local\" or \"aws\"")
            return nil
        }
        return mode
    }

    private static func url(_ reader: ConfigurationReader) -> String? {
        guard let text = reader.value.string, text.hasPrefix("http://") || text.hasPrefix("https://") else {
            reader.expected("an http:// or https:// URL")
            return nil
        }
        return text
    }
}

/// Limits of this process.
package struct LimitsConfiguration: Sendable, Equatable {
    /// Tasks at once. A machine of this size runs no thousand processes, but that many calls may wait for servers.
    package var maxConcurrency = 1000
    /// Tasks at once of all executions of one state machine; 0: no limit of its own.
    package var maxConcurrencyPerMachine = 0
    /// State machine name → tasks at once, where it differs.
    package var machines: [String: Int] = [:]
    /// False: AWS's quotas (256 KiB payload, 25,000 events, …) do not hold.
    package var quotas = true

    static func read(_ reader: ConfigurationReader) -> LimitsConfiguration {
        reader.onlyKnows("maxConcurrency", "maxConcurrencyPerMachine", "machines", "quotas")
        var result = LimitsConfiguration()
        result.maxConcurrency = reader.whole("maxConcurrency", from: 1, to: 100_000) ?? result.maxConcurrency
        result.maxConcurrencyPerMachine = reader.whole("maxConcurrencyPerMachine", from: 1, to: 100_000) ?? 0
        for (name, member) in reader.member("machines")?.members() ?? [] {
            member.onlyKnows("maxConcurrency")
            if let most = member.whole("maxConcurrency", from: 1, to: 100_000) { result.machines[name] = most }
        }
        if let member = reader.member("quotas") {
            if let flag = member.value.bool { result.quotas = flag } else { member.expected("true or false") }
        }
        return result
    }
}

/// Patterns in which `*` stands for any characters.
enum Wildcard {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.utf8)
        let text = Array(text.utf8)
        var place = 0
        var index = 0
        var star: Int?
        var resume = 0
        while index < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = place
                resume = index
                place += 1
            } else if place < pattern.count, pattern[place] == text[index] {
                place += 1
                index += 1
            } else if let star {
                place = star + 1
                resume += 1
                index = resume
            } else {
                return false
            }
        }
        while place < pattern.count, pattern[place] == UInt8(ascii: "*") { place += 1 }
        return place == pattern.count
    }
}
