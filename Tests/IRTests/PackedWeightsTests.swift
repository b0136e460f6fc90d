import HoneIR
import Synchronization
import Testing

@Suite struct PackedWeightsTests {
  /// Memory that notes how many bytes it was told to give back.
  final class Memory: ReloadableMemory {
    let values: [Float]
    let discarded = Mutex<[Int]>([])
    init(_ values: [Float]) { self.values = values }
    func discard(_ bytes: UnsafeRawBufferPointer) { discarded.withLock { $0.append(bytes.count) } }
  }

  @Test func `weights are packed once a layout, and their source is given back each time`() throws {
    let memory = Memory([1, 2, 3, 4])
    let tensor = memory.values.withUnsafeBytes { bytes in
      Tensor(TensorType(.float32, [4]), borrowing: bytes, owner: memory)
    }
    let weights = PackedWeights()
    for (layout, sum) in [("a", 4), ("a", 4), ("b", 5)] {
      #expect(try weights.packed(tensor, layout: layout) { _ in sum } == sum)
    }
    #expect(memory.discarded.withLock { $0 } == [16, 16])
  }
}
