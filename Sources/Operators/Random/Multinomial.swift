#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
public import HoneIR

/// `sample_size` classes for each row, drawn in proportion to the exponentials of the row.
public struct Multinomial: ExecutableOp, RandomOp {
  public var dtype = ElementType.int32
  public var sample_size = 1
  public var seed: Float?
  public init() {}
  public static var since: Int { 7 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let input = try call.tensor(0)
    guard dtype == .int32 || dtype == .int64 else {
      throw GraphError(.attribute, "dtype \(dtype.rawValue) is neither int32 nor int64")
    }
    guard sample_size >= 0 else { throw GraphError(.attribute, "sample_size \(sample_size)") }
    guard input.rank ?? 2 == 2 else { throw GraphError(.type, "takes [batch×classes], not \(input)") }
    return [.tensor(dtype, [input.shape?[0] ?? call.unknownSize(), .fixed(sample_size)])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let (rows, classes, samples) = (sizes[0], sizes[1], sample_size)
    guard classes > 0 else { throw GraphError(.type, "there are no classes to draw from") }
    let (reading, writing) = (try DoubleAccess(call.element(0)), try DoubleAccess(dtype))
    let stream = RandomStream(seed: seed)
    return Kernel(scratch: (classes + 1) * 8) { frame in
      let numbers = stream.nextRun()
      let sums = frame.scratch.assumingMemoryBound(to: Double.self)
      for row in 0..<rows {
        reading.load(frame.operandBytes(0), from: row * classes, count: classes, into: sums)
        var largest = sums[0]
        for i in 1..<classes { largest = max(largest, sums[i]) }
        var sum = 0.0
        for i in 0..<classes {
          sum += exp(sums[i] - largest)
          sums[i] = sum
        }
        for sample in 0..<samples {
          let level = numbers.uniform(row * samples + sample) * sum
          var chosen = 0
          while chosen < classes - 1 && sums[chosen] <= level { chosen += 1 }
          sums[classes] = Double(chosen)
          writing.store(sums + classes, count: 1, into: frame.resultBytes(), from: row * samples + sample)
        }
      }
    }
  }
}
