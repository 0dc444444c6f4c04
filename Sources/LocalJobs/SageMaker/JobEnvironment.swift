import Glibc
import JSON

/// What every job finds in its environment, and where its programs come from.
struct JobEnvironment: Sendable {
    let region: String
    let account: String
    let buckets: LocalBuckets
    let images: ImageCatalog
    let venvs: VirtualEnvironments
    /// Where the programs that this room ships are written.
    let programs: String
    let services: LocalServices

    /// This process's environment with the runtime's: its virtual environment's programs come first.
    func base(_ runtime: ImageRuntime, log: @escaping @Sendable ([UInt8]) -> Void) async throws(JobFailure) -> [String: String] {
        var environment = Executable.environment
        for name in ["PYTHONHOME", "PYTHONPATH", "SFN_RUN_STORE"] { environment[name] = nil }
        environment["AWS_REGION"] = region
        environment["AWS_DEFAULT_REGION"] = region
        environment["PYTHONUNBUFFERED"] = "1"
        services.install()
        environment.merge(services.environment) { $1 }
        environment["PYTHONPATH"] = services.folder
        environment.merge(runtime.environment) { $1 }
        var venv = runtime.venv
        if venv == nil, !runtime.packages.isEmpty { venv = try await venvs.prepare(runtime.packages, log: log) }
        if let venv {
            environment["VIRTUAL_ENV"] = venv
            environment["PATH"] = "\(venv)/bin:\(environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")"
        }
        return environment
    }

    /// Writes a program that this room ships; its path.
    func program(_ name: String, _ source: String) throws(JobFailure) -> String {
        let path = "\(programs)/\(name)"
        if let bytes = try? Files.read(path), bytes == Array(source.utf8) { return path }
        do { try Files.write(source, to: path) } catch { throw .internalError(error.description) }
        return path
    }

    static var cpuCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// `/opt/ml/input/config/resourceconfig.json` and its sibling for processing.
    static func resourceConfig(instanceType: String) -> JSONValue {
        [
            "current_host": "algo-1", "current_instance_type": .string(instanceType), "current_group_name": "homogeneousCluster",
            "hosts": ["algo-1"], "network_interface_name": "lo",
            "instance_groups": [["instance_group_name": "homogeneousCluster", "instance_type": .string(instanceType), "hosts": ["algo-1"]]],
        ]
    }
}
