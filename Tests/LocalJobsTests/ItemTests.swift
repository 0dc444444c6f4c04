import JSON
import Testing

@testable import LocalJobs

@Suite struct ItemTests {
    private let folder = Folder()
    private var buckets: LocalBuckets { LocalBuckets(root: folder.path) }

    private func put(_ key: String, _ text: String) throws {
        try buckets.put(Array(text.utf8), to: S3Location(bucket: "b", key: key))
    }

    private func items(_ arguments: JSONValue, _ config: JSONValue, resource: String = "arn:aws:states:::s3:getObject") throws -> [JSONValue] {
        var reader = try ItemReader(resource: resource, arguments: arguments, config: config, buckets: buckets)
        var items: [JSONValue] = []
        while let item = try reader.next() { items.append(item) }
        return items
    }

    @Test func csvRowsAreTextsAsRecorded() throws {
        try put("f.csv", "\u{FEFF}0,True,{}\nValue4,Value5,Value6\n,,,\ntrue,1,'HelloWorld',more\r\nNull\n   ,\"a \"\"quoted\"\", one\nline\",\n")
        let rows = try items(["Bucket": "b", "Key": "f.csv"], ["InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"])
        #expect(
            rows == [
                ["0": "Value4", "True": "Value5", "{}": "Value6"], ["0": "", "True": "", "{}": ""],
                ["0": "true", "True": "1", "{}": "'HelloWorld'"], ["0": "Null", "True": "", "{}": ""],
                ["0": "   ", "True": "a \"quoted\", one\nline", "{}": ""],
            ])
        #expect(rows.first?.text() == #"{"0":"Value4","{}":"Value6","True":"Value5"}"#)
        let given: JSONValue = ["InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["H1"], "MaxItems": 2]
        #expect(try items(["Bucket": "b", "Key": "f.csv"], given).count == 2)
    }

