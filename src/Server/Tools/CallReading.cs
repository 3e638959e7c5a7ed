using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Tools.Formats;
using Llama.Server.Tools.Reading;

namespace Llama.Server.Tools;

/// <summary>Sets answers up to be read for calls.</summary>
internal static class CallReading
{
    /// <summary>The same rules, with a reader for the served model's way of writing calls.</summary>
    public static TextRules ReadingCalls(this TextRules text, ToolUse tools, Checkpoint checkpoint)
    {
        ToolFormat format = checkpoint.ToolFormat;
        int? marker = checkpoint.CallTokenId;
        HashSet<string> names = [.. tools.Callable.Select(tool => tool.Name)];
        var rules = new CallRules(names, tools.IsParallel, tools.Mode == ToolMode.Required, HidesMarker: marker is not null && text.SkipSpecialTokens);
        return text with { ReadCalls = () => format.CreateReader(rules), CallTokenId = marker };
    }
}
