import Synchronization
import Testing

@testable import HoneKernels

/// Who wins a race, what it costs, and that it is run once. Time is that of a clock that entrants move themselves.
struct RaceTests {
  /// Moves its clock by `costs` milliseconds of the entrant that runs.
  private final class Course: Sendable {
    let costs: [Int]
    let time = Mutex(Duration.zero)
    let runs = Mutex<[Int]>([])
    init(_ costs: [Int]) { self.costs = costs }

    func race() -> Race<String, String> {
      Race { [self] in time.withLock { $0 } }
    }
    func run(_ i: Int) {
      time.withLock { $0 += .milliseconds(costs[i]) }
      runs.withLock { $0.append(i) }
    }
    var count: Int { runs.withLock { $0.count } }
  }

  @Test(arguments: [([10, 6], "b"), ([6, 10], "a"), ([100, 98], "a"), ([9, 8, 5], "c"), ([5], "a")])
  func `the fastest wins, and the favourite if it is as good`(costs: [Int], expected: String) {
    let course = Course(costs)
    let names = Array(["a", "b", "c"].prefix(costs.count))
    #expect(course.race().winner(of: names, for: "x", within: .seconds(10), course.run) == expected)
  }

  @Test func `the winner is remembered, whoever asks`() {
    let course = Course([10, 6])
    let race = course.race()
    #expect(race.winner(of: ["a", "b"], for: "x", within: .seconds(1), course.run) == "b")
    let count = course.count
    #expect(race.winner(of: ["a", "b"], for: "x", within: .seconds(1), course.run) == "b")
    #expect(course.count == count)
    _ = race.winner(of: ["a", "b"], for: "y", within: .seconds(1), course.run)
    #expect(course.count > count)
  }

  @Test func `without time for all the favourite wins, also later`() {
    for limit in [0, 5, 16, 26] {
      let course = Course([10, 6])
      let race = course.race()
      #expect(race.winner(of: ["a", "b"], for: "x", within: .milliseconds(limit), course.run) == "a", "\(limit) ms")
      #expect(race.winner(of: ["a", "b"], for: "x", within: .seconds(1), course.run) == "a")
      // No run begins after the time is over.
      #expect(course.time.withLock { $0 } < .milliseconds(limit + 10))
    }
    let course = Course([10, 6])
    #expect(course.race().winner(of: ["a", "b"], for: "x", within: .milliseconds(27), course.run) == "b")
  }

  @Test func `only forms of about equal cost are tried`() {
    for (channels, size) in [(16, 8), (64, 56), (128, 28), (256, 14), (512, 7), (32, 112)] {
      let shape = ConvolutionShape(
        inputChannels: channels, outputChannels: channels, input: [size, size], kernel: [3, 3], padsBegin: [1, 1])
      for set in InstructionSet.available {
        let contenders = ConvolutionMethod.contenders(for: shape, instructionSet: set)
        #expect(contenders[0].method == .best(for: shape, instructionSet: set))
        let ratios = contenders.map { $0.cycles / contenders[0].cycles }
        #expect(ratios.allSatisfy { (0.6...1.6).contains($0) })
        #expect(Set(contenders.map(\.method)).count == contenders.count)
      }
    }
    let strided = ConvolutionShape(
      inputChannels: 64, outputChannels: 64, input: [9, 9], kernel: [3, 3], strides: [2, 2])
    #expect(ConvolutionMethod.contenders(for: strided).count == 1)
  }

  @Test func `convolutions race once for a shape`() {
    let shape = ConvolutionShape(
      inputChannels: 24, outputChannels: 40, input: [19, 23], kernel: [3, 3], padsBegin: [1, 1])
    let weights = Guarded([Float](repeating: 0.25, count: 24 * 40 * 9))
    let first = ConvolutionRace.method(for: shape, threads: 1, weights: weights.pointer, within: .milliseconds(50))
    #expect(ConvolutionMethod.contenders(for: shape).contains { $0.method == first })
    for limit in [Duration.zero, .milliseconds(50)] {
      #expect(ConvolutionRace.method(for: shape, threads: 1, weights: weights.pointer, within: limit) == first)
    }
    // Without time, the model of costs decides.
    #expect(
      ConvolutionRace.method(for: shape, threads: 2, weights: weights.pointer, within: .zero) == .best(for: shape))
  }
}
