using System.CommandLine;
using System.Globalization;
using Llama.Model;
using Llama.Model.Quantization;

namespace Llama.Server.CommandLine;

/// <summary><c>quantize</c>: a checkpoint whose weights are in codes on disk, so that it takes less of it and is there at once.</summary>
internal static class QuantizeVerb
{
    public static Command Command()
    {
        Option<string> model = SourceFolder.Option();
        Option<string> target = new("--out") { Description = "Folder to write; Model:Path then serves it.", Required = true };
        Option<string> type = new("--type") { Description = $"One of {QuantizationType.Spellings}; int8-outliers keeps the 16-bit weights beside the codes and takes three halves of their disk.", Required = true };
        Option<bool> force = new("--force") { Description = "Replace the folder if it is there." };
        Command command = new("quantize", "Writes a checkpoint in 8 or 4 bits.") { model, target, type, force };
        command.SetAction((parsed, cancellation) => Task.Run(() => // a thread that Ctrl-C does not end in the middle
        {
            string source = Path.TrimEndingDirectorySeparator(SourceFolder.Find("--model", parsed.GetValue(model)!)), folder = OutputFolder.PathOf(parsed.GetValue(target)!);
            QuantizationType form = Parse(parsed.GetValue(type)!);
            if (SourceFolder.LiesWithin(source, folder)) throw new VerbException($"{folder} holds the model itself; name another --out.");
            OutputFolder.Check(folder, parsed.GetValue(force));
            Write(source, folder, QuantizationPlan.Of(form), parsed.InvocationConfiguration, cancellation);
        }, cancellation));
        return command;
    }

    private static QuantizationType Parse(string text) =>
        QuantizationType.TryParse(text, out QuantizationType type) ? type : throw new VerbException($"--type is '{text}'; use one of {QuantizationType.Spellings}.");

    private static void Write(string model, string target, QuantizationPlan plan, InvocationConfiguration console, CancellationToken cancellation)
    {
        FreeSpace.Require(target, CheckpointQuantizer.ByteCount(LlamaConfig.Load(model), plan));
        IReadOnlyList<QuantizedKind> kinds = [];
        OutputFolder.Write(target, folder =>
        {
            using ProgressLine progress = new(console.Error, "quantising");
            kinds = CheckpointQuantizer.Write(model, folder, plan, progress, cancellation);
        });
        Print(kinds, console.Output);
    }

    private static void Print(IReadOnlyList<QuantizedKind> kinds, TextWriter output)
    {
        output.WriteLine($"{"",-26}{"type",-14}{"before",12}{"after",12}{"mean error",13}");
        foreach (QuantizedKind kind in kinds) Line(kind.Name, kind.Type?.ToString() ?? "as it was", kind.BytesBefore, kind.BytesAfter, kind.Error);
        Line("in all", "", kinds.Sum(kind => kind.BytesBefore), kinds.Sum(kind => kind.BytesAfter), 0);

        void Line(string name, string type, long before, long after, double error) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-26}{type,-14}{before / 1e6,9:N1} MB{after / 1e6,9:N1} MB{(error > 0 ? error.ToString("P2", CultureInfo.InvariantCulture) : ""),13}"));
    }
}
