using Llama.Server.Hosting;

namespace Llama.Server.Generating;

/// <summary>What every chunk and every whole answer to one request begins with.</summary>
/// <param name="Id">Names the answer, e.g. <c>chatcmpl-…</c>.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="Fingerprint">Changes with whatever may change an answer.</param>
internal sealed record AnswerHead(string Id, long Created, string Model, string Fingerprint)
{
    public static AnswerHead New(string prefix, TimeProvider clock, Checkpoint checkpoint) =>
        new($"{prefix}-{Guid.NewGuid():N}", clock.GetUtcNow().ToUnixTimeSeconds(), checkpoint.Name, checkpoint.Fingerprint);
}
