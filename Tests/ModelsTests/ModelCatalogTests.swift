import HoneModels
import Testing

struct ModelCatalogTests {
  @Test func optionsDefaultToTheModelsOwn() {
    #expect(ModelOptions().classes == nil)
  }
}
