import Foundation
import HoneIR
import HoneTraining
import Testing

struct CTCTests {
  /// The sum over all paths, one by one.
  private func formula(_ scores: [Double], time: Int, classes: Int, labels: [Int], used: Int) -> Double {
    let logarithms = rows(scores, classes).map(logSoftmax)
    var total = 0.0
    for code in 0..<Int(pow(Double(classes), Double(used))) {
      var (rest, path): (Int, [Int]) = (code, [])
      for _ in 0..<used {
        path.append(rest % classes)
        rest /= classes
      }
      let read = path.enumerated().filter { $0.offset == 0 || path[$0.offset - 1] != $0.element }.map(\.element)
        .filter { $0 != 0 }
      guard read == labels else { continue }
      total += exp(path.enumerated().reduce(0) { $0 + logarithms[$1.offset][$1.element] })
    }
    return -log(total) / Double(max(labels.count, 1))
  }

  @Test func allPaths() throws {
    let labels: [[Int]] = [[1, 1], [2, 1]]
    let run = LossRun([2, 5, 3], targets: [Tensor(labels.flatMap { $0.map(Int64.init) }, shape: [2, 2])])
    try run.check(CTC()) { scores in
      labels.enumerated().reduce(0) { sum, item in
        let part = Array(scores[item.offset * 15..<(item.offset + 1) * 15])
        return sum + formula(part, time: 5, classes: 3, labels: item.element, used: 5) / 2
      }
    }
  }

  @Test func lengths() throws {
    let targets = [Tensor([1, 9, 2, 1] as [Int64], shape: [2, 2]), .integers([1, 2]), .integers([3, 5])]
    var loss = CTC()
    (loss.labelLengths, loss.inputLengths) = (1, 2)
    let run = LossRun([2, 5, 3], targets: targets)
    try run.check(loss) { scores in
      formula(Array(scores[..<15]), time: 5, classes: 3, labels: [1], used: 3) / 2
        + formula(Array(scores[15...]), time: 5, classes: 3, labels: [2, 1], used: 5) / 2
    }
  }

  @Test func labelsThatNoPathReads() throws {
    let run = LossRun([1, 2, 3], targets: [Tensor([1, 1] as [Int64], shape: [1, 2])])
    #expect(try run.run(CTC()).loss == .infinity)
    var loss = CTC()
    loss.zeroesInfinity = true
    let found = try run.run(loss)
    #expect(found.loss == 0)
    #expect(found.gradient.allSatisfy { $0 == 0 })
  }
}
