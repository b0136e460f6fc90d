import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct PreprocessingTests {
  private func apply(
    _ steps: [Preprocessing.Step], layout: Preprocessing.Layout = .nhwc, _ image: Tensor = ImageTests.pattern
  ) throws -> Tensor {
    try Preprocessing(steps, layout: layout).apply(image, .images)
  }

  @Test func `JSON`() throws {
    let json =
      #"{"dtype":"float32","layout":"NCHW","steps":[{"resize":{"height":4,"width":8}},{"shortestEdge":256},{"centerCrop":{"height":2,"width":2}},{"scale":0.5},{"normalize":{"mean":[1,2,3],"std":[1]}},{"mean":[1]},{"std":[2]},{"channelOrder":"BGR"},{"grayscale":true},{"rgb":true},{"resize":{"antialias":false,"height":4,"width":8}}]}"#
    #expect(try Preprocessing(json: json).json == json)
    #expect(try Preprocessing(json: "{}") == Preprocessing())
    #expect(try Preprocessing(json: #"{"steps":[{"mean":3}]}"#).steps == [.mean([3])])
  }

  @Test(arguments: [
    (
      #"{"steps":[{"rotate":90}]}"#,
      "‘rotate’ is no preprocessing step; the steps are scale, mean, std, normalize, resize"
    ),
    (#"{"step":[]}"#, "‘step’ is unknown; there are layout, dtype, steps"),
    (#"{"layout":"CHWN"}"#, "there are NCHW, NHWC, NHW, flat"),
    (#"{"steps":[{"resize":{"width":4}}]}"#, "‘height’ is missing"), (#"{"steps":[{"scale":"x"}]}"#, "wrong kind"),
    (#"{"steps":[{"resize":{"width":0,"height":4}}]}"#, "takes sizes from 1"), (#"{"steps":[{"std":[0]}]}"#, "not 0"),
    ("{", "malformed"),
    (#"{"dtype":"string"}"#, "cannot be string"), (#"{"steps":[{"scale":1,"mean":[1]}]}"#, "one key"),
  ])
  func `flaws are named`(json: String, expected: String) {
    let text = message { try Preprocessing(json: json) }
    #expect(text.contains(expected), "\(text)")
  }

  @Test func `resizing gives Pillow’s bytes`() throws {
    let down = [
      103, 132, 143, 123, 127, 146, 127, 138, 130, 105, 129, 140, 119, 134, 130, 140, 140, 132, 141, 135, 126, 135, 125,
      121, 112, 154, 125, 120,
      134, 110, 147, 136, 118, 121, 144, 116,
    ]
    #expect(try apply([.resize(width: 4, height: 3)]).integers == down)
    let up = try apply([.resize(width: 12, height: 10)])
    let row = [
      49, 102, 155, 87, 140, 137, 132, 151, 148, 166, 141, 173, 144, 186, 94, 178, 127, 118, 161, 110, 130, 102, 144,
      119, 148, 123, 165, 137, 157,
      106, 149, 140, 89, 187, 73, 126,
    ]
    #expect(up.integers.reduce(0, +) == 46288 && Array(up.integers[180..<216]) == row)
    #expect(try apply([.grayscale]).integers[27..<36] == [60, 118, 176, 205, 113, 94, 152, 181, 89])
  }

  @Test func `plain resizing looks at four neighbours`() throws {
    let line = Tensor([0, 10, 20, 30] as [Float], shape: [1, 4])
    #expect(try apply([.resize(width: 2, height: 1, antialias: false)], line).floats == [5, 25])
    #expect(try apply([.resize(width: 1, height: 1, antialias: false)], line).floats == [15])
    #expect(
      try apply([.resize(width: 2, height: 1)], Tensor([0, 10, 20, 30] as [Float], shape: [1, 4])).floats[0] > 5)
  }

  @Test func `edges, crops, channels and layouts`() throws {
    #expect(try apply([.shortestEdge(14)]).sizes == [14, 18, 3])
    let crop = try apply([.centerCrop(width: 2, height: 4)])
    #expect(crop.sizes == [4, 2, 3] && crop.integers[0] == (4 * 37 + 2 * 91 + 4 * 2 * 7) % 256)
    #expect(message { try apply([.centerCrop(width: 10, height: 2)]) }.contains("too small"))
    let pixel = Tensor([1, 2, 3] as [UInt8], shape: [1, 1, 3])
    #expect(try apply([.channelOrder(.bgr)], pixel).floats == [3, 2, 1])
    #expect(try apply([.grayscale, .rgb], pixel).floats == [2, 2, 2])
    #expect(try apply([.scale(2), .mean([1, 2, 3]), .std([2])], pixel).floats == [0.5, 1, 1.5])
    let two = Tensor([1, 2, 3, 4, 5, 6] as [UInt8], shape: [1, 2, 3])
    #expect(
      try apply([], layout: .nchw, two).isIdentical(to: Tensor([1, 4, 2, 5, 3, 6] as [Float], shape: [3, 1, 2])))
    #expect(try apply([], layout: .flat, two).sizes == [6])
    #expect(try apply([.grayscale], layout: .nhw, two).sizes == [1, 2])
    #expect(message { try apply([], layout: .nhw, two) }.contains("grayscale"))
    #expect(message { try apply([.mean([1, 2])], two) }.contains("2 numbers for 3 channels"))
    let alpha = Tensor([1, 2, 3, 9] as [UInt8], shape: [1, 1, 4])
    #expect(try apply([], alpha).floats == [1, 2, 3])
  }

  @Test func `types are clamped, ready tensors are left`() throws {
    let values = Tensor([-5, 1.5, 300, .nan] as [Float], shape: [1, 4])
    #expect(
      try Preprocessing([], layout: .flat, dtype: .uint8).apply(values, .images).values(as: UInt8.self) == [
        0, 2, 255, 0,
      ])
    #expect(try Preprocessing([.scale(5)]).apply(values, .tensors).isIdentical(to: values))
  }
}
