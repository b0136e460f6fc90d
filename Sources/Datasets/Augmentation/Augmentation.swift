internal import HoneIR

/// A random change to samples while training, so that a model learns what should not matter. In YAML or JSON an object with one key;
/// a list of them is applied in its order:
///
///     - horizontalFlip: 0.5
///     - randomCrop: {padding: 4}
///     - colorJitter: {brightness: 0.2, contrast: 0.2}
///     - cutout: 8
///     - mixup: 0.2
///
/// | acts on | augmentations |
/// |---|---|
/// | images as decoded, before preprocessing; bytes stay bytes | `horizontalFlip`, `verticalFlip`, `shift`, `randomCrop`, `rotate`, `colorJitter`, `cutout`, `noise` |
/// | series, vectors and rows, after preprocessing | `jitter`, `scaling`, `windowSlice` |
/// | whole batches as the model takes them, inputs and targets | `mixup`, `cutmix` |
///
/// What happens to a sample depends on the seed, the epoch, the sample and the augmentation's place in the list, and on nothing else:
/// not on the batch it lies in, nor on threads. Targets of samples are left as they are, so augmentations that move pixels are not
/// meant for targets that are images.
public enum Augmentation: Sendable, Hashable {
  case horizontalFlip(HorizontalFlip)
  case verticalFlip(VerticalFlip)
  case shift(Shift)
  case randomCrop(RandomCrop)
  case rotate(Rotate)
  case colorJitter(ColorJitter)
  case cutout(Cutout)
  case noise(GaussianNoise)
  case jitter(Jitter)
  case scaling(Scaling)
  case windowSlice(WindowSlice)
  case mixup(Mixup)
  case cutmix(Cutmix)

  var image: (any ImageAugmentation)? { value as? any ImageAugmentation }
  var series: (any SeriesAugmentation)? { value as? any SeriesAugmentation }
  var batch: (any BatchAugmentation)? { value as? any BatchAugmentation }

  var value: any AugmentationValue {
    switch self {
    case .horizontalFlip(let value): value
    case .verticalFlip(let value): value
    case .shift(let value): value
    case .randomCrop(let value): value
    case .rotate(let value): value
    case .colorJitter(let value): value
    case .cutout(let value): value
    case .noise(let value): value
    case .jitter(let value): value
    case .scaling(let value): value
    case .windowSlice(let value): value
    case .mixup(let value): value
    case .cutmix(let value): value
    }
  }

  func check() throws(GraphError) {
    if let flaw = value.flaw { throw GraphError(.attribute, flaw).at("augmentation \(name.rawValue)") }
  }
}

extension Augmentation: Codable {
  /// The keys, in the order of the table above.
  enum Name: String, CaseIterable {
    case horizontalFlip, verticalFlip, shift, randomCrop, rotate, colorJitter, cutout, noise, jitter, scaling
    case windowSlice, mixup, cutmix
  }

  var name: Name {
    switch self {
    case .horizontalFlip: .horizontalFlip
    case .verticalFlip: .verticalFlip
    case .shift: .shift
    case .randomCrop: .randomCrop
    case .rotate: .rotate
    case .colorJitter: .colorJitter
    case .cutout: .cutout
    case .noise: .noise
    case .jitter: .jitter
    case .scaling: .scaling
    case .windowSlice: .windowSlice
    case .mixup: .mixup
    case .cutmix: .cutmix
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    let known = Name.allCases.map(\.rawValue).joined(separator: ", ")
    guard container.allKeys.count == 1, let key = container.allKeys.first else {
      throw GraphError(.attribute, "an augmentation is an object with one key; there are \(known)")
    }
    guard let name = Name(rawValue: key.stringValue) else {
      throw GraphError(.attribute, "‘\(key.stringValue)’ is no augmentation; there are \(known)")
    }
    func decoded<T: AugmentationValue>() throws -> T { try container.decode(T.self, forKey: key) }
    self =
      switch name {
      case .horizontalFlip: .horizontalFlip(try decoded())
      case .verticalFlip: .verticalFlip(try decoded())
      case .shift: .shift(try decoded())
      case .randomCrop: .randomCrop(try decoded())
      case .rotate: .rotate(try decoded())
      case .colorJitter: .colorJitter(try decoded())
      case .cutout: .cutout(try decoded())
      case .noise: .noise(try decoded())
      case .jitter: .jitter(try decoded())
      case .scaling: .scaling(try decoded())
      case .windowSlice: .windowSlice(try decoded())
      case .mixup: .mixup(try decoded())
      case .cutmix: .cutmix(try decoded())
      }
    try check()
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    try container.encode(value, forKey: AnyKey(name.rawValue))
  }
}
