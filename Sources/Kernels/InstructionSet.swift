internal import CKernels

/// A set of instructions this machine has, with its table of kernels.
public struct InstructionSet: Sendable, Hashable, CustomStringConvertible {
  nonisolated(unsafe) let table: UnsafePointer<KernelTable>

  /// The one that kernels use unless told otherwise: the best, or the one the environment variable `HONE_ISA` names.
  public static let current = InstructionSet(table: kernel_table())

  /// All that this machine has, best first.
  public static let available: [InstructionSet] = {
    var tables = [UnsafePointer<KernelTable>?](repeating: nil, count: 8)
    let count = kernel_tables(&tables, tables.count)
    return tables.prefix(count).map { InstructionSet(table: $0!) }
  }()

  /// "portable", "avx2", "avx512", "avx512vnni", "avx512vbmi", "avx512bf16", "avx512amx", "avx512amxbf16", "neon",
  /// "neondot", "neoni8mm" or "neonbf16".
  public var name: String { String(cString: table.pointee.isa) }
  public var description: String { name }

  /// fp32 elements of one vector register.
  public var lanes: Int { table.pointee.lanes }

  /// Whether products of bfloat16 are instructions; otherwise they run as fp32 ones.
  public var multipliesBFloat16: Bool {
    let origin = kernels.first { $0.name == "gemm_bf16" }?.origin
    return origin == "avx512bf16" || origin == "avx512amxbf16" || origin == "neonbf16"
  }

  /// What the depth of packed bfloat16 rows is rounded up to.
  var bfloat16Depth: Int { table.pointee.bf16_depth }
  /// Rows of a bfloat16 product that are computed together.
  var bfloat16Rows: Int { bfloat16Depth > 2 ? 32 : 12 }
  /// bfloat16 multiply-adds that take the time of one in fp32.
  var bfloat16Speed: Int { bfloat16Depth > 2 ? 16 : 2 }

  /// Every kernel with the instruction set its code was compiled for, in table order.
  public var kernels: [(name: String, origin: String)] {
    (0..<kernel_count()).map { (String(cString: kernel_name($0)), String(cString: kernel_origin(table, $0))) }
  }
}
