import Glibc
import Synchronization

/// How a job comes to see its folder as `/opt/ml`: by a mount namespace of its own where the system permits one,
/// otherwise its arguments, environment and code are rewritten to the real path.
package struct ContainerPaths: Sendable {
    enum Way: Sendable { case mountsAsRoot, mountsAsUser, rewriting }
    let way: Way

    private static let probed = Mutex<Way?>(nil)

    /// Tries once for this process. `SFN_RUN_MOUNTS=0` says to rewrite.
    static func current() async -> ContainerPaths {
        if let way = probed.withLock({ $0 }) { return ContainerPaths(way: way) }
        let way = await probe()
        probed.withLock { $0 = way }
        return ContainerPaths(way: way)
    }

    private static func probe() async -> Way {
        let environment = Executable.environment
        if environment["SFN_RUN_MOUNTS"] == "0" { return .rewriting }
        let candidates: [(Way, String)] = getuid() == 0 ? [(.mountsAsRoot, "-m")] : [(.mountsAsUser, "-rm")]
        for (way, options) in candidates {
            let script = "exec unshare \(options) --propagation private sh -c 'mount -t tmpfs none /opt && mkdir -p /opt/ml'"
            let output = await CommandRun.run(
                ["sh", "-c", script], environment: environment, directory: "/", timeoutSeconds: 10, log: { _ in })
            if output.exit == .exited(0) { return way }
        }
        return .rewriting
    }

    /// Text as the job sees it.
    func inside(_ directory: JobDirectory) -> (String) -> String {
        guard way == .rewriting else { return { $0 } }
        return { Self.replace("/opt/ml", directory.ml, in: $0) }
    }

    /// The path of the job's `/opt/ml` as the job sees it.
    func root(_ directory: JobDirectory) -> String { way == .rewriting ? directory.ml : "/opt/ml" }

    /// Shell lines that run `command` where /opt/ml is the job's.
    func wrapped(_ command: String, _ directory: JobDirectory) -> [String] {
        let options: String
        switch way {
        case .rewriting:
            // Scripts that name /opt/ml in their text get the real path too.
            let ml = JobScript.quoted(directory.ml)
            return [
                "find \(ml) -type f \\( -name '*.py' -o -name '*.sh' \\) -exec grep -lq /opt/ml {} \\; -exec sed -i \(JobScript.quoted("s|/opt/ml|\(directory.ml)|g")) {} +",
                command,
            ]
        case .mountsAsRoot: options = "-m"
        case .mountsAsUser: options = "-rm"
        }
        // Everything else in /opt stays: each entry is bound into a new /opt beside our ml.
        let script = """
            set -e
            top=\(JobScript.quoted(directory.file("opt")))
            mkdir -p "$top/ml"
            for entry in /opt/* /opt/.[!.]*; do
                name=${entry##*/}
                [ -e "$entry" ] && [ "$name" != ml ] || continue
                if [ -L "$entry" ]; then [ -L "$top/$name" ] || ln -s "$(readlink "$entry")" "$top/$name"; continue; fi
                if [ -d "$entry" ]; then mkdir -p "$top/$name"; else : >> "$top/$name"; fi
                mount --rbind "$entry" "$top/$name"
            done
            mount --bind \(JobScript.quoted(directory.ml)) "$top/ml"
            mount --rbind "$top" /opt
            \(command)
            """
        return ["exec unshare \(options) --propagation private sh -c \(JobScript.quoted(script))"]
    }

    static func replace(_ needle: String, _ replacement: String, in text: String) -> String {
        let pattern = Array(needle.utf8)
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if index + pattern.count <= bytes.count, bytes[index..<index + pattern.count].elementsEqual(pattern),
                index + pattern.count == bytes.count || !Self.isWord(bytes[index + pattern.count])
            {
                out.append(contentsOf: replacement.utf8)
                index += pattern.count
            } else {
                out.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
