import HoneIR

/// Lets a kernel for one element type work on another, by way of scratch memory: packed elements spread over bytes,
/// numbers converted to the type in which a kernel computes.
struct StagedElements {
  fileprivate struct Slot {
    var index: Int
    var element: ElementType
    var staged: ElementType
    var count: Int
    var offset: Int
  }
  /// The call as the inner kernel sees it.
  private(set) var call: Call
  private var operands: [Slot] = []
  private var results: [Slot] = []
  private var byteCount = 0

  /// Elements of less than 8 bits become bytes. Nil if there are none.
  init?(packedIn call: Call) {
    self.call = call
    for i in call.operands.indices {
      if let type = call.operands[i]?.type.tensor, (1..<8).contains(type.element.bitWidth) {
        stage(operand: i, type, as: .uint8)
      }
    }
    for i in call.results.indices {
      if let type = call.results[i].tensor, (1..<8).contains(type.element.bitWidth) {
        stage(result: i, type, as: .uint8)
      }
    }
    if operands.isEmpty && results.isEmpty { return nil }
  }

  /// `operands` and all results become `element`. Nil if they are.
  init?(_ call: Call, operands indices: [Int], computingIn element: ElementType) throws(GraphError) {
    self.call = call
    for i in indices {
      let type = try call.tensor(i)
      if type.element == element { continue }
      guard NumberReader.reads(type.element) else { throw GraphError(.unsupported, "operand \(i) is \(type)") }
      stage(operand: i, type, as: element)
    }
    for i in call.results.indices {
      let type = try call.result(i)
      if type.element == element { continue }
      guard NumberReader.reads(type.element) else { throw GraphError(.unsupported, "result \(i) is \(type)") }
      stage(result: i, type, as: element)
    }
    if operands.isEmpty && results.isEmpty { return nil }
  }

  private mutating func stage(operand i: Int, _ type: TensorType, as element: ElementType) {
    operands.append(slot(i, type, element))
    call.operands[i] = Operand(.tensor(type.with(element)))
  }
  private mutating func stage(result i: Int, _ type: TensorType, as element: ElementType) {
    results.append(slot(i, type, element))
    call.results[i] = .tensor(type.with(element))
  }
  private mutating func slot(_ index: Int, _ type: TensorType, _ staged: ElementType) -> Slot {
    let count = type.elementCount ?? 0
    defer { byteCount += (count * staged.byteWidth + 63) / 64 * 64 }
    return Slot(index: index, element: type.element, staged: staged, count: count, offset: byteCount)
  }

  /// The kernel for the original types, made of one for the staged ones, which runs whole, with its stages, on one thread.
  func kernel(_ kernel: Kernel) -> Kernel {
    let present = call.operands.map { $0 != nil }
    let slotsOffset = byteCount
    let failureOffset =
      slotsOffset + (present.count + call.results.count) * MemoryLayout<UnsafeMutableRawPointer?>.stride
    let scratchOffset = (failureOffset + 4 + 63) / 64 * 64
    let workspaceOffset = scratchOffset + (kernel.scratchByteCount + 63) / 64 * 64
    let (operands, results, resultCount) = (operands, results, call.results.count)
    return Kernel(scratch: workspaceOffset + kernel.workspaceByteCount) { frame in
      let scratch = frame.scratch
      let slots = (scratch + slotsOffset).bindMemory(
        to: UnsafeMutableRawPointer?.self, capacity: present.count + resultCount)
      for i in present.indices {
        slots[i] = present[i] ? UnsafeMutableRawPointer(mutating: frame.operandBytes(i)) : nil
      }
      for i in 0..<resultCount { slots[present.count + i] = frame.hasResult(i) ? frame.resultBytes(i) : nil }
      for slot in operands {
        slot.unpack(frame.operandBytes(slot.index), to: scratch + slot.offset)
        slots[slot.index] = scratch + slot.offset
      }
      for slot in results { slots[present.count + slot.index] = scratch + slot.offset }
      let failure = (scratch + failureOffset).bindMemory(to: Int32.self, capacity: 1)
      failure.pointee = 0
      let inner = Frame(
        slots: slots, operandCount: present.count, resultCount: resultCount, scratch: scratch + scratchOffset,
        workspace: scratch + workspaceOffset, failure: failure)
      kernel.runAll(inner)
      if let fault = DataFault(rawValue: failure.pointee) { frame.fail(fault) }
      for slot in results where frame.hasResult(slot.index) {
        slot.pack(scratch + slot.offset, to: frame.resultBytes(slot.index))
      }
    }
  }
}

extension StagedElements.Slot {
  fileprivate func unpack(_ source: UnsafeRawPointer, to staged: UnsafeMutableRawPointer) {
    let width = element.bitWidth
    guard width < 8 else {
      for i in 0..<count { NumberReader.store(NumberReader.double(source, i, element), staged, i, self.staged) }
      return
    }
    let perByte = 8 / width
    let mask = UInt8((1 << width) - 1)
    for i in 0..<count {
      let byte = source.load(fromByteOffset: i / perByte, as: UInt8.self)
      staged.storeBytes(of: byte >> UInt8(i % perByte * width) & mask, toByteOffset: i, as: UInt8.self)
    }
  }

  fileprivate func pack(_ staged: UnsafeRawPointer, to result: UnsafeMutableRawPointer) {
    let width = element.bitWidth
    guard width < 8 else {
      for i in 0..<count { NumberReader.store(NumberReader.double(staged, i, self.staged), result, i, element) }
      return
    }
    let perByte = 8 / width
    for start in stride(from: 0, to: count, by: perByte) {
      var byte: UInt8 = 0
      for i in start..<min(start + perByte, count) {
        byte |= staged.load(fromByteOffset: i, as: UInt8.self) << UInt8((i - start) * width)
      }
      result.storeBytes(of: byte, toByteOffset: start / perByte, as: UInt8.self)
    }
  }
}

extension ElementType {
  /// The type in which interpolation of elements of this type is computed.
  var interpolationType: ElementType {
    switch self {
    case .float32, .float16, .bfloat16: .float32
    default: .float64
    }
  }
}
