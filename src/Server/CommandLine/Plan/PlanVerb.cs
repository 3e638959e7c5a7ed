using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.Model;
using Llama.Model.Offload;
using Llama.Model.Planning;
using Llama.Server.Configuration;
using Llama.Server.Hosting;

namespace Llama.Server.CommandLine.Plan;

/// <summary><c>plan</c>: where a model would lie, on devices that are here or are not.</summary>
internal static partial class PlanVerb
{
    public static Command Command(string[] settings)
    {
        Option<AssumedDevice[]> devices = new("--devices")
        {
            Description = "Devices to plan for, with the memory that each could give, in place of those that are here: cuda:0=80GiB,cuda:1=80GiB. All of them are used unless Model:Device lists some.",
            HelpName = "name=size,…",
            CustomParser = Parse,
        };
        Option<bool> json = new("--json") { Description = "One line of JSON instead of the table." };
        SettingsCommand command = new("plan", "Says where each layer of a model would lie and whether it fits, from the files' headers alone.", Explanation) { devices, json };
        command.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            (string name, ModelOptions options, string toolFormat) = Options(settings);
            ModelPlan plan = ModelPlanner.Make(options, parsed.GetValue(devices) ?? []);
            if (parsed.GetValue(json)) output.WriteLine(JsonSerializer.Serialize(plan, PlanJson.Line.ModelPlan));
            else PlanReport.Write(name, plan, output);
            if (CheckpointText.TryLoad(options.Path, toolFormat, out _, out string? fault)) return plan.Fault is null ? 0 : 1;
            throw new VerbException(fault);
        });
        return command;
    }

    private static (string Name, ModelOptions Options, string ToolFormat) Options(string[] settings)
    {
        using WebApplication app = VerbServices.Build(settings);
        return (app.Services.GetRequiredService<ModelIdentity>().Name, VerbServices.ModelOptions(app), VerbServices.ReadUnchecked<ModelSettings>(app).ToolFormat);
    }

    private static AssumedDevice[] Parse(ArgumentResult result)
    {
        List<AssumedDevice> devices = [];
        foreach (string text in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            if (text.Split('=', StringSplitOptions.TrimEntries) is [string name, string size] && Device.IsMatch(name) && MemorySize.TryParse(size, out long bytes)) devices.Add(new AssumedDevice(name.ToLowerInvariant(), bytes));
            else result.AddError($"--devices has '{text}'; give a device and {MemorySize.Spellings}, such as cuda:0=80GiB.");
        }
        foreach (string twice in devices.GroupBy(device => device.Name).Where(same => same.Count() > 1).Select(same => same.Key)) result.AddError($"--devices names {twice} twice; name each device once.");
        if (result.Tokens.All(token => string.IsNullOrWhiteSpace(token.Value))) result.AddError("--devices is empty; give devices and their memory, such as cuda:0=80GiB.");
        return [.. devices];
    }

    [GeneratedRegex(@"\A(cpu|cuda)(:[0-9]{1,4})?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Device { get; }

    private const string Explanation = """
        Every tensor's name, shape, type and size is compared with what config.json makes them, and all that is wrong is said at once; weights are not read, so this takes seconds and some megabytes
        for a model of any size. Then the layers are placed as for serving. The exit code is 1 when the model would not be served, be it for its tokenizer or chat template; what would make it fit is said below. The table's columns:

          weights       of the layers, embedding and head on that device, in the type that Model:Dtype makes them
          KV cache      its layers' part of the pool, which is as large as serving would make it
          activations   intermediate results of the largest step (Scheduler:MaxBatchTokens)
          buffers       tables of positions, rows to draw from, logits, what weights stream through, and what devices that share layers exchange
          free          what the device has free now, or has been given by --devices. Of what a CUDA driver and libraries take themselves, some hundred MiB, nothing is known here: it comes out of what
                        Model:MemoryUtilization leaves.

        With Model:TensorParallel each device of a group holds its share of the group's layers, and a line for each says of how many heads, MLP columns and tokens that consists.

        With Model:MemoryLimit there are also what a server takes beside the model (an assumption, which loading makes too unless its process has grown beyond it), the limit, and the weights that lie outside: they stream at each step, but for those that find room at the moment.
        """;
}
