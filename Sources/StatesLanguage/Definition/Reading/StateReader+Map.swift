import JSON

extension StateReader {
    func map() -> MapState? {
        reader.exclusive("ItemProcessor", "Iterator")
        reader.exclusive("ItemSelector", "Parameters")
        let retry = retriers()
        let catchers = catchers()
        let resultPath = reader.resultPath()
        let selector = jsonPathTemplate("ResultSelector")
        let itemSelector = reader.template("ItemSelector") ?? jsonPathTemplate("Parameters")
        let items = items()
        let itemsPath = itemsPath()
        let maxConcurrency = reader.numberField("MaxConcurrency", 0...Int64(Int32.max))
        let tolerated = reader.numberField("ToleratedFailureCount", 0...Int64(Int32.max))
        let percentage = reader.numberField("ToleratedFailurePercentage", 0...100, isFraction: true)
        guard let processor = reader.nested("ItemProcessor") ?? reader.nested("Iterator") else {
            if !reader.has("ItemProcessor"), !reader.has("Iterator") {
                reader.none(of: ["ItemProcessor", "Iterator"])
            }
            return nil
        }
        let distributed = distributed(processor)
        processor.refuseUnknown(["StartAt", "States", "Comment", "ProcessorConfig"])
        // The children of a distributed Map see no variables of the outside and yet may not use their names (measured in 2026).
        guard let workflow = WorkflowReader(reader: processor, outerVariables: scope.variables(before: name)).workflow() else { return nil }
        return MapState(
            processor: workflow, itemsPath: itemsPath, items: items, itemSelector: itemSelector, resultSelector: selector,
            resultPath: resultPath,
            maxConcurrency: maxConcurrency, toleratedFailureCount: tolerated, toleratedFailurePercentage: percentage, retry: retry,
            catchers: catchers, distributed: distributed, isQuery: reader.language == .jsonata)
    }

    private func items() -> Template? {
        guard reader.language == .jsonata, let value = reader["Items"] else { return nil }
        switch value {
        case .array, .object: break
        case .string(let text) where QueryExpression.source(of: text) != nil: break
        default:
            reader.schema("Expected value of type [ARRAY]", at: "Items")
            return nil
        }
        return reader.template("Items")
    }

    private func itemsPath() -> PathField {
        if reader["ItemsPath"]?.isNull == true, reader.language == .jsonPath {
            reader.schema("Expected value of type [STRING]", at: "ItemsPath")
            return .whole
        }
        return reader.pathField("ItemsPath")
    }

    /// nil: inline.
    private func distributed(_ processor: FieldReader) -> DistributedMap? {
        let configuration = processor.nested("ProcessorConfig")
        configuration?.refuseUnknown(["Mode", "ExecutionType"])
        let mode = configuration?.choice("Mode", of: ["INLINE", "DISTRIBUTED"])
        let type = configuration?.choice("ExecutionType", of: ["STANDARD", "EXPRESS"])
        let parts = (itemReader(), itemBatcher(), resultWriter())
        let label = label()
        if mode == "INLINE", let configuration, configuration.has("ExecutionType") {
            session.schema("Field 'ExecutionType' is not supported", configuration.place)
        }
        if mode == "DISTRIBUTED", session.options.isExpress, let configuration {
            configuration.schema("The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines", at: "Mode")
        }
        guard mode == "DISTRIBUTED" else {
            for field in ["ItemReader", "ItemBatcher", "ResultWriter"] where reader.has(field) {
                session.warning(.schema, "Field '\(field)' has no effect: the Map is not DISTRIBUTED", reader.place.field(field))
            }
            return nil
        }
        if type == nil, let configuration, !configuration.has("ExecutionType") {
            configuration.required("ExecutionType")
        }
        return DistributedMap(isExpress: type == "EXPRESS", label: label, reader: parts.0, batcher: parts.1, writer: parts.2)
    }

    private func label() -> String? {
        guard let label = reader.string("Label") else { return nil }
        let forbidden = Set("?*<>{}[]:;,\\|^~$#%&`\"".unicodeScalars)
        let isRight =
            !label.isEmpty && label.unicodeScalars.count <= 40
            && !label.unicodeScalars.contains {
                forbidden.contains($0) || $0.properties.isWhitespace || $0.value < 32 || (127...159).contains($0.value)
            }
        if !isRight {
            session.error(
                .label, "'\(label)' is no valid label: 1 to 40 characters, no space, none of ?*<>{}[]:;,\\|^~$#%&`\"",
                reader.place.field("Label"))
        }
        if !session.labels.insert(label).inserted {
            session.error(.duplicateLabel, "The label '\(label)' appears more than once", reader.place.field("Label"))
        }
        return label
    }

