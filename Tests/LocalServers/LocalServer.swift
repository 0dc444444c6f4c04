import Glibc

/// A program that tests start on a free port of 127.0.0.1. It ends when this object goes, or the tests do.
package final class LocalServer: Sendable {
    package let port: Int
    private let process: pid_t
    private let input: Int32
    private let output: Int32

    package var url: String { "http://127.0.0.1:\(port)" }

    /// `faulty_server.py`; nil where there is no Python.
    package static let faulty: LocalServer? = LocalServer(python: [folder + "/faulty_server.py"])

    /// The same over TLS, with a certificate of its own in `folder/certificate.pem`.
    package static func faultyOverTLS(_ certificates: String) -> LocalServer? {
        LocalServer(python: [folder + "/faulty_server.py", "--tls", certificates])
    }

    /// botocore recomputes each request's signature; nil where botocore is not installed.
    package static let signatures: LocalServer? = LocalServer(python: [folder + "/signature_server.py"])

    /// What a Python program prints; nil where it fails.
    package static func output(ofPython file: String, _ arguments: [String] = []) -> [UInt8]? {
        guard let (process, input, output) = start(["python3", folder + "/" + file] + arguments) else { return nil }
        close(input)
        defer { close(output) }
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(output, &buffer, buffer.count)
            if count <= 0 { break }
            result.append(contentsOf: buffer[..<count])
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return status == 0 ? result : nil
    }

    /// moto's server for all services, shared by the tests of a process; nil where moto is not installed.
    package static let moto: LocalServer? = LocalServer(python: [folder + "/moto_server.py"])

    /// A second one, in which machines are really run (moto keeps those apart from the others).
    package static let runningMoto: LocalServer? = LocalServer(python: [folder + "/moto_server.py", "--run-machines"])

    private static let folder: String = {
        let file = #filePath
        return String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)])
    }()

    /// Starts `python3 arguments…`, which prints its port as its first line.
    package init?(python arguments: [String]) {
        guard let (process, input, output) = Self.start(["python3"] + arguments) else { return nil }
        self.process = process
        self.input = input
        self.output = output
        guard let line = Self.firstLine(output), let port = Int(line) else {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
            close(input)
            close(output)
            return nil
        }
        self.port = port
    }

    deinit {
        close(input)
        close(output)
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
    }

    // Written only by pthread_mutex_lock and _unlock.
    nonisolated(unsafe) private static let lock: UnsafeMutablePointer<pthread_mutex_t> = {
        let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        return lock
    }()

    private static func start(_ words: [String]) -> (process: pid_t, input: Int32, output: Int32)? {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        // Another server must not inherit these ends before they are marked, or it would keep this one alive.
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { return nil }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let code = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
        close(toChild[0])
        close(fromChild[1])
        guard code == 0 else { return nil }
        return (process, toChild[1], fromChild[0])
    }

    private static func firstLine(_ descriptor: Int32) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1 {
            if byte == 0x0A { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }
}
