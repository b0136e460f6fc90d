internal import CKernels

/// fp32 convolution weights in the layout `Convolution` reads, made once from ONNX order.
public final class PackedConvolution: Sendable {
  let instructionSet: InstructionSet
  private let memory: AlignedMemory
  /// Weights are [outputChannels][taps · channels], for products of few columns.
  let isNarrow: Bool
  private let groupFloats: Int
  private let depth: Int

  /// Packs weights [outputChannels, inputChannels / groups, kernel…], which need not be aligned.
  public init(_ weights: UnsafeRawPointer, shape: ConvolutionShape, instructionSet: InstructionSet = .current) {
    self.instructionSet = instructionSet
    let taps = shape.taps, channels = shape.inputChannelsPerGroup
    isNarrow = shape.isNarrow(instructionSet)
    guard !isNarrow else {
      (groupFloats, depth) = (0, taps * channels)
      memory = AlignedMemory(byteCount: shape.outputChannels * depth * 4)
      for output in 0..<shape.outputChannels {
        instructionSet.table.pointee.transpose_4(
          weights + output * depth * 4, taps * 4, memory.base + output * depth * 4, channels * 4, channels, taps)
      }
      return
    }
    guard !shape.isDepthwise else {
      (groupFloats, depth) = (0, taps)
      memory = AlignedMemory(byteCount: taps * shape.outputChannels * 4)
      instructionSet.table.pointee.transpose_4(
        weights, taps * 4, memory.base, shape.outputChannels * 4, shape.outputChannels, taps)
      return
    }
    let panels = Panels(n: shape.outputChannelsPerGroup, instructionSet: instructionSet)
    depth = taps * channels
    groupFloats = panels.paddedColumns * depth
    memory = AlignedMemory(byteCount: shape.groups * groupFloats * 4)
    for group in 0..<shape.groups {
      for panel in 0..<panels.count {
        let columns = panels.columns(panel), column = group * panels.n + panel * panels.width
        let width = roundedUp(columns, to: instructionSet.lanes)
        let out = memory.base + (group * groupFloats + panel * panels.width * depth) * 4
        for tap in 0..<taps {
          var arguments = PackB(
            source: weights + (column * channels * taps + tap) * 4, row_stride: taps * 4,
            column_stride: channels * taps * 4, k: channels, n: columns, panels: out + tap * channels * width * 4)
          instructionSet.table.pointee.pack_f32(&arguments)
        }
      }
    }
  }

  public var byteCount: Int { memory.byteCount }

  func panel(group: Int, column: Int) -> UnsafePointer<Float> {
    UnsafePointer(memory.base.assumingMemoryBound(to: Float.self)) + (group * groupFloats + column * depth)
  }

  /// Depthwise weights [taps][channels].
  var depthwise: UnsafePointer<Float> { UnsafePointer(memory.base.assumingMemoryBound(to: Float.self)) }
}
