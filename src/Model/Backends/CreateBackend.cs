using static TorchSharp.torch;

namespace Llama.Model.Backends;

/// <summary>Makes the backend of a model on the calling thread.</summary>
/// <param name="dtype">Type that weights are multiplied in.</param>
/// <param name="deterministic">As <see cref="ModelOptions.Deterministic"/>.</param>
internal delegate IBackend CreateBackend(ScalarType dtype, bool deterministic);
