using System.CommandLine;
using Llama.Server.Auth;

namespace Llama.Server.CommandLine;

/// <summary><c>key</c>: makes keys and writes their hashes.</summary>
internal static class KeyVerb
{
    public static Command Command() => new("key", "Makes API keys and writes their hashes, so that no file holds a key.") { New(), Hash() };

    private static Command New()
    {
        Option<string> name = new("--name") { Description = "Whose it is: up to 64 letters, digits, '-', '_', '.', '@' or '/'.", Required = true };
        name.Validators.Add(result =>
        {
            if (!KeyRing.IsName(result.GetValueOrDefault<string>() ?? ""))
                result.AddError($"--name is '{result.GetValueOrDefault<string>()}'; give 1 to 64 letters, digits, '-', '_', '.', '@' or '/'.");
        });
        Command command = new("new", "Prints a new key, once, and its line for Auth:ApiKeys or the file of keys.") { name };
        command.SetAction(parsed =>
        {
            string key = KeyHash.NewKey();
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"Key, for its owner; it is not kept anywhere: {key}");
            output.WriteLine($"Entry, for ApiKeys: {{\"Name\": \"{parsed.GetValue(name)}\", \"Hash\": \"{KeyHash.Write(KeyHash.Of(key))}\"}}");
        });
        return command;
    }

    private static Command Hash()
    {
        Command command = new("hash", "Reads a key from standard input and prints its hash, which every setting takes that takes a key.");
        command.SetAction(parsed =>
        {
            string key = StandardInput.Open().ReadLine()?.Trim() ?? "";
            if (KeyHash.Read(key, out string? fault) is not { } hash)
                throw new VerbException($"What was read from standard input {fault}");
            parsed.InvocationConfiguration.Output.WriteLine(KeyHash.Write(hash));
        });
        return command;
    }
}