    @Test(
        arguments: [
            (["InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "a"]], "CSV headers cannot contain duplicates."),
            (["InputType": "JSON"], "Attempting to map over non-iterable node."),
            (["InputType": "JSON", "MaxItems": -1], "field MaxItems must be positive"),
            (["InputType": "JSON", "ItemsPointer": "/x"], "The ItemsPointer '/x' does not match anything in"),
        ] as [(JSONValue, String)])
    func whatCannotBeReadSaysWhy(config: JSONValue, cause: String) throws {
        try put("f", "{\"a\": {\"list\": [1]}}")
        do {
            _ = try items(["Bucket": "b", "Key": "f"], config)
            Issue.record("it was read")
        } catch let error as JobFailure {
            #expect(error.error == "States.ItemReaderFailed")
            #expect(error.cause.hasPrefix(cause))
        }
    }

    @Test func jsonIsReadElementByElement() throws {
        try put("f.json", #" {"skip": {"x": ["]", "\"}"]}, "a/b": [0, {"items": [1, "two, ]", {"three": [4, {}]}, [ ], null, -1.5e3 ]}]} "#)
        let rows = try items(["Bucket": "b", "Key": "f.json"], ["InputType": "JSON", "ItemsPointer": "/a~1b/1/items"])
        #expect(rows == [1, "two, ]", ["three": [4, [:]]], [], nil, -1500.0])
        try put("f.jsonl", "{\"a\":1}\n\n[2]\r\n")
        #expect(try items(["Bucket": "b", "Key": "f.jsonl"], ["InputType": "JSONL"]) == [["a": 1], [2]])
        try put("broken.json", "[1, {\"a\": ]")
        #expect(throws: JobFailure.self) { try items(["Bucket": "b", "Key": "broken.json"], [:]) }
    }

    @Test func aListingIsInTheOrderOfKeys() throws {
        for key in ["p/b.txt", "p/a/z", "p/a.txt", "p/a-b", "q/x", "p"] {
            // The key "p" and the folder "p" cannot both be: S3 allows it, a file system does not.
            if key != "p" { try put(key, "12345") }
        }
        let list = "arn:aws:states:::s3:listObjectsV2"
        let objects = try items(["Bucket": "b", "Prefix": "p/"], [:], resource: list)
        #expect(objects.map { $0["Key"] } == ["p/a-b", "p/a.txt", "p/a/z", "p/b.txt"])
        #expect(objects[0].object?.keys == ["Etag", "Key", "LastModified", "Size", "StorageClass"])
        #expect(objects[0]["Etag"] == "\"827ccb0eea8a706c4c34a16891f84e7b\"")
        #expect(try items(["Bucket": "b", "Prefix": "p/a"], [:], resource: list).count == 3)
        try put("r/1.csv", "h\n1\n2")
        try put("r/2.csv", "h\n3\n")
        let config: JSONValue = ["InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "Transformation": "LOAD_AND_FLATTEN"]
        #expect(try items(["Bucket": "b", "Prefix": "r/"], config, resource: list) == [["h": "1"], ["h": "2"], ["h": "3"]])
    }

    @Test func anInventoryGivesItsRows() throws {
        try put("inv/data/1.csv", "\"b\",\"k%201\",\"12\"\n\"b\",\"k2\",\"3\"\n")
        try put(
            "inv/manifest.json",
            #"{"sourceBucket":"b","destinationBucket":"arn:aws:s3:::b","fileFormat":"CSV","fileSchema":"Bucket, Key, Size","files":[{"key":"inv/data/1.csv","size":1}]}"#
        )
        let rows = try items(["Bucket": "b", "Key": "inv/manifest.json"], ["InputType": "MANIFEST"])
        #expect(rows == [["Bucket": "b", "Key": "k%201", "Size": "12"], ["Bucket": "b", "Key": "k2", "Size": "3"]])
        try put("athena.csv", "s3://b/one.jsonl\n")
        try put("one.jsonl", "{\"x\":1}\n")
        #expect(try items(["Bucket": "b", "Key": "athena.csv"], ["InputType": "JSONL", "ManifestType": "ATHENA_DATA"]) == [["x": 1]])
    }

    @Test(arguments: ["../../escaped", "a//b", "./x", "..", "a/../b", "%~00", String(repeating: "n", count: 300)])
    func noKeyLeavesItsBucket(key: String) throws {
        let location = S3Location(bucket: "b", key: key)
        try buckets.put([1, 2], to: location)
        #expect(try buckets.get(location) == [1, 2])
        let path = try #require(buckets.path(location))
        #expect(path.hasPrefix("\(folder.path)/b/") && !path.split(separator: "/").contains(".."))
        if key.utf8.count < 200 {
            var objects = buckets.objects(in: "b")
            #expect(objects.next()?.key == key)
        }
        buckets.delete(location)
        #expect(!buckets.exists(location))
        #expect(buckets.folder(of: "../x") == nil)
        #expect(buckets.folder(of: "..") == nil)
    }

    @Test func resultsAreWrittenAsTheResultWriterSays() throws {
        let arn = "arn:aws:states:us-east-1:123456789012:mapRun:m/x:0aa0"
        func write(_ config: JSONValue?) throws -> MapResultWriter {
            try MapResultWriter(buckets: buckets, arguments: ["Bucket": "b", "Prefix": "out"], config: config, mapRunARN: arn, partBytes: 40)
        }
        let plain = try write(nil)
        for n in 0..<3 { try plain.add(.succeeded, ["Name": "n", "Output": .string("[\(n)]"), "Status": "SUCCEEDED"]) }
        try plain.add(.failed, ["Name": "f"])
        #expect(try plain.finish() == ["Bucket": "b", "Key": "out/0aa0/manifest.json"])
        let manifest = try JSONValue(parsing: try buckets.get(S3Location(bucket: "b", key: "out/0aa0/manifest.json")))
        #expect(
            manifest["ResultFiles"]?["SUCCEEDED"]?.array?.map { $0["Key"] } == [
                "out/0aa0/SUCCEEDED_0.json", "out/0aa0/SUCCEEDED_1.json", "out/0aa0/SUCCEEDED_2.json",
            ])
        #expect(manifest["ResultFiles"]?["PENDING"] == [])
        let flat = try write(["Transformation": "FLATTEN", "OutputType": "JSONL"])
        try flat.add(.succeeded, ["Output": "[1,2]"])
        try flat.add(.succeeded, ["Output": "3"])
        _ = try flat.finish()
        #expect(try buckets.get(S3Location(bucket: "b", key: "out/0aa0/SUCCEEDED_0.jsonl")) == Array("1\n2\n3\n".utf8))
    }
}

@Suite struct ContentFingerprintTests {
    @Test func itFollowsContentsNotTimes() throws {
        let folder = Folder()
        let configuration = Configuration.parse(["buckets": ["b": .string(folder.path)]], folder: folder.path).configuration
        let fingerprint = ContentFingerprint(configuration)
        #expect(fingerprint.of("s3://b/x") == nil)
        try folder.file("x/one", "1")
        let first = try #require(fingerprint.of("s3://b/x"))
        try folder.file("x/one", "1")
        #expect(fingerprint.of("s3://b/x/") == first)
        try folder.file("x/one", "2")
        #expect(fingerprint.of("s3://b/x") != first)
    }
}
