import HoneIR

extension ExecutableOp {
  /// Result 0 of the kernel on tensors, for operators that are evaluated where a kernel could not be planned.
  func evaluateKernel(_ tensors: [Tensor]) throws(GraphError) -> [RuntimeValue] {
    var call = Call(tensors.map { Operand(.tensor($0.type), known: $0) })
    call.results = try infer(call)
    let type = try call.result()
    let kernel = try kernel(call)
    if kernel.isView { return [.tensor(tensors[0].reinterpreted(as: type.element).reshaped(type.sizes!))] }
    let aligned = tensors.map { $0.aligned() }
    var failure: Int32 = 0
    let result = Tensor(type) { bytes in
      let scratchByteCount = (kernel.scratchByteCount + 63) / 64 * 64
      let byteCount = scratchByteCount + max(kernel.workspaceByteCount, 64)
      withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 64) { scratch in
        let slots =
          aligned.map { $0.withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) } } + [bytes.baseAddress]
        slots.withUnsafeBufferPointer { table in
          let frame = Frame(
            slots: table.baseAddress!, operandCount: aligned.count, resultCount: 1, scratch: scratch.baseAddress!,
            workspace: scratch.baseAddress! + scratchByteCount, failure: &failure)
          kernel.runAll(frame)
        }
      }
    }
    withExtendedLifetime(aligned) {}
    if let fault = DataFault(rawValue: failure) { throw GraphError(.input, fault.message) }
    return [.tensor(result)]
  }
}
