import Foundation
import HoneCodecs
import HoneIR
import Testing

@testable import HoneDatasets

struct NumPyFileTests {
  let scratch = Scratch()

  private func read(_ base64: String) throws -> Tensor { try NumPyFile.read(scratch.write(base64: base64, "a.npy")) }
  private func read(_ bytes: [UInt8]) throws -> Tensor { try NumPyFile.read(scratch.write(bytes, "a.npy")) }

  @Test func `Fortran order becomes C order`() throws {
    let tensor = try read(
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAuAsAAOgDAACgDwAA0AcAAIgTAAA="
    )
    #expect(tensor.isIdentical(to: Tensor([0, 1000, 2000, 3000, 4000, 5000].map(Int32.init), shape: [2, 3])))
  }

  @Test func `big-endian numbers`() throws {
    let header = "{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }"
    #expect(try read(npy(header, [0, 0, 1, 2, 255, 255, 255, 255])).values(as: Int32.self) == [258, -1])
  }

  @Test func `version 2 and halves`() throws {
    let tensor = try read(
      "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjInLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPADAADg="
    )
    #expect(tensor.element == .float16)
    #expect(tensor.doubles == [1, -2, 0.5])
  }

  @Test(arguments: [
    "k05VTVBZAwB0AAAAeydkZXNjcic6ICc8VTInLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAphAAAAYgAAAPwAAAAe0QEAAAAAAAAAAAA=",
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPlUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAABhAAAAYgAAAPwAAdEeAAAAAAAAAAA=",
  ])
  func `strings of both byte orders`(file: String) throws { #expect(try read(file).strings == ["ab", "ü𝄞", ""]) }

  @Test func `bytes and booleans`() throws {
    let header = "{'descr': '|S2', 'fortran_order': False, 'shape': (2,), }"
    #expect(try read(npy(header, Array("abc\0".utf8))).strings == ["ab", "c"])
    let flags = try read(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2, 1), }", [7, 0]))
    #expect(flags.type == TensorType(.bool, [2, 1]) && flags.bytes == [1, 0])
  }

  @Test func `what is written is read`() throws {
    let file = scratch.url.appendingPathComponent("b.npy")
    let tensors: [Tensor] = [
      Tensor([1, 2.5, -3] as [Float], shape: [3, 1]), .scalar(Int64.min), Tensor([UInt16](0..<6), shape: [1, 2, 3]),
      Tensor([true, false], shape: [2]), Tensor(strings: ["a", "ß€", ""], shape: [3]),
      Tensor([Double](), shape: [0, 4]),
      Tensor([Float16(0.5)], shape: [1]),
    ]
    for tensor in tensors {
      try NumPyFile.write(tensor, to: file)
      #expect(try NumPyFile.read(file).isIdentical(to: tensor))
    }
    try NumPyFile.write(Tensor([BFloat16(1.5)], shape: [1]), to: file)
    #expect(try NumPyFile.read(file).isIdentical(to: Tensor([1.5] as [Float], shape: [1])))
  }

  @Test(arguments: [
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "has 4 bytes"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "announces"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "malformed"),
    ("{'descr': '<U0', 'fortran_order': False, 'shape': (1099511627776,), }", "announces"),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "‘|O’"),
    ("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", "structured"),
    ("{'descr': '<f4', 'fortran_order': False", "malformed"),
    ("{'descr': '<f4'}", "malformed"),
  ])
  func `bad headers are errors`(header: String, expected: String) throws {
    let text = message { try read(npy(header, [0, 0, 0, 0])) }
    #expect(text.contains(expected) && text.contains("a.npy"), "\(text)")
  }

  @Test func `other files are errors`() throws {
    #expect(message { try read(Array("hello, world".utf8)) }.contains("no NumPy file"))
    #expect(message { try NumPyFile.read(scratch.url) }.contains("not a regular file"))
    #expect(message { try NumPyFile.read(scratch.url.appendingPathComponent("none")) }.contains("No such file"))
  }
}
