import ArgumentParser
import HoneDatasets

/// How a table in time becomes samples.
struct ForecastArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The data are a series: steps that the model looks at.", valueName: "steps")) var history:
    Int?
  @Option(help: ArgumentHelp("The data are a series: steps that the model foretells.", valueName: "steps")) var horizon:
    Int?
  @Option(
    help: ArgumentHelp("The columns that the model foretells, separated by commas. Default: all.", valueName: "names"))
  var targets: String?

  var options: ForecastOptions? {
    guard let history, let horizon else { return nil }
    let names = (targets ?? "").split(separator: ",").map(String.init)
    return ForecastOptions(history: history, horizon: horizon, targets: names)
  }

  func validate() throws {
    guard (history == nil) == (horizon == nil), targets == nil || history != nil else {
      throw ValidationError("a series takes both --history and --horizon")
    }
  }
}
