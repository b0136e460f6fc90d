internal import HoneIR

/// Replaces a rectangle of every image of a batch by the same place of another one, and mixes their targets by the areas (Yun et al.,
/// 2019). The rectangle covers the share 1 − λ of the image with λ ~ Beta(α, α), less what lies outside. Images are float32 of any
/// layout but `flat`. In YAML α.
public struct Cutmix: Sendable, Hashable, Codable {
  /// The two parameters of the Beta distribution; 1 makes all sizes equally likely.
  public var alpha: Float
  public init(_ alpha: Float = 1) { self.alpha = alpha }
}

extension Cutmix: SingleNumberAugmentation, BatchAugmentation {
  var number: Float { alpha }
  var flaw: String? { alpha > 0 && alpha <= 4 ? nil : "takes an α above 0, at most 4" }

  func apply(_ batch: inout MixedBatch, _ random: inout CounterGenerator) throws(GraphError) {
    let edge = (1 - random.symmetricBeta(alpha)).squareRoot()
    let (middleX, middleY) = (random.uniform(), random.uniform())
    let partners = random.permutation(batch.count)
    var share: Float = 1
    for i in batch.inputs.indices {
      let frame = try Frame(batch.inputs[i])
      let columns = Self.span(frame.width, edge, around: middleX)
      let rows = Self.span(frame.height, edge, around: middleY)
      frame.paste(&batch.inputs[i].values, columns, rows, partners: partners)
      share = 1 - Float(columns.count * rows.count) / Float(frame.width * frame.height)
    }
    batch.mixTargets(share: share, partners: partners)
  }

  /// The part of an axis that an edge of the given share covers around `middle`, which is a share too.
  private static func span(_ size: Int, _ edge: Float, around middle: Float) -> Range<Int> {
    let half = Int((Float(size) * edge).rounded()) / 2
    let center = Int(middle * Float(size))
    let start = max(center - half, 0)
    return start..<max(start, min(center + half, size))
  }

  /// How the pixels of an input lie in memory.
  private struct Frame {
    var width: Int
    var height: Int
    var planes: Int
    /// Values of a pixel that lie side by side.
    var lanes: Int

    init(_ input: MixedBatch.Input) throws(GraphError) {
      let sizes = input.sizes
      switch (input.layout, sizes.count) {
      case (.nchw, 3): (planes, height, width, lanes) = (sizes[0], sizes[1], sizes[2], 1)
      case (.nhwc, 3): (planes, height, width, lanes) = (1, sizes[0], sizes[1], sizes[2])
      case (.nhw, 2): (planes, height, width, lanes) = (1, sizes[0], sizes[1], 1)
      default:
        throw GraphError(.input, "cutmix takes images with rows and columns; inputs of sizes \(sizes) have none")
      }
    }

    func paste(_ values: inout [Float], _ columns: Range<Int>, _ rows: Range<Int>, partners: [UInt32]) {
      let old = values
      let each = planes * height * width * lanes
      for (sample, partner) in partners.enumerated() where Int(partner) != sample {
        for plane in 0..<planes {
          for row in rows {
            let line = (plane * height + row) * width * lanes
            for i in line + columns.lowerBound * lanes..<line + columns.upperBound * lanes {
              values[sample * each + i] = old[Int(partner) * each + i]
            }
          }
        }
      }
    }
  }
}
