using System.Diagnostics;
using System.Reflection;

namespace Llama.Server.Bench.Compare;

/// <summary>This program once more, in whichever way it was started itself.</summary>
internal static class OwnProgram
{
    /// <summary>How to start it with other arguments; its streams are the caller's.</summary>
    public static ProcessStartInfo Start(string[] arguments)
    {
        (string file, string[] first) = Command();
        return new ProcessStartInfo(file, [.. first, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
    }

    // Published as one file or with an executable of its own, that is it. Else dotnet runs an assembly, with the libraries that this process was given: those of another application that hosts it, say.
    private static (string File, string[] First) Command()
    {
        Assembly program = typeof(OwnProgram).Assembly;
        string file = Path.Combine(AppContext.BaseDirectory, $"{program.GetName().Name}.dll");
        bool isDotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        if (!isDotnet && (program == Assembly.GetEntryAssembly() || !File.Exists(file))) return (Environment.ProcessPath!, []);
        string libraries = ((string)AppContext.GetData("APP_CONTEXT_DEPS_FILES")!).Split(';')[0];
        return (isDotnet ? Environment.ProcessPath! : "dotnet", ["exec", "--depsfile", libraries, "--runtimeconfig", libraries.Replace(".deps.json", ".runtimeconfig.json", StringComparison.Ordinal), file]);
    }
}
