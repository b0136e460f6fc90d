import HoneIR

/// Lets a kernel for whole bytes work on elements of 2 or 4 bits, by spreading them over bytes in scratch memory.
struct PackedElements {
  private struct Slot {
    var index: Int
    var bitWidth: Int
    var count: Int
    var offset: Int
  }
  /// The call with one byte per element.
  let call: Call
  private let operands: [Slot]
  private let results: [Slot]
  private let present: [Bool]
  private var byteCount: Int

  /// Nil if no element has less than 8 bits.
  init?(_ packed: Call) {
    var call = packed
    var end = 0
    func slot(_ index: Int, _ type: ValueType) -> Slot? {
      guard let type = type.tensor, (1..<8).contains(type.element.bitWidth), let count = type.elementCount else { return nil }
      defer { end += (count + 63) / 64 * 64 }
      return Slot(index: index, bitWidth: type.element.bitWidth, count: count, offset: end)
    }
    func spread(_ type: ValueType) -> ValueType { type.tensor.map { .tensor($0.with(.uint8)) } ?? type }
    operands = packed.operands.enumerated().compactMap { i, operand in operand.flatMap { slot(i, $0.type) } }
    results = packed.results.enumerated().compactMap { i, type in slot(i, type) }
    if operands.isEmpty && results.isEmpty { return nil }
    for slot in operands { call.operands[slot.index] = packed.operands[slot.index].map { Operand(spread($0.type)) } }
    for slot in results { call.results[slot.index] = spread(packed.results[slot.index]) }
    present = packed.operands.map { $0 != nil }
    (self.call, byteCount) = (call, end)
  }

  /// The kernel for packed elements, made of one for bytes.
  func kernel(_ kernel: Kernel) -> Kernel {
    let slotsOffset = byteCount
    let failureOffset = slotsOffset + (present.count + call.results.count) * MemoryLayout<UnsafeMutableRawPointer?>.stride
    let scratchOffset = (failureOffset + 4 + 63) / 64 * 64
    let (operands, results, present, resultCount) = (operands, results, present, call.results.count)
    return Kernel(scratch: scratchOffset + kernel.scratchByteCount) { frame in
      let scratch = frame.scratch
      let slots = (scratch + slotsOffset).bindMemory(
        to: UnsafeMutableRawPointer?.self, capacity: present.count + resultCount)
      for i in present.indices { slots[i] = present[i] ? UnsafeMutableRawPointer(mutating: frame.operandBytes(i)) : nil }
      for i in 0..<resultCount { slots[present.count + i] = frame.hasResult(i) ? frame.resultBytes(i) : nil }
      for slot in operands {
        Self.spread(frame.operandBytes(slot.index), to: scratch + slot.offset, slot.count, slot.bitWidth)
        slots[slot.index] = scratch + slot.offset
      }
      for slot in results { slots[present.count + slot.index] = scratch + slot.offset }
      let failure = (scratch + failureOffset).bindMemory(to: Int32.self, capacity: 1)
      failure.pointee = 0
      let inner = Frame(
        slots: slots, operandCount: present.count, scratch: scratch + scratchOffset, failure: failure)
      kernel.run(inner, 0..<kernel.tasks)
      if let fault = DataFault(rawValue: failure.pointee) { frame.fail(fault) }
      for slot in results where frame.hasResult(slot.index) {
        Self.pack(scratch + slot.offset, to: frame.resultBytes(slot.index), slot.count, slot.bitWidth)
      }
    }
  }

  private static func spread(_ packed: UnsafeRawPointer, to bytes: UnsafeMutableRawPointer, _ count: Int, _ width: Int) {
    let perByte = 8 / width
    let mask = UInt8((1 << width) - 1)
    for i in 0..<count {
      let byte = packed.load(fromByteOffset: i / perByte, as: UInt8.self)
      bytes.storeBytes(of: byte >> UInt8(i % perByte * width) & mask, toByteOffset: i, as: UInt8.self)
    }
  }

  private static func pack(_ bytes: UnsafeRawPointer, to packed: UnsafeMutableRawPointer, _ count: Int, _ width: Int) {
    let perByte = 8 / width
    for start in stride(from: 0, to: count, by: perByte) {
      var byte: UInt8 = 0
      for i in start..<min(start + perByte, count) {
        byte |= bytes.load(fromByteOffset: i, as: UInt8.self) << UInt8((i - start) * width)
      }
      packed.storeBytes(of: byte, toByteOffset: start / perByte, as: UInt8.self)
    }
  }
}
