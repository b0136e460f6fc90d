/// The cubic convolution kernel of Keys, "Cubic convolution interpolation for digital image processing" (1981).
struct CubicFilter {
  var a: Double

  func callAsFunction(_ x: Double) -> Double {
    let x = abs(x)
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return 0
  }

  func derivative(_ x: Double) -> Double {
    let (distance, sign): (Double, Double) = x < 0 ? (-x, -1) : (x, 1)
    if distance <= 1 { return sign * (3 * (a + 2) * distance - 2 * (a + 3)) * distance }
    if distance < 2 { return sign * ((3 * a * distance - 10 * a) * distance + 8 * a) }
    return 0
  }
}
