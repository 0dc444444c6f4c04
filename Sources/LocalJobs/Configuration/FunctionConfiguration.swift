import JSON

/// How one Lambda function runs on this machine.
package struct FunctionConfiguration: Sendable, Equatable {
    package enum Runner: Sendable, Equatable {
        /// `handler` is `module.function` as Lambda has it, seen from the folder `root`.
        case python(root: String, handler: String)
        case node(root: String, handler: String)
        /// JSON on stdin, JSON on stdout.
        case command([String])
        case url(String)
    }

    /// The function's name, without account and qualifier.
    package var name: String
    package var runner: Runner
    /// nil: no limit of its own (a Task's TimeoutSeconds still holds).
    package var timeoutSeconds: Double?
    package var memoryMiB: Int?
    /// How many calls run at once.
    package var concurrency = 16
    package var environment: [String: String] = [:]
    /// The program that runs the handler; nil: `python3` or `node` of the PATH.
    package var interpreter: String?
    /// Where commands start: the folder of the configuration file.
    package var directory: String

    package init(name: String, runner: Runner, directory: String) {
        self.name = name
        self.runner = runner
        self.directory = directory
    }

    /// `{"python": "path/file.py:handler"}`, `{"node": "file.js:handler"}`, `{"command": ["…"]}`, `{"url": "http://…"}`,
    /// or what `run.py --write-functions` writes: `{"runtime": "python", "handler": "module.function", "path": FOLDER}`.
    static func read(_ reader: ConfigurationReader, name: String, folder: String) -> FunctionConfiguration? {
        if let text = reader.value.string { return shorthand(text, reader, name: name, folder: folder) }
        guard reader.value.object != nil else {
            reader.expected("an object such as {\"python\": \"functions/\(shortName(name)).py:handler\"}")
            return nil
        }
        reader.onlyKnows(
            "python", "node", "command", "url", "runtime", "handler", "path", "timeout", "memory", "concurrency", "environment",
            "venv", "interpreter", "description")
        let kinds = ["python", "node", "command", "url", "runtime"].filter { reader.member($0) != nil }
        guard kinds.count == 1 else {
            reader.wrong(
                kinds.isEmpty
                    ? "says no way to run, expected one of python, node, command, url"
                    : "says \(kinds.joined(separator: " and ")), expected one of them")
            return nil
        }
        let runner: Runner?
        switch kinds[0] {
        case "python": runner = handler(reader, "python", suffix: ".py", folder).map { .python(root: $0.root, handler: $0.handler) }
        case "node": runner = handler(reader, "node", suffix: ".js", folder).map { .node(root: $0.root, handler: $0.handler) }
        case "command": runner = reader.member("command")?.strings().map { .command($0) }
        case "url": runner = url(reader)
        default: runner = runtime(reader, folder)
        }
        guard let runner else { return nil }
        var function = FunctionConfiguration(name: shortName(name), runner: runner, directory: folder)
        function.timeoutSeconds = reader.seconds("timeout")
        function.memoryMiB = reader.whole("memory", from: 16, to: 1_048_576)
        function.concurrency = reader.whole("concurrency", from: 1, to: 10_000) ?? function.concurrency
        function.environment = reader.texts("environment")
        function.interpreter = reader.string("interpreter").map { $0.contains("/") ? Files.resolve($0, in: folder) : $0 }
        if let venv = reader.string("venv") {
            function.interpreter = Files.resolve(venv, in: folder) + "/bin/python3"
        }
        return function
    }

    /// `"functions/total.py:handler"`
    private static func shorthand(_ text: String, _ reader: ConfigurationReader, name: String, folder: String) -> FunctionConfiguration? {
        let place = split(text)
        let root: String
        let handler: String
        (root, handler) = rootAndHandler(place.file, place.function, folder)
        let runner: Runner
        if text.hasPrefix("http://") || text.hasPrefix("https://") {
            runner = .url(text)
        } else if place.file.hasSuffix(".py") {
            runner = .python(root: root, handler: handler)
        } else if [".js", ".mjs", ".cjs"].contains(where: place.file.hasSuffix) {
            runner = .node(root: root, handler: handler)
        } else {
            reader.expected("a Python or JavaScript file and its handler, as path/file.py:handler, or a URL")
            return nil
        }
        return FunctionConfiguration(name: shortName(name), runner: runner, directory: folder)
    }

    private static func handler(
        _ reader: ConfigurationReader, _ member: String, suffix: String, _ folder: String
    )
        -> (root: String, handler: String)?
    {
        guard let text = reader.string(member) else { return nil }
        let place = split(text)
        guard !place.file.isEmpty, !place.function.isEmpty else {
            reader.member(member)?.expected("path/file\(suffix):handler")
            return nil
        }
        let path = Files.resolve(place.file, in: folder)
        if !Files.isFile(path) { reader.member(member)?.wrong("there is no file \(path)") }
        return rootAndHandler(place.file, place.function, folder)
    }

    /// `path/file.py:handler`; without `:handler` the function is `handler`.
    private static func split(_ text: String) -> (file: String, function: String) {
        guard let colon = text.lastIndex(of: ":") else { return (text, "handler") }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }

    private static func rootAndHandler(_ file: String, _ function: String, _ folder: String) -> (String, String) {
        let path = Files.resolve(file, in: folder)
        let name = Files.name(path)
        let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        return (Files.parent(path), "\(stem).\(function)")
    }

    private static func url(_ reader: ConfigurationReader) -> Runner? {
        guard let text = reader.string("url") else { return nil }
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
            reader.member("url")?.expected("an http:// or https:// URL")
            return nil
        }
        return .url(text)
    }

    private static func runtime(_ reader: ConfigurationReader, _ folder: String) -> Runner? {
        guard let runtime = reader.string("runtime") else { return nil }
        let root = Files.resolve(reader.string("path") ?? ".", in: folder)
        let handler = reader.string("handler") ?? "handler.handler"
        if !Files.isFolder(root) { reader.member("path")?.wrong("there is no folder \(root)") }
        if runtime.hasPrefix("python") { return .python(root: root, handler: handler) }
        if runtime.hasPrefix("node") { return .node(root: root, handler: handler) }
        reader.member("runtime")?.expected("python or node")
        return nil
    }

    /// `arn:aws:lambda:us-east-1:123456789012:function:total:live` → `total`
    package static func shortName(_ name: String) -> String {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        if let place = parts.firstIndex(of: "function"), place + 1 < parts.count { return String(parts[place + 1]) }
        return parts.first.map(String.init) ?? name
    }
}
