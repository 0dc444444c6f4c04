import Glibc
import Testing

/// Work is counted, not timed: a change that makes a transition dearer by a half is seen on the busiest machine.
/// The bounds are what a debug build needs now, and a quarter more; when something pays, they are lowered.
@Suite struct CountTests {
    struct Counts {
        let allocations: Double
        let syncs: Double
        let writes: Double
    }

    @Test func whatTheEngineAsksOfMemoryAndDiskStaysBounded() throws {
        let counts = try counted()
        let memoryIsCounted = (counts["opening"]?.allocations ?? 0) > 0
        for (name, most) in Self.mostAllocations where memoryIsCounted {
            let count = try #require(counts[name], "\(name) was not counted")
            #expect(count.allocations <= most, "\(name): \(count.allocations) allocations, at most \(most)")
        }
        for (name, most) in Self.syncs {
            let count = try #require(counts[name], "\(name) was not counted")
            #expect(abs(count.syncs - most) < 0.0001, "\(name): \(count.syncs) syncs, expected \(most)")
        }
        // A page of SQLite holds about thirty.
        #expect(try #require(counts["transition"]).writes < 0.4)
        #expect(try #require(counts["waiting"]).writes < 1)
    }

    private static let mostAllocations: [String: Double] = [
        "transition": 19.5, "item": 34, "execution": 390, "execution-of-500": 350, "waiting": 365, "task": 600,
    ]

    /// One commit, one sync: for an execution that begins and ends at once, for five hundred of them, for 4,004 events, and
    /// for each half of a task.
    private static let syncs: [String: Double] = ["execution": 1, "execution-of-500": 0.002, "waiting": 0.002, "transition": 0.0005, "task": 2]

    private func counted() throws -> [String: Counts] {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let runner = String(decoding: buffer.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let program = runner.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/EngineCounts"
        // Hashing at random would change how often tables grow.
        let pipe = try #require(popen("SWIFT_DETERMINISTIC_HASHING=1 '\(program)'", "r"))
        var text = ""
        while fgets(&buffer, Int32(buffer.count), pipe) != nil {
            text += String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        #expect(pclose(pipe) == 0, "\(program): \(text)")
        var counts: [String: Counts] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 4, let first = Double(words[1]), let second = Double(words[2]), let third = Double(words[3]) else { continue }
            counts[String(words[0])] = Counts(allocations: first, syncs: second, writes: third)
        }
        return counts
    }
}
