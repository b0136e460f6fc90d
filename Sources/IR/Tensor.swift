#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory that can be read again from where it came, such as a mapped file.
public protocol ReloadableMemory: Sendable {
  /// Gives back the pages that lie inside `bytes` until they are read again.
  func discard(_ bytes: UnsafeRawBufferPointer)
}

/// An immutable array of elements of one type. Copies share storage.
public struct Tensor: Sendable {
  public let type: TensorType
  let storage: Storage

  /// Where the elements lie: in memory owned here, or in memory that `owner` keeps alive, such as a mapped file.
  final class Storage: Sendable {
    nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer
    let owner: (any Sendable)?
    let strings: [String]

    init(byteCount: Int) {
      bytes = .allocate(byteCount: max(byteCount, 1), alignment: 64)
      (owner, strings) = (nil, [])
    }
    init(_ bytes: UnsafeRawBufferPointer, owner: any Sendable) {
      self.bytes = UnsafeMutableRawBufferPointer(mutating: bytes)
      (self.owner, strings) = (owner, [])
    }
    init(_ strings: [String]) {
      bytes = .allocate(byteCount: 1, alignment: 64)
      (owner, self.strings) = (nil, strings)
    }
    deinit { if owner == nil { bytes.deallocate() } }
  }

  private init(type: TensorType, storage: Storage) { (self.type, self.storage) = (type, storage) }
}

// MARK: Making
extension Tensor {
  /// A tensor of a concrete `type`, its zeroed bytes filled by `body`.
  public init(_ type: TensorType, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    let count = type.byteCount!
    let storage = Storage(byteCount: count)
    let bytes = UnsafeMutableRawBufferPointer(rebasing: storage.bytes[..<count])
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    body(bytes)
    self.init(type: type, storage: storage)
  }
  /// A tensor of a concrete `type` whose bytes are not set before `body` writes them all.
  public init(uninitialized type: TensorType, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    let count = type.byteCount!
    let storage = Storage(byteCount: count)
    body(UnsafeMutableRawBufferPointer(rebasing: storage.bytes[..<count]))
    self.init(type: type, storage: storage)
  }
  /// A tensor over memory that `owner` keeps alive and nobody changes. The memory need not be aligned.
  public init(_ type: TensorType, borrowing bytes: UnsafeRawBufferPointer, owner: any Sendable) {
    precondition(type.byteCount == bytes.count, "\(type) does not take \(bytes.count) bytes")
    self.init(type: type, storage: Storage(bytes, owner: owner))
  }
  public init<T: TensorElement>(_ values: [T], shape: [Int]) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values do not fill \(shape)")
    self.init(uninitialized: TensorType(T.elementType, shape)) { bytes in
      values.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
  }
  public init(strings: [String], shape: [Int]) {
    precondition(strings.count == shape.reduce(1, *), "\(strings.count) strings do not fill \(shape)")
    self.init(type: TensorType(.string, shape), storage: Storage(strings))
  }
  public static func scalar<T: TensorElement>(_ value: T) -> Tensor { Tensor([value], shape: []) }
  /// A vector of int64, the form in which ONNX gives shapes and axes.
  public static func integers(_ values: [Int]) -> Tensor { Tensor(values.map(Int64.init), shape: [values.count]) }
  /// Zeros, or empty strings. Large ones take no memory as long as they are only read.
  public static func zeros(_ type: TensorType) -> Tensor {
    guard type.element != .string else {
      return Tensor(strings: Array(repeating: "", count: type.elementCount!), shape: type.sizes!)
    }
    let count = type.byteCount!
    guard count >= ZeroPages.least, let pages = ZeroPages(byteCount: count) else { return Tensor(type) { _ in } }
    return Tensor(type, borrowing: pages.bytes, owner: pages)
  }
  /// The same elements under another shape of equal count.
  public func reshaped(_ sizes: [Int]) -> Tensor {
    precondition(sizes.reduce(1, *) == elementCount, "\(type) cannot become \(sizes)")
    return Tensor(type: TensorType(type.element, sizes), storage: storage)
  }
  /// The same bytes under another element type of equal width.
  public func reinterpreted(as element: ElementType) -> Tensor {
    precondition(element.bitWidth == type.element.bitWidth)
    return Tensor(type: type.with(element), storage: storage)
  }
}

// MARK: Reading
extension Tensor {
  public var element: ElementType { type.element }
  public var sizes: [Int] { type.sizes! }
  public var elementCount: Int { type.elementCount! }
  public var byteCount: Int { type.byteCount! }
  public var strings: [String] { storage.strings }
  /// Two tensors with the same identity share their storage.
  public var identity: ObjectIdentifier { ObjectIdentifier(storage) }

