import HoneIR

/// An operator on floating-point data whose kernel is written once for float32 and float64.
///
/// float16 and bfloat16 are computed in float32 and rounded once, at the end.
protocol RowKernelOp: ExecutableOp {
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel
}
extension RowKernelOp {
  public func kernel(_ call: Call) throws(GraphError) -> Kernel { try rowKernel(call) }

  func rowKernel(_ call: Call) throws(GraphError) -> Kernel {
    var widest = ElementType.float32
    var isMixed = false
    for type in floatingTypes(call) {
      guard let element = FloatConversion.supported(type) else {
        throw GraphError(.unsupported, "has no kernel for \(type.rawValue)")
      }
      if element == .float64 { widest = .float64 }
    }
    for type in floatingTypes(call) where type != widest { isMixed = true }
    let make = { (call: Call) throws(GraphError) -> Kernel in
      widest == .float64 ? try self.kernel(call, as: Double.self) : try self.kernel(call, as: Float.self)
    }
    return isMixed ? try converted(call, to: widest, make) : try make(call)
  }
  private func floatingTypes(_ call: Call) -> [ElementType] {
    let types = call.operands.map { $0?.type.tensor?.element } + call.results.map { $0.tensor?.element }
    return types.compactMap { $0 }.filter(\.isFloatingPoint)
  }
}

/// Runs a kernel for `element`, float32 or float64, on data of other floating-point types:
/// operands are converted into scratch memory, results rounded back.
func converted(
  _ call: Call, to element: ElementType, _ make: (Call) throws(GraphError) -> Kernel
) throws(GraphError) -> Kernel {
  var inner = call
  var conversions: [FloatConversion?] = []
  var sources: [Tensor?] = []
  var byteCount = (call.operands.count + call.results.count) * MemoryLayout<UnsafeMutableRawPointer?>.stride + 64
  func place(_ type: TensorType) -> FloatConversion? {
    guard type.element != element, FloatConversion.supported(type.element) != nil, let count = type.elementCount else {
      return nil
    }
    byteCount = (byteCount + 63) / 64 * 64
    defer { byteCount += element.byteCount(count) }
    return FloatConversion(narrow: type.element, wide: element, count: count, offset: byteCount)
  }
  for (i, operand) in call.operands.enumerated() {
    guard let operand, let type = operand.type.tensor, let conversion = place(type) else {
      conversions.append(nil)
      sources.append(nil)
      continue
    }
    inner.operands[i]!.type = .tensor(type.with(element))
    var source: Tensor?
    if let known = operand.known {
      source = try call.weights.packed(known, layout: element.rawValue) { tensor throws(GraphError) in
        conversion.widened(tensor)
      }
      inner.operands[i]!.known = source
    }
    conversions.append(conversion)
    sources.append(source)
  }
  for (i, result) in call.results.enumerated() {
    let conversion = result.tensor.flatMap(place)
    if conversion != nil { inner.results[i] = .tensor(result.tensor!.with(element)) }
    conversions.append(conversion)
  }
  byteCount = (byteCount + 63) / 64 * 64
  let kernel = try make(inner)
  let offset = byteCount
  let shared = offset + (kernel.scratchByteCount + 63) / 64 * 64
  let total = shared + kernel.workspaceByteCount
  let present = call.operands.map { $0 != nil }
  let (steps, tensors) = (conversions, sources)
  return Kernel(scratch: total) { frame in
    let scratch = frame.scratch
    let failure = scratch.assumingMemoryBound(to: Int32.self)
    failure.pointee = 0
    let slots = (scratch + 64).assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
    for i in present.indices {
      guard present[i] else {
        (slots + i).initialize(to: nil)
        continue
      }
      var address = UnsafeMutableRawPointer(mutating: frame.operandBytes(i))
      if let step = steps[i] {
        if let tensor = tensors[i] {
          tensor.withBytes { address = UnsafeMutableRawPointer(mutating: $0.baseAddress!) }
        } else {
          step.widen(frame.operandBytes(i), into: scratch + step.offset)
          address = scratch + step.offset
        }
      }
      (slots + i).initialize(to: address)
    }
    for i in present.count..<steps.count {
      let result = i - present.count
      let own = frame.hasResult(result) ? steps[i].map { scratch + $0.offset } ?? frame.resultBytes(result) : nil
      (slots + i).initialize(to: own)
    }
    let wide = Frame(
      slots: slots, operandCount: present.count, resultCount: steps.count - present.count, scratch: scratch + offset,
      workspace: scratch + shared, failure: failure)
    kernel.runAll(wide)
    if let fault = DataFault(rawValue: failure.pointee) { frame.fail(fault) }
    for i in present.count..<steps.count {
      guard let step = steps[i], frame.hasResult(i - present.count) else { continue }
      step.narrow(scratch + step.offset, into: frame.resultBytes(i - present.count))
    }
  }
}
