internal import CKernels

/// The arithmetic one core of this machine can do, measured: the denominator of every quoted speed.
public struct PeakProbe: Sendable, Hashable {
  /// Operations per second, two per multiply-add.
  public let float32: Double
  public let bfloat16: Double
  public let int8: Double

  /// Measures for about 30 ms on this thread, taking the best of several rounds.
  public static func measure(_ instructionSet: InstructionSet = .current) -> PeakProbe {
    let table = instructionSet.table.pointee
    return PeakProbe(
      float32: rate(table.probe_f32), bfloat16: rate(table.probe_bf16), int8: rate(table.probe_int8))
  }

  private static func rate(_ kernel: (Int, UnsafeMutablePointer<Double>) -> Void) -> Double {
    let clock = ContinuousClock()
    let deadline = clock.now + .milliseconds(10)
    var best = 0.0
    while clock.now < deadline {
      var operations = 0.0
      let duration = clock.measure { kernel(50_000, &operations) }
      best = max(
        best, operations / (Double(duration.components.attoseconds) * 1e-18 + Double(duration.components.seconds)))
    }
    return best
  }
}
