using Llama.Model.Kernels.Machine;
using Llama.Model.Torch;

namespace Llama.Model.Diagnosis;

/// <summary>Which libtorch there is, whether it can be loaded, and whether that matters.</summary>
internal static class TorchExamination
{
    /// <param name="options">What is to be loaded.</param>
    public static IEnumerable<Finding> Findings(ModelOptions options)
    {
        yield return Chosen(options) ?? (TorchLibrary.TryLoad() ? new Finding("folder", TorchLibrary.Load()) : Absent(options, TorchLibrary.Fault!));
        yield return new Finding("made for", $"libtorch {TorchSharp.torch.__version__} by TorchSharp");
    }

    // A folder that is named must be good, whether it is needed or not: loading says the same.
    private static Finding? Chosen(ModelOptions options)
    {
        try
        {
            TorchLibrary.Choose(options.LibTorch);
            return null;
        }
        catch (TorchLoadException e)
        {
            return Finding.Fault("folder", e.Message);
        }
    }

    private static Finding Absent(ModelOptions options, string fault)
    {
        if (options.Kernels == "plain") return Finding.Fault("folder", fault, "Or leave out Model:Kernels=plain: the fused kernels do without.");
        return MachineCode.IsSupported || options.Device.StartsWith("cuda", StringComparison.Ordinal)
            ? new Finding("folder", "none, and none is needed")
            : Finding.Warning("folder", fault, "It will serve without, but this processor reads long prompts slower then.");
    }
}
