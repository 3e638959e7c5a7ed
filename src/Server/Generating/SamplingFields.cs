using System.Globalization;
using System.Text.Json;
using Llama.Model.Sampling;
using Llama.Server.Hosting;
using Llama.Server.Parsing;

namespace Llama.Server.Generating;

/// <summary>The fields that say how tokens are drawn.</summary>
internal static class SamplingFields
{
    public static FieldTable<SamplingRequest> Table { get; } = new FieldTable<SamplingRequest>()
        .Number("temperature", 0, 2, (r, v) => r.Temperature = (float)v, "Divides the logits; 0 is greedy. Default: the checkpoint's, else 1.")
        .Number("top_p", 0, 1, (r, v) => r.TopP = (float)v, "Nucleus sampling. Default: the checkpoint's, else 1.", aboveMinimum: true)
        .Integer("top_k", -1, int.MaxValue, (r, v) => r.TopK = (int)Math.Max(v, 0), "Keeps the k most probable tokens; 0 or -1 keeps all.")
        .Number("min_p", 0, 1, (r, v) => r.MinP = (float)v, "Drops tokens less probable than this share of the most probable one.")
        .Number("typical_p", 0, 1, (r, v) => r.TypicalP = (float)v, "Locally typical sampling: keeps the tokens least surprising about their surprise, up to this mass.", aboveMinimum: true)
        .Number("repetition_penalty", GenerationDefaults.LeastPenalty, 100, (r, v) => r.RepetitionPenalty = (float)v, "Above 1 discourages tokens already seen.")
        .Number("presence_penalty", -2, 2, (r, v) => r.PresencePenalty = (float)v, "Subtracted once from tokens already generated.")
        .Number("frequency_penalty", -2, 2, (r, v) => r.FrequencyPenalty = (float)v, "Subtracted from tokens once per time they were generated.")
        .Custom("logit_bias", FieldShape.MapOf(new FieldShape("number", -100, 100)), (r, v) => r.LogitBias = ReadBias(v), "Token id to a number from -100 to 100, added to its logit.")
        .Custom(
            "allowed_token_ids",
            FieldShape.ArrayOf(new FieldShape("integer", 0), 1),
            (r, v) => r.AllowedTokenIds = v.Ints(0, int.MaxValue, atLeast: 1),
            "The only tokens that may be drawn; without an end token among them the answer ends at its limit.")
        .Custom("bad_words", FieldShape.ArrayOf(FieldShape.Text), (r, v) => r.BadWords = [.. v.Items().Select(item => item.SomeText())], "Texts that the answer never holds, however they are cut into tokens.")
        .Integer("seed", long.MinValue, long.MaxValue, (r, v) => r.Seed = v, "Fixes the draws whatever else shares the batch. Default: random.");

    private static List<TokenBias> ReadBias(FieldReader value)
    {
        var biases = new List<TokenBias>();
        if (!value.Expect(JsonValueKind.Object, "an object"))
            return biases;
        foreach (JsonProperty pair in value.Value.EnumerateObject())
        {
            var bias = new FieldReader(pair.Value, $"{value.Path}.{pair.Name}", value.Errors);
            bool isId = int.TryParse(pair.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int token);
            if (isId && (pair.Name.Length == 1 || pair.Name[0] != '0')) // one spelling, lest a token be given twice
                biases.Add(new TokenBias(token, (float)bias.Number(-100, 100)));
            else
                bias.Invalid("the key must be a token id, without leading zeros");
        }
        return biases;
    }
}
