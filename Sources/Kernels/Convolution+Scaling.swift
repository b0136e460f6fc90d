internal import CKernels

/// A pointwise convolution of x times a factor for each of its channels. The factors go to a copy of the weights, which are
/// fewer than the positions of a large image.
extension Convolution {
  /// Whether `runScaled` knows this convolution.
  public var scalesWeights: Bool {
    method == .direct && shape.isPointwise && !shape.isDepthwise && shape.groups == 1
      && !shape.isNarrow(instructionSet) && !InputStrip.suits(shape)
  }

  /// Bytes of scratch per thread, aligned to 64, for `runScaled`.
  public var scaledScratchByteCount: Int {
    scratchByteCount + roundedUp(grid.panels.paddedColumns * shape.inputChannels * 4, to: 64)
  }

  /// As `run(tasks:…)` for the x that `factors`, one per input channel, multiply.
  public func runScaled(
    tasks: Range<Int>, by factors: UnsafePointer<Float>, x: UnsafePointer<Float>, weights: PackedConvolution,
    y: UnsafeMutablePointer<Float>, operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    let scaled = scale(weights.view, by: factors, into: scratch + scratchByteCount)
    run(tasks: tasks, x: x, view: scaled, y: y, operands: operands, scratch: scratch)
  }

  /// As `run(rows:…)` for the x that `factors`, one per input channel, multiply.
  public func runScaled(
    rows: Range<Int>, by factors: UnsafePointer<Float>, x: UnsafePointer<Float>, weights: PackedConvolution,
    y: UnsafeMutablePointer<Float>, operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    let scaled = scale(weights.view, by: factors, into: scratch + scratchByteCount)
    run(rows: rows, image: 0, x: x, view: scaled, y: y, operands: operands, scratch: scratch)
  }

  private func scale(
    _ weights: ConvolutionWeights, by factors: UnsafePointer<Float>, into memory: UnsafeMutableRawPointer
  ) -> ConvolutionWeights {
    let out = memory.assumingMemoryBound(to: Float.self)
    let depth = shape.inputChannels
    for panel in 0..<grid.panels.count {
      let first = panel * grid.panels.width * depth, width = grid.panels.paddedColumns(panel)
      for k in 0..<depth {
        let row = first + k * width
        for j in row..<row + width { out[j] = weights.base[j] * factors[k] }
      }
    }
    return ConvolutionWeights(
      method: method, instructionSet: instructionSet, isNarrow: false, groupFloats: weights.groupFloats,
      depth: weights.depth, base: UnsafePointer(out), count: weights.count)
  }
}
