// The parts of Hone that `import Hone` brings.
@_exported public import HoneCompression
@_exported public import HoneDatasets
@_exported public import HoneIR
@_exported public import HoneModels
@_exported public import HoneONNX
@_exported public import HoneRuntime
@_exported public import HoneTraining
@_exported public import HoneTransforms
