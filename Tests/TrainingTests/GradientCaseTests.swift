import HoneIR
import HoneTraining
import Testing

@testable import HoneOperators

/// Every gradient of the families of mathematics, reduction, quantization and `com.microsoft`.
struct GradientCaseTests {
  @Test(arguments: GradientCase.math + GradientCase.reduction + GradientCase.composite)
  func `gradients are what central differences say`(item: GradientCase) throws {
    let element: ElementType = item.isDouble ? .float64 : .float32
    let graph = try GradientCaseGraph(item, element)
    guard graph.loss != nil else {
      let node = try #require(graph.node)
      var copy = graph.graph
      let op = try #require(item.op as? any DifferentiableOp)
      let cotangents = try op.pullback(node, node.results.map { _ in nil }, in: &copy)
      #expect(cotangents.allSatisfy { $0 == nil })
      return
    }
    let gradients = try graph.gradients()
    let differences = try graph.differences(step: item.isDouble ? 1e-5 : 1e-2)
    let apart = distance(gradients, differences)
    #expect(apart <= item.tolerance, "\(gradients) instead of \(differences)")
    guard item.isDouble else { return }
    let single = try GradientCaseGraph(item, .float32).gradients()
    #expect(distance(single, gradients) <= item.singleTolerance, "float32 gives \(single) instead of \(gradients)")
  }

  @Test func `each operator with a gradient has a case`() {
    let tested = Set((GradientCase.math + GradientCase.reduction).map { ObjectIdentifier(type(of: $0.op)) })
    let elsewhere = Set(GradientCase.testedElsewhere.map { ObjectIdentifier($0) })
    for type in Catalog.math + Catalog.reduction + Catalog.quantization + Catalog.microsoft
    where type is any DifferentiableOp.Type && !elsewhere.contains(ObjectIdentifier(type)) {
      #expect(tested.contains(ObjectIdentifier(type)), "\(type.name) has a gradient that no case checks")
    }
  }
}