    private func itemReader() -> DistributedMap.ItemReader? {
        guard let inner = reader.nested("ItemReader") else { return nil }
        inner.refuseUnknown(["Resource", "Parameters", "Arguments", "ReaderConfig", "Comment"])
        inner.onlyFor(.jsonPath, "Parameters")
        inner.onlyFor(.jsonata, "Arguments")
        let arguments = arguments(in: inner)
        let configuration = inner.nested("ReaderConfig")
        let maxItems = configuration.flatMap { configuration in
            configuration.refuseUnknown([
                "InputType", "Transformation", "ManifestType", "CSVDelimiter", "CSVHeaderLocation", "CSVHeaders", "ItemsPointer",
                "MaxItems",
                "MaxItemsPath",
            ])
            configuration.onlyFor(.jsonPath, "MaxItemsPath")
            _ = configuration.choice("InputType", of: ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"])
            _ = configuration.choice("Transformation", of: ["NONE", "LOAD_AND_FLATTEN"])
            _ = configuration.choice("ManifestType", of: ["ATHENA_DATA", "S3_INVENTORY"])
            _ = configuration.choice("CSVDelimiter", of: ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"])
            _ = configuration.choice("CSVHeaderLocation", of: ["FIRST_ROW", "GIVEN"])
            if let pointer = configuration.string("ItemsPointer"), !pointer.isEmpty, !pointer.hasPrefix("/") {
                configuration.schema(
                    "Invalid input: JSON Pointer expression must start with '/': \(JSONValue.string(pointer).text())", at: "ItemsPointer")
            }
            checkFormat(configuration)
            return configuration.numberField("MaxItems", 0...100_000_000)
        }
        guard let resource = inner.requiredString("Resource") else { return nil }
        if !resource.contains("${"), !resource.hasSuffix(":states:::s3:getObject"), !resource.hasSuffix(":states:::s3:listObjectsV2") {
            inner.schema("The field 'Resource' does not match any of the allowed values", at: "Resource")
        }
        return DistributedMap.ItemReader(
            resource: resource, arguments: arguments, configuration: configuration?.object ?? JSONObject(), maxItems: maxItems)
    }

    /// What `InputType` asks for and rules out, in AWS's words (tiny-asl-machine's recordings of ItemReader).
    private func checkFormat(_ configuration: FieldReader) {
        let type = configuration["InputType"]?.string
        if configuration["Transformation"]?.string == "LOAD_AND_FLATTEN", !configuration.has("InputType") {
            session.schema("The field 'InputType' is required", configuration.place)
        }
        switch type {
        case "CSV"?:
            if !configuration.has("CSVHeaderLocation") { session.schema("The field 'CSVHeaderLocation' is required", configuration.place) }
            if configuration["CSVHeaderLocation"]?.string == "GIVEN", !configuration.has("CSVHeaders") { configuration.required("CSVHeaders") }
        case "JSON"?, "JSONL"?, "PARQUET"?:
            for field in configuration.object.keys where field.hasPrefix("CSV") || (field == "ManifestType" && type == "JSON") {
                session.schema("Field '\(field)' is not supported", configuration.place)
            }
        default: break
        }
    }

    private func itemBatcher() -> DistributedMap.ItemBatcher? {
        guard let inner = reader.nested("ItemBatcher") else { return nil }
        inner.refuseUnknown([
            "MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", "BatchInput", "Comment",
        ])
        inner.onlyFor(.jsonPath, "MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath")
        let items = inner.numberField("MaxItemsPerBatch", 1...Int64(Int32.max))
        let bytes = inner.numberField("MaxInputBytesPerBatch", 1...262_144)
        return DistributedMap.ItemBatcher(maxItemsPerBatch: items, maxInputBytesPerBatch: bytes, batchInput: inner.template("BatchInput"))
    }

    private func resultWriter() -> DistributedMap.ResultWriter? {
        guard let inner = reader.nested("ResultWriter") else { return nil }
        inner.refuseUnknown(["Resource", "Parameters", "Arguments", "WriterConfig", "Comment"])
        inner.onlyFor(.jsonPath, "Parameters")
        inner.onlyFor(.jsonata, "Arguments")
        let configuration = inner.nested("WriterConfig")
        configuration?.refuseUnknown(["Transformation", "OutputType"])
        _ = configuration?.choice("Transformation", of: ["NONE", "COMPACT", "FLATTEN"])
        _ = configuration?.choice("OutputType", of: ["JSON", "JSONL"])
        return DistributedMap.ResultWriter(
            resource: inner.string("Resource"), arguments: arguments(in: inner), configuration: configuration?.object ?? JSONObject())
    }
}
