using Llama.Model.Torch;

namespace Llama.Model.Diagnosis;

/// <summary>Which libtorch there is, and whether it can be loaded.</summary>
internal sealed class TorchExamination(ModelOptions options)
{
    /// <summary>Whether torch can be asked things; known when the findings are made.</summary>
    public bool IsLoaded { get; private set; }

    public IEnumerable<Finding> Findings()
    {
        yield return Load();
        if (IsLoaded) yield return new Finding("version", Version());
    }

    private Finding Load()
    {
        try
        {
            string folder = TorchLibrary.Load(options.LibTorch);
            IsLoaded = true;
            return new Finding("folder", folder);
        }
        catch (TorchLoadException e)
        {
            return Finding.Fault("folder", e.Message);
        }
    }

    private static string Version() => $"TorchSharp was built for {TorchSharp.torch.__version__}";
}
