using System.Text;
using Llama.Fleet;

namespace Llama.Soak.Abuse;

/// <summary>Bytes that are no HTTP, or HTTP at its edges. Each gets its status or a closed connection, and the server goes on.</summary>
internal sealed class WireAbuse : IAbuse
{
    private const string Chat = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    private const string Closing = "Connection: close\r\n";

    public async Task<Verdict> RunAsync(ServerProcess server, Api api, int seed, CancellationToken cancellation)
    {
        List<string> faults = [];
        (string Name, string Sent, string Expected)[] cases = Cases(api.Model);
        await Task.WhenAll(cases.Select(async one =>
        {
            using Wire wire = await Wire.ConnectAsync(server.Address);
            await wire.SendAsync(Encoding.Latin1.GetBytes(one.Sent));
            string? answer = await wire.ReadToEndAsync();
            string status = answer is null ? "hangs" : answer.Length == 0 ? "closed" : answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? answer.Split(' ', 3)[1] : "frames";
            bool isRight = one.Expected.Split('|').Contains(status) && !StackTrace.IsIn(answer ?? "");
            if (!isRight) lock (faults) faults.Add($"\n  {one.Name}: {status} instead of {one.Expected}");
        }));
        await api.GetAsync("/v1/models"); // it is still there
        return new Verdict(faults.Count == 0, $"{cases.Length} kinds of bytes on the wire, {faults.Count} answered wrongly{string.Concat(faults)}");
    }

    private static (string, string, string)[] Cases(string model)
    {
        string body = $$"""{"model":"{{model}}","max_tokens":2,"messages":[{"role":"user","content":"Hi"}]}""";
        string length = $"Content-Length: {body.Length}\r\n";
        string chunked = $"Transfer-Encoding: chunked\r\n{Closing}\r\n";
        return
        [
            ("no HTTP", "\0\u0001garbage\r\n\r\n", "400|closed"),
            ("TLS", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n", "400|closed"),
            ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400|505|closed|frames"),
            ("no host", "GET /v1/models HTTP/1.1\r\n\r\n", "400"),
            ("HTTP/1.0", "GET /v1/models HTTP/1.0\r\n\r\n", "200"),
            ("HTTP/9.9", "GET /v1/models HTTP/9.9\r\nHost: x\r\n\r\n", "505|400"),
            ("huge header", $"GET /v1/models HTTP/1.1\r\nHost: x\r\nX: {new string('a', 100_000)}\r\n{Closing}\r\n", "431|closed"),
            ("many headers", $"GET /v1/models HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 500).Select(i => $"X{i}: 1\r\n"))}{Closing}\r\n", "431|closed"),
            ("long path", $"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: x\r\n{Closing}\r\n", "414|closed"),
            ("control in a header", $"GET /v1/models HTTP/1.1\r\nHost: x\r\nX: a\u0001b\0c\r\n{Closing}\r\n", "400|200"),
            ("climbing path", $"GET /v1/..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n{Closing}\r\n", "404"),
            ("climbing swagger", $"GET /swagger/..%2f..%2fappsettings.json HTTP/1.1\r\nHost: x\r\n{Closing}\r\n", "404"),
            ("zero in the path", $"GET /v1/%00 HTTP/1.1\r\nHost: x\r\n{Closing}\r\n", "400|404"),
            ("half an escape", $"GET /v1/%f HTTP/1.1\r\nHost: x\r\n{Closing}\r\n", "400|404"),
            ("wrong method", $"BREW /v1/chat/completions HTTP/1.1\r\nHost: x\r\n{Closing}\r\n", "405|404"),
            ("absurd accept", $"GET /v1/models HTTP/1.1\r\nHost: x\r\nAccept: image/*;q=9,,;;\r\nAccept-Encoding: ;;q=\r\n{Closing}\r\n", "200"),
            ("negative length", Chat + $"Content-Length: -1\r\n{Closing}\r\n", "400"),
            ("two lengths", Chat + $"Content-Length: 5\r\nContent-Length: 6\r\n{Closing}\r\n12345", "400"),
            ("length beyond measure", Chat + $"Content-Length: 99999999999999999999\r\n{Closing}\r\n", "400|413"),
            ("length too large", Chat + $"Content-Length: 999999999\r\n{Closing}\r\nx", "413"),
            ("garbage chunks", Chat + chunked + "zz\r\nhello\r\n0\r\n\r\n", "400"),
            ("endless chunk size", Chat + chunked + new string('f', 40) + "\r\n", "400"),
            ("chunked and length", Chat + $"Content-Length: 3\r\n{chunked}0\r\n\r\n", "400"),
            ("invalid UTF-8", Chat + $"Content-Length: {body.Length + 2}\r\n{Closing}\r\n" + body.Replace("Hi", "H\u00ff\u00fei"), "400"),
            ("byte order mark", Chat + $"Content-Length: {body.Length + 3}\r\n{Closing}\r\n\u00ef\u00bb\u00bf" + body, "200|400"),
            ("wrong type", "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n" + length + Closing + "\r\n" + body, "200|400|415"),
            ("continue", Chat + $"Expect: 100-continue\r\n{length}{Closing}\r\n" + body, "100|200"),
            ("pipelined", Chat + length + "\r\n" + body + Chat + length + Closing + "\r\n" + body, "200"),
            ("body after all", Chat + length + Closing + "\r\n" + body + "GARBAGE\r\n\r\n", "200"),
            ("slow header", "GET /v1/models HTT", "408|closed|400"),
            ("slow body", Chat + $"Content-Length: 50\r\n{Closing}\r\n{{\"mo", "408|400|closed"),
        ];
    }
}
