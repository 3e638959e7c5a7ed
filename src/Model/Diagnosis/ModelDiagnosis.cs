using Llama.Model.Backends;

namespace Llama.Model.Diagnosis;

/// <summary>
/// Examines what a model needs without loading it: libraries, devices, the checkpoint's files, and what loading would choose. It asks the same code that loading asks. Seconds at most, no
/// network, and nothing is thrown: what is broken is a finding.
/// </summary>
public static class ModelDiagnosis
{
    /// <summary>The devices that loading would choose, as <c>Model:Device</c> spells them.</summary>
    /// <exception cref="ArgumentException">One is not there.</exception>
    public static string[] Devices(ModelOptions options) => [.. BackendChoice.AllOf(options).Select(choice => choice.Device.Name)];

    /// <summary>Why devices, how many share a layer, kernels and limits do not go together on any machine; null when they do. Each setting must be right by itself.</summary>
    public static string? DeviceFault(ModelOptions options)
    {
        try
        {
            _ = BackendChoice.AllOf(options, countCuda: () => int.MaxValue);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    /// <summary>All examinations of this room.</summary>
    /// <param name="options">What is to be loaded; a path that is empty is not looked at.</param>
    /// <param name="areValid">Whether the settings behind them are; what loading would choose is not worked out from others.</param>
    public static IEnumerable<Examination> Run(ModelOptions options, bool areValid)
    {
        yield return Examination.Of("libtorch", TorchExamination.Findings(options));
        yield return Examination.Of("CUDA", CudaExamination.Findings(options.Device));
        CheckpointExamination checkpoint = new(options.Path);
        if (options.Path.Length > 0) yield return Examination.Of("model", checkpoint.Findings());
        if (areValid) yield return Examination.Of("will be used", new PlanExamination(options, checkpoint).Findings());
    }
}
