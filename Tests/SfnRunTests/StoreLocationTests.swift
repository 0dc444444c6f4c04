import Glibc
import LocalJobs
import Testing

@testable import sfn_run

struct StoreLocationTests {
    private func find(
        store: String? = nil, configuration: String? = nil, from folder: String, variable: String? = nil, files: Set<String> = []
    ) -> StoreLocation {
        StoreLocation.find(
            store: store, configuration: configuration, from: folder, environment: { $0 == "SFN_RUN_STORE" ? variable : nil },
            exists: files.contains)
    }

    @Test func theNearestConfigurationDecides() {
        let found = find(from: "/a/b/c", files: ["/a/sfn-run.json", "/a/b/sfn-run.json"])
        #expect(found == StoreLocation(store: "/a/b/.sfn-run/sfn.db", configuration: "/a/b/sfn-run.json"))
    }

    @Test func aVariableBeatsTheConfigurationAndAnOptionBeatsBoth() {
        #expect(find(from: "/a", variable: "/v.db", files: ["/a/sfn-run.json"]).store == "/v.db")
        #expect(find(store: "/o.db", from: "/a", variable: "/v.db", files: ["/a/sfn-run.json"]).store == "/o.db")
        #expect(find(store: "/o.db", from: "/a", files: ["/a/sfn-run.json"]).configuration == "/a/sfn-run.json")
    }

    @Test func withoutAnyTheCurrentFolderHoldsTheStore() {
        let found = find(from: "/nowhere")
        #expect(found.store == Files.currentFolder + "/.sfn-run/sfn.db")
        #expect(found.configuration == nil)
    }

    @Test func anEmptyVariableIsNoStore() {
        #expect(find(from: "/a", variable: "", files: ["/a/sfn-run.json"]).store == "/a/.sfn-run/sfn.db")
    }

    @Test func theRootFolderIsSearchedToo() {
        #expect(find(from: "/a", files: ["/sfn-run.json"]).store == "/.sfn-run/sfn.db")
    }
}

struct NamedFileTests {
    @Test func pathsAreTakenApart() {
        #expect(Files.parent("/a/b.json") == "/a")
        #expect(Files.parent("/b.json") == "/")
        #expect(Files.parent("b.json") == ".")
        #expect(Files.name("/a/b.json") == "b.json")
        #expect(NamedFile.absolute("/a/./b/../c") == "/a/c")
        #expect(NamedFile.absolute("/../..") == "/")
        #expect(Files.resolve("../../x", in: "a") == "../x")
    }

    @Test func aMissingFileIsRefusedInOneSentence() {
        let problem = #expect(throws: Refusal.self) { try NamedFile.read("/no/such/file") }
        #expect(problem?.sentence == "cannot read /no/such/file: No such file or directory")
        #expect(problem?.code == .invalidDefinition)
    }

    @Test func whatIsWrittenTakesThePlaceOfTheFileBehindALinkAndOfNothingElse() throws {
        let folder = NamedFile.absolute(".build/named-file-\(getpid())")
        try Files.makeFolder(folder)
        defer { Files.remove(folder) }
        try NamedFile.write([1], to: "\(folder)/file")
        #expect(symlink("file", "\(folder)/link") == 0)
        try NamedFile.write([2], to: "\(folder)/link")
        #expect(Files.names(folder) == ["file", "link"] && Files.withoutLinks("\(folder)/link") == "\(folder)/file")
        #expect(try NamedFile.read("\(folder)/file") == [2])
        try NamedFile.write([3], to: "/dev/null")
        #expect(!Files.isFile("/dev/null"))
        #expect(throws: Refusal.self) { try NamedFile.write([4], to: "\(folder)/none/file") }
        #expect(!Files.exists("\(folder)/none"))
    }
}

struct ExpressionLanguageTests {
    @Test(arguments: [
        ("$.a", ExpressionLanguage.jsonpath), ("$['a']", .jsonpath), ("$$.Execution.Id", .jsonpath),
        ("States.UUID()", .intrinsic), ("$sum(a)", .jsonata), ("a.b", .jsonata), ("$", .jsonata),
    ])
    func theBeginningTellsTheLanguage(_ expression: String, _ language: ExpressionLanguage) {
        #expect(ExpressionLanguage.guess(expression) == language)
    }
}
