/// Numbers, of which the lowest is taken first; one that is in it twice comes twice.
struct IndexHeap {
    private var numbers: [Int] = []

    mutating func insert(_ number: Int) {
        numbers.append(number)
        var place = numbers.count - 1
        while place > 0, numbers[place] < numbers[(place - 1) / 2] {
            numbers.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func removeFirst() -> Int? {
        guard let first = numbers.first, let last = numbers.popLast() else { return nil }
        guard !numbers.isEmpty else { return first }
        numbers[0] = last
        var place = 0
        while true {
            var lowest = place
            for child in [2 * place + 1, 2 * place + 2] where child < numbers.count && numbers[child] < numbers[lowest] { lowest = child }
            if lowest == place { return first }
            numbers.swapAt(place, lowest)
            place = lowest
        }
    }
}
