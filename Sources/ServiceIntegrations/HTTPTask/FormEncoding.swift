import Curl
import JSON

/// `Transform.RequestEncodingOptions.ArrayFormat`: how a list is spelled in a form.
package enum FormArrayFormat: String, Sendable, CaseIterable {
    /// `a[0]=1&a[1]=2`
    case indices = "INDICES"
    /// `a=1&a=2`
    case `repeat` = "REPEAT"
    /// `a=1,2`
    case commas = "COMMAS"
    /// `a[]=1&a[]=2`
    case brackets = "BRACKETS"
}

/// `application/x-www-form-urlencoded` of a JSON value, as an HTTP Task writes it.
package enum FormEncoding {
    /// Objects inside become `a[b]=1`. A value that is neither object nor list is written as it is.
    package static func text(_ value: JSONValue, arrays: FormArrayFormat) -> String {
        guard value.object != nil || value.array != nil else { return scalar(value) }
        return pairs(value, arrays: arrays)
            .map { URLEncoding.encode($0.name, keeping: "[]") + "=" + URLEncoding.encode($0.value) }
            .joined(separator: "&")
    }

    /// Name and value of each field, not yet encoded.
    static func pairs(_ value: JSONValue, arrays: FormArrayFormat) -> [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        // A stack instead of recursion: what is nested deeply came from outside.
        var open: [(name: String, value: JSONValue)] = [("", value)]
        while let (name, value) = open.popLast() {
            switch value {
            case .object(let object):
                for (key, member) in object.reversed() {
                    open.append((name.isEmpty ? key : "\(name)[\(key)]", member))
                }
            case .array(let array) where arrays == .commas && array.allSatisfy { $0.object == nil && $0.array == nil }:
                result.append((name, array.map(scalar).joined(separator: ",")))
            case .array(let array):
                for (index, element) in array.enumerated().reversed() {
                    open.append((elementName(name, index, element, arrays), element))
                }
            default: result.append((name, scalar(value)))
            }
        }
        return result
    }

    private static func elementName(_ name: String, _ index: Int, _ element: JSONValue, _ arrays: FormArrayFormat) -> String {
        switch arrays {
        case .indices, .commas: "\(name)[\(index)]"
        case .repeat: name
        case .brackets: "\(name)[]"
        }
    }

    /// A scalar without quotes; null is empty.
    static func scalar(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .null: ""
        default: value.text()
        }
    }
}
