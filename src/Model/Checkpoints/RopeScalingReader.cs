using System.Text.Json;

namespace Llama.Model.Checkpoints;

/// <summary>Reads <c>rope_scaling</c> (or transformers 5's <c>rope_parameters</c>) with Hugging Face's defaults. What its versions read differently is refused.</summary>
internal static class RopeScalingReader
{
    private const string TrainedContext = "original_max_position_embeddings";

    /// <param name="ropes">Either key's object; null where there is none.</param>
    /// <param name="config">What they stand in.</param>
    /// <param name="contextLength">Served at most.</param>
    public static RopeScaling? Read(JsonKeys?[] ropes, JsonKeys config, int contextLength)
    {
        RopeScaling?[] scalings = [.. ropes.OfType<JsonKeys>().Where(rope => !rope.IsEmpty).Select(rope => Read(rope, config, contextLength))];
        if (scalings is [var scaling, var parameters] && scaling != parameters) config.Add("rope_scaling", "says something else than rope_parameters; keep one of the two");
        return scalings.FirstOrDefault();
    }

    private static RopeScaling? Read(JsonKeys rope, JsonKeys config, int contextLength)
    {
        string? type = rope.Text("rope_type") ?? rope.Text("type");
        // Where Hugging Face looks for the trained context: beside the type, at the top level, else the served context itself.
        int? inner = rope.OptionalInt(TrainedContext), outer = config.OptionalInt(TrainedContext);
        int original = inner ?? outer ?? contextLength;
        if (type is "llama3" or "yarn" && inner is not null && outer is not null && inner != outer) rope.Add(TrainedContext, $"is {inner}, but {outer} at the top level; keep one of the two");
        switch (type)
        {
            case "default" or null:
                if (type is null && rope.Has("factor")) rope.Add("rope_type", "is missing; expected default, linear, dynamic, llama3 or yarn");
                return null;
            case "linear": return new RopeScaling.Linear(rope.Positive("factor"));
            case "dynamic": return new RopeScaling.Dynamic(rope.Positive("factor"), contextLength); // the trained context is no part of it
            case "llama3": return Llama3(rope, original);
            case "longrope": return Divided(rope);
            case "yarn": return Yarn(rope, original, contextLength);
            default:
                rope.Add("rope_type", $"is \"{type}\"; expected default, linear, dynamic, llama3, longrope or yarn");
                return null;
        }
    }

    private static RopeScaling.Llama3 Llama3(JsonKeys rope, int original)
    {
        double low = rope.Positive("low_freq_factor"), high = rope.Positive("high_freq_factor");
        if (high <= low && rope.Has("low_freq_factor") && rope.Has("high_freq_factor"))
            rope.Add("high_freq_factor", $"is {high}; expected more than low_freq_factor, {low}");
        return new RopeScaling.Llama3(rope.Positive("factor"), low, high, original);
    }

    // Factors that change with the length of the text would contradict keys already rotated and cached.
    private static RopeScaling.Divided Divided(JsonKeys rope)
    {
        double[] factors = Numbers("short_factor");
        if (!factors.SequenceEqual(Numbers("long_factor"))) rope.Add("long_factor", "differs from short_factor; only one set of factors is supported");
        if (rope.OptionalPositive("attention_factor") != 1) rope.Add("attention_factor", "is not 1, which alone is supported");
        return new RopeScaling.Divided(factors);

        double[] Numbers(string key) => [.. (rope.OneOrMany(key, JsonValueKind.Number) ?? []).Select(number => number.GetDouble())];
    }

    // Without a factor it is the ratio of the contexts.
    private static RopeScaling.Yarn Yarn(JsonKeys rope, int original, int contextLength) =>
        new(rope.Positive("factor", (double)contextLength / original), original)
        {
            BetaFast = rope.Positive("beta_fast", 32),
            BetaSlow = rope.Positive("beta_slow", 1),
            AttentionFactor = rope.OptionalPositive("attention_factor"),
            Mscale = rope.OptionalPositive("mscale"),
            MscaleAllDim = rope.OptionalPositive("mscale_all_dim"),
            Truncate = rope.Flag("truncate", true),
        };
}
