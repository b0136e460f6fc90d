internal import CKernels

/// How an fp32 convolution is computed.
public enum ConvolutionMethod: Sendable, Hashable {
  /// Products of gathered rows with the weights, or sums of a depthwise window.
  case direct
  /// Minimal filtering F(tile × tile, 3 × 3) of a window of 3 × 3: products of (tile + 2)² points per tile of outputs.
  case winograd(tile: Int)

  /// What a model of this machine's costs takes for fastest: the same for the same shape and instruction set, however many
  /// threads run it.
  public static func best(
    for shape: ConvolutionShape, instructionSet: InstructionSet = .current
  ) -> ConvolutionMethod {
    guard WinogradGrid.suits(shape), !shape.isNarrow(instructionSet) else { return .direct }
    let cost = ConvolutionCost(shape, instructionSet)
    return best(direct: cost.direct(), small: cost.winograd(tile: 2), large: cost.winograd(tile: 4))
  }

  private static func best(direct: Double, small: Double, large: Double) -> ConvolutionMethod {
    // Larger tiles take 2¼ times the memory for weights and round more: they have to be worth it.
    let (best, tile) = large < 0.85 * small ? (large, 4) : (small, 2)
    return best < 0.85 * direct ? .winograd(tile: tile) : .direct
  }

  /// The best form, and those whose estimated cycles are near enough to its own that they may be faster.
  static func contenders(
    for shape: ConvolutionShape, instructionSet: InstructionSet = .current
  ) -> [(method: ConvolutionMethod, cycles: Double)] {
    guard WinogradGrid.suits(shape), !shape.isNarrow(instructionSet) else { return [(.direct, 0)] }
    let cost = ConvolutionCost(shape, instructionSet)
    let (direct, small, large) = (cost.direct(), cost.winograd(tile: 2), cost.winograd(tile: 4))
    let best = best(direct: direct, small: small, large: large)
    let all: [(method: ConvolutionMethod, cycles: Double)] = [
      (.direct, direct), (.winograd(tile: 2), small), (.winograd(tile: 4), large),
    ]
    let favourite = all.first { $0.method == best }!
    return [favourite]
      + all.filter { $0.method != best && (0.6...1.6).contains($0.cycles / favourite.cycles) }
  }
}

/// Estimated cycles of one core.
private struct ConvolutionCost {
  private let shape: ConvolutionShape
  private let panels: Panels
  private let instructionSet: InstructionSet

  /// Bytes that arrive per cycle from behind the second-level cache, and how many weights stay in it.
  private static let bytesPerCycle = 9.0
  private static let residentBytes = 1 << 20
  /// Cycles around the sums of a tile of a product.
  private static let tileOverhead = 40.0

  init(_ shape: ConvolutionShape, _ instructionSet: InstructionSet) {
    (self.shape, self.instructionSet) = (shape, instructionSet)
    panels = Panels(n: shape.outputChannels, instructionSet: instructionSet)
  }

  /// A product of `rows` × `depth` with all panels, `passes` times over weights of `bytes`.
  private func product(rows: Int, depth: Int, points: Int, passes: Int, bytes: Int) -> Double {
    let vectors = Double(panels.paddedColumns / instructionSet.lanes)
    let tiles = Double(dividedUp(rows, by: instructionSet.table.pointee.tile_rows) * panels.count)
    let sums = Double(points) * (Double(rows * depth) * vectors / 2 + tiles * Self.tileOverhead)
    let stream = Double(bytes) / Self.bytesPerCycle * Double(bytes > Self.residentBytes ? passes : 1)
    return max(sums, stream) + min(sums, stream) / 2
  }

  func direct() -> Double {
    let depth = shape.taps * shape.inputChannels
    return Double(shape.batch)
      * product(
        rows: shape.outputPixels, depth: depth, points: 1, passes: 1, bytes: depth * panels.paddedColumns * 4)
  }

  func winograd(tile: Int) -> Double {
    let grid = WinogradGrid(shape, tile: tile, instructionSet: instructionSet)
    let vectors = Double((grid.channels + panels.paddedColumns) / instructionSet.lanes)
    let perVector = tile == 2 ? 60.0 : 200.0
    return Double(grid.tileCount) * vectors * perVector
      + product(
        rows: grid.tileCount, depth: shape.inputChannels, points: grid.points, passes: grid.blockCount,
        bytes: grid.points * shape.inputChannels * panels.paddedColumns * 4)
  }
}
