import HoneKernels

/// Runs of one kernel on one thread, reported as operations per second and as a share of the measured peak.
struct Measurement {
  let name: String
  let seconds: Double
  let best: Double

  /// Repeats `body` for about 0.2 s; keeps the median and the best.
  init(_ name: String, _ body: () -> Void) {
    self.name = name
    let clock = ContinuousClock()
    func once() -> Double {
      let (seconds, attoseconds) = clock.measure(body).components
      return Double(seconds) + Double(attoseconds) * 1e-18
    }
    let first = max((0..<2).map { _ in once() }.min()!, 1e-9)
    let inner = max(1, Int(50e-6 / first))
    let count = max(5, min(2000, Int(0.2 / (first * Double(inner)))))
    let times = flushingDenormals {
      (0..<count).map { _ in
        let time = clock.measure { for _ in 0..<inner { body() } }.components
        return (Double(time.seconds) + Double(time.attoseconds) * 1e-18) / Double(inner)
      }.sorted()
    }
    (seconds, best) = (times[times.count / 2], times[0])
  }

  /// One line: the name, microseconds, 10⁹ operations per second and shares of `peak`, median and best.
  func report(operations: Double, peak: Double) {
    print(
      pad(name, 44), pad(number(seconds * 1e6, 1), 11, left: true), "µs",
      pad(number(operations / seconds / 1e9, 1), 8, left: true), "G/s",
      pad(number(operations / seconds / peak * 100, 1), 6, left: true), "%  best",
      pad(number(operations / best / peak * 100, 1), 6, left: true), "%")
  }

  /// One line for kernels bound by memory: bytes moved per second.
  func report(bytes: Double) {
    print(
      pad(name, 44), pad(number(seconds * 1e6, 1), 11, left: true), "µs",
      pad(number(bytes / seconds / 1e9, 1), 8, left: true), "GB/s")
  }
}

func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
  let fill = String(repeating: " ", count: max(0, width - text.count))
  return left ? fill + text : text + fill
}

func number(_ x: Double, _ digits: Int) -> String {
  let scale = digits == 1 ? 10.0 : 1
  return "\((x * scale).rounded() / scale)"
}

/// Uninitialized-free memory for operands.
func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
  let p = UnsafeMutableRawPointer.allocate(byteCount: count * 4 + 64, alignment: 64).bindMemory(
    to: Float.self, capacity: count)
  for i in 0..<count { p[i] = Float((i &* 2_654_435_761) >> 8 & 0xffff) / 65536 - 0.5 }
  return p
}

func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
  let p = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 64)
  for i in 0..<count { p[i] = UInt8(truncatingIfNeeded: (i &* 2_654_435_761) >> 8) }
  return p
}

func scratch(_ byteCount: Int) -> UnsafeMutableRawPointer { .allocate(byteCount: max(byteCount, 64), alignment: 64) }
