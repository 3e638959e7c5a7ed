using Llama.Model.Text.Jinja;

namespace Llama.Model.Text;

/// <summary>
/// Llama 2's chat format, token for token as Meta's reference has it (llama/generation.py, <c>chat_completion</c>): the system message is folded into the first user
/// message; each question with its answer is BOS, text, EOS; segments are encoded apart, so no message can spell a special token.
/// </summary>
/// <remarks>
/// Where the reference asserts but the meaning is clear this is generous: messages of one role in a row are joined by a blank line, and behind an answer comes another, as in Hugging Face's template. (LangGraph's
/// agents ask for a structured answer so, when they have given the one in words.)
/// </remarks>
internal sealed class Llama2Chat(Tokenizer tokenizer)
{
    private const string OpenInstruction = "[INST]", CloseInstruction = "[/INST]", OpenSystem = "<<SYS>>\n", CloseSystem = "\n<</SYS>>\n\n";

    public bool TryRender(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, out int[] tokens, out string? error)
    {
        tokens = [];
        if (!TryTakeTurns(messages, out List<Turn> turns, out error)) return false;
        var ids = new List<int>();
        for (int i = 0; i < turns.Count; i++) Append(ids, turns[i], isOpen: i == turns.Count - 1 && (!turns[i].HasAnswer || !addGenerationPrompt));
        tokens = [.. ids];
        return true;
    }

    // The last turn stays open for the answer to come, or for the one begun to go on.
    private void Append(List<int> ids, Turn turn, bool isOpen)
    {
        string question = $"{OpenInstruction} {PythonText.Strip(Joined(turn.Question))} {CloseInstruction}";
        string text = turn.HasAnswer ? $"{question} {PythonText.Strip(Joined(turn.Answer))}" : question;
        ids.AddRange(tokenizer.Encode(isOpen ? text : text + " ", addBos: true));
        if (!isOpen && tokenizer.EosId is { } eos) ids.Add(eos);
    }

    private static bool TryTakeTurns(IReadOnlyList<ChatMessage> messages, out List<Turn> turns, out string? error)
    {
        turns = [];
        var system = new List<string>();
        for (int i = 0; i < messages.Count; i++)
        {
            error = Take(messages, i, turns, system);
            if (error is not null) return false;
        }
        error = turns.Count == 0 ? "The conversation has no user message; Llama 2 answers one." : null;
        return error is null;
    }

    private static string? Take(IReadOnlyList<ChatMessage> messages, int index, List<Turn> turns, List<string> system)
    {
        (string role, string content) = (messages[index].Role, messages[index].Content);
        switch (role)
        {
            case "system" when turns.Count == 0:
                system.Add(content);
                return null;
            case "user" when turns.Count == 0:
                turns.Add(new Turn(system.Count == 0 ? content : OpenSystem + Joined(system) + CloseSystem + content));
                return null;
            case "user" when !turns[^1].HasAnswer:
                turns[^1].Question.Add(content);
                return null;
            case "user":
                turns.Add(new Turn(content));
                return null;
            case "assistant" when turns.Count > 0:
                turns[^1].Answer.Add(content);
                return null;
            case "assistant":
                return $"messages[{index}] is the assistant's, but Llama 2's format begins with a user message, after the system message if there is one.";
            case "system":
                return $"messages[{index}] is a system message; Llama 2's format has them only at the start, before the first user message.";
            default:
                return $"messages[{index}] has the role '{role}', which Llama 2's format does not have; use system, user and assistant.";
        }
    }

    private static string Joined(List<string> messages) => string.Join("\n\n", messages);

    /// <summary>A question and its answer, each in one message or several in a row.</summary>
    private sealed class Turn(string question)
    {
        public List<string> Question { get; } = [question];

        public List<string> Answer { get; } = [];

        public bool HasAnswer => Answer.Count > 0;
    }
}
