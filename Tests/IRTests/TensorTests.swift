import HoneIR
import Testing

@Suite struct TensorTests {
  @Test func packedElementsAreReadFromTheLowestBits() {
    let int4 = Tensor(TensorType(.int4, [3])) { bytes in (bytes[0], bytes[1]) = (0xF1, 0x08) }
    #expect(int4.integers == [1, -1, -8])
    let uint2 = Tensor(TensorType(.uint2, [4])) { bytes in bytes[0] = 0b11_10_01_00 }
    #expect(uint2.integers == [0, 1, 2, 3])
  }

  @Test func equalityIsThatOfBits() {
    let x = Tensor([Float.nan, 1], shape: [2])
    #expect(x == Tensor([Float.nan, 1], shape: [2]))
    #expect(x != x.reshaped([1, 2]))
    #expect(Tensor(strings: ["a"], shape: [1]) == Tensor(strings: ["a"], shape: [1]))
  }

  @Test func numbersAreConverted() {
    #expect(Tensor([1.9, -1.9, .nan], shape: [3]).integers == [1, -1, 0])
    #expect(Tensor([true, false], shape: [2]).floats == [1, 0])
    #expect(Tensor([Int64.max], shape: [1]).integers == [Int.max])
  }
}
