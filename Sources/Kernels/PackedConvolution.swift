internal import CKernels

/// fp32 convolution weights in the layout `Convolution` reads, made once from ONNX order.
public final class PackedConvolution: Sendable {
  private let instructionSet: InstructionSet
  private let method: ConvolutionMethod
  private let memory: AlignedMemory
  /// Weights are [outputChannels][taps · channels], for products of few columns.
  private let isNarrow: Bool
  private let groupFloats: Int
  private let depth: Int

  /// Packs weights [outputChannels, inputChannels / groups, kernel…], which need not be aligned, for `method`, which is the
  /// best one unless given. What is `kept` for long shares memory with its neighbours.
  public init(
    _ weights: UnsafeRawPointer, shape: ConvolutionShape, method: ConvolutionMethod? = nil, kept: Bool = true,
    instructionSet: InstructionSet = .current
  ) {
    func allocate(_ count: Int) -> AlignedMemory {
      kept ? .shared(byteCount: count * 4) : AlignedMemory(byteCount: count * 4)
    }
    self.instructionSet = instructionSet
    self.method = method ?? .best(for: shape, instructionSet: instructionSet)
    let taps = shape.taps, channels = shape.inputChannelsPerGroup
    let panels = Panels(n: shape.outputChannelsPerGroup, instructionSet: instructionSet)
    isNarrow = self.method == .direct && shape.isNarrow(instructionSet)
    guard !isNarrow else {
      (groupFloats, depth) = (0, taps * channels)
      memory = allocate(shape.outputChannels * depth)
      for output in 0..<shape.outputChannels {
        instructionSet.table.pointee.transpose_4(
          weights + output * depth * 4, taps * 4, memory.base + output * depth * 4, channels * 4, channels, taps)
      }
      return
    }
    guard !shape.isDepthwise else {
      (groupFloats, depth) = (0, taps)
      memory = allocate(taps * shape.outputChannels)
      instructionSet.table.pointee.transpose_4(
        weights, taps * 4, memory.base, shape.outputChannels * 4, shape.outputChannels, taps)
      return
    }
    if case .winograd(let tile) = self.method {
      depth = (tile + 2) * (tile + 2) * channels
      groupFloats = panels.paddedColumns * depth
      memory = allocate(groupFloats)
      packWinograd(weights, tile: tile, channels: channels, panels: panels)
      return
    }
    depth = taps * channels
    groupFloats = panels.paddedColumns * depth
    memory = allocate(shape.groups * groupFloats)
    for group in 0..<shape.groups {
      for panel in 0..<panels.count {
        let columns = panels.columns(panel), column = group * panels.n + panel * panels.width
        let width = roundedUp(columns, to: instructionSet.lanes)
        let out = memory.base + (group * groupFloats + panel * panels.width * depth) * 4
        panels.pack(
          weights + column * channels * taps * 4, columns: columns, width: width, channels: channels, taps: taps,
          into: out)
      }
    }
  }

  /// Points of G g Gᵀ, each packed as a matrix of its own within a panel of output channels.
  private func packWinograd(_ weights: UnsafeRawPointer, tile: Int, channels: Int, panels: Panels) {
    let taps = AlignedMemory(byteCount: 9 * channels * panels.width * 4)
    for panel in 0..<panels.count {
      let column = panel * panels.width, width = panels.paddedColumns(panel)
      panels.pack(
        weights + column * channels * 9 * 4, columns: panels.columns(panel), width: width, channels: channels, taps: 9,
        into: taps.base)
      var arguments = WinogradWeights(
        taps: taps.base.assumingMemoryBound(to: Float.self),
        u: (memory.base + column * depth * 4).assumingMemoryBound(to: Float.self), count: channels * width, size: tile)
      instructionSet.table.pointee.winograd_weights(&arguments)
    }
  }

  public var byteCount: Int { memory.byteCount }

  var view: ConvolutionWeights {
    ConvolutionWeights(
      method: method, instructionSet: instructionSet, isNarrow: isNarrow, groupFloats: groupFloats, depth: depth,
      base: UnsafePointer(memory.base.assumingMemoryBound(to: Float.self)), count: memory.byteCount / 4)
  }
}

extension Panels {
  /// Packs `columns` filters of [channels][taps] as one matrix [channels][width] per tap.
  fileprivate func pack(
    _ filters: UnsafeRawPointer, columns: Int, width: Int, channels: Int, taps: Int,
    into panel: UnsafeMutableRawPointer
  ) {
    for tap in 0..<taps {
      var arguments = PackB(
        source: filters + tap * 4, row_stride: taps * 4, column_stride: channels * taps * 4, k: channels, n: columns,
        panels: panel + tap * channels * width * 4)
      instructionSet.table.pointee.pack_f32(&arguments)
    }
  }
}
