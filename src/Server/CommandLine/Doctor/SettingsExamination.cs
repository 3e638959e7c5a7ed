using Llama.Model.Diagnosis;
using Llama.Server.Configuration;
using Llama.Server.Web.Settings;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>What is wrong with the settings, and what is odd about them although the server takes it.</summary>
internal static class SettingsExamination
{
    /// <param name="build">Makes the services, unchecked; throws where not even the files of settings can be read.</param>
    public static IEnumerable<Finding> Findings(Func<WebApplication> build)
    {
        WebApplication app = build();
        string[] faults = SettingsFaults.Find(app.Services);
        foreach (string fault in faults) yield return Finding.Fault("settings", fault);
        if (faults.Length > 0) yield break;
        Finding[] oddities = [.. Oddities(VerbServices.ReadUnchecked<ModelSettings>(app), VerbServices.ReadUnchecked<SchedulerSettings>(app))];
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
}
