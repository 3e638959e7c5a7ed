using System.CommandLine;
using System.Globalization;
using Llama.Model.Quantization;

namespace Llama.Server.CommandLine;

/// <summary><c>quantize</c>: a checkpoint whose weights are in codes on disk, so that it takes less of it and is there at once.</summary>
internal static class QuantizeVerb
{
    public static Command Command()
    {
        Option<string> model = new("--model") { Description = "The checkpoint: a folder in Hugging Face layout (default: the bundled model).", DefaultValueFactory = _ => "" };
        Option<string> target = new("--out") { Description = "Folder to write; Model:Path then serves it.", Required = true };
        Option<string> type = new("--type") { Description = $"One of {QuantizationType.Spellings}; int8-outliers keeps the 16-bit weights beside the codes and takes three halves of their disk.", Required = true };
        Option<bool> force = new("--force") { Description = "Replace the folder if it is there." };
        Command command = new("quantize", "Writes a checkpoint in 8 or 4 bits.") { model, target, type, force };
        command.SetAction((parsed, cancellation) => Task.Run(() => // a thread that torch's settings may stick to, and that Ctrl-C does not end in the middle
        {
            string source = Path.TrimEndingDirectorySeparator(SourceFolder.Find(parsed.GetValue(model)!)), folder = SourceFolder.FullOutput(parsed.GetValue(target)!);
            QuantizationType form = Parse(parsed.GetValue(type)!);
            if (Path.Exists(folder)) CheckReplaceable(source, folder, parsed.GetValue(force));
            Write(source, folder, QuantizationPlan.Of(form), parsed.InvocationConfiguration, cancellation);
        }, cancellation));
        return command;
    }

    private static QuantizationType Parse(string text) =>
        QuantizationType.TryParse(text, out QuantizationType type) ? type : throw new VerbException($"--type is '{text}'; use one of {QuantizationType.Spellings}.");

    private static void Write(string model, string target, QuantizationPlan plan, InvocationConfiguration console, CancellationToken cancellation)
    {
        string partial = target + ".partial"; // renamed when whole: what bears the name can be served
        if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        Directory.CreateDirectory(partial);
        try
        {
            ProgressLine progress = new(console.Error, "quantising");
            IReadOnlyList<QuantizedKind> kinds = CheckpointQuantizer.Write(model, partial, plan, progress, cancellation);
            progress.End();
            if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
            Directory.Move(partial, target);
            Print(kinds, console.Output);
        }
        finally
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        }
    }

    private static void CheckReplaceable(string model, string target, bool force)
    {
        if (!force) throw new VerbException($"{target} is there already; name another --out, or add --force to replace it.");
        if ((model + Path.DirectorySeparatorChar).StartsWith(target + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new VerbException($"{target} holds the model itself; name another --out.");
        if (!File.Exists(Path.Combine(target, "config.json"))) throw new VerbException($"{target} is no checkpoint (it holds no config.json) and is not replaced; name another --out.");
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
