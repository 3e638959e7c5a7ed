using Llama.Model.Diagnosis;
using Llama.Server.Hosting;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>Tokenizer, chat format and sampling of the checkpoint. What is wrong with them says itself what to do.</summary>
internal static class TextExamination
{
    public static IEnumerable<Finding> Findings(string folder, string toolFormat)
    {
        if (!CheckpointText.TryLoad(folder, toolFormat, out CheckpointText? text, out string? fault))
        {
            yield return Finding.Fault("text", fault);
            yield break;
        }
        yield return new Finding("tokenizer", FormattableString.Invariant($"{text.Tokenizer.VocabSize:N0} tokens"));
        yield return new Finding("chat", text.Chat.Description);
        yield return new Finding("tools", text.Tools);
        yield return new Finding("sampling", text.Defaults.ToString());
    }
}
