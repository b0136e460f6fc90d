import HoneIR
import Testing

@Suite struct NarrowFloatTests {
  @Test func float16IsThatOfTheMachine() {
    for bits in UInt16.min...UInt16.max {
      let expected = Float(Float16(bitPattern: bits))
      let value = NarrowFloat.float16.decode(bits)
      if expected.isNaN {
        #expect(value.isNaN)
      } else {
        #expect(value == expected && value.sign == expected.sign)
        #expect(NarrowFloat.float16.encode(value, saturate: false) == bits)
      }
    }
  }

  static let halves: [Float] = [
    1 / 3, 65519, 65520, 1e-8, 2.9802322e-8, 3.01e-8, -0.0, 1 + 0x1p-11, 1 + 3 * 0x1p-11,
  ]

  @Test(arguments: halves)
  func float16IsRoundedToEven(value: Float) {
    #expect(NarrowFloat.float16.encode(value, saturate: false) == Float16(value).bitPattern)
  }

  @Test func bfloat16IsTheUpperHalf() {
    for value: Float in [1, -2.5, 1 / 3, 3.3895314e38, 0x1p-130] {
      #expect(NarrowFloat.bfloat16.encode(value) == BFloat16(value).bits)
      #expect(NarrowFloat.bfloat16.decode(BFloat16(value).bits) == BFloat16(value).float)
    }
  }

  static let published: [(ElementType, UInt16, Float)] = [
    (.float8e4m3fn, 0x7E, 448), (.float8e4m3fn, 0x01, 0x1p-9), (.float8e4m3fn, 0x08, 0x1p-6),
    (.float8e5m2, 0x7B, 57344), (.float8e5m2, 0x7C, .infinity), (.float8e5m2, 0x01, 0x1p-16),
    (.float8e4m3fnuz, 0x7F, 240), (.float8e4m3fnuz, 0x01, 0x1p-10), (.float8e5m2fnuz, 0x7F, 57344),
    (.float8e5m2fnuz, 0x01, 0x1p-17), (.float4e2m1, 0x7, 6), (.float4e2m1, 0x1, 0.5),
  ]

  @Test(arguments: published)
  func smallFormatsHaveThePublishedValues(element: ElementType, bits: UInt16, value: Float) {
    #expect(NarrowFloat(element)!.decode(bits) == value)
  }

  @Test func nanHasItsPattern() {
    #expect(NarrowFloat.float8e4m3fn.decode(0x7F).isNaN)
    #expect(NarrowFloat.float8e4m3fnuz.decode(0x80).isNaN)
    #expect(NarrowFloat.float8e5m2fnuz.encode(.nan) == 0x80)
    #expect(NarrowFloat.float8e5m2.decode(0x7D).isNaN)
  }

  @Test func overflowSaturatesOrNot() {
    #expect(NarrowFloat.float8e4m3fn.encode(1000) == 0x7E)
    #expect(NarrowFloat.float8e4m3fn.encode(1000, saturate: false) == 0x7F)
    #expect(NarrowFloat.float8e5m2.encode(1e6, saturate: false) == 0x7C)
    #expect(NarrowFloat.float8e5m2.encode(-1e6) == 0xFB)
  }

  @Test func everyValueSurvives() {
    for format in [NarrowFloat.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz] {
      for bits in UInt16(0)...255 where !format.decode(bits).isNaN {
        #expect(format.encode(format.decode(bits), saturate: false) == bits)
      }
    }
  }
}
