using System.CommandLine;
using System.CommandLine.Invocation;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Cuda;
using Llama.Model.Torch;
using Llama.Server.Bench;
using Llama.Server.CommandLine.Doctor;
using Llama.Server.CommandLine.Plan;
using Llama.Server.CommandLine.Terminal;
using Llama.Server.Hosting;
using Llama.Server.Web.Hosting;

namespace Llama.Server.CommandLine;

/// <summary>The first word of the command line: what to do instead of serving.</summary>
internal static class Verbs
{
    private const int UsageError = 2, Interrupted = 130;

    /// <summary>After Ctrl-C a verb may still report; a step of a large model takes its time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Runs a command line that does not serve and gives its exit code; null when the server is to be run.</summary>
    public static async Task<int?> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        if (args is ["help", _, ..])
            args = [.. args[1..], "--help"];
        (string[] settings, string[] words) = SettingsArguments.Split(args);
        Command[] verbs =
        [
            ChatVerb.Command(), BenchVerb.Command(settings), ConvertVerb.Command(), QuantizeVerb.Command(), RandomCheckpointVerb.Command(), DoctorVerb.Command(settings), PlanVerb.Command(settings),
            VerifyVerb.Command(settings), KeyVerb.Command(), HealthVerb.Command(), FieldsVerb.Command(),
        ];
        bool hasVerb = args is [{ Length: > 0 } first, ..] && first[0] is not ('-' or '/');
        if (args is ["help"] || (!hasVerb && args.Any(arg => arg is "--help" or "-h" or "-?")))
            return await GuardAsync(() => Write(() => ServerHelp.Write(output, verbs)), error);
        if (!hasVerb && args.Contains("--version"))
            return await GuardAsync(() => Write(() => output.WriteLine(ServerVersion.Full)), error);
        if (hasVerb && Array.TrueForAll(verbs, verb => verb.Name != words[0]))
            words = words[..1]; // --help behind it would hide that there is no such verb
        return hasVerb ? await RunAsync(Root(verbs).Parse(words), settings, To(output, error)) : null;
    }

    private static InvocationConfiguration To(TextWriter output, TextWriter error) => new()
    {
        Output = output,
        Error = error,
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = Patience,
    };

    private static RootCommand Root(Command[] verbs)
    {
        RootCommand root = [];
        root.SetAction(_ => UsageError); // with an action no verb is demanded on top of what is wrong
        foreach (Command verb in verbs) root.Add(verb);
        return root;
    }

    private static string Hint(Command command) => command is RootCommand
        ? "Without a verb the program serves; --help lists verbs and settings."
        : $"'{NameOf(command)} --help' lists what it takes.";

    private static string NameOf(Command command) => string.Join(' ', command.Parents.OfType<Command>().Where(parent => parent is not RootCommand).Append(command).Select(verb => verb.Name));

    private static async Task<int> RunAsync(ParseResult parsed, string[] settings, InvocationConfiguration configuration)
    {
        if (parsed.Action is ParseErrorAction errors)
            return await GuardAsync(() => RefuseAsync(parsed, errors, configuration.Error), configuration.Error);
        if (settings.Length > 0 && parsed.CommandResult.Command is not SettingsCommand)
            return Refuse(configuration.Error, $"'{NameOf(parsed.CommandResult.Command)}' reads no settings of the server; take out {string.Join(' ', settings)}.");
        if (SwallowedOption.Find(parsed.CommandResult) is { } swallowed)
            return Refuse(configuration.Error, swallowed);
        string remedy = parsed.CommandResult.Command is SettingsCommand ? MemoryShortage.Remedy : MemoryShortage.OtherRemedy;
        if (parsed.CommandResult.Command is InterruptedCommand)
        {
            configuration.ProcessTerminationTimeout = null;
            return await GuardAsync(() => parsed.InvokeAsync(configuration), configuration.Error, remedy);
        }
        using HangUp hangUp = new(Patience);
        return await GuardAsync(() => parsed.InvokeAsync(configuration, hangUp.Token), configuration.Error, remedy);
    }

    private static async Task<int> RefuseAsync(ParseResult parsed, ParseErrorAction errors, TextWriter error)
    {
        errors.ShowHelp = false;
        errors.ShowTypoCorrections = parsed.UnmatchedTokens.All(word => Spelling.IsNearToAny(word, parsed.CommandResult.Command));
        await parsed.InvokeAsync(To(error, error)); // suggestions are no output
        return Refuse(error, Hint(parsed.CommandResult.Command));
    }

    private static int Refuse(TextWriter error, string why)
    {
        StandardError.TryWriteLine(error, why);
        return UsageError;
    }

    private static Task<int> Write(Action write)
    {
        write();
        return Task.FromResult(0);
    }

    /// <summary>What went wrong in a way that its message explains is told without a stack trace.</summary>
    private static async Task<int> GuardAsync(Func<Task<int>> run, TextWriter error, string remedy = MemoryShortage.OtherRemedy)
    {
        try
        {
            return await run();
        }
        catch (OperationCanceledException)
        {
            StandardError.TryWriteLine(error, "Interrupted.");
            return Interrupted;
        }
        catch (Exception failure) when (MemoryShortage.IsUnexplained(failure))
        {
            StandardError.TryWriteLine(error, $"There is not enough memory for this. {remedy}");
            return 1;
        }
        catch (Exception failure) when (failure is VerbException or CheckpointException or TorchLoadException or CudaException or RunnerLostException or ArgumentException or InsufficientMemoryException or NotSupportedException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            StandardError.TryWriteLine(error, failure.Message);
            return 1;
        }
    }
}
