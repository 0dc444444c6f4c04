import Glibc
import LocalJobs

/// Which store and which sfn-run.json a command works with.
struct StoreLocation: Equatable {
    let store: String
    /// nil: there is none.
    let configuration: String?

    /// `--store`, else SFN_RUN_STORE, else `.sfn-run/sfn.db` in the folder of the nearest sfn-run.json,
    /// looked for from `folder` (that of the machine, or the current one) upwards, else in the current folder.
    static func find(
        store: String?, configuration: String?, from folder: String,
        environment: (String) -> String? = { name in getenv(name).map { String(cString: $0) } },
        exists: (String) -> Bool = Files.exists
    ) -> StoreLocation {
        let found = configuration.map { NamedFile.absolute($0) } ?? nearestConfiguration(from: NamedFile.absolute(folder), exists: exists)
        if let store { return StoreLocation(store: NamedFile.absolute(store), configuration: found) }
        if let named = environment("SFN_RUN_STORE"), !named.isEmpty {
            return StoreLocation(store: NamedFile.absolute(named), configuration: found)
        }
        let home = found.map(Files.parent) ?? Files.currentFolder
        return StoreLocation(store: (home == "/" ? "" : home) + "/.sfn-run/sfn.db", configuration: found)
    }

    private static func nearestConfiguration(from folder: String, exists: (String) -> Bool) -> String? {
        var folder = folder
        while true {
            let candidate = (folder == "/" ? "" : folder) + "/sfn-run.json"
            if exists(candidate) { return candidate }
            if folder == "/" { return nil }
            folder = Files.parent(folder)
        }
    }
}
