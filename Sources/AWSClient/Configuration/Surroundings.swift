import Glibc

/// What the AWS SDKs look at outside of the program: variables, files, the clock. Tests give their own.
package struct Surroundings: Sendable {
    package var variables: [String: String]
    package var readFile: @Sendable (String) -> [UInt8]?
    package var now: @Sendable () -> AWSTimestamp

    package init(
        variables: [String: String], readFile: @escaping @Sendable (String) -> [UInt8]? = Surroundings.contents,
        now: @escaping @Sendable () -> AWSTimestamp = Surroundings.clock
    ) {
        self.variables = variables
        self.readFile = readFile
        self.now = now
    }

    /// Those of this process.
    package static var process: Surroundings {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return Surroundings(variables: variables)
    }

    /// nil where the variable is missing or empty.
    package func variable(_ name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    package var home: String { variable("HOME") ?? "/" }

    func path(_ text: String) -> String {
        text == "~" || text.hasPrefix("~/") ? home + text.dropFirst() : text
    }

    func text(ofFile path: String) -> String? { readFile(self.path(path)).map { String(decoding: $0, as: UTF8.self) } }

    package static let contents: @Sendable (String) -> [UInt8]? = { path in
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 { return nil }
            if count == 0 || result.count > 16 << 20 { return result }
            result.append(contentsOf: buffer[..<count])
        }
    }

    package static let clock: @Sendable () -> AWSTimestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return AWSTimestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
