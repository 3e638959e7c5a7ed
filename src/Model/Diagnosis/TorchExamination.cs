using Llama.Model.Kernels.Machine;
using Llama.Model.Torch;

namespace Llama.Model.Diagnosis;

/// <summary>Which libtorch there is, whether it can be loaded, and whether that matters.</summary>
internal static class TorchExamination
{
    /// <param name="options">What is to be loaded.</param>
    public static IEnumerable<Finding> Findings(ModelOptions options)
    {
        string? folder = Load(options, out Finding? fault);
        yield return fault ?? new Finding("folder", folder!);
        if (folder is null || TorchFolder.IsPackaged || TorchPreflight.Check(folder) is not { } preflight) yield break;
        yield return preflight.Remark is { } remark ? Finding.Warning("fit", remark) : new Finding("fit", $"torch {preflight.Version ?? "of unknown release"} has all that TorchSharp may call");
    }

    private static string? Load(ModelOptions options, out Finding? fault)
    {
        try
        {
            TorchFolder.Choose(options.LibTorch);
        }
        catch (TorchLoadException e)
        {
            fault = Finding.Fault("folder", e.Message); // whether it is needed or not: loading refuses it too
            return null;
        }
        try
        {
            fault = null;
            return TorchLibrary.Load();
        }
        catch (TorchLoadException e)
        {
            fault = Absent(options, e.Message);
            return null;
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
