using Llama.Trainer.Plain;
using Llama.Trainer.Tokens;
using static TorchSharp.torch;

namespace Llama.Trainer.Verbs;

/// <summary>Reads questions, one a line, and answers each greedily; a check by eye that needs no server.</summary>
internal static class AskVerb
{
    private const int MaxAnswerTokens = 60;

    public static void Run(Options options)
    {
        PlainLlama model = PlainLlama.Load(options.Model);
        Tokenizer tokenizer = new(options.InModel("tokenizer.model"));
        while (Console.ReadLine() is { } question)
            Console.WriteLine($"{question}\n    {tokenizer.Decode(Answer(model, [Tokenizer.Bos, .. tokenizer.Encode($"[INST] {question.Trim()} [/INST]")]))}");
    }

    private static List<int> Answer(PlainLlama model, List<long> tokens)
    {
        List<int> answer = [];
        using var noGrad = no_grad();
        while (answer.Count < MaxAnswerTokens)
        {
            using var scope = NewDisposeScope();
            int next = (int)model.Logits(tensor(tokens.ToArray(), [1, tokens.Count]))[0, -1].argmax().item<long>();
            if (next == Tokenizer.Eos) break;
            answer.Add(next);
            tokens.Add(next);
        }
        return answer;
    }
}
