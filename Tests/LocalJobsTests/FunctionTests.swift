import Foundation
import JSON
import Synchronization
import Testing

@testable import LocalJobs

/// A folder of its own for one test.
final class Folder: Sendable {
    let path: String
    init() {
        path = "/tmp/localjobs-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try? Files.makeFolder(path)
    }
    deinit { Files.remove(path) }

    @discardableResult
    func file(_ name: String, _ text: String) throws -> String {
        try Files.write(text, to: "\(path)/\(name)")
        return "\(path)/\(name)"
    }
}

final class Log: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    var add: @Sendable ([UInt8]) -> Void { { line in self.bytes.withLock { $0 += line } } }
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}

func functions(_ folder: Folder, _ config: JSONValue) throws -> LocalFunctions {
    let (configuration, diagnostics) = Configuration.parse(["functions": config], folder: folder.path)
    #expect(diagnostics.isEmpty, "\(diagnostics)")
    return LocalFunctions(configuration)
}

extension FunctionOutcome {
    var value: JSONValue? {
        guard case .payload(let bytes) = result else { return nil }
        return try? JSONValue(parsing: bytes)
    }
    var error: FunctionError? {
        guard case .failed(let error) = result else { return nil }
        return error
    }
}

@Suite struct FunctionTests {
    @Test func aPythonHandlerGetsEventAndContext() async throws {
        let folder = Folder()
        try folder.file(
            "total.py",
            """
            import os, sys
            print("loading")
            def handler(event, context):
                print("summing", event["numbers"])
                sys.stderr.write("half a line")
                return {"total": sum(event["numbers"]), "name": context.function_name, "id": context.aws_request_id,
                        "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
                        "left": context.get_remaining_time_in_millis() > 1000, "who": os.environ["WHO"], "pid": os.getpid()}
            """)
        let functions = try functions(
            folder, ["total": ["python": "total.py:handler", "timeout": 30, "memory": 512, "environment": ["WHO": "me"]]])
        let log = Log()
        let outcome = try #require(
            try await functions.invoke("total", payload: ["numbers": [1, 2, 3]], requestID: "abc", log: log.add))
        #expect(outcome.value?["total"] == 6)
        #expect(outcome.value?["name"] == "total")
        #expect(outcome.value?["id"] == "abc")
        #expect(outcome.value?["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:total")
        #expect(outcome.value?["memory"] == "512")
        #expect(outcome.value?["left"] == true)
        #expect(outcome.value?["who"] == "me")
        #expect(log.text.contains("loading\nsumming [1, 2, 3]\n"))
        #expect(log.text.contains("half a line"))
        // A warm process serves the next call, by any form of the name.
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:total:$LATEST"
        for name in ["total:$LATEST", "total:live", arn, "123456789012:function:total"] {
            let again = try #require(try await functions.invoke(name, payload: ["numbers": []], log: log.add))
            #expect(again.value?["pid"] == outcome.value?["pid"])
        }
        #expect(try await functions.invoke("other", payload: .null, log: log.add) == nil)
        functions.shutDown()
    }

    @Test func aPythonErrorIsReportedAsLambdaDoes() async throws {
        let folder = Folder()
        try folder.file("handler.py", "def handler(event, ctx):\n    raise Exception(\"Some exception was raised.\")\n")
        let functions = try functions(
            folder, ["f": ["runtime": "python", "handler": "handler.handler", "path": .string(folder.path), "timeout": 30, "environment": [:]]])
        let log = Log()
        let outcome = try await functions.invoke("f", payload: [:], requestID: "id-1", log: log.add)
        #expect(outcome?.error?.errorType == "Exception")
        #expect(
            outcome?.error?.payload.text()
                == #"{"errorMessage":"Some exception was raised.","errorType":"Exception","requestId":"id-1","stackTrace":["  File \"/var/task/handler.py\", line 2, in handler\n    raise Exception(\"Some exception was raised.\")\n"]}"#
        )
        #expect(outcome?.error?.text.hasPrefix(#"{"errorMessage": "Some exception was raised.", "errorType": "Exception", "requestId": "id-1", "#) == true)
        #expect(log.text.contains("[ERROR] Exception: Some exception was raised."))
        functions.shutDown()
    }

    @Test(arguments: [
        ("import nothing_of_that_name", "Runtime.ImportModuleError", "Unable to import module 'm': No module named 'nothing_of_that_name'"),
        ("def other(e, c): pass", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'm'"),
        ("def handler(e, c): return {1, 2}", "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"),
        ("import os\ndef handler(e, c): os._exit(3)", "Runtime.ExitError", "RequestId: r Error: Runtime exited with error: exit status 3"),
        ("import os\ndef handler(e, c): os.kill(os.getpid(), 9)", "Runtime.ExitError", "RequestId: r Error: Runtime exited with error: signal: killed"),
        ("import time\ndef handler(e, c): time.sleep(60)", "Sandbox.Timedout", "RequestId: r Error: Task timed out after 1.50 seconds"),
        ("def handler(e, c): return len(bytearray(1 << 30))", "Runtime.ExitError", "RequestId: r Error: Runtime exited with error: signal: killed"),
        ("x = 1 / 0", "ZeroDivisionError", "division by zero"),
    ])
    func aBrokenHandlerFailsAsOnLambda(code: String, type: String, message: String) async throws {
        let folder = Folder()
        try folder.file("m.py", code)
        let functions = try functions(folder, ["f": ["python": "m.py:handler", "timeout": 1.5, "memory": 256]])
        let outcome = try await functions.invoke("f", payload: [:], requestID: "r", log: { _ in })
        #expect(outcome?.error?.errorType == type)
        #expect(outcome?.error?.payload["errorMessage"]?.string == message)
        functions.shutDown()
    }

    @Test func bytesAndDecimalsAreMarshalledAsLambdaDoes() async throws {
        let folder = Folder()
        try folder.file(
            "m.py",
            """
            import decimal
            def handler(e, c): return b'"HelloWorld!"' if e == "bytes" else {"d": [decimal.Decimal("1.10"), "é"]}
            """)
        let functions = try functions(folder, ["f": "m.py:handler"])
        let bytes = try await functions.invoke("f", payload: "bytes", log: { _ in })
        #expect(bytes?.result == .payload(Array(#""HelloWorld!""#.utf8)))
        let decimals = try await functions.invoke("f", payload: 1, log: { _ in })
        #expect(decimals?.result == .payload(Array(#"{"d": [1.10, "\u00e9"]}"#.utf8)))
        functions.shutDown()
    }

    @Test func callsRunAtOnceUpToTheLimitOnly() async throws {
        let folder = Folder()
        try folder.file(
            "m.py",
            """
            import os, time
            def handler(event, c):
                mark = os.path.join(os.environ["MARKS"], str(os.getpid()))
                open(mark, "w").close()
                end = time.time() + 20
                # Stays until as many run as are expected to, so that a limit too low never ends.
                while len(os.listdir(os.environ["MARKS"])) < 3 and time.time() < end:
                    time.sleep(0.01)
                return os.getpid()
            """)
        try Files.makeFolder("\(folder.path)/marks")
        let functions = try functions(
            folder, ["f": ["python": "m.py:handler", "concurrency": 3, "environment": ["MARKS": .string("\(folder.path)/marks")]]])
        let pids = try await withThrowingTaskGroup(of: JSONValue?.self) { group in
            for _ in 0..<9 { group.addTask { try await functions.invoke("f", payload: [:], log: { _ in })?.value } }
            var all: Set<Int64> = []
            for try await value in group { if let pid = value?.wholeNumber { all.insert(pid) } }
            return all
        }
        #expect(pids.count == 3)
        functions.shutDown()
    }

    @Test func cancellingKillsTheWholeGroup() async throws {
        let folder = Folder()
        try folder.file(
            "m.py",
            """
            import os, subprocess, time
            def handler(event, c):
                child = subprocess.Popen(["sleep", "600"])
                print(child.pid, flush=True)
                time.sleep(600)
            """)
        let functions = try functions(folder, ["f": "m.py:handler"])
        let (pids, continuation) = AsyncStream<pid_t>.makeStream()
        let call = Task {
            try await functions.invoke("f", payload: [:]) { line in
                if let pid = pid_t(CommandFunction.trimmed(String(decoding: line, as: UTF8.self))) { continuation.yield(pid) }
            }
        }
        var iterator = pids.makeAsyncIterator()
        let child = try #require(await iterator.next())
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        // The kill was sent before the call returned; the kernel may need a moment to carry it out.
        var isGone = false
        for _ in 0..<2000 where !isGone {
            isGone = isDead(child)
            if !isGone { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(isGone)
    }

    private func isDead(_ pid: pid_t) -> Bool {
        guard let text = try? Files.read("/proc/\(pid)/stat") else { return true }
        return String(decoding: text, as: UTF8.self).contains(") Z ")
    }

    @Test func changedCodeIsUsedByTheNextCall() async throws {
        let folder = Folder()
        try folder.file("m.py", "def handler(e, c): return 1")
        let functions = try functions(folder, ["f": "m.py:handler"])
        #expect(try await functions.invoke("f", payload: [:], log: { _ in })?.value == 1)
        try folder.file("m.py", "def handler(e, c): return 22")
        #expect(try await functions.invoke("f", payload: [:], log: { _ in })?.value == 22)
        functions.shutDown()
    }

    @Test(.enabled(if: Executable.path(of: "node") != nil)) func aNodeHandlerWorks() async throws {
        let folder = Folder()
        try folder.file(
            "index.js",
            """
            exports.handler = async (event, context) => {
                console.log('hello', event.name);
                if (event.fail) throw new RangeError('too far');
                return { greeting: 'Hi ' + event.name, id: context.awsRequestId, function: context.functionName };
            };
            exports.callback = (event, context, callback) => callback(null, 'called back');
            """)
        let functions = try functions(folder, ["f": ["node": "index.js:handler"], "g": ["node": "index.js:callback"]])
        let log = Log()
        let outcome = try await functions.invoke("f", payload: ["name": "Ada"], requestID: "i", log: log.add)
        #expect(outcome?.value == ["greeting": "Hi Ada", "id": "i", "function": "f"])
        #expect(log.text == "hello Ada\n")
        let failed = try await functions.invoke("f", payload: ["fail": true], log: log.add)
        #expect(failed?.error?.errorType == "RangeError")
        #expect(failed?.error?.payload["errorMessage"] == "too far")
        #expect(failed?.error?.payload["trace"]?[1]?.string?.contains("/var/task/index.js") == true)
        #expect(try await functions.invoke("g", payload: [:], log: log.add)?.value == "called back")
        functions.shutDown()
    }

    @Test(
        arguments: [
            (["sh", "-c", "read x; echo \"{\\\"got\\\": $x}\"; echo note >&2"], #"{"got":{"a":1}}"#, nil as String?),
            (["true"], "null", nil),
            (["sh", "-c", "echo plain"], nil, "Runtime.MarshalError"),
            (["sh", "-c", "echo no such order >&2; exit 4"], nil, "Runtime.ExitError"),
            (["sh", "-c", "echo '{\"errorType\": \"OrderError\", \"errorMessage\": \"none\"}' >&2; exit 4"], nil, "OrderError"),
            (["/no/such/program"], nil, "Runtime.InvalidEntrypoint"),
            (["sh", "-c", "sleep 60 & sleep 60"], nil, "Sandbox.Timedout"),
        ] as [([String], String?, String?)])
    func aCommandIsAFunction(command: [String], payload: String?, errorType: String?) async throws {
        let folder = Folder()
        let functions = try functions(folder, ["f": ["command": .array(command.map { .string($0) }), "timeout": 2]])
        let log = Log()
        let outcome = try await functions.invoke("f", payload: ["a": 1], log: log.add)
        #expect(outcome?.value == (try payload.map { try JSONValue(parsing: $0) }))
        #expect(outcome?.error?.errorType == errorType)
    }

    /// With boto3 where the machine has it.
    @Test func boto3ReachesWhatThisMachineHas() async throws {
        let folder = Folder()
        try folder.file(
            "m.py",
            """
            def handler(event, context):
                try:
                    import boto3
                except ImportError:
                    return "no boto3"
                s3, ssm, sqs = boto3.client("s3"), boto3.client("ssm"), boto3.client("sqs")
                s3.put_object(Bucket="b", Key="x/../y", Body=b"hello")
                open("/tmp/%s" % context.aws_request_id, "wb").write(b"z" * (9 << 20))
                s3.upload_file("/tmp/%s" % context.aws_request_id, "b", "big")
                s3.download_file("b", "big", "/tmp/%s" % context.aws_request_id)
                ssm.put_parameter(Name="/model/name", Value="m-1", Type="String")
                url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
                sqs.send_message(QueueUrl=url, MessageBody="hi")
                try:
                    s3.get_object(Bucket="b", Key="none")
                except s3.exceptions.NoSuchKey:
                    missing = True
                import os
                return [s3.get_object(Bucket="b", Key="x/../y")["Body"].read().decode(), [o["Key"] for o in s3.list_objects_v2(Bucket="b")["Contents"]],
                        ssm.get_parameter(Name="/model/name")["Parameter"]["Value"], sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"], missing,
                        os.path.getsize("/tmp/%s" % context.aws_request_id)]
            """)
        let configuration = Configuration.parse(
            ["functions": ["f": "m.py:handler"], "data": .string("\(folder.path)/data")], folder: folder.path
        ).configuration
        let functions = LocalFunctions(configuration)
        let id = "boto3-\(UInt32.random(in: 0 ... .max))"
        defer { Files.remove("/tmp/\(id)") }
        let outcome = try await functions.invoke("f", payload: [:], requestID: id, log: { _ in })
        if outcome?.value == "no boto3" { return }
        #expect(outcome?.value == ["hello", ["big", "x/../y"], "m-1", "hi", true, 9_437_184], "\(outcome?.error?.payload.text() ?? "")")
        let buckets = LocalBuckets(configuration)
        #expect(try buckets.get(S3Location(bucket: "b", key: "x/../y")) == Array("hello".utf8))
        #expect(try LocalParameters(configuration).perform("getParameter", ["Name": "/model/name"])["Parameter"]?["Value"] == "m-1")
        #expect(LocalQueues(configuration).messages("q").map { $0["Body"] } == ["hi"])
        functions.shutDown()
    }

    @Test func aFunctionMayBeAnURL() async throws {
        let folder = Folder()
        let (configuration, _) = Configuration.parse(["functions": ["f": ["url": "http://localhost:1/x"]]], folder: folder.path)
        let functions = LocalFunctions(configuration) { url, headers, body, _ async throws(FunctionTransportError) in
            (200, [], Array("[\"\(url)\",".utf8) + body + Array("]".utf8))
        }
        #expect(try await functions.invoke("f", payload: 7, log: { _ in })?.value == ["http://localhost:1/x", 7])
    }

    /// A descriptor of ours may have any number, also one that the child is to get.
    @Test func manyOpenFilesDoNotConfuseAChildsDescriptors() async {
        var open: [Int32] = []
        defer { for descriptor in open { close(descriptor) } }
        while open.count < 400, let one = Optional(dup(0)), one >= 0 { open.append(one) }
        for _ in 0..<8 {
            let output = await CommandRun.run(
                ["sh", "-c", "cat; ls /proc/self/fd | wc -l >&2"], environment: Executable.environment, directory: "/", input: [104, 105], log: { _ in })
            #expect(output.exit == .exited(0))
            #expect(output.standardOutput == [104, 105])
            // 0, 1, 2 and the one with which ls reads the folder.
            #expect(CommandFunction.trimmed(String(decoding: output.errorTail, as: UTF8.self)) == "4")
            if let last = open.popLast() { close(last) }
        }
    }

    @Test func aWorkersCommandAnswersATask() async {
        let worker = CommandWorker(command: ["sh", "-c", "cat; test -n \"$SFN_TASK_TOKEN\""])
        #expect(await worker.perform(input: ["a": 1], taskToken: "t", log: { _ in }) == .success(["a": 1]))
        let broken = CommandWorker(command: ["sh", "-c", "echo bad luck >&2; exit 2"])
        #expect(await broken.perform(input: .null, taskToken: "t", log: { _ in }) == .failure(error: "Worker.ExitError", cause: "bad luck"))
    }
}
