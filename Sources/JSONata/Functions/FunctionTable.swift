/// All built-in functions, by family: a new one is a line in its family's list.
enum FunctionTable {
    static func builtin(_ name: String, _ profile: JSONataOptions.Profile) -> Builtin? {
        switch profile {
        case .javascript: common[name] ?? javaScript[name]
        case .stepFunctions: stepFunctions[name] ?? common[name]
        }
    }

    private static let common = table(
        AggregateFunctions.all + StringFunctions.all + EncodingFunctions.all + NumberFunctions.all + BooleanFunctions.all
            + ArrayFunctions.all + ObjectFunctions.all + HigherOrderFunctions.all + DateTimeFunctions.all)

    private static let javaScript = table(EvalFunction.all)
    private static let stepFunctions = table(StepFunctionsFunctions.all)

    private static func table(_ builtins: [Builtin]) -> [String: Builtin] {
        Dictionary(builtins.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

extension [Value] {
    /// The argument, or undefined.
    @inline(__always)
    func at(_ index: Int) -> Value { index < count ? self[index] : .undefined }
}
