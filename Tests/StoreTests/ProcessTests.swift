import Glibc
import Testing

@testable import Store

/// Another process on the same file.
struct Child {
    private let process: pid_t
    private let output: Int32

    /// The program lies beside the test bundle.
    init(_ arguments: [String], environment: [String] = []) throws {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let runner = String(decoding: buffer.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let program = runner.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/StoreTestChild"
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
        if let path = getenv("LD_LIBRARY_PATH") { envp.append(strdup("LD_LIBRARY_PATH=\(String(cString: path))")) }
        envp.append(nil)
        defer { for pointer in argv + envp { free(pointer) } }
        var process = pid_t()
        try #require(posix_spawn(&process, program, &actions, nil, &argv, &envp) == 0, "\(program) is not built")
        close(ends[1])
        self.process = process
        output = ends[0]
    }

    /// What it said until it ended, and the signal that ended it (0: none) or its exit code.
    func finish() -> (lines: [String], signal: Int32, code: Int32) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(output, &buffer, buffer.count)
            if count <= 0 { break }
            bytes += buffer.prefix(count)
        }
        close(output)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        return (lines, status & 0x7f, (status >> 8) & 0xff)
    }
}

@Suite struct ProcessTests {
    /// Who closes last deletes the WAL: it must not take itself for the last while the store's maker goes on committing.
    @Test func aNewStoreIsNotTakenFromTheProcessThatMadeIt() throws {
        let folder = TemporaryStore.makeFolder()
        defer { TemporaryStore.remove(folder) }
        let path = folder + "/sfn.db"
        let store = try Store(path: path)
        let end = try Child([path, "a", "1"]).finish()
        #expect(end.code == 0 && end.lines.count == 1)
        #expect(access(path + "-wal", F_OK) == 0)
        let names = try store.read { try $0.executions(limit: 100).map(\.name) }
        #expect(names == end.lines)
    }

    // The commits of the child: 1 the schema, 2 the engine, then one for each execution.
    @Test(arguments: [1, 2, 3, 4, 7], ["before", "after"])
    func whatWasAcknowledgedSurvivesKill9(commit: Int, moment: String) throws {
        let folder = TemporaryStore.makeFolder()
        defer { TemporaryStore.remove(folder) }
        let path = folder + "/sfn.db"
        let child = try Child(
            [path, "a", "9"], environment: ["SFN_RUN_KILL_AT_COMMIT=\(commit)", "SFN_RUN_KILL_MOMENT=\(moment)"])
        let end = child.finish()
        #expect(end.signal == SIGKILL)
        let store = try Store(path: path)
        #expect(try store.integrityProblems().isEmpty)
        let names = try store.read { try $0.executions(limit: 100).map(\.name) }
        let durable = max(0, commit - 2 - (moment == "before" ? 1 : 0))
        #expect(names.count == durable)
        #expect(Set(end.lines).isSubset(of: names))
        for row in try store.read({ try $0.executions(limit: 100) }) {
            #expect(try store.read { try $0.lastEventID(of: row.id) } == 1)
        }
        // Its lock is free at once, and what it ran can be taken over.
        let heir = try store.registerEngine(name: "heir", at: 0)
        let dead = try store.deadEngines()
        #expect(dead.count == (commit > 2 || (commit == 2 && moment == "after") ? 1 : 0))
        for engine in dead { #expect(try store.takeOver(engine, by: heir.id) == durable) }
        #expect(try store.read { try $0.executions(ownedBy: heir.id, limit: 100) }.count == durable)
    }

    @Test func processesShareAFileFromItsFirstMomentWithoutALockedError() throws {
        let folder = TemporaryStore.makeFolder()
        defer { TemporaryStore.remove(folder) }
        let children = try ["a", "b", "c", "d"].map { try Child([folder + "/sfn.db", $0, "40"]) }
        let ends = children.map { $0.finish() }
        for end in ends { #expect(end.code == 0 && end.signal == 0 && end.lines.count == 40, "\(end.lines.last ?? "")") }
        let store = try Store(path: folder + "/sfn.db")
        #expect(try store.read { try $0.executionCounts() } == [.running: 160])
        #expect(try store.read { try $0.engines() }.isEmpty)
        #expect(try store.integrityProblems().isEmpty)
    }
}
