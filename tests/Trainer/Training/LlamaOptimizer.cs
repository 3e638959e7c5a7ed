using Llama.Trainer.Plain;
using static TorchSharp.torch;

namespace Llama.Trainer.Training;

/// <summary>Muon for the layers' matrices, Adam for embedding, head and norms.</summary>
internal sealed class LlamaOptimizer : IDisposable
{
    private const double MuonRate = 0.02, AdamRate = 3e-3;

    private readonly PlainLlama _model;
    private readonly List<Muon> _muons;
    private readonly List<Adam> _adams;

    public LlamaOptimizer(PlainLlama model)
    {
        _model = model;
        ILookup<bool, Tensor> weights = model.Weights.ToLookup(pair => pair.Key.Contains("_proj"), pair => pair.Value);
        _muons = [.. weights[true].GroupBy(matrix => (matrix.shape[0], matrix.shape[1])).Select(group => new Muon(group))];
        _adams = [.. weights[false].Select(weight => new Adam(weight))];
    }

    /// <summary>Takes one step at a fraction of the full learning rates and forgets the gradients.</summary>
    public void Step(double fraction)
    {
        foreach (Muon muon in _muons) muon.Step(MuonRate * fraction);
        foreach (Adam adam in _adams) adam.Step(AdamRate * fraction);
        foreach (Tensor weight in _model.Weights.Values) weight.grad?.zero_();
    }

    public void Dispose()
    {
        foreach (Muon muon in _muons) muon.Dispose();
        foreach (Adam adam in _adams) adam.Dispose();
    }
}