  public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(storage.bytes)[..<byteCount]))
  }
  /// Gives memory back that will hardly be read again, if the tensor lies in memory that can be reloaded.
  public func discardPages() {
    guard let owner = storage.owner as? any ReloadableMemory else { return }
    withBytes { owner.discard($0) }
  }
  /// The bytes lie at a multiple of `alignment`.
  public func isAligned(to alignment: Int) -> Bool { Int(bitPattern: storage.bytes.baseAddress) % alignment == 0 }
  /// This tensor, copied if its bytes do not lie at a multiple of 64.
  public func aligned() -> Tensor {
    isAligned(to: 64) ? self : withBytes { bytes in Tensor(uninitialized: type) { $0.copyMemory(from: bytes) } }
  }

  /// The elements as they are; `T` must be the stored type.
  public func values<T: TensorElement>(as _: T.Type = T.self) -> [T] {
    precondition(T.elementType == element, "\(type) does not hold \(T.self)")
    return withBytes { bytes in
      [T](unsafeUninitializedCapacity: elementCount) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        count = elementCount
      }
    }
  }
  /// All elements of any numeric type as `Double`.
  public var doubles: [Double] { (0..<elementCount).map { double(at: $0) } }
  /// All elements of any numeric type as `Float`.
  public var floats: [Float] { element == .float32 ? values() : (0..<elementCount).map { Float(double(at: $0)) } }
  /// All elements of any numeric type as `Int`, rounded toward zero.
  public var integers: [Int] {
    element == .int64 ? values(as: Int64.self).map(Int.init) : (0..<elementCount).map { integer(at: $0) }
  }
  public var bools: [Bool] { integers.map { $0 != 0 } }

  public func integer(at i: Int) -> Int {
    switch element {
    case .int64: Int(load(i, as: Int64.self))
    case .uint64: Int(truncatingIfNeeded: load(i, as: UInt64.self))
    case .int32: Int(load(i, as: Int32.self))
    default:
      {
        let value = double(at: i)
        return value.isNaN ? 0 : Int(max(-9.2e18, min(9.2e18, value)))
      }()
    }
  }

  public func double(at i: Int) -> Double {
    switch element {
    case .float32: Double(load(i, as: Float.self))
    case .float64: load(i, as: Double.self)
    case .int8: Double(load(i, as: Int8.self))
    case .int16: Double(load(i, as: Int16.self))
    case .int32: Double(load(i, as: Int32.self))
    case .int64: Double(load(i, as: Int64.self))
    case .uint8, .bool: Double(load(i, as: UInt8.self))
    case .uint16: Double(load(i, as: UInt16.self))
    case .uint32: Double(load(i, as: UInt32.self))
    case .uint64: Double(load(i, as: UInt64.self))
    case .float16: Double(load(i, as: Float16.self))
    case .bfloat16: Double(load(i, as: BFloat16.self).float)
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz:
      Double(NarrowFloat(element)!.decode(UInt16(load(i, as: UInt8.self))))
    case .float8e8m0:
      load(i, as: UInt8.self) == 255
        ? .nan : Double(sign: .plus, exponent: Int(load(i, as: UInt8.self)) - 127, significand: 1)
    case .float4e2m1: Double(NarrowFloat.float4e2m1.decode(UInt16(packed(i))))
    case .uint4, .uint2: Double(packed(i))
    case .int4: Double(Int8(bitPattern: packed(i) << 4) >> 4)
    case .int2: Double(Int8(bitPattern: packed(i) << 6) >> 6)
    case .string, .complex64, .complex128: .nan
    }
  }

  private func load<T: BitwiseCopyable>(_ i: Int, as _: T.Type) -> T {
    storage.bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.stride, as: T.self)
  }
  /// Element `i` of a type with less than 8 bits.
  private func packed(_ i: Int) -> UInt8 {
    let width = element.bitWidth
    let perByte = 8 / width
    return storage.bytes[i / perByte] >> UInt8(i % perByte * width) & UInt8((1 << width) - 1)
  }
}

extension Tensor {
  /// Same type, same bits.
  public func isIdentical(to other: Tensor) -> Bool {
    guard type == other.type else { return false }
    if element == .string { return strings == other.strings }
    if identity == other.identity { return true }
    return withBytes { a in other.withBytes { b in a.elementsEqual(b) } }
  }
}

extension Tensor: CustomStringConvertible {
  public var description: String {
    let shown = 8
    let values =
      element == .string
      ? strings.prefix(shown).map { "\"\($0)\"" }
      : (0..<min(elementCount, shown)).map {
        element.isFloatingPoint ? "\(Float(double(at: $0)))" : "\(integer(at: $0))"
      }
    return "\(type) {\(values.joined(separator: ", "))\(elementCount > shown ? ", …" : "")}"
  }
}

extension Tensor {
  /// A copy of some of the bytes.
  public func byteArray(_ range: Range<Int>) -> [UInt8] { withBytes { Array($0[range]) } }
  /// A tensor of the given bytes, which must fill it.
  public init(_ element: ElementType, _ sizes: [Int], bytes: [UInt8]) {
    let type = TensorType(element, sizes)
    precondition(type.byteCount == bytes.count, "\(type) does not take \(bytes.count) bytes")
    self.init(uninitialized: type) { $0.copyBytes(from: bytes) }
  }
}

/// Zeros that the system backs with one page for all.
private final class ZeroPages: Sendable {
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  static let least = 1 << 20

  init?(byteCount: Int) {
    let base = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0)
    guard let base, base != MAP_FAILED else { return nil }
    bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
  }
  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
