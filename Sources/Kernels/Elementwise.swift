internal import CKernels

extension InstructionSet {
  /// y = function(x), element by element; x and y may be the same memory.
  ///
  /// `parameters` are two values of the type computed in: `Float` for floating-point types up to 32 bits, else the
  /// type itself.
  public func unary(
    _ function: UnaryFunction, _ type: ScalarType, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, count: Int,
    parameters: UnsafeRawPointer
  ) {
    table.pointee.unary(function.rawValue, type.rawValue, x, y, count, parameters)
  }

  /// y = function(x, parameters), of float32.
  public func unary(
    _ function: UnaryFunction, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int,
    parameters: (Float, Float) = (0, 0)
  ) {
    withUnsafeBytes(of: parameters) {
      table.pointee.unary(function.rawValue, ScalarType.float32.rawValue, x, y, count, $0.baseAddress!)
    }
  }

  /// dx = dy · f′ of `count` elements of a floating-point type. `value` holds the function's operand, or its result, as
  /// `function.slopeSource` says; dx may be the memory of either.
  ///
  /// `parameters` are two values of the type computed in: doubles for float64, else floats.
  public func gradient(
    _ function: UnaryFunction, fromResult: Bool, _ type: ScalarType, _ value: UnsafeRawPointer,
    _ cotangent: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, count: Int, parameters: UnsafeRawPointer
  ) {
    table.pointee.unary_gradient(
      function.rawValue, type.rawValue, fromResult ? 1 : 0, value, cotangent, target, count, parameters)
  }

  /// Whether each element of a floating-point type is as asked, as bytes of 0 or 1.
  public func classify(
    _ function: ClassificationFunction, _ type: ScalarType, _ x: UnsafeRawPointer, _ y: UnsafeMutablePointer<UInt8>,
    count: Int
  ) {
    table.pointee.classify(function.rawValue, type.rawValue, x, y, count)
  }

  /// y = x in another type; x and y may be the same memory if their types are equally wide.
  ///
  /// To narrower floating-point types the nearest value, ties to even; to integers toward zero, and the nearest
  /// integer of the type if the value lies outside, 0 for NaN; between integers the low bits.
  public func convert(
    _ x: UnsafeRawPointer, _ from: ScalarType, to y: UnsafeMutableRawPointer, _ to: ScalarType, count: Int
  ) {
    table.pointee.convert(from.rawValue, to.rawValue, x, y, count)
  }

  /// y = function(a, b) in the tasks of `loop`; false if an integer was divided by zero, which gives 0.
  ///
  /// y may be the memory of an operand that nowhere repeats.
  public func binary(
    _ function: BinaryFunction, _ type: ScalarType, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer,
    _ y: UnsafeMutableRawPointer, _ loop: ElementwiseLoop, _ tasks: Range<Int>
  ) -> Bool {
    binary(function, type, a, b, y, loop) { loop.forEachRun(tasks, $0) }
  }

  /// As above, of some of `count` equal slices of the result.
  public func binary(
    _ function: BinaryFunction, _ type: ScalarType, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer,
    _ y: UnsafeMutableRawPointer, _ loop: ElementwiseLoop, slices: Range<Int>, of count: Int
  ) -> Bool {
    binary(function, type, a, b, y, loop) { loop.forEachRun(slices, of: count, $0) }
  }

  private func binary(
    _ function: BinaryFunction, _ type: ScalarType, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer,
    _ y: UnsafeMutableRawPointer, _ loop: ElementwiseLoop,
    _ forEachRun: ((UnsafePointer<Int>, Int, Int, Int) -> Void) -> Void
  ) -> Bool {
    let width = type.byteWidth
    var fault: Int32 = 0
    var rows = loop.rowLoop(0, 1)
    forEachRun { offsets, start, count, length in
      (rows.rows, rows.n) = (count, length)
      table.pointee.binary(
        function.rawValue, type.rawValue, a + offsets[0] * width, b + offsets[1] * width, y + start * width, &rows,
        &fault)
    }
    return fault == 0
  }

  /// y = function(… function(function(x₀, x₁), x₂) …) of `count` operands, at least two, divided by `divisor` if given.
  ///
  /// y may be the memory of one of the first two operands if that nowhere repeats and is none of the others.
  public func fold(
    _ function: BinaryFunction, _ type: ScalarType, count: Int, _ operand: (Int) -> UnsafeRawPointer,
    _ y: UnsafeMutableRawPointer, divisor: UnsafeRawPointer? = nil, _ loop: ElementwiseLoop, _ tasks: Range<Int>
  ) {
    let width = type.byteWidth
    var fault: Int32 = 0
    var first = loop.rowLoop(0, 1)
    loop.forEachRun(tasks) { offsets, start, rows, length in
      let target = y + start * width
      (first.rows, first.n) = (rows, length)
      table.pointee.binary(
        function.rawValue, type.rawValue, operand(0) + offsets[0] * width, operand(1) + offsets[1] * width, target,
        &first,
        &fault)
      for i in 2..<max(count, 2) {
        var next = loop.rowLoop(i)
        (next.rows, next.n, next.repeat) = (rows, length, next.repeat << 1)
        next.step = (length, next.step.0, 0)
        table.pointee.binary(
          function.rawValue, type.rawValue, target, operand(i) + offsets[i] * width, target, &next, &fault)
      }
      guard let divisor else { return }
      var all = RowLoop()
      (all.rows, all.n, all.repeat) = (1, rows * length, 2)
      table.pointee.binary(BinaryFunction.div.rawValue, type.rawValue, target, divisor, target, &all, &fault)
    }
  }

  /// y = whether a and b compare so, as bytes of 0 or 1.
  public func compare(
    _ function: ComparisonFunction, _ type: ScalarType, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer,
    _ y: UnsafeMutablePointer<UInt8>, _ loop: ElementwiseLoop, _ tasks: Range<Int>
  ) {
    let width = type.byteWidth
    var rows = loop.rowLoop(0, 1)
    loop.forEachRun(tasks) { offsets, start, count, length in
      (rows.rows, rows.n) = (count, length)
      table.pointee.compare(
        function.rawValue, type.rawValue, a + offsets[0] * width, b + offsets[1] * width, y + start, &rows)
    }
  }

  /// y = condition ? a : b, of elements of 1, 2, 4, 8 or 16 bytes.
  public func select(
    byteWidth width: Int, _ condition: UnsafePointer<UInt8>, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer,
    _ y: UnsafeMutableRawPointer, _ loop: ElementwiseLoop, _ tasks: Range<Int>
  ) {
    var rows = loop.rowLoop(0, 1, 2)
    loop.forEachRun(tasks) { offsets, start, count, length in
      (rows.rows, rows.n) = (count, length)
      table.pointee.select(
        width, condition + offsets[0], a + offsets[1] * width, b + offsets[2] * width, y + start * width, &rows)
    }
  }
}
