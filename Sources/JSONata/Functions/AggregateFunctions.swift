/// `$sum $count $max $min $average`
enum AggregateFunctions {
    static let all = [
        Builtin("sum", "<a<n>:n>", arity: 1) { (_, arguments) throws(Failure) in
            guard let items = arguments.at(0).items else { return .undefined }
            return .number(total(items))
        },
        Builtin("count", "<a:n>", arity: 1) { (_, arguments) throws(Failure) in
            .integer(arguments.at(0).items?.count ?? 0)
        },
        Builtin("max", "<a<n>:n>", arity: 1) { (_, arguments) throws(Failure) in extreme(arguments.at(0), >) },
        Builtin("min", "<a<n>:n>", arity: 1) { (_, arguments) throws(Failure) in extreme(arguments.at(0), <) },
        Builtin("average", "<a<n>:n>", arity: 1) { (_, arguments) throws(Failure) in
            guard let items = arguments.at(0).items, items.count > 0 else { return .undefined }
            return .number(total(items) / Double(items.count))
        },
    ]

    private static func total(_ items: Items) -> Double {
        var total = 0.0
        switch items {
        case .json(let array): for item in array { total += item.number ?? 0 }
        case .list(let list): for item in list { total += item.number ?? 0 }
        }
        return total
    }

    private static func extreme(_ value: Value, _ isBetter: (Double, Double) -> Bool) -> Value {
        guard let items = value.items, items.count > 0 else { return .undefined }
        var best = items[0]
        for index in 1..<max(1, items.count) {
            guard let current = best.number, let next = items[index].number else { continue }
            if next.isNaN || isBetter(next, current) { best = items[index] }
        }
        return best
    }
}
