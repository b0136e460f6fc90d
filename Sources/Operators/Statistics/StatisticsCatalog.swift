import HoneIR

extension Catalog {
  static let statistics: [any Op.Type] = [
    RunningRange.self,
    RunningAverageRange.self,
    RunningHistogram.self,
  ]
}
