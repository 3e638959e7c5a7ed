using Llama.Model.Diagnosis;
using Llama.Server.Configuration;
using Llama.Server.Web.Settings;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>What is wrong with the settings, and what is odd about them although the server takes it.</summary>
internal static class SettingsExamination
{
    /// <param name="settings">As the server's command line.</param>
    /// <param name="built">Is handed the services when the settings could be read at all.</param>
    public static IEnumerable<Finding> Findings(string[] settings, Action<WebApplication> built)
    {
        WebApplication app = VerbServices.BuildUnchecked(settings);
        built(app);
        string[] faults = SettingsFaults.Find(app.Services);
        foreach (string fault in faults) yield return Finding.Fault("settings", fault);
        if (faults.Length > 0) yield break;
        Finding[] oddities = [.. Oddities(Read<ModelSettings>(app), Read<SchedulerSettings>(app))];
        foreach (Finding oddity in oddities) yield return oddity;
        if (oddities.Length == 0) yield return new Finding("settings", "all valid");
    }

    private static IEnumerable<Finding> Oddities(ModelSettings model, SchedulerSettings scheduler)
    {
        if (model.Kernels == "plain")
            yield return Finding.Warning("Model:Kernels", "plain", "These are the reference, many times slower: leave it out to serve.");
        if (scheduler.MaxBatchTokens is { } tokens && scheduler.MaxSequences > tokens)
            yield return Finding.Warning("Scheduler:MaxSequences", $"{scheduler.MaxSequences} requests may run, but a step takes {tokens} tokens",
                "Some will wait each step: raise Scheduler:MaxBatchTokens to as many at least.");
    }

    private static T Read<T>(WebApplication app) where T : class, new() => app.Services.GetRequiredService<SettingsSection<T>>().Read();
}
