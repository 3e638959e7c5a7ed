using System.Net.Http.Headers;
using System.Text;
using Llama.Fleet;

namespace Llama.Soak.Abuse;

/// <summary>Right bodies with bytes changed, cut out, doubled or put in, over all routes: an answer or a refusal, never a 5xx and never a stack trace.</summary>
internal sealed class FuzzedBodies : IAbuse
{
    private const int Count = 5000, AtOnce = 8;
    private static readonly string[] Inserts = ["null", "{}", "[]", "-1", "1e999", "\"\\ud800\"", "\"", "\\u0000", "true", "99999999999999999999", "\u00ff", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", ",", ":"];

    private int _answered, _refused;

    public async Task<Verdict> RunAsync(ServerProcess server, Api api, int seed, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = new Uri(server.Address), Timeout = ServerProcess.Patience };
        List<string> faults = [];
        await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (number, _) =>
        {
            string? fault = await SendAsync(client, Bodies(api.Model), new Random((seed * 100_003) + number));
            if (fault is not null) lock (faults) faults.Add($"\n  body {number}: {fault}");
        });
        return new Verdict(faults.Count == 0, $"{Count} fuzzed bodies: {_answered} answered, {_refused} refused, {faults.Count} wrong{string.Concat(faults.Take(10))}");
    }

    private async Task<string?> SendAsync(HttpClient client, (string Path, string Body)[] bodies, Random random)
    {
        (string path, string body) = bodies[random.Next(bodies.Length)];
        byte[] bytes = Mutate(body, random);
        try
        {
            using HttpResponseMessage answer = await client.PostAsync(path, new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } });
            string text = await answer.Content.ReadAsStringAsync();
            int status = (int)answer.StatusCode;
            Interlocked.Increment(ref status < 300 ? ref _answered : ref _refused);
            bool isRefusal = status == 503 && answer.Headers.RetryAfter is not null;
            return (status < 500 || isRefusal) && !StackTrace.IsIn(text) ? null : $"{path} {status} to {Encoding.UTF8.GetString(bytes)}: {text}";
        }
        catch (HttpRequestException broken)
        {
            return $"{path} {broken.Message} to {Encoding.UTF8.GetString(bytes)}";
        }
    }

    private static byte[] Mutate(string body, Random random)
    {
        List<byte> bytes = [.. Encoding.UTF8.GetBytes(body)];
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            int at = random.Next(bytes.Count), count = Math.Min(random.Next(1, 12), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1 when bytes.Count > 20: bytes.RemoveRange(at, count); break;
                case 2: bytes.InsertRange(at, bytes.GetRange(at, count)); break;
                case 3: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Inserts[random.Next(Inserts.Length)])); break;
                default: Replace(bytes, at, Encoding.UTF8.GetBytes(Inserts[random.Next(Inserts.Length)])); break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Puts something where the value behind the next colon is.</summary>
    private static void Replace(List<byte> bytes, int from, byte[] value)
    {
        int colon = bytes.IndexOf((byte)':', from), end = colon < 0 ? -1 : bytes.FindIndex(colon, letter => letter is (byte)',' or (byte)'}');
        if (end < 0) return;
        bytes.RemoveRange(colon + 1, end - colon - 1);
        bytes.InsertRange(colon + 1, value);
    }

    private static (string, string)[] Bodies(string model) =>
    [
        ("/v1/chat/completions", $$$"""{"model":"{{{model}}}","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi"}]}],"max_tokens":4,"temperature":0.5,"stop":["a"],"logit_bias":{"5":1},"n":2,"logprobs":true,"top_logprobs":2}"""),
        ("/v1/chat/completions", $$$"""{"model":"{{{model}}}","messages":[{"role":"user","content":"Hi"}],"max_tokens":4,"stream":true,"response_format":{"type":"json_schema","json_schema":{"name":"a","strict":true,"schema":{"type":"object","properties":{"b":{"type":"string"} },"required":["b"],"additionalProperties":false} } } }"""),
        ("/v1/chat/completions", $$$"""{"model":"{{{model}}}","messages":[{"role":"user","content":"Hi"}],"max_tokens":4,"tool_choice":"auto","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"c":{"enum":[1,2]} } } } }]}"""),
        ("/v1/chat/completions", $$$"""{"model":"{{{model}}}","messages":[{"role":"user","content":"Hi"}],"max_tokens":4,"guided_regex":"(a|b){1,3}[^c-e]+","seed":7}"""),
        ("/v1/completions", $$$"""{"model":"{{{model}}}","prompt":["a",[1,2]],"max_tokens":3,"echo":true,"logprobs":1,"best_of":2,"suffix":null}"""),
        ("/v1/responses", $$$"""{"model":"{{{model}}}","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]}],"max_output_tokens":16,"store":false,"text":{"format":{"type":"text"} } }"""),
        ("/v1/embeddings", $$$"""{"model":"{{{model}}}","input":["a","b"],"encoding_format":"base64"}"""),
        ("/tokenize", """{"prompt":"A giraffe.","add_special_tokens":true,"return_token_strs":true}"""),
        ("/detokenize", """{"tokens":[1,2,3,300]}"""),
        ("/v1/chat/completions/input_tokens", $$$"""{"model":"{{{model}}}","messages":[{"role":"user","content":"Hi"}]}"""),
    ];
}
