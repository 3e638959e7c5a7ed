using Llama.Server.Chat;
using Llama.Server.Generating;

namespace Llama.Server.Responses;

/// <summary>The output of a response that comes whole.</summary>
internal static class WholeItems
{
    /// <param name="answer">What the model said and called.</param>
    /// <param name="logprobs">Of the tokens that text is made of.</param>
    /// <param name="status">How the last item ends.</param>
    public static IReadOnlyList<ResponseItem> Of(WholeAnswer answer, MessageLogprobs logprobs, string status)
    {
        List<ResponseItem> items = [];
        int start = 0;
        for (int i = 0; i < answer.Calls.Count; i++)
        {
            AddMessage(items, answer, start, start = answer.CallPlaces[i], logprobs);
            items.Add(OpenCall.Whole(answer.Calls[i]));
        }
        AddMessage(items, answer, start, answer.Text.Length, logprobs);
        items[^1] = items[^1] with { Status = status };
        return items;
    }

    /// <summary>Adds the text between calls, where there is any. An answer that says nothing at all is an empty message.</summary>
    private static void AddMessage(List<ResponseItem> items, WholeAnswer answer, int start, int end, MessageLogprobs logprobs)
    {
        if (start == end && answer.Calls.Count > 0)
            return;
        // Behind a call the places of tokens are no longer those of the text: what is said there goes without log-probabilities.
        IReadOnlyList<ChatTokenLogprob> taken = items.Count > 0 ? [] : logprobs.Take(answer.Tokens, answer.Calls.Count == 0 ? MessageLogprobs.All : end);
        items.Add(new MessageItem(ResponseIds.OfMessage(), StatusName.Completed, "assistant", [new OutputText(answer.Text[start..end], [], taken)]));
    }
}
