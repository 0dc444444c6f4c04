/// `$map $filter $single $reduce $sift $each`
enum HigherOrderFunctions {
    static let all = [
        Builtin("map", "<af>", arity: 2) { (call, arguments) throws(Failure) in
            guard let items = arguments.at(0).items, case .function(let function) = arguments.at(1) else { return .undefined }
            let arity = function.arity
            var result: [Value] = []
            result.reserveCapacity(items.count)
            for index in 0..<items.count {
                try call.run.tick()
                let value = try Application.call(
                    function, items[index], .integer(index), arguments[0], arity: arity, call)
                if !value.isUndefined { result.append(value) }
            }
            return try call.run.bounded(.list(List(result, .sequence)))
        },
        Builtin("filter", "<af>", arity: 2) { (call, arguments) throws(Failure) in
            guard let items = arguments.at(0).items, case .function(let function) = arguments.at(1) else { return .undefined }
            let arity = function.arity
            var result: [Value] = []
            for index in 0..<items.count {
                try call.run.tick()
                let item = items[index]
                let answer = try Application.call(function, item, .integer(index), arguments[0], arity: arity, call)
                if try Truth.isTrue(answer) { result.append(item) }
            }
            return .list(List(result, .sequence))
        },
        Builtin("single", "<af?>", arity: 2) { (call, arguments) throws(Failure) in
            guard let items = arguments.at(0).items else { return .undefined }
            var found: Value?
            for index in 0..<items.count {
                try call.run.tick()
                let item = items[index]
                if case .function(let function) = arguments.at(1) {
                    let answer = try Application.call(
                        function, item, .integer(index), arguments[0], arity: function.arity, call)
                    if try !Truth.isTrue(answer) { continue }
                }
                if found != nil { throw Failure("D3138", index: index) }
                found = item
            }
            guard let found else { throw Failure("D3139") }
            return found
        },
        Builtin("reduce", "<afj?:j>", arity: 3) { (call, arguments) throws(Failure) in
            guard let items = arguments.at(0).items, case .function(let function) = arguments.at(1) else { return .undefined }
            let arity = function.arity
            if arity < 2 { throw Failure("D3050", index: 1) }
            var result = arguments.at(2)
            var index = 0
            if result.isUndefined, items.count > 0 {
                result = items[0]
                index = 1
            }
            while index < items.count {
                try call.run.tick()
                if arity <= 3 {
                    result = try Application.call(
                        function, result, items[index], .integer(index), arity: arity, call)
                } else {
                    result = try Application.apply(
                        .function(function), [result, items[index], .integer(index), arguments[0]],
                        input: .json(.null), frame: call.frame, call.run
                    ).collapsed()
                }
                index += 1
            }
            return result
        },
        Builtin("sift", "<o-f?:o>", arity: 2) { (call, arguments) throws(Failure) in
            guard let members = Members(arguments.at(0)), case .function(let function) = arguments.at(1) else {
                return .undefined
            }
            let arity = function.arity
            let result = ObjectRef()
            for index in 0..<members.count {
                try call.run.tick()
                let value = members.value(index)
                let answer = try Application.call(
                    function, value, .text(members.key(index)), arguments[0], arity: arity, call)
                if try Truth.isTrue(answer) { result.set(members.key(index), value) }
            }
            return result.keys.isEmpty ? .undefined : result.value
        },
        Builtin("each", "<o-f:a>", arity: 2) { (call, arguments) throws(Failure) in
            guard let members = Members(arguments.at(0)), case .function(let function) = arguments.at(1) else {
                return .emptySequence
            }
            let arity = function.arity
            var result: [Value] = []
            for index in 0..<members.count {
                try call.run.tick()
                let value = try Application.call(
                    function, members.value(index), .text(members.key(index)), arguments[0], arity: arity, call)
                if !value.isUndefined { result.append(value) }
            }
            return try call.run.bounded(.list(List(result, .sequence)))
        },
    ]
}
