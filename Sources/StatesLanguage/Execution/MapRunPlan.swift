import JSON

/// What a distributed Map's run does, its fields evaluated: everything the shell needs, once the run is asked for.
public struct MapRunPlan: Sendable {
    /// The children's own machine: the ItemProcessor as a definition.
    public let definition: JSONValue
    public let label: String
    public let isExpress: Bool
    /// nil: an ItemReader brings the items.
    public let items: MapItems?
    /// `Resource`, evaluated `Parameters`/`Arguments`, `ReaderConfig` with its MaxItems evaluated.
    public let reader: (resource: String, arguments: JSONValue, configuration: JSONValue)?
    public let writer: (resource: String?, arguments: JSONValue, configuration: JSONValue)?
    public let maxItemsPerBatch: Int?
    public let maxInputBytesPerBatch: Int?
    public let batchInput: JSONValue?
    /// 0: no limit of the machine's.
    public let maxConcurrency: Int
    public let toleratedFailureCount: Int?
    public let toleratedFailurePercentage: Double?
    let execution: Execution
    let frame: FrameID
    let selector: Template?
    let effectiveInput: JSONValue

    /// The input of one child: the item, for an object's entry its key and value, or what ItemSelector makes of it. `source`: `Map.Item.Source`.
    public func input(_ item: JSONValue, index: Int, key: String?, source: String?) throws(Failure) -> JSONValue {
        guard let selector, let frame = execution.frame(self.frame) else {
            return key.map { ["Key": .string($0), "Value": item] } ?? item
        }
        return try selector.evaluate(execution.scope(self.frame, frame, mapItem: mapItem(item, index, key, source)).with(input: effectiveInput))
    }

    /// `$$.Map.Item` of a child.
    public func mapItem(_ item: JSONValue, _ index: Int, _ key: String?, _ source: String?) -> JSONValue {
        var context = JSONObject()
        context["Index"] = .integer(Int64(index))
        if let key { context["Key"] = .string(key) }
        context["Value"] = item
        if let source { context["Source"] = .string(source) }
        return .object(context)
    }

    /// Whether so many failures of so many items end the run. A threshold of 0 is as good as none beside the other one (measured in 2026).
    public func isExceeded(failed: Int, total: Int) -> Bool {
        let (count, percentage) = (toleratedFailureCount ?? 0, toleratedFailurePercentage ?? 0)
        if count == 0, percentage == 0 { return failed > 0 }
        if count > 0, failed > count { return true }
        if percentage > 0, total > 0, Double(failed) * 100 > percentage * Double(total) { return true }
        return false
    }
}

extension DistributedMap {
    /// Evaluates what the run will ask for.
    func check(_ scope: EvaluationScope) throws(Failure) {
        _ = try reader?.maxItems?.integer(scope)
        _ = try reader?.arguments?.evaluate(scope)
        _ = try batcher?.maxItemsPerBatch?.integer(scope)
        _ = try batcher?.maxInputBytesPerBatch?.integer(scope)
        _ = try batcher?.batchInput?.evaluate(scope)
        _ = try writer?.arguments?.evaluate(scope)
    }
}

extension Execution {
    public func mapRunPlan(_ request: MapRunRequest) throws(Failure) -> MapRunPlan? {
        guard let frame = frame(request.frame), case .map(let map) = machine[request.state].kind, let distributed = map.distributed else {
            return nil
        }
        let raw = scope(request.frame, frame)
        let input = try machine[request.state].inputPath.apply(raw, field: "InputPath")
        let scope = raw.with(input: input)
        var reader: (resource: String, arguments: JSONValue, configuration: JSONValue)?
        if let own = distributed.reader {
            var configuration = own.configuration
            if let most = try own.maxItems?.integer(scope) { configuration["MaxItems"] = .integer(Int64(most)) }
            reader = (own.resource, try own.arguments?.evaluate(scope) ?? .object(JSONObject()), .object(configuration))
        }
        var writer: (resource: String?, arguments: JSONValue, configuration: JSONValue)?
        if let own = distributed.writer {
            writer = (own.resource, try own.arguments?.evaluate(scope) ?? .object(JSONObject()), .object(own.configuration))
        }
        return MapRunPlan(
            definition: childDefinition(map), label: distributed.label ?? Self.label(of: request.arn), isExpress: distributed.isExpress,
            items: reader == nil ? try map.itemList(scope) : nil, reader: reader, writer: writer,
            maxItemsPerBatch: try distributed.batcher?.maxItemsPerBatch?.integer(scope),
            maxInputBytesPerBatch: try distributed.batcher?.maxInputBytesPerBatch?.integer(scope),
            batchInput: try distributed.batcher?.batchInput?.evaluate(scope),
            maxConcurrency: try map.maxConcurrency?.integer(scope) ?? 0,
            toleratedFailureCount: try map.toleratedFailureCount?.integer(scope),
            toleratedFailurePercentage: try map.toleratedFailurePercentage?.number(scope), execution: self, frame: request.frame,
            selector: map.itemSelector, effectiveInput: input)
    }

    /// `arn:…:mapRun:MACHINE/LABEL:UUID`
    private static func label(of arn: String) -> String {
        guard let slash = arn.firstIndex(of: "/"), let colon = arn[slash...].firstIndex(of: ":") else { return "Map" }
        return String(arn[arn.index(after: slash)..<colon])
    }

    /// The ItemProcessor as a machine of its own: its states inherit the query language of the whole machine.
    private func childDefinition(_ map: MapState) -> JSONValue {
        var definition = JSONPointer.value(map.processor.pointer, in: machine.definition)?.object ?? JSONObject()
        definition["ProcessorConfig"] = nil
        definition["QueryLanguage"] = .string(machine.queryLanguage.rawValue)
        return .object(definition)
    }
}
