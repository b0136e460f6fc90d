internal import CKernels

/// A plan for the gradient of a convolution with respect to its input where strides are not 1, over channels-last data:
/// bfloat16 dy and fp32 weights, which are rounded as they are packed, give fp32 dx.
///
/// The sums are those of `ConvolutionInputGradient`.
public struct BFloat16ConvolutionInputGradient: Sendable {
  public let shape: ConvolutionShape
  public let instructionSet: InstructionSet
  private let panels: Panels
  private let phases: InputPhases
  private let packing: BFloat16Packing

  public init(_ shape: ConvolutionShape, instructionSet: InstructionSet = .current) {
    (self.shape, self.instructionSet) = (shape, instructionSet)
    panels = Panels(n: shape.inputChannelsPerGroup, instructionSet: instructionSet)
    phases = InputPhases(shape)
    let taps = phases.taps
    packing = BFloat16Packing(
      taps: taps.count, depth: shape.outputChannelsPerGroup, n: shape.inputChannelsPerGroup, order: taps,
      instructionSet: instructionSet)
  }

  public var workspaceByteCount: Int { shape.groups * packing.byteCount }
  public var packTaskCount: Int { shape.groups * packing.taskCount }
  public var taskCount: Int { phases.tasks.count }
  private var zeroByteCount: Int { roundedUp(shape.outputChannelsPerGroup * 2, to: 64) }
  public var scratchByteCount: Int {
    max(packing.scratchByteCount, zeroByteCount + InputPhases.positionsPerTask * panels.paddedColumns * 4)
  }

  /// Packs weights [kernel…, inputChannels / groups, outputChannels], the taps of each phase together.
  public func pack(
    tasks: Range<Int>, weights: UnsafePointer<Float>, into workspace: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    for task in tasks {
      let (group, piece) = task.quotientAndRemainder(dividingBy: packing.taskCount)
      let source = BFloat16Packing.Source(
        weights + group * packing.depth, .float32, tapStride: packing.n * shape.outputChannels, rowStride: 1,
        columnStride: shape.outputChannels)
      packing.pack(
        tasks: piece..<piece + 1, from: source, into: workspace + group * packing.byteCount, scratch: scratch)
    }
  }

  public func run(
    tasks range: Range<Int>, dy: UnsafePointer<UInt16>, workspace: UnsafeRawPointer, dx: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    scratch.initializeMemory(as: UInt8.self, repeating: 0, count: zeroByteCount)
    let sums = (scratch + zeroByteCount).assumingMemoryBound(to: Float.self)
    for index in range {
      let task = phases.tasks[index]
      for group in 0..<shape.groups {
        if phases.phases[task.phase].taps.isEmpty {
          sums.update(repeating: 0, count: task.positions.count * panels.paddedColumns)
        } else {
          multiply(task, dy + group * packing.depth, workspace + group * packing.byteCount, zeros: scratch, sums)
        }
        phases.store(sums, stride: panels.paddedColumns, of: task, to: dx + group * panels.n, count: panels.n)
      }
    }
  }

  private func multiply(
    _ task: InputPhases.Task, _ dy: UnsafePointer<UInt16>, _ packed: UnsafeRawPointer, zeros: UnsafeRawPointer,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    let phase = phases.phases[task.phase]
    let weights = packed.assumingMemoryBound(to: UInt16.self)
    phases.withOffsets(of: task) { rows in
      for panel in 0..<panels.count {
        let column = panel * panels.width, width = panels.paddedColumns(panel)
        var arguments = GemmBF16(
          a: RowSource(
            base: dy, stride: 0, offsets: rows, offset_stride: phase.taps.count, padding: zeros,
            taps: phase.taps.count, depth: packing.depth),
          b: weights + (column * packing.rows + phase.firstTap * packing.paddedDepth * width), c: sums + column,
          c_stride: panels.paddedColumns, rows: task.positions.count, columns: panels.columns(panel), narrow: 0,
          epilogue: EpilogueOperands().epilogue(Epilogue(), row: 0, column: 0, stride: panels.paddedColumns), next: nil,
          next_bytes: 0)
        instructionSet.table.pointee.gemm_bf16(&arguments)
      }
    }
  }
}
