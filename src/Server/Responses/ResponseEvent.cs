using Llama.Server.Chat;

namespace Llama.Server.Responses;

/// <summary>The data of any event of a streamed response, for its description; each kind has some of the fields. <see cref="ResponseEvents"/> writes them.</summary>
/// <param name="Type">The event's name again: <c>response.created</c>, <c>response.output_text.delta</c>, <c>response.completed</c>, ….</param>
/// <param name="SequenceNumber">Number of the event, from 0.</param>
/// <param name="Response">The response as a whole, when it is created and at its end.</param>
/// <param name="OutputIndex">Place of the item in the output.</param>
/// <param name="ItemId">The item.</param>
/// <param name="ContentIndex">Place of the part in the message: 0, for there is one.</param>
/// <param name="Item">The item, when it begins and ends.</param>
/// <param name="Part">The part, when it begins and ends.</param>
/// <param name="Delta">More of the text or of the arguments.</param>
/// <param name="Text">All of the text, at its end.</param>
/// <param name="Logprobs">Log-probabilities of the text's tokens, where asked for; else empty.</param>
/// <param name="Name">The function, at the end of its arguments.</param>
/// <param name="Arguments">All of the arguments, at their end.</param>
/// <param name="Obfuscation">Random text, where asked for.</param>
/// <param name="Code">Stable word for what went wrong.</param>
/// <param name="Message">What went wrong.</param>
/// <param name="Param">Path of the field at fault, or null.</param>
public sealed record ResponseEvent(
    string Type,
    int SequenceNumber,
    Response? Response,
    int? OutputIndex,
    string? ItemId,
    int? ContentIndex,
    ResponseItem? Item,
    ContentPart? Part,
    string? Delta,
    string? Text,
    IReadOnlyList<ChatTokenLogprob>? Logprobs,
    string? Name,
    string? Arguments,
    string? Obfuscation,
    string? Code,
    string? Message,
    string? Param);
