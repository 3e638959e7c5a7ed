using System.Text.Json;
using System.Text.Json.Serialization;
using Llama.Server.Chat;

namespace Llama.Server.Responses;

/// <summary>One item of a conversation: what is said, a tool call, or a tool's result.</summary>
/// <param name="Id">Names the item.</param>
/// <param name="Status"><c>in_progress</c>, <c>completed</c>, or <c>incomplete</c> where it was cut off.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(MessageItem), "message")]
[JsonDerivedType(typeof(FunctionCallItem), "function_call")]
[JsonDerivedType(typeof(FunctionCallOutputItem), "function_call_output")]
public abstract record ResponseItem([property: JsonPropertyOrder(-2)] string Id, [property: JsonPropertyOrder(-1)] string Status)
{
    /// <summary>Whether the item was cut off before its end.</summary>
    [JsonIgnore]
    public bool IsIncomplete => Status == StatusName.Incomplete;

    /// <summary>Characters of all that its caller may make as long as they like, but for its id.</summary>
    [JsonIgnore]
    public abstract int Length { get; }
}

/// <summary>What somebody says.</summary>
/// <param name="Id">Names the item.</param>
/// <param name="Status"><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</param>
/// <param name="Role"><c>user</c>, <c>system</c>, <c>developer</c> or <c>assistant</c>.</param>
/// <param name="Content">The parts of the text, in order.</param>
public sealed record MessageItem(string Id, string Status, string Role, IReadOnlyList<ContentPart> Content) : ResponseItem(Id, Status)
{
    /// <summary>All of its text.</summary>
    [JsonIgnore]
    public string Text => string.Concat(Content.Select(part => part.Text));

    /// <inheritdoc />
    [JsonIgnore]
    public override int Length => Content.Sum(part => part.Text.Length);
}

/// <summary>A call of a tool by the model.</summary>
/// <param name="Id">Names the item.</param>
/// <param name="Status"><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</param>
/// <param name="CallId">What the tool's result refers to.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">Its arguments: the text of a JSON object.</param>
public sealed record FunctionCallItem(string Id, string Status, string CallId, string Name, string Arguments) : ResponseItem(Id, Status)
{
    /// <inheritdoc />
    [JsonIgnore]
    public override int Length => CallId.Length + Name.Length + Arguments.Length;
}

/// <summary>A tool's result.</summary>
/// <param name="Id">Names the item.</param>
/// <param name="Status"><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</param>
/// <param name="CallId">The call that it answers.</param>
/// <param name="Output">What the tool gives back.</param>
public sealed record FunctionCallOutputItem(string Id, string Status, string CallId, string Output) : ResponseItem(Id, Status)
{
    /// <inheritdoc />
    [JsonIgnore]
    public override int Length => CallId.Length + Output.Length;
}

/// <summary>A part of a message's text.</summary>
/// <param name="Text">The text.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(InputText), "input_text")]
[JsonDerivedType(typeof(OutputText), "output_text")]
public abstract record ContentPart([property: JsonPropertyOrder(-1)] string Text);

/// <summary>Text given to the model.</summary>
/// <param name="Text">The text.</param>
public sealed record InputText(string Text) : ContentPart(Text);

/// <summary>Text by the model.</summary>
/// <param name="Text">The text.</param>
/// <param name="Annotations">Always empty: the model cites no sources.</param>
/// <param name="Logprobs">One per token, where <c>include</c> asks for them; else empty.</param>
public sealed record OutputText(string Text, IReadOnlyList<JsonElement> Annotations, IReadOnlyList<ChatTokenLogprob> Logprobs) : ContentPart(Text)
{
    /// <summary>Text without log-probabilities.</summary>
    public OutputText(string text)
        : this(text, [], [])
    {
    }
}
