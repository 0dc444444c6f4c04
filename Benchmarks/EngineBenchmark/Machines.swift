/// The machines that are measured, in our own words; the same shapes as the workloads of ../shared/bench.
enum Machines {
    /// Counts to `count`: two transitions and four events each.
    static func chain(_ count: Int) -> String {
        """
        {"StartAt":"Add","States":{"Add":{"Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n, 1)"},"Next":"More"},
        "More":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericLessThan":\(count),"Next":"Add"}],"Default":"Done"},
        "Done":{"Type":"Succeed"}}}
        """
    }

    /// `count` states in a line, named after `prefix`.
    static func line(_ count: Int, _ fields: String, prefix: String = "S") -> String {
        let states = (0..<count).map { index in
            #""\#(prefix)\#(index)":{\#(fields),"# + (index + 1 < count ? #""Next":"\#(prefix)\#(index + 1)"}"# : #""End":true}"#)
        }
        return #"{"StartAt":"\#(prefix)0","States":{\#(states.joined(separator: ","))}}"#
    }

    /// Three states for each of the items, 40 at once (w2).
    static let map = """
        {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":40,"ItemProcessor":{"StartAt":"A","States":{
        "A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Parameters":{"v.$":"States.MathAdd($.v, 1)"},"Next":"C"},
        "C":{"Type":"Pass","End":true}}},"End":true}}}
        """

    /// `branches` of `states` each (w3).
    static func parallel(_ branches: Int, _ states: Int) -> String {
        // No two states of a machine have one name, not even in two branches.
        let all = (0..<branches).map { line(states, #""Type":"Pass""#, prefix: "B\($0)S") }
        return #"{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[\#(all.joined(separator: ","))],"End":true}}}"#
    }

    static let wait = #"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}"#

    /// A distributed Map over the lines of a file, its results written to files.
    static let distributed = """
        {"StartAt":"M","States":{"M":{"Type":"Map","ItemReader":{"Resource":"arn:aws:states:::s3:getObject",
        "ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"items","Key":"items.jsonl"}},
        "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P",
        "States":{"P":{"Type":"Pass","End":true}}},"MaxConcurrency":1000,
        "ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"items","Prefix":"out"}},"End":true}}}
        """
}
