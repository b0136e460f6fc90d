internal import CKernels

/// Packed fp32 convolution weights as `Convolution` reads them, wherever they lie.
struct ConvolutionWeights {
  let method: ConvolutionMethod
  let instructionSet: InstructionSet
  /// Weights are [outputChannels][taps · channels], for products of few columns.
  let isNarrow: Bool
  let groupFloats: Int
  let depth: Int
  let base: UnsafePointer<Float>
  let count: Int

  /// Behind the last panel.
  var end: UnsafePointer<Float> { base + count }
  func panel(group: Int, column: Int) -> UnsafePointer<Float> { base + (group * groupFloats + column * depth) }
  /// Depthwise weights [taps][channels].
  var depthwise: UnsafePointer<Float> { base }
}

/// How weights that change from run to run are brought into the layout `Convolution` reads.
///
/// They come as [kernel…, inputChannels / groups, outputChannels] of the convolution they belong to.
public struct ConvolutionPacking: Sendable {
  /// What the weights are packed for.
  public enum Purpose: Sendable {
    /// The convolution that they belong to.
    case forward
    /// The gradient with respect to its input where strides are 1: a convolution by the window turned by 180°, with input and
    /// output channels exchanged. `shape` is that of this second convolution.
    case inputGradient
  }

  public let shape: ConvolutionShape
  public let method: ConvolutionMethod
  public let purpose: Purpose
  public let instructionSet: InstructionSet
  private let panels: Panels
  private let isNarrow: Bool
  private let depth: Int

  public init(_ plan: Convolution, for purpose: Purpose = .forward) {
    (shape, method, instructionSet, self.purpose) = (plan.shape, plan.method, plan.instructionSet, purpose)
    panels = Panels(n: shape.outputChannelsPerGroup, instructionSet: instructionSet)
    isNarrow = method == .direct && shape.isNarrow(instructionSet)
    if case .winograd(let tile) = method {
      depth = (tile + 2) * (tile + 2) * shape.inputChannelsPerGroup
    } else {
      depth = shape.taps * shape.inputChannelsPerGroup
    }
  }

  private var groupFloats: Int { panels.paddedColumns * depth }
  private var floatCount: Int {
    if isNarrow || shape.isDepthwise { return depth * shape.outputChannels }
    return shape.groups * groupFloats
  }
  /// Weights are read as they are.
  public var isPackedAlready: Bool { shape.isDepthwise && purpose == .forward }
  public var byteCount: Int { isPackedAlready ? 0 : roundedUp(floatCount * 4, to: 64) }
  public var taskCount: Int { isNarrow || shape.isDepthwise ? 1 : shape.groups * panels.count }
  public var scratchByteCount: Int {
    if case .winograd = method { return 9 * shape.inputChannels * panels.width * 4 }
    return 0
  }

  /// The packed weights at `base`, or `weights` themselves where they are packed already.
  func view(_ base: UnsafeRawPointer) -> ConvolutionWeights {
    ConvolutionWeights(
      method: method, instructionSet: instructionSet, isNarrow: isNarrow, groupFloats: groupFloats, depth: depth,
      base: base.assumingMemoryBound(to: Float.self), count: floatCount)
  }

  /// Packs the panels of `tasks` into `base`.
  public func pack(
    tasks: Range<Int>, from weights: UnsafePointer<Float>, into base: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    if isPackedAlready { return }
    if isNarrow || shape.isDepthwise { return packWhole(weights, base.assumingMemoryBound(to: Float.self)) }
    for task in tasks {
      let (group, panel) = task.quotientAndRemainder(dividingBy: panels.count)
      let column = panel * panels.width
      let out = base + (group * groupFloats + column * depth) * 4
      guard case .winograd(let tile) = method else {
        packTaps(weights, group: group, column: column, columns: panels.columns(panel), into: out)
        continue
      }
      packTaps(weights, group: group, column: column, columns: panels.columns(panel), into: scratch)
      var arguments = WinogradWeights(
        taps: scratch.assumingMemoryBound(to: Float.self), u: out.assumingMemoryBound(to: Float.self),
        count: shape.inputChannels * panels.paddedColumns(panel), size: tile)
      instructionSet.table.pointee.winograd_weights(&arguments)
    }
  }

  /// Columns of one panel as one matrix [channels][columns] per tap.
  private func packTaps(
    _ weights: UnsafePointer<Float>, group: Int, column: Int, columns: Int, into out: UnsafeMutableRawPointer
  ) {
    let (k, n, taps) = (shape.inputChannelsPerGroup, shape.outputChannelsPerGroup, shape.taps)
    let width = roundedUp(columns, to: instructionSet.lanes)
    for tap in 0..<taps {
      var arguments: PackB
      switch purpose {
      case .forward:
        let source = weights + (tap * k * shape.outputChannels + group * n + column)
        arguments = PackB(
          source: source, row_stride: shape.outputChannels * 4, column_stride: 4, k: k, n: columns,
          panels: out + tap * k * width * 4)
      case .inputGradient:
        // [taps][n][k · groups] of the other convolution.
        let total = shape.inputChannels
        let source = weights + ((taps - 1 - tap) * n * total + column * total + group * k)
        arguments = PackB(
          source: source, row_stride: 4, column_stride: total * 4, k: k, n: columns,
          panels: out + tap * k * width * 4)
      }
      instructionSet.table.pointee.pack_f32(&arguments)
    }
  }

  private func packWhole(_ weights: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) {
    let (channels, taps) = (shape.inputChannelsPerGroup, shape.taps)
    if shape.isDepthwise {
      let row = shape.outputChannels
      for tap in 0..<taps { (out + tap * row).update(from: weights + (taps - 1 - tap) * row, count: row) }
      return
    }
    switch purpose {
    case .forward:
      instructionSet.table.pointee.transpose_4(
        weights, shape.outputChannels * 4, out, depth * 4, depth, shape.outputChannels)
    case .inputGradient:
      for tap in 0..<taps {
        let source = weights + (taps - 1 - tap) * shape.outputChannels * channels
        for output in 0..<shape.outputChannels {
          (out + (output * depth + tap * channels)).update(from: source + output * channels, count: channels)
        }
      }
    }
  }
}

extension Convolution {
  /// Runs `tasks` with weights that `packing` left at `packed`, or that need no packing.
  public func run(
    tasks: Range<Int>, x: UnsafePointer<Float>, packing: ConvolutionPacking, packed: UnsafeRawPointer,
    y: UnsafeMutablePointer<Float>, operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer
  ) {
    run(tasks: tasks, x: x, view: packing.view(packed), y: y, operands: operands, scratch: scratch)
  }

  /// The convolution that gives the gradient with respect to this one's input, for strides of 1; nil for others.
  public static func inputGradient(of shape: ConvolutionShape, instructionSet: InstructionSet = .current)
    -> Convolution?
  {
    shape.inputGradient.map { Convolution($0, instructionSet: instructionSet) }
  }
}

extension ConvolutionShape {
  /// The convolution of dy, by the window turned by 180°, that gives the gradient with respect to this one's input, for
  /// strides of 1; nil for others.
  var inputGradient: ConvolutionShape? {
    guard strides.allSatisfy({ $0 == 1 }) else { return nil }
    let begin = kernel.indices.map { (kernel[$0] - 1) * dilations[$0] - padsBegin[$0] }
    guard begin.allSatisfy({ $0 >= 0 }) else { return nil }
    return ConvolutionShape(
      batch: batch, inputChannels: outputChannels, outputChannels: inputChannels, groups: groups, input: output,
      kernel: kernel, dilations: dilations, padsBegin: begin, output: input)
  }
}
