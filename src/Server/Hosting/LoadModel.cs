using Llama.Model;
using Llama.Model.Offload;

namespace Llama.Server.Hosting;

/// <summary>Loads a model on the calling thread; tests put small ones in its place.</summary>
internal delegate LoadedModel LoadModel(ModelOptions options);

/// <summary>A model ready to run.</summary>
/// <param name="Runner">The model.</param>
/// <param name="Description">What was loaded and how its sizes were derived.</param>
internal sealed record LoadedModel(IModelRunner Runner, ModelDescription Description)
{
    /// <summary>As <see cref="ModelRunner.MeasureStream"/>.</summary>
    public Func<StreamRate?> MeasureStream { get; init; } = () => null;
}
