using System.CommandLine;
using Llama.Server.Swagger;

namespace Llama.Server.CommandLine;

/// <summary><c>fields</c>: the list of request fields.</summary>
internal static class FieldsVerb
{
    public static Command Command()
    {
        Command command = new("fields", "Prints what becomes of every request field (docs/api-fields.md).");
        command.SetAction(parsed => FieldReference.Write(parsed.InvocationConfiguration.Output));
        return command;
    }
}
