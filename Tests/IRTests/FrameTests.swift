import HoneIR
import Testing

struct FrameTests {
  /// What lies behind the results of a node belongs to another one.
  @Test func resultsThatANodeLacksAreAbsent() {
    var (number, failure): (Float, Int32) = (0, 0)
    withUnsafeMutableBytes(of: &number) { bytes in
      let slots: [UnsafeMutableRawPointer?] = [bytes.baseAddress, bytes.baseAddress, nil, bytes.baseAddress]
      slots.withUnsafeBufferPointer { slots in
        let frame = Frame(
          slots: slots.baseAddress!, operandCount: 1, resultCount: 2, scratch: bytes.baseAddress!, failure: &failure)
        let present = [frame.hasResult(0), frame.hasResult(1), frame.hasResult(2)]
        #expect(present == [true, false, false])
      }
    }
  }
}
