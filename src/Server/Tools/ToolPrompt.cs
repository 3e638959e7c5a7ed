using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Llama.Model.Text;
using Llama.Server.Tools.Formats;

namespace Llama.Server.Tools;

/// <summary>Tells a model of tools in plain messages, where its chat format has no place for them.</summary>
internal sealed class ToolPrompt(ToolFormat format)
{
    private static readonly ChatToolCall Example = new("", "function_name", """{"argument": "value"}""");
    private static readonly ChatToolCall[] One = [Example], Two = [Example, Example with { Name = "other_function" }];

    /// <summary>
    /// The same conversation in messages of text alone: tools in the system message, calls as the model is to write them, results as what the user says. Messages of
    /// one speaker in a row become one, since many formats want speakers to alternate.
    /// </summary>
    public IReadOnlyList<ChatMessage> Rewrite(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ChatTool> tools)
    {
        int leading = messages.TakeWhile(message => message.Role == "system").Count(); // the caller's own instructions go first
        ChatMessage[] told = tools.Count == 0 ? [] : [new ChatMessage("system", Describe(tools))];
        IEnumerable<ChatMessage> plain = messages.Take(leading).Concat(told).Concat(messages.Skip(leading)).Select(ToPlain);
        return [.. Runs(plain).Select(run => run[0] with { Content = string.Join("\n\n", run.Select(message => message.Content)) })];
    }

    /// <summary>The messages of one speaker in a row, together.</summary>
    private static IEnumerable<List<ChatMessage>> Runs(IEnumerable<ChatMessage> messages)
    {
        var run = new List<ChatMessage>();
        foreach (ChatMessage message in messages)
        {
            if (run.Count > 0 && run[0].Role != message.Role)
            {
                yield return run;
                run = [];
            }
            run.Add(message);
        }
        if (run.Count > 0)
            yield return run;
    }

    private ChatMessage ToPlain(ChatMessage message) => message switch
    {
        { Role: "tool" } => new ChatMessage("user", $"{message.Name ?? "The function"} returned:\n{message.Content}"),
        { ToolCalls.Count: > 0 } => new ChatMessage("assistant", message.Content.Length == 0 ? format.Write(message.ToolCalls) : $"{message.Content}\n\n{format.Write(message.ToolCalls)}"),
        _ => message,
    };

    private string Describe(IReadOnlyList<ChatTool> tools)
    {
        var text = new StringBuilder("You can call these functions:\n");
        foreach (ChatTool tool in tools)
            text.Append('\n').Append(Describe(tool));
        text.Append($"\n\nTo call one, answer with nothing but the call:\n\n{format.Write(One)}\n\n");
        text.Append($"To call several:\n\n{format.Write(Two)}\n\n");
        return text.Append("What they return comes in the next message. Answer without a call where none is needed.").ToString();
    }

    private static string Describe(ChatTool tool)
    {
        string description = tool.Description is { } says ? $", \"description\": \"{JsonEncodedText.Encode(says, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"" : "";
        return $$"""{"name": "{{tool.Name}}"{{description}}, "parameters": {{tool.Parameters ?? "{}"}}}""";
    }
}
