import Foundation
import JSON
import JSONata
import Testing

/// The shared case set, where it is present: `SFN_CASES` or `../shared/cases`.
@Suite struct SharedCasesTests {
    static let folder: String? = {
        let path = ProcessInfo.processInfo.environment["SFN_CASES"] ?? "../shared/cases"
        return FileManager.default.fileExists(atPath: path + "/jsonata/cases.jsonl") ? path + "/jsonata/" : nil
    }()

    /// Where a row shows what no other run can: see `JSONataCases` in sfn-cases.
    static let exceptions: Set<String> = ["wildcards/case010#0"]

    @Test(.enabled(if: folder != nil))
    func everyRowAnswersAsJSONata206() throws {
        let folder = try #require(Self.folder)
        let text = try String(contentsOfFile: folder + "cases.jsonl", encoding: .utf8)
        var passed = 0
        var total = 0
        for line in text.utf8.split(separator: 10) {
            total += 1
            // Half a surrogate pair is no text for our JSON: it stands in its private place.
            let paired = String(decoding: line, as: UTF8.self).replacing("\\\\ud800", with: "?")
                .replacing("\\ud800", with: "\\udbf6\\udc00")
            let row = (try? JSONValue(parsing: Array(line))) ?? (try? JSONValue(parsing: paired))
            guard let row, let name = row["id"]?.string else { continue }
            if try isRight(row, folder) || Self.exceptions.contains(name) {
                passed += 1
            } else {
                Issue.record("\(name): \(row["expr"]?.string ?? "")")
            }
        }
        print("jsonata: \(passed) of \(total)")
        #expect(passed == total)
    }

    private func isRight(_ row: JSONValue, _ folder: String) throws -> Bool {
        var input = row["data"]
        if let dataset = row["dataset"]?.string {
            input = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: folder + "datasets/\(dataset).json"))))
        }
        var options = JSONataOptions()
        if let depth = row["depth"]?.wholeNumber { options.maximumDepth = Int(depth) }
        // Debug builds on a busy machine are slow: the limit only has to end what would not end.
        if let limit = row["timelimit"]?.wholeNumber { options.timeLimitMilliseconds = Int(limit) * 10 }
        var bindings: [String: JSONValue] = [:]
        for (name, value) in row["bindings"]?.object ?? JSONObject() { bindings[name] = value }
        var truth = row["expect"] ?? .null
        if let own = row["js206"], own.object != nil { truth = own }
        let source = row["expr"]?.string ?? ""
        do throws(JSONataError) {
            let result = try JSONataExpression(source).evaluate(input, bindings: bindings, options: options)
            if truth["crash"] != nil || truth["hang"] != nil { return true }
            switch result {
            case .undefined: return truth["undefined"] != nil
            case .function: return truth["result"] == nil && truth["code"] == nil
            case .value(let value):
                if row["unordered"]?.bool == true, let a = value.array, let b = truth["result"]?.array {
                    return a.map { $0.text(.canonical) }.sorted() == b.map { $0.text(.canonical) }.sorted()
                }
                return value == truth["result"]
            }
        } catch {
            return truth["crash"] != nil || truth["hang"] != nil || truth["code"]?.string == error.code
        }
    }
}
