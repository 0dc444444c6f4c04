import Digest
import Glibc
import JSON

/// What stands for a container image here.
struct ImageRuntime: Sendable {
    enum Framework: String, Sendable {
        case scikitLearn = "sklearn"
        case xgboost, pytorch, other
    }
    var framework: Framework
    /// The command that the configuration maps the image to; replaces the image's own entry point.
    var command: [String] = []
    var environment: [String: String] = [:]
    /// A virtual environment that is there.
    var venv: String?
    /// One to be made.
    var packages: [String] = []
    /// Nothing is known of the image.
    var isUnknown = false
}

/// Finds what an image is here: the configuration's patterns first, then the frameworks' own images.
struct ImageCatalog: Sendable {
    let images: [ImageConfiguration]

    private static let science = ["numpy", "pandas", "scikit-learn", "scipy", "joblib"]

    func runtime(_ image: String) -> ImageRuntime {
        let framework = Self.framework(image)
        if let entry = images.first(where: { $0.matches(image) }) {
            return ImageRuntime(
                framework: framework, command: entry.command, environment: entry.environment, venv: entry.venv, packages: entry.packages)
        }
        switch framework {
        case .scikitLearn: return ImageRuntime(framework: framework, packages: Self.science)
        case .xgboost: return ImageRuntime(framework: framework, packages: Self.science + ["xgboost-cpu"])
        case .pytorch: return ImageRuntime(framework: framework, packages: Self.science + ["torch"])
        case .other: return ImageRuntime(framework: framework, isUnknown: true)
        }
    }

    static func framework(_ image: String) -> ImageRuntime.Framework {
        let name = image.split(separator: "/").last.map(String.init) ?? image
        if name.contains("scikit-learn") || name.contains("sklearn") { return .scikitLearn }
        if name.contains("xgboost") { return .xgboost }
        if name.contains("pytorch") { return .pytorch }
        return .other
    }
}

/// Virtual environments made on first use, one for each list of packages, shared by all jobs and engines.
struct VirtualEnvironments: Sendable {
    let folder: String

    /// The environment's folder.
    func prepare(_ packages: [String], log: @escaping @Sendable ([UInt8]) -> Void) async throws(JobFailure) -> String {
        let key = Digest.hex(packages.sorted().joined(separator: "\n"), algorithm: .sha256).prefix(12)
        let path = "\(folder)/\(key)"
        if Files.exists("\(path)/ready") { return path }
        do { try Files.makeFolder(folder) } catch { throw .internalError(error.description) }
        log(Array("Making a virtual environment with \(packages.joined(separator: ", ")); this happens once.\n".utf8))
        // Whoever holds the lock makes it; the others find it ready.
        let script = """
            exec 9> \(JobScript.quoted("\(path).lock"))
            flock 9
            [ -e \(JobScript.quoted("\(path)/ready")) ] && exit 0
            rm -rf \(JobScript.quoted(path))
            python3 -m venv \(JobScript.quoted(path)) &&
            \(JobScript.quoted("\(path)/bin/pip")) install --disable-pip-version-check -q \(packages.map(JobScript.quoted).joined(separator: " ")) 9>&- &&
            printf '%s\\n' \(packages.map(JobScript.quoted).joined(separator: " ")) > \(JobScript.quoted("\(path)/ready"))
            """
        let output = await CommandRun.run(
            ["sh", "-c", script], environment: Executable.environment, directory: folder, logsOutput: true, log: log)
        guard output.exit == .exited(0) else {
            let said = CommandFunction.trimmed(String(decoding: output.errorTail.suffix(1500), as: UTF8.self))
            throw .internalError("the virtual environment for \(packages.joined(separator: ", ")) could not be made: \(said)")
        }
        return path
    }
}
