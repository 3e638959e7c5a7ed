using Llama.Model.Diagnosis;
using Llama.Server.Configuration;
using Llama.Server.Hosting;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>All examinations in the order of the report.</summary>
internal static class ServerDiagnosis
{
    /// <param name="settings">As the server's command line.</param>
    public static IEnumerable<Examination> Run(string[] settings)
    {
        yield return Examination.Of("machine", MachineExamination.Findings());
        WebApplication? app = null;
        Examination checks = Examination.Of("settings", SettingsExamination.Findings(() => app = VerbServices.BuildServer(settings)));
        yield return checks;
        if (app is null) yield break; // not even a file of settings could be read
        using WebApplication disposed = app;
        ModelSettings model = VerbServices.ReadUnchecked<ModelSettings>(app); // what is wrong with it is told already
        string folder = app.Services.GetRequiredService<ModelIdentity>().Folder;
        bool areValid = checks.Findings.All(finding => finding.Level != FindingLevel.Fault);
        foreach (Examination examination in ModelDiagnosis.Run(model.ToOptions(folder, VerbServices.ReadUnchecked<SchedulerSettings>(app)), areValid)) yield return examination;
        if (folder.Length > 0) yield return Examination.Of("text", TextExamination.Findings(folder, model.ToolFormat));
        bool hasKeys = VerbServices.ReadUnchecked<AuthSettings>(app).IsClosed;
        yield return Examination.Of("address", AddressExamination.Findings(app, hasKeys));
    }
}
