public import HoneIR

/// Runs single kernels on tensors, for folding constants.
public enum Interpreter {
  /// Runs `kernel` on one thread; absent operands are nil.
  public static func run(_ kernel: Kernel, _ operands: [Tensor?], _ results: [TensorType]) throws(GraphError)
    -> [Tensor]
  {
    if kernel.isView, let operand = operands[0] {
      return [
        operand.element == results[0].element
          ? operand.reshaped(results[0].sizes!)
          : operand.reinterpreted(as: results[0].element).reshaped(results[0].sizes!)
      ]
    }
    let aligned = operands.map { $0?.aligned() }
    var outputs: [UnsafeMutableRawBufferPointer] = []
    for type in results { outputs.append(.allocate(byteCount: max(type.byteCount!, 64), alignment: 64)) }
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: max(kernel.scratchByteCount, 64), alignment: 64)
    let workspace = UnsafeMutableRawPointer.allocate(byteCount: max(kernel.workspaceByteCount, 64), alignment: 64)
    defer {
      workspace.deallocate()
      outputs.forEach { $0.deallocate() }
      scratch.deallocate()
    }
    var slots: [UnsafeMutableRawPointer?] = aligned.map { tensor in
      tensor?.withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
    }
    slots += outputs.map { Optional($0.baseAddress!) }
    var failure: Int32 = 0
    withExtendedLifetime(aligned) {
      slots.withUnsafeBufferPointer { table in
        let frame = Frame(
          slots: table.baseAddress!, operandCount: operands.count, resultCount: outputs.count, scratch: scratch,
          workspace: workspace, failure: &failure)
        kernel.runAll(frame)
      }
    }
    if let fault = DataFault(rawValue: failure) { throw GraphError(.input, fault.message) }
    return zip(outputs, results).map { bytes, type in
      Tensor(uninitialized: type) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<type.byteCount!])) }
    }
  }

  /// The results of `op` on known operands, or nil if it cannot run ahead of time.
  public static func evaluate(_ op: any Op, _ operands: [Tensor?], resultCount: Int) throws(GraphError) -> [Tensor]? {
    guard !(op is any RandomOp) else { return nil }
    var call = Call(operands.map { $0.map { Operand(.tensor($0.type), known: $0) } }, resultCount: resultCount)
    guard let executable = op as? any ExecutableOp, !operands.contains(where: { $0?.element == .string }) else {
      return nil
    }
    call.results = try executable.infer(call)
    guard call.results.allSatisfy({ $0.tensor?.isConcrete ?? false && $0.tensor?.element != .string }) else {
      return nil
    }
    return try run(executable.kernel(call), operands, call.results.map { $0.tensor! })
  }
}
