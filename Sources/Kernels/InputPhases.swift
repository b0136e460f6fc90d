/// The input positions of a convolution by phase, that is by their remainders when divided by the strides: all positions of a
/// phase are reached by the same taps.
struct InputPhases: Sendable {
  struct Phase: Sendable {
    var taps: [Int]
    /// Taps of the phases before.
    var firstTap: Int
    /// Input positions of the batch, and for each and every tap the offset of its row of dy, or −1.
    var positions: Range<Int>
    var firstOffset: Int
  }
  struct Task: Sendable {
    var phase: Int
    var positions: Range<Int>
  }
  private final class Tables: Sendable {
    let positions: [Int32]
    let offsets: [Int32]
    init(_ positions: [Int32], _ offsets: [Int32]) { (self.positions, self.offsets) = (positions, offsets) }
  }

  let phases: [Phase]
  let tasks: [Task]
  private let tables: Tables

  static let positionsPerTask = 96

  init(_ shape: ConvolutionShape) {
    let geometry = PhaseGeometry(shape)
    var (phases, positions, offsets, tasks): ([Phase], [Int32], [Int32], [Task]) = ([], [], [], [])
    precondition(
      shape.batch * max(shape.inputPixels * shape.inputStride, shape.outputPixels * shape.outputStride) < 1 << 31,
      "a batch has too many elements")
    var firstTap = 0
    for phase in geometry.phases {
      let first = positions.count
      let taps = geometry.taps(of: phase)
      let firstOffset = offsets.count
      for image in 0..<shape.batch {
        geometry.visit(phase, taps) { position, rows in
          positions.append(Int32((image * shape.inputPixels + position) * shape.inputStride))
          for row in rows {
            offsets.append(row < 0 ? -1 : Int32((image * shape.outputPixels + row) * shape.outputStride))
          }
        }
      }
      for begin in stride(from: first, to: positions.count, by: Self.positionsPerTask) {
        tasks.append(
          Task(phase: phases.count, positions: begin..<min(begin + Self.positionsPerTask, positions.count)))
      }
      phases.append(
        Phase(taps: taps, firstTap: firstTap, positions: first..<positions.count, firstOffset: firstOffset))
      firstTap += taps.count
    }
    (self.phases, self.tasks) = (phases, tasks)
    tables = Tables(positions, offsets)
  }

  /// All taps, phase by phase.
  var taps: [Int] { phases.flatMap(\.taps) }

  /// Calls `body` with the offsets of the first position of `task`.
  func withOffsets(of task: Task, _ body: (UnsafePointer<Int32>) -> Void) {
    let phase = phases[task.phase]
    tables.offsets.withUnsafeBufferPointer { offsets in
      body(
        offsets.baseAddress! + phase.firstOffset
          + (task.positions.lowerBound - phase.positions.lowerBound) * phase.taps.count)
    }
  }

  /// Copies `count` channels of each position of `task` to where it lies in `dx`.
  func store(
    _ sums: UnsafePointer<Float>, stride: Int, of task: Task, to dx: UnsafeMutablePointer<Float>, count: Int
  ) {
    for (i, position) in task.positions.enumerated() {
      (dx + Int(tables.positions[position])).update(from: sums + i * stride, count: count)
    }
  }
}

/// Which taps reach which input positions.
private struct PhaseGeometry {
  private let input, output, kernel, strides, dilations, pads: [Int]

  init(_ shape: ConvolutionShape) {
    let lead = 3 - shape.input.count
    func three(_ values: [Int], _ fill: Int) -> [Int] { [Int](repeating: fill, count: lead) + values }
    (input, output, kernel) = (three(shape.input, 1), three(shape.output, 1), three(shape.kernel, 1))
    (strides, dilations, pads) = (three(shape.strides, 1), three(shape.dilations, 1), three(shape.padsBegin, 0))
  }

  var phases: [[Int]] {
    var phases: [[Int]] = []
    for z in 0..<strides[0] { for y in 0..<strides[1] { for x in 0..<strides[2] { phases.append([z, y, x]) } } }
    return phases
  }

  /// Kernel coordinates along an axis that reach positions of a phase.
  private func coordinates(_ axis: Int, _ phase: Int) -> [Int] {
    (0..<kernel[axis]).filter { (phase + pads[axis] - $0 * dilations[axis]) % strides[axis] == 0 }
  }

  func taps(of phase: [Int]) -> [Int] {
    coordinates(0, phase[0]).flatMap { z in
      coordinates(1, phase[1]).flatMap { y in
        coordinates(2, phase[2]).map { x in (z * kernel[1] + y) * kernel[2] + x }
      }
    }
  }

  /// Every input position of a phase in order, with the output position that each of `taps` joins it to, or −1.
  func visit(_ phase: [Int], _ taps: [Int], _ body: (Int, [Int]) -> Void) {
    func reached(_ axis: Int, _ position: Int, _ tap: Int) -> Int? {
      let from = position + pads[axis] - tap * dilations[axis]
      guard from >= 0, from / strides[axis] < output[axis] else { return nil }
      return from / strides[axis]
    }
    for z in stride(from: phase[0], to: input[0], by: strides[0]) {
      for y in stride(from: phase[1], to: input[1], by: strides[1]) {
        for x in stride(from: phase[2], to: input[2], by: strides[2]) {
          let rows = taps.map { tap -> Int in
            let (kz, ky, kx) = (tap / (kernel[1] * kernel[2]), tap / kernel[2] % kernel[1], tap % kernel[2])
            guard let oz = reached(0, z, kz), let oy = reached(1, y, ky), let ox = reached(2, x, kx) else { return -1 }
            return (oz * output[1] + oy) * output[2] + ox
          }
          body((z * input[1] + y) * input[2] + x, rows)
        }
      }
    }
  }
}
