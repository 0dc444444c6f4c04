import Engine
import Glibc
import JSON
import StatesLanguage
import Store

/// How a benchmark was called, and what each needs.
struct Bench: Sendable {
    var isQuick = false
    var folder = "/var/tmp"
    /// For the parts of a benchmark.
    var value = ""

    /// A path for a store that is not there yet.
    func newPath() -> String { "\(folder)/sfn-benchmark-\(getpid())-\(UInt32.random(in: 0 ... .max)).db" }

    /// Runs another part of this program in a process of its own, with the same options. False: it failed.
    func again(_ name: String, value: String = "") -> Bool {
        fflush(nil)
        let words = ["sfn-benchmark", name, "--folder", folder] + (isQuick ? ["--quick"] : []) + (value.isEmpty ? [] : ["--value", value])
        return Process.run("/proc/self/exe", words) == 0
    }

    func machine(_ text: String, name: String) throws -> Machine {
        guard let machine = StateMachine.read(text: text).machine else { throw BenchError("\(name) is no machine") }
        return Machine(
            arn: "arn:aws:states:us-east-1:000000000000:stateMachine:\(name)", name: name, roleARN: "arn:aws:iam::000000000000:role/r",
            definition: machine, text: text)
    }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Removes a store with all files beside it.
func removeStore(_ path: String) {
    for suffix in ["", "-wal", "-shm", ".turn"] { unlink(path + suffix) }
    for number in 1...9 { unlink("\(path).engine-\(number).lock") }
}

/// One line of the table.
struct Figure {
    static func printHeader() {
        Swift.print("| measure | figure | goal | |\n| --- | --- | --- | --- |")
        fflush(nil)
    }

    /// `isReached` nil: there is no goal.
    static func print(_ name: String, _ figure: String, goal: String = "", isReached: Bool? = nil) {
        Swift.print("| \(name) | \(figure) | \(goal) | \(isReached.map { $0 ? "reached" : "NOT reached" } ?? "") |")
        fflush(nil)
    }
}

extension Double {
    /// Three digits that count, thousands apart.
    var shown: String {
        if self >= 100 {
            var digits = Array(String(Int(rounded())).reversed())
            var place = 3
            while place < digits.count {
                digits.insert(",", at: place)
                place += 4
            }
            return String(digits.reversed())
        }
        let scale = self >= 10 ? 10.0 : self >= 1 ? 100.0 : 1000.0
        return String((self * scale).rounded() / scale)
    }
}

extension Array where Element == Double {
    var median: Double { isEmpty ? 0 : sorted()[count / 2] }

    func percentile(_ part: Double) -> Double { isEmpty ? 0 : sorted()[Swift.min(count - 1, Int(Double(count) * part))] }
}

func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try await body()
    return (clock.now - start).seconds
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

/// What the kernel knows of processes.
enum Process {
    /// Seconds of processor time of this process so far.
    static var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    /// MiB: resident now, and at most.
    static var memory: (now: Double, peak: Double) { (status("VmRSS:"), status("VmHWM:")) }

    private static func status(_ field: String) -> Double {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            if words.count >= 2, words[0] == field { return (Double(words[1]) ?? 0) / 1024 }
        }
        return 0
    }

    /// Runs a program to its end and returns its exit code; -1 where it could not be started.
    static func run(_ path: String, _ words: [String], isQuiet: Bool = false) -> Int32 {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if isQuiet { posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) }
        var child: pid_t = 0
        guard posix_spawn(&child, path, &actions, nil, arguments, environ) == 0 else { return -1 }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return (status >> 8) & 0xFF
    }
}
