using System.CommandLine;
using Llama.Server.Web.Hosting;

namespace Llama.Server.CommandLine.Doctor;

/// <summary><c>doctor</c>: whether this machine can serve what the settings name, with what, and what stands in the way.</summary>
internal static class DoctorVerb
{
    public static Command Command(string[] settings)
    {
        Option<bool> json = new("--json") { Description = "One line of JSON instead of the table." };
        Option<string?> urls = new("--urls") { Description = $"Where the server is to listen (default {ListenAddresses.Default}; also ASPNETCORE_URLS)." };
        SettingsCommand command = new("doctor", "Says what this machine has, what will be used to serve, and what is wrong and how to mend it.", Explanation) { json, urls };
        command.SetAction(parsed =>
        {
            string[] all = parsed.GetValue(urls) is { } address ? [.. settings, $"--urls={address}"] : settings;
            DoctorReport report = DoctorReport.Of(ServerDiagnosis.Run(all));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json)) report.WriteJson(output);
            else report.WriteTable(output);
            return report.CanServe ? 0 : 1;
        });
        return command;
    }

    private const string Explanation = """
        It loads no model and asks nothing of the network. The exit code is 0 when the server would serve, whatever it warns of, and 1 when it would not.
        """;
}
