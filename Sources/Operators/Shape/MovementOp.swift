public import HoneIR

/// An operator that is also evaluated by its kernel, with all operands known. Strings are represented by their numbers.
public protocol KernelEvaluatedOp: ExecutableOp, EvaluatedOp {}

/// An operator that moves elements without looking at them, whatever their type.
public protocol MovementOp: KernelEvaluatedOp {
  /// The kernel for elements of whole bytes.
  func movement(_ call: Call) throws(GraphError) -> Kernel
}

extension MovementOp {
  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    if call.operands.contains(where: { $0?.type.tensor?.element == .string }) {
      throw GraphError(.unsupported, "\(name) of strings has no kernel; it is evaluated")
    }
    guard let staged = StagedElements(packedIn: call) else { return try movement(call) }
    return staged.kernel(try movement(staged.call))
  }
}

extension KernelEvaluatedOp {
  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    var described: [Operand?] = []
    for case let value in operands {
      guard let value else {
        described.append(nil)
        continue
      }
      guard let tensor = value.tensor else { throw GraphError(.type, "\(name) takes tensors, has \(value.type)") }
      described.append(Operand(value.type, known: tensor))
    }
    var call = Call(described, resultCount: context.resultCount)
    let types = try infer(call)
    // Number 0 is the empty string, so that results filled with zeros hold empty strings.
    var strings = [""]
    for i in described.indices {
      guard let tensor = described[i]?.known, tensor.element == .string else { continue }
      let first = Int32(strings.count)
      strings += tensor.strings
      let numbers = Tensor((0..<Int32(tensor.elementCount)).map { first + $0 }, shape: tensor.sizes)
      call.operands[i] = Operand(.tensor(numbers.type), known: numbers)
    }
    call.results = types.map { type in
      if let tensor = type.tensor, tensor.element == .string { .tensor(tensor.with(.int32)) } else { type }
    }
    let results = try kernel(call).results(of: call)
    return zip(results, types).map { result, type in
      guard type.tensor?.element == .string else { return .tensor(result) }
      return .tensor(Tensor(strings: result.values(as: Int32.self).map { strings[Int($0)] }, shape: result.sizes))
    }
  }
}

extension Kernel {
  /// What the kernel makes of the known operands of `call`, run on this thread.
  func results(of call: Call) throws(GraphError) -> [Tensor] {
    let operands = call.operands.map { $0?.known?.aligned() }
    if isView, let operand = operands.first ?? nil { return [operand.reshaped(try call.resultSizes())] }
    var results: [Tensor] = []
    for i in call.results.indices {
      let type = try call.result(i)
      results.append(Tensor(type) { _ in })
    }
    let slots = operands.map { $0?.address } + results.map(\.address)
    let offset = (scratchByteCount + 63) / 64 * 64
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: offset + max(workspaceByteCount, 64), alignment: 64)
    defer { scratch.deallocate() }
    var failure: Int32 = 0
    slots.withUnsafeBufferPointer { slots in
      let none = UnsafePointer<UnsafeMutableRawPointer?>(bitPattern: 8).unsafelyUnwrapped
      let frame = Frame(
        slots: slots.baseAddress ?? none, operandCount: operands.count, resultCount: results.count, scratch: scratch,
        workspace: scratch + offset, failure: &failure)
      runAll(frame)
    }
    withExtendedLifetime((operands, results)) {}
    if let fault = DataFault(rawValue: failure) { throw GraphError(.input, fault.message) }
    return results
  }
}

extension Tensor {
  fileprivate var address: UnsafeMutableRawPointer {
    withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress.unsafelyUnwrapped) }
  }
}
