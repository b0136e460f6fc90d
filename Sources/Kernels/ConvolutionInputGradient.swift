internal import CKernels

/// A plan for the gradient of an fp32 convolution with respect to its input where strides are not 1, over channels-last data.
///
/// Input positions are taken by phase, that is by their remainders when divided by the strides: all positions of a phase are
/// reached by the same taps, so each phase is a product of gathered rows of dy with the weights of its taps.
public struct ConvolutionInputGradient: Sendable {
  public let shape: ConvolutionShape
  public let instructionSet: InstructionSet
  private let panels: Panels
  private let phases: InputPhases

  public init(_ shape: ConvolutionShape, instructionSet: InstructionSet = .current) {
    (self.shape, self.instructionSet) = (shape, instructionSet)
    panels = Panels(n: shape.inputChannelsPerGroup, instructionSet: instructionSet)
    phases = InputPhases(shape)
  }

  private var groupFloats: Int { shape.taps * shape.outputChannelsPerGroup * panels.paddedColumns }
  public var workspaceByteCount: Int { roundedUp(shape.groups * groupFloats * 4, to: 64) }
  public var packTaskCount: Int { shape.groups * panels.count }
  public var taskCount: Int { phases.tasks.count }
  public var scratchByteCount: Int {
    roundedUp(shape.outputChannelsPerGroup * 4, to: 64) + InputPhases.positionsPerTask * panels.paddedColumns * 4
  }

  /// Packs weights [kernel…, inputChannels / groups, outputChannels], the taps of each phase together.
  public func pack(tasks: Range<Int>, weights: UnsafePointer<Float>, into workspace: UnsafeMutableRawPointer) {
    let (k, n) = (shape.outputChannelsPerGroup, shape.inputChannelsPerGroup)
    for task in tasks {
      let (group, panel) = task.quotientAndRemainder(dividingBy: panels.count)
      let (column, columns, width) = (panel * panels.width, panels.columns(panel), panels.paddedColumns(panel))
      var out = workspace + (group * groupFloats + column * shape.taps * k) * 4
      for tap in phases.taps {
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
      let task = phases.tasks[index], phase = phases.phases[task.phase]
      for group in 0..<shape.groups {
        if phase.taps.isEmpty {
          (sums).update(repeating: 0, count: task.positions.count * panels.paddedColumns)
        } else {
          multiply(task, phase, group, dy, workspace, zeros, sums)
        }
        phases.store(sums, stride: panels.paddedColumns, of: task, to: dx + group * panels.n, count: panels.n)
      }
    }
  }

  private func multiply(
    _ task: InputPhases.Task, _ phase: InputPhases.Phase, _ group: Int, _ dy: UnsafePointer<Float>,
    _ workspace: UnsafeRawPointer,
    _ zeros: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>
  ) {
    let k = shape.outputChannelsPerGroup, taps = phase.taps.count
    let weights = workspace.assumingMemoryBound(to: Float.self) + group * groupFloats
    phases.withOffsets(of: task) { rows in
      for panel in 0..<panels.count {
        let column = panel * panels.width, width = panels.paddedColumns(panel)
        let step = taps * k <= TaskGrid.longestDepth ? taps : max(1, TaskGrid.splitDepth / k)
        for tap in stride(from: 0, to: taps, by: step) {
          var arguments = GemmF32(
            a: RowSource(
              base: dy + group * k, stride: 0, offsets: rows + tap, offset_stride: taps, padding: zeros,
              taps: min(step, taps - tap), depth: k),
            b: weights + column * shape.taps * k + (phase.firstTap + tap) * k * width, b_stride: width,
            c: sums + column,
            c_stride: panels.paddedColumns, rows: task.positions.count, columns: width, accumulate: tap > 0 ? 1 : 0,
            finish: 0, epilogue: EpilogueF32(), next: nil, next_bytes: 0)
          instructionSet.table.pointee.gemm_f32(&arguments)
        }
      }
    }
  }
}
