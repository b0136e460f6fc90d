public import HoneIR
import HoneKernels

/// The k largest, or smallest, elements along `axis`, best first, and their indices. Of equal ones the first wins.
public struct TopK: ExecutableOp, UpgradableOp {
  public var axis = -1
  public var largest = true
  public var sorted = true
  public init() {}
  public static var since: Int { 10 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    if version < 10 { node.attributeToOperand("k", 1, in: &graph) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    var shape = data.shape
    if let sizes = data.shape {
      let axis = try call.axis(axis, rank: sizes.count)
      let k = call.symbolic(1)?.first
      if let k = k?.size, let size = sizes[axis].size, k < 0 || k > size {
        throw GraphError(.input, "k is \(k), the axis has \(size) elements")
      }
      shape?[axis] = k ?? call.unknownSize()
    }
    return [.tensor(data.with(shape: shape)), .tensor(.int64, shape)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let axis = try call.axis(axis, rank: sizes.count)
    let element = try call.element(0)
    guard NumberReader.reads(element) else { throw GraphError(.unsupported, "TopK of \(element.rawValue)") }
    let (count, k) = (sizes[axis], try call.resultSizes()[axis])
    guard k <= count else { throw GraphError(.input, "k is \(k), the axis has \(count) elements") }
    let inner = sizes[(axis + 1)...].reduce(1, *)
    let lanes = sizes[..<axis].reduce(1, *) * inner
    let (width, largest) = (element.byteWidth, largest)
    return Kernel(tasks: lanes, scratch: k * MemoryLayout<BestHeap.Entry>.stride) { frame, range in
      let (values, indices) = (frame.resultBytes(), frame.hasResult(1) ? frame.result(1, as: Int64.self) : nil)
      for lane in range where lane < lanes && k > 0 {
        let (block, column) = (lane / inner, lane % inner)
        let source = frame.operandBytes(0) + (block * count * inner + column) * width
        var heap = BestHeap(frame.scratch, capacity: k)
        for i in 0..<count {
          let key = SortKey.read(source, i * inner, element)
          heap.offer(key: largest ? key : ~key, index: i)
        }
        let first = block * k * inner + column
        for rank in (0..<k).reversed() {
          let index = heap.removeWorst()
          moveElement(values + (first + rank * inner) * width, source + index * inner * width, width)
          indices?[first + rank * inner] = Int64(index)
        }
      }
    }
  }
}

/// The best entries of a sequence, the worst of them on top.
struct BestHeap {
  struct Entry {
    var key: Int
    var index: Int
    /// Of equal keys the later one is worse.
    func isWorse(than other: Entry) -> Bool { key != other.key ? key < other.key : index > other.index }
  }
  private let entries: UnsafeMutablePointer<Entry>
  private let capacity: Int
  private var count = 0

  init(_ memory: UnsafeMutableRawPointer, capacity: Int) {
    entries = memory.bindMemory(to: Entry.self, capacity: capacity)
    self.capacity = capacity
  }

  mutating func offer(key: Int, index: Int) {
    let entry = Entry(key: key, index: index)
    if count < capacity {
      var i = count
      count += 1
      while i > 0, entry.isWorse(than: entries[(i - 1) / 2]) {
        entries[i] = entries[(i - 1) / 2]
        i = (i - 1) / 2
      }
      entries[i] = entry
    } else if entries[0].isWorse(than: entry) {
      sink(entry)
    }
  }

  /// Takes the worst entry out; its index.
  mutating func removeWorst() -> Int {
    let index = entries[0].index
    count -= 1
    if count > 0 { sink(entries[count]) }
    return index
  }

  private func sink(_ entry: Entry) {
    var i = 0
    while 2 * i + 1 < count {
      var child = 2 * i + 1
      if child + 1 < count && entries[child + 1].isWorse(than: entries[child]) { child += 1 }
      if !entries[child].isWorse(than: entry) { break }
      entries[i] = entries[child]
      i = child
    }
    entries[i] = entry
  }
}

extension TopK: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    var scatter = ScatterElements()
    scatter.axis = axis
    let zeros = try g.zeros(g.sizes(of: x), g.tensorType(of: x).element)
    return [try g.apply(scatter, zeros, node.results[1], dy)]
  }
}
