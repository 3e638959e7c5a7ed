using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Llama.Model;
using Llama.Model.Verification;

namespace Llama.Server.CommandLine;

/// <summary><c>verify</c>: whether this machine's fast kernels compute what the plain ones do.</summary>
internal static class VerifyVerb
{
    public static Command Command(string[] settings)
    {
        SettingsCommand command = new("verify", "Checks on this machine and its device that what is fast computes what the reference does.", Explanation);
        Option<bool> kernels = new("--kernels") { Description = "Check single kernels alone and no model, as NVIDIA's compute-sanitizer is to watch them." };
        command.Add(kernels);
        command.SetAction((parsed, cancellation) => Task.Factory.StartNew( // a thread of its own, that torch's settings may stick to
            () => Verify(Options(settings), parsed.GetValue(kernels), parsed.InvocationConfiguration.Output, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        return command;
    }

    private static ModelOptions Options(string[] settings)
    {
        using WebApplication app = VerbServices.Build(settings);
        return VerbServices.ModelOptions(app);
    }

    // Line by line as they are made: where a device hangs, the last line says in what.
    private static int Verify(ModelOptions options, bool onlyKernels, TextWriter output, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        string reference = ModelVerification.Reference(options);
        output.WriteLine($"Model:Device={options.Device} compared with {reference}");
        output.WriteLine($"  {"error",10} {"allowed",10}");
        IReadOnlyList<string> leftOut = ModelVerification.LeftOut(options);
        foreach (string form in leftOut) output.WriteLine($"- {form}");
        List<CheckResult> results = [];
        foreach (CheckResult result in onlyKernels ? ModelVerification.RunKernels(options) : ModelVerification.Run(options))
        {
            cancellation.ThrowIfCancellationRequested();
            results.Add(result);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(result.Passed ? '✓' : '✗')} {result.Error,10:G3} {result.Tolerance,10:G3}  {result.Check}: {result.On}{(result.Note is { } note ? $": {note}" : "")}"));
            output.Flush();
        }
        VerifySummary summary = new(options.Device, reference, results.Count, [.. results.Where(result => !result.Passed)], leftOut.Count, Stopwatch.GetElapsedTime(start).TotalSeconds);
        output.WriteLine(summary.Failed.Length == 0 ? $"All {results.Count} checks passed." : $"{summary.Failed.Length} of {results.Count} checks failed.");
        output.WriteLine(JsonSerializer.Serialize(summary, VerifyJson.Default.VerifySummary));
        return summary.Failed.Length == 0 ? 0 : 1;
    }

    private const string Explanation = """
        Compares single kernels, whole small models of random weights in every type of weights and cache, and the model that the settings name with plain torch on the CPU, or where there is no
        libtorch with C# that computes one number at a time; and checks what Model:Deterministic promises, bit for bit. Errors are relative to the largest value. What the device does not do is
        left out and named. Ends with one line of JSON; the exit code is 1 when a check failed.
        """;
}
