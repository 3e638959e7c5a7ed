using System.CommandLine;
using Llama.Model.Checkpoints.Gguf;

namespace Llama.Server.CommandLine;

/// <summary><c>convert</c>: makes a GGUF file of a checkpoint folder.</summary>
internal static class ConvertVerb
{
    public static Command Command()
    {
        Option<string> model = SourceFolder.Option();
        Option<string> output = new("--out") { Description = "The file to write.", Required = true };
        Option<string> type = new("--type")
        {
            Description = "Type of the matrices: BF16, F16 and F32, or rounded to 8 or 4 bits in blocks of 32. Norms are always F32.",
            DefaultValueFactory = _ => "BF16",
        };
        type.TakesOneOf([.. GgufConversion.Types]);
        Option<bool> force = new("--force") { Description = "Replace a file that is there." };
        Command command = new("convert", "Makes a GGUF file, for this server or llama.cpp, of a checkpoint in Hugging Face layout.") { model, output, type, force };
        command.SetAction((parsed, cancellation) =>
        {
            var request = new Request(parsed.GetValue(model)!, OutputFolder.PathOf(parsed.GetValue(output)!), parsed.GetValue(type)!, parsed.GetValue(force));
            return Task.Run(() => Convert(request, parsed.InvocationConfiguration, cancellation), cancellation);
        });
        return command;
    }

    private static void Convert(Request request, InvocationConfiguration console, CancellationToken cancellation)
    {
        string folder = Path.GetDirectoryName(request.Path)!;
        string model = SourceFolder.Find("--model", request.Model);
        if (Directory.Exists(request.Path)) throw new VerbException($"{request.Path} is a folder; name the file to write, say {Path.Combine(request.Path, "model.gguf")}.");
        if (File.Exists(request.Path) && !OrdinaryFile.Is(request.Path)) throw new VerbException($"{request.Path} is a device or a pipe, which would have to be replaced; name a file.");
        if (File.Exists(request.Path) && !request.Force) throw new VerbException($"{request.Path} is there already; --force replaces it.");
        if (File.Exists(request.Path) && SourceFolder.Holds(model, request.Path)) throw new VerbException($"{request.Path} is a file of the model itself; name another.");
        if (!Directory.Exists(folder)) throw new VerbException($"{folder}, where the file is to go, is not there.");

        using GgufConversion conversion = Prepare(model, request.Type);
        FreeSpace.Require(folder, conversion.ByteCount);
        foreach (string remark in conversion.Remarks) console.Error.WriteLine(remark);
        Write(conversion, request.Path, console.Error, cancellation);
        console.Output.WriteLine(FormattableString.Invariant($"{request.Path}: {request.Type}, {conversion.ByteCount:N0} bytes"));
    }

    private static GgufConversion Prepare(string model, string type)
    {
        try
        {
            return GgufConversion.Prepare(model, type);
        }
        catch (Exception exception) when (exception is NotSupportedException or InvalidDataException)
        {
            throw new VerbException(exception.Message);
        }
    }

    // Under another name until it is whole: a file cut short would pass for a model until it is loaded.
    private static void Write(GgufConversion conversion, string path, TextWriter error, CancellationToken cancellation)
    {
        string partial = OutputFolder.PartialOf(path);
        try
        {
            using (ProgressLine progress = new(error, "converting")) conversion.Write(partial, progress, cancellation);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && !File.Exists(partial))
        {
            throw OutputFolder.Refused(exception);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private sealed record Request(string Model, string Path, string Type, bool Force);
}
