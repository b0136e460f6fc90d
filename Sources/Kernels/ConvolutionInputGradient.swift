internal import CKernels

/// A plan for the gradient of an fp32 convolution with respect to its input where strides are not 1, over channels-last data.
///
/// Input positions are taken by phase, that is by their remainders when divided by the strides: all positions of a phase are
/// reached by the same taps, so each phase is a product of gathered rows of dy with the weights of its taps.
public struct ConvolutionInputGradient: Sendable {
  private struct Phase: Sendable {
    var taps: [Int]
    /// Input positions of the batch, and for each and every tap the offset of its row of dy, or −1.
    var positions: Range<Int>
    var firstOffset: Int
  }
  private struct Task: Sendable {
    var phase: Int
    var positions: Range<Int>
  }
  private final class Tables: Sendable {
    let positions: [Int32]
    let offsets: [Int32]
    init(_ positions: [Int32], _ offsets: [Int32]) { (self.positions, self.offsets) = (positions, offsets) }
  }

  public let shape: ConvolutionShape
  public let instructionSet: InstructionSet
  private let panels: Panels
  private let phases: [Phase]
  private let tables: Tables
  private let tasks: [Task]

  private static let positionsPerTask = 96

  public init(_ shape: ConvolutionShape, instructionSet: InstructionSet = .current) {
    (self.shape, self.instructionSet) = (shape, instructionSet)
    panels = Panels(n: shape.inputChannelsPerGroup, instructionSet: instructionSet)
    let geometry = PhaseGeometry(shape)
    var (phases, positions, offsets, tasks): ([Phase], [Int32], [Int32], [Task]) = ([], [], [], [])
    precondition(
      shape.batch * max(shape.inputPixels * shape.inputStride, shape.outputPixels * shape.outputStride) < 1 << 31,
      "a batch has too many elements")
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
      phases.append(Phase(taps: taps, positions: first..<positions.count, firstOffset: firstOffset))
    }
    (self.phases, self.tasks) = (phases, tasks)
    tables = Tables(positions, offsets)
  }

  private var groupFloats: Int { shape.taps * shape.outputChannelsPerGroup * panels.paddedColumns }
  public var workspaceByteCount: Int { roundedUp(shape.groups * groupFloats * 4, to: 64) }
  public var packTaskCount: Int { shape.groups * panels.count }
  public var taskCount: Int { tasks.count }
  public var scratchByteCount: Int {
    roundedUp(shape.outputChannelsPerGroup * 4, to: 64) + Self.positionsPerTask * panels.paddedColumns * 4
  }

  /// Packs weights [kernel…, inputChannels / groups, outputChannels], the taps of each phase together.
  public func pack(tasks: Range<Int>, weights: UnsafePointer<Float>, into workspace: UnsafeMutableRawPointer) {
    let (k, n) = (shape.outputChannelsPerGroup, shape.inputChannelsPerGroup)
    for task in tasks {
      let (group, panel) = task.quotientAndRemainder(dividingBy: panels.count)
      let (column, columns, width) = (panel * panels.width, panels.columns(panel), panels.paddedColumns(panel))
      var out = workspace + (group * groupFloats + column * shape.taps * k) * 4
      for tap in phases.flatMap(\.taps) {
        var arguments = PackB(
          source: weights + ((tap * n + column) * shape.outputChannels + group * k), row_stride: 4,
          column_stride: shape.outputChannels * 4, k: k, n: columns, panels: out)
        instructionSet.table.pointee.pack_f32(&arguments)
        out += k * width * 4
      }
    }
  }

  public func run(
    tasks range: Range<Int>, dy: UnsafePointer<Float>, workspace: UnsafeRawPointer, dx: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    let k = shape.outputChannelsPerGroup
    let zeros = scratch
    zeros.initializeMemory(as: UInt8.self, repeating: 0, count: roundedUp(k * 4, to: 64))
    let sums = (scratch + roundedUp(k * 4, to: 64)).assumingMemoryBound(to: Float.self)
    for index in range {
      let task = tasks[index], phase = phases[task.phase]
      for group in 0..<shape.groups {
        if phase.taps.isEmpty {
          (sums).update(repeating: 0, count: task.positions.count * panels.paddedColumns)
        } else {
          multiply(task, phase, group, dy, workspace, zeros, sums)
        }
        let row = dx + group * panels.n
        for (i, position) in task.positions.enumerated() {
          (row + Int(tables.positions[position])).update(from: sums + i * panels.paddedColumns, count: panels.n)
        }
      }
    }
  }

  private func multiply(
    _ task: Task, _ phase: Phase, _ group: Int, _ dy: UnsafePointer<Float>, _ workspace: UnsafeRawPointer,
    _ zeros: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>
  ) {
    let k = shape.outputChannelsPerGroup, taps = phase.taps.count
    let before = phases[..<task.phase].reduce(0) { $0 + $1.taps.count }
    let weights = workspace.assumingMemoryBound(to: Float.self) + group * groupFloats
    tables.offsets.withUnsafeBufferPointer { offsets in
      let rows =
        offsets.baseAddress! + phase.firstOffset + (task.positions.lowerBound - phase.positions.lowerBound) * taps
      for panel in 0..<panels.count {
        let column = panel * panels.width, width = panels.paddedColumns(panel)
        let step = taps * k <= TaskGrid.longestDepth ? taps : max(1, TaskGrid.splitDepth / k)
        for tap in stride(from: 0, to: taps, by: step) {
          var arguments = GemmF32(
            a: RowSource(
              base: dy + group * k, stride: 0, offsets: rows + tap, offset_stride: taps, padding: zeros,
              taps: min(step, taps - tap), depth: k),
            b: weights + column * shape.taps * k + (before + tap) * k * width, b_stride: width, c: sums + column,
            c_stride: panels.paddedColumns, rows: task.positions.count, columns: width, accumulate: tap > 0 ? 1 : 0,
            finish: 0, epilogue: EpilogueF32(), next: nil, next_bytes: 0)
          instructionSet.table.pointee.gemm_f32(&arguments)
        }
      }
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
