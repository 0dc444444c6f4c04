import ArgumentParser
import LocalJobs
import Store

/// The options that say which store and which configuration a verb works with.
struct StorePlace: ParsableArguments {
    @Option(help: "The store's file (else SFN_RUN_STORE, else .sfn-run/sfn.db beside the nearest sfn-run.json).")
    var store: String?

    @Option(help: "The configuration (else the nearest sfn-run.json).")
    var config: String?

    func location(from folder: String = ".") -> StoreLocation {
        StoreLocation.find(store: store, configuration: config, from: folder)
    }

    /// Opens the store; `creating` makes it where there is none.
    func open(from folder: String = ".", creating: Bool = false) throws -> (store: Store, location: StoreLocation) {
        let location = location(from: folder)
        if !creating, !Files.exists(location.store) {
            throw Refusal("there is no store at \(location.store); --store or SFN_RUN_STORE name another one", .wrongUsage)
        }
        if creating {
            do throws(FileError) {
                try Files.makeFolder(Files.parent(location.store))
            } catch {
                throw Refusal("cannot make \(error)", .executionFailed)
            }
        }
        return (try Store(path: location.store), location)
    }
}

extension StorePlace {
    /// A command that finds the same store from the current folder: with --store where that is needed.
    func command(_ words: String, reaching store: String) -> String {
        let found = StoreLocation.find(store: nil, configuration: nil, from: ".").store
        return found == store ? "sfn-run \(words)" : "sfn-run \(words) --store \(ShellWord.quoted(relative(store)))"
    }

    /// As short as the current folder allows.
    private func relative(_ path: String) -> String {
        let folder = Files.currentFolder + "/"
        return path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
    }
}

enum ShellWord {
    /// A word that a shell takes as it is.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
                    || byte >= 0x80 || "-_./:=@%+,".utf8.contains(byte)
            }
        return isPlain ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

/// Reads sfn-run.json, or the defaults where there is none.
enum ConfigurationFile {
    static func read(_ path: String?, folder: String) throws -> Configuration {
        guard let path else { return Configuration(folder: NamedFile.absolute(folder)) }
        let (configuration, diagnostics) = Configuration.read(file: path)
        for diagnostic in diagnostics where diagnostic.isWarning { printNote("\(path): warning at \(diagnostic)") }
        let errors = diagnostics.filter { !$0.isWarning }
        if !errors.isEmpty {
            errors.forEach { printNote("\(path): error at \($0)") }
            throw Refusal("\(path) cannot be used", .wrongUsage)
        }
        return configuration
    }
}
