import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct AugmentationTests {
  private func decoded(_ json: String) throws -> [Augmentation] {
    try JSONDecoder().decode([Augmentation].self, from: Data(json.utf8))
  }

  @Test func `a list is read and written`() throws {
    let json =
      #"[{"horizontalFlip":0.5},{"verticalFlip":0.25},{"shift":2},{"randomCrop":{"padding":4}},{"rotate":15},{"colorJitter":{"brightness":0.5,"contrast":0.25,"saturation":0}},{"cutout":8},{"noise":0.0625},{"jitter":0.5},{"scaling":0.5},{"windowSlice":0.75},{"mixup":0.5},{"cutmix":1}]"#
    let list = try decoded(json)
    #expect(list.map(\.name) == Augmentation.Name.allCases)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    #expect(String(decoding: try encoder.encode(list), as: UTF8.self) == json)
    #expect(try decoded(#"[{"randomCrop":{"width":3}}]"#) == [.randomCrop(RandomCrop(padding: 0, width: 3))])
  }

  @Test(arguments: [
    (#"[{"blur":1}]"#, "‘blur’ is no augmentation; there are horizontalFlip, verticalFlip"),
    (#"[{"shift":1,"rotate":2}]"#, "one key"), (#"[{"shift":1.5}]"#, "whole pixels"),
    (#"[{"horizontalFlip":2}]"#, "probability from 0 to 1"), (#"[{"windowSlice":0}]"#, "above 0"),
    (#"[{"colorJitter":{"hue":1}}]"#, "‘hue’ is unknown; there are brightness, contrast, saturation"),
    (#"[{"randomCrop":{"padding":-1}}]"#, "padding of 0"), (#"[{"mixup":0}]"#, "above 0"),
  ])
  func `flaws are named`(json: String, expected: String) {
    let text = message { try decoded(json) }
    #expect(text.contains(expected), "\(text)")
  }
}
