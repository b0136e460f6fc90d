internal import CKernels

/// The mean over all positions of channels-last fp32 data, in two steps: sums of runs of positions, which threads share as
/// they share the rows of the layer before, and the means of those.
public struct GlobalAverage: Sendable {
  private static let parts = 8

  public let batch: Int
  public let positions: Int
  public let channels: Int
  private let offsets: TapOffsets
  private let instructionSet: InstructionSet

  /// nil for what is too small to be divided.
  public init?(batch: Int, positions: Int, channels: Int, instructionSet: InstructionSet = .current) {
    guard positions >= 8 * Self.parts, positions * channels >= 32 * 1024 else { return nil }
    (self.batch, self.positions, self.channels) = (batch, positions, channels)
    self.instructionSet = instructionSet
    offsets = TapOffsets(
      ConvolutionShape(
        batch: 1, inputChannels: channels, outputChannels: channels, groups: channels, input: [positions],
        kernel: [positions]))
  }

  public var sumTaskCount: Int { batch * Self.parts }
  public var sumByteCount: Int { batch * Self.parts * channels * 4 }

  /// Runs tasks of the first step: x [batch, positions, channels] to sums [batch, parts, channels].
  public func sum(tasks: Range<Int>, x: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>) {
    for task in tasks {
      let (image, part) = task.quotientAndRemainder(dividingBy: Self.parts)
      let run = positions * part / Self.parts..<positions * (part + 1) / Self.parts
      average(
        x + (image * positions + run.lowerBound) * channels, count: run.count, factor: 1, to: sums + task * channels)
    }
  }

  /// The second step: y [batch, channels].
  public func mean(sums: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>) {
    for image in 0..<batch {
      average(
        sums + image * Self.parts * channels, count: Self.parts, factor: 1 / Float(positions), to: y + image * channels)
    }
  }

  private func average(_ x: UnsafePointer<Float>, count: Int, factor: Float, to y: UnsafeMutablePointer<Float>) {
    withUnsafePointer(to: factor) { factor in
      var arguments = Pool(
        x: x, offsets: offsets.offsets, taps: count, pixels: 1, channels: channels, y: y, y_stride: channels,
        reciprocals: factor, type: Int32(pool_f32.rawValue), scale: 1, x_zero: 0, y_zero: 0)
      instructionSet.table.pointee.pool_average(&arguments)
    }
  }
}
