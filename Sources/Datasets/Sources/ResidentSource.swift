internal import HoneCodecs
public import HoneIR

/// Samples of equal types whose bytes lie in memory, one after the other.
struct ResidentSource: SampleSource {
  let inputs: [(name: String, type: TensorType, bytes: [UInt8])]
  let labels: [Label?]
  var count: Int { labels.count }

  func sample(_ index: Int) -> Sample {
    let tensors = inputs.map { name, type, bytes in
      let each = type.byteCount!
      return NamedTensor(name, Tensor(type, bytes: Array(bytes[index * each..<(index + 1) * each])))
    }
    return Sample(tensors, label: labels[index])
  }
  func label(_ index: Int) -> Label? { labels[index] }
}

extension Dataset {
  /// The same samples, decoded once and held in memory as they are before preprocessing: bytes stay bytes. Fails if they take more
  /// than `limit` bytes.
  public func inMemory(limit: Int = 1 << 32) throws(GraphError) -> Dataset {
    guard count > 0 else { return self }
    let first = try raw(at: 0)
    var isUniform = first.inputs.allSatisfy { $0.tensor.element != .string }
    var (packed, loose) = ([[UInt8]](repeating: [], count: first.inputs.count), [Sample]())
    var labels: [Label?] = []
    var total = 0
    for index in 0..<count {
      let sample = try raw(at: index)
      total += sample.inputs.reduce(0) { $0 + $1.tensor.byteCount }
      guard total <= limit else {
        throw GraphError(
          .input,
          "\(count) samples take more than \(limit) bytes of memory: \(index + 1) take \(total); use them from disk")
      }
      if isUniform && !sample.fits(first) {
        isUniform = false
        let source = ResidentSource(inputs: Self.packed(first, packed), labels: labels)
        loose = labels.indices.map(source.sample)
        packed = []
      }
      labels.append(sample.label)
      guard isUniform else {
        loose.append(sample)
        continue
      }
      for i in packed.indices { packed[i] += sample.inputs[i].tensor.bytes }
    }
    let source: any SampleSource =
      isUniform ? ResidentSource(inputs: Self.packed(first, packed), labels: labels) : SampleArray(samples: loose)
    return reading(from: source)
  }

  private static func packed(
    _ sample: Sample, _ bytes: [[UInt8]]
  ) -> [(name: String, type: TensorType, bytes: [UInt8])] {
    zip(sample.inputs, bytes).map { ($0.name, $0.tensor.type, $1) }
  }
}
