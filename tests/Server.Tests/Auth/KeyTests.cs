using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CsCheck;
using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Bench.Compare;
using Llama.Server.Configuration;
using Llama.Server.Limits;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests.Auth;

/// <summary>Keys: what they may look like, where they stand, what they allow.</summary>
public sealed class KeyTests
{
    [Fact]
    public void Read_ManyFaults_AreAllNamed()
    {
        string hash = KeyHash.Write(KeyHash.Of("one"));
        KeyEntry[] entries =
        [
            new() { Key = "one", Name = "a" },
            new() { Key = " one", Name = "b" },
            new() { Hash = hash, Name = "c" },
            new() { Key = "two", Name = "A" },
            new() { Key = "three", Hash = hash },
            new() { Hash = "sha256:12" },
            new() { Key = "sha256:12" },
            new(),
            new() { Key = "four", Name = "no good", Weight = 0, RequestsPerMinute = -1, Models = [""] },
            new() { Key = "kéy" },
            new() { Key = "five,six" },
            new() { Key = "seven", Weight = 1001 },
        ];
        List<string> faults = [];
        KeyRing ring = KeyRing.Read(entries.Select((entry, i) => ($"K{i}", entry)), LimitRules.None, faults);

        Assert.Equal(["a"], ring.Keys.Select(key => key.Name));
        string[] expected =
        [
            "K1 has white space", "K2 is the same key as K0", "K3 has the name 'A', as K0 has", "K4 has both Key and Hash", "K5 has a Hash that is none", "K6 begins with sha256:",
            "K7 is an empty key", "K8 has the name 'no good'", "K8 has Weight 0", "K8 has an empty model", "K8 has RequestsPerMinute -1", "K9 has white space, a comma or characters beyond ASCII", "K10 has white space, a comma", "K11 has Weight 1001",
        ];
        Assert.Equal(expected.Length, faults.Count);
        Assert.All(expected, start => Assert.Contains(faults, fault => fault.StartsWith(start, StringComparison.Ordinal)));
        Assert.DoesNotContain(faults, fault => fault.Contains("three") || fault.Contains("four") || fault.Contains("five"));
    }

    /// <summary>A key in the wrong place is a fault like any other, and none that tells the key.</summary>
    [Theory]
    [InlineData("""{"ApiKeys": {"shop": "very-secret"}}""", "ApiKeys has names where a list has places")]
    [InlineData("""{"ApiKeys": {"very-secret": "shop"}}""", "ApiKeys has names where a list has places")]
    [InlineData("""{"ApiKeys": {"0": "very-secret", "0:Name": "shop"}}""", "ApiKeys:0 is both a value and a section")]
    [InlineData("""{"ApiKeys": ["very-secret", "very-secret"]}""", "ApiKeys:1 is the same key as")]
    [InlineData("""{"ApiKeys": [{"Key": ["very-secret"]}]}""", "ApiKeys:0:Key is a section")]
    [InlineData("""{"ApiKeys": [{"Key": "very-secret", "Key": "very-secret-too"}]}""", "is not JSON")]
    public void KeysFile_WithAKeyInTheWrongPlace_IsRefusedWithoutTheKey(string text, string expected)
    {
        List<string> faults = [];
        ApiKeys.Read(new AuthSettings(), "keys.json", new(text, ""), LimitRules.None, faults);

        Assert.Contains(faults, fault => fault.Contains(expected, StringComparison.Ordinal));
        Assert.DoesNotContain(faults, fault => fault.Contains("very-secret", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_LimitsOfAKey_GoBeforeTheGeneralOnesAndZeroLiftsThem()
    {
        KeyEntry[] entries = [new() { Key = "a" }, new() { Key = "b", RequestsPerMinute = 5, TokensPerMinute = 0 }];
        KeyRing ring = KeyRing.Read(entries.Select(entry => ("", entry)), new LimitRules(60, 1000, null), []);

        Assert.Equal(new LimitRules(60, 1000, null), ring.Find("a")!.Limits);
        Assert.Equal(new LimitRules(5, null, null), ring.Find("b")!.Limits);
        Assert.Null(ring.Find("c"));
        Assert.StartsWith("key-", ring.Find("a")!.Name);
    }

    /// <summary>All of a hash is compared.</summary>
    [Fact]
    public void Find_KeyWhoseHashDiffersInOneBit_IsNobodys()
    {
        for (int bit = 0; bit < 256; bit++)
        {
            byte[] hash = KeyHash.Of("one");
            Assert.NotNull(Ring(hash).Find("one"));
            hash[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(Ring(hash).Find("one"));
        }

        static KeyRing Ring(byte[] hash) => KeyRing.Read([("", new KeyEntry { Name = "a", Hash = KeyHash.Write(hash) }), ("", new KeyEntry { Name = "b", Key = "other" })], LimitRules.None, []);
    }

    [Fact]
    public void Read_AdminKeyThatIsACallersToo_IsAFault()
    {
        foreach (string adminKey in (string[])["one", KeyHash.Write(KeyHash.Of("one")), "boss", ""])
        {
            List<string> faults = [];
            ApiKeys.Read(new AuthSettings { AdminKey = adminKey, ApiKeys = [new KeyEntry { Name = "shop", Key = "one" }] }, "", default, LimitRules.None, faults);
            Assert.Equal(adminKey is "boss" or "" ? [] : ["Auth:AdminKey is the key of 'shop' too, who could do all that an operator can; give operators one of their own."], faults);
        }
    }

    /// <summary>What the engine divides itself by.</summary>
    [Fact]
    public void Share_OfAnyRequest_HasTheKeysWeightAndNumberAndGoesNoSoonerThanItMay() => Gen.Select(Gen.Int[1, 1000], Gen.Int[1, 50], Gen.Int[-5, 5].Nullable(), Gen.Int[-9, 9]).Sample((weight, number, least, priority) =>
    {
        var request = new GenerationRequest { PromptTokenIds = [1], MaxTokens = 1, Priority = priority };
        GenerationRequest shared = new Caller(number, new ApiKey("a", [], [], weight, least, LimitRules.None)).Share(request);

        Assert.Equal(request with { ShareKey = number, ShareWeight = weight, Priority = shared.Priority }, shared);
        Assert.Equal(priority >= (least ?? priority) ? priority : least!.Value, shared.Priority);
        Assert.Equal(request with { ShareKey = Caller.InProcess.ShareKey }, Caller.InProcess.Share(request));
        Assert.True(Caller.InProcess.ShareKey < 0); // no key has such a number, nor has a caller without one
    });

    [Fact]
    public async Task Key_ByItsHash_OpensAndItsModelsAndPriorityHold()
    {
        await using var app = new TestApp
        {
            Reply = "ok",
            Settings =
            {
                ["Model:Aliases:0"] = "alias",
                ["Auth:ApiKeys:0:Name"] = "shop",
                ["Auth:ApiKeys:0:Hash"] = KeyHash.Write(KeyHash.Of("secret")),
                ["Auth:ApiKeys:0:Models:0"] = "tiny",
                ["Auth:ApiKeys:0:MinPriority"] = "0",
            },
        };
        HttpClient client = await app.StartAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "secret");

        Assert.True((await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"priority\":1"))).IsSuccessStatusCode);
        await ErrorTests.AssertErrorAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"priority\":-1")), HttpStatusCode.BadRequest, "invalid_value", "priority");
        foreach ((string route, string body) in new[]
        {
            ("/v1/completions", "\"prompt\":\"a\""), ("/v1/embeddings", "\"input\":\"a\""), ("/v1/responses", "\"input\":\"a\""), ("/v1/responses/input_tokens", "\"input\":\"a\""),
            ("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":100000"), // more than it could have: the permission is the first question
            ("/v1/chat/completions/input_tokens", "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]"), ("/tokenize", "\"prompt\":\"a\""), ("/detokenize", "\"tokens\":[5]"),
        })
        {
            HttpResponseMessage refused = await client.PostAsync(route, TestApp.Json($$"""{"model":"alias",{{body}}}"""));
            JsonNode error = await ErrorTests.AssertErrorAsync(refused, HttpStatusCode.Forbidden, "model_not_found", "model");
            Assert.Contains("the key 'shop' may not use the model 'alias', only tiny", (string?)error["message"], StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Where a request need not name the model, the id that the key may use is meant.</summary>
    [Theory]
    [InlineData("alias", HttpStatusCode.OK)]
    [InlineData("other", HttpStatusCode.Forbidden)]
    public async Task Key_ForOneModel_MeansItWhereNoneIsNamed(string model, HttpStatusCode status)
    {
        await using var app = new TestApp { Settings = { ["Model:Aliases:0"] = "alias", ["Auth:ApiKeys:0:Key"] = "secret", ["Auth:ApiKeys:0:Models:0"] = model } };
        HttpClient client = await app.StartAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "secret");

        Assert.Equal(status, (await client.PostAsync("/tokenize", TestApp.Json("""{"prompt":"a"}"""))).StatusCode);
        Assert.Equal(status, (await client.PostAsync("/detokenize", TestApp.Json("""{"tokens":[5]}"""))).StatusCode);
        Assert.Equal(status, (await client.PostAsync("/v1/responses/input_tokens", TestApp.Json("""{"input":"a"}"""))).StatusCode);
    }

    [Fact]
    public async Task Log_OfARequest_NamesTheKeyAndNeverHoldsIt()
    {
        var log = new LogLines();
        await using var app = new TestApp
        {
            Reply = "ok",
            Settings = { ["Auth:ApiKeys:0:Name"] = "shop", ["Auth:ApiKeys:0:Key"] = "very-secret", ["Auth:AdminKey"] = "very-secret-too", ["Serilog:MinimumLevel:Default"] = "Information" },
        };
        WebApplicationFactory<Program> logged = app.WithWebHostBuilder(builder => builder.ConfigureServices(services => services.AddSingleton<ILoggerFactory>(new LoggerFactory([log]))));
        HttpClient client = logged.CreateClient();
        await Wait.Until(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", "very-secret");
        await client.PostAsync("/v1/chat/completions", TestApp.Chat());
        client.DefaultRequestHeaders.Authorization = new("Bearer", "very-secret-too");
        await client.PostAsync("/admin/drain", null);

        Assert.Contains(log.All, line => line.Contains("/v1/chat/completions 200") && line.Contains(" shop "));
        Assert.Contains(log.All, line => line.Contains("drains the server"));
        Assert.DoesNotContain(log.All, line => line.Contains("very-secret"));
    }

    [Fact]
    public async Task Start_KeyForOtherModelsAlone_IsWarnedOfByItsName()
    {
        var log = new LogLines();
        await using var app = new TestApp
        {
            Reply = "ok",
            Settings =
            {
                ["Model:Aliases:0"] = "other",
                ["Auth:ApiKeys:0:Name"] = "shop", ["Auth:ApiKeys:0:Key"] = "very-secret", ["Auth:ApiKeys:0:Models:0"] = "tini", ["Auth:ApiKeys:0:Models:1"] = "Tiny",
                ["Auth:ApiKeys:1:Name"] = "batch", ["Auth:ApiKeys:1:Key"] = "another", ["Auth:ApiKeys:1:Models:0"] = "tini", ["Auth:ApiKeys:1:Models:1"] = "other",
                ["Auth:ApiKeys:2"] = "third",
            },
        };
        WebApplicationFactory<Program> logged = app.WithWebHostBuilder(builder => builder.ConfigureServices(services => services.AddSingleton<ILoggerFactory>(new LoggerFactory([log]))));
        logged.CreateClient();
        await Wait.Until(() => log.All.Any(line => line.Contains("of which this server has none")));

        Assert.Equal("The key 'shop' may use tini, Tiny, of which this server has none: it serves tiny, other", Assert.Single(log.Of(typeof(ApiKeys).FullName!)));
        Assert.DoesNotContain(log.All, line => line.Contains("very-secret"));
    }

    [Fact]
    public async Task KeysFile_Changed_IsReadAgainAndABrokenOneChangesNothing()
    {
        using TempFolder folder = new("llama-keys-");
        string path = folder.In("keys.json");
        await File.WriteAllTextAsync(path, """{"ApiKeys": ["one"]}""");
        await using var app = new TestApp { Reply = "ok", Settings = { ["Auth:KeysFile"] = path, ["Auth:AdminKey"] = "boss" } };
        HttpClient client = await app.StartAsync();
        Assert.Equal((200, 401), (await AskAsync(client, "one"), await AskAsync(client, "two")));

        await File.WriteAllTextAsync(path, """{"ApiKeys": [{"Name": "b", "Key": "two"}]}""");
        await Wait.Until(async () => await AskAsync(client, "two") == 200);
        Assert.Equal(401, await AskAsync(client, "one"));

        await File.WriteAllTextAsync(path, """{"ApiKeys": ["three", """);
        HttpResponseMessage broken = await ReloadAsync(client);
        Assert.Equal(HttpStatusCode.BadRequest, broken.StatusCode);
        Assert.Contains("is not JSON", await broken.Content.ReadAsStringAsync());
        Assert.Equal(200, await AskAsync(client, "two"));

        File.Delete(path);
        Assert.Contains("cannot be read", await (await ReloadAsync(client)).Content.ReadAsStringAsync());
        Assert.Equal(200, await AskAsync(client, "two"));

        await File.WriteAllTextAsync(path, """{"ApiKeys": []}"""); // whoever takes out the last key does not open the server
        Assert.Equal(HttpStatusCode.OK, (await ReloadAsync(client)).StatusCode);
        Assert.Equal((401, 401), (await AskAsync(client, "two"), await AskAsync(client, "")));
    }

    /// <summary>Its share of the engine, and the responses that were stored with it, hang on that number.</summary>
    [Fact]
    public async Task KeysFile_ReadAgain_LeavesEachNameItsNumber()
    {
        using TempFolder folder = new("llama-keys-");
        string path = folder.In("keys.json");
        await File.WriteAllTextAsync(path, """{"ApiKeys": [{"Name": "a", "Key": "one"}, {"Name": "b", "Key": "two"}]}""");
        await using var app = new TestApp { Settings = { ["Auth:KeysFile"] = path } };
        await app.StartAsync();
        ApiKeys keys = app.Services.GetRequiredService<ApiKeys>();
        int number = keys.Find("two")!.ShareKey;
        await File.WriteAllTextAsync(path, """{"ApiKeys": [{"Name": "c", "Key": "one"}, {"Name": "B", "Key": "three"}]}""");

        Assert.Empty(keys.Reload(isAsked: true));
        Assert.Equal(number, keys.Find("three")!.ShareKey);
        Assert.NotEqual(number, keys.Find("one")!.ShareKey);
    }

    [Fact]
    public void KeysFile_WithFaults_IsRefusedAtStartWithAllOfThem()
    {
        List<string> faults = [];
        ApiKeys.Read(new AuthSettings { ApiKeys = [new KeyEntry { Key = "same" }] }, "keys.json", new("""{"Keys": 1, "ApiKeys": ["same", {"Nmae": "x", "Key": "y", "Weight": "much"}]}""", ""), LimitRules.None, faults);

        string[] expected = ["Auth:KeysFile keys.json: Keys is not a setting", "Auth:KeysFile keys.json: ApiKeys:1:Nmae is not a setting", "Auth:KeysFile keys.json: ApiKeys:1:Weight is 'much'", "Auth:KeysFile keys.json: ApiKeys:0 is the same key as Auth:ApiKeys:0"];
        Assert.Equal(expected.Length, faults.Count);
        Assert.All(expected, start => Assert.Contains(faults, fault => fault.StartsWith(start, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Metrics_WithAKeyOfTheirOwn_TakeItAndCountByKey()
    {
        await using var app = new TestApp
        {
            Reply = "ok",
            Settings = { ["Auth:ApiKeys:0:Name"] = "shop", ["Auth:ApiKeys:0:Key"] = "k", ["Auth:ApiKeys:0:RequestsPerMinute"] = "1", ["Auth:MetricsKey"] = "scrape" },
        };
        HttpClient client = await app.StartAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "k");
        await client.PostAsync("/v1/chat/completions", TestApp.Chat());
        await client.PostAsync("/v1/chat/completions", TestApp.Chat());
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/metrics")).StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", "scrape");
        string scrape = await client.GetStringAsync("/metrics");

        Assert.Matches("(?m)^llama_key_requests_total{.*key=\"shop\".*} 1$", scrape);
        Assert.Matches("(?m)^llama_key_rate_limited_total{.*key=\"shop\".*limit=\"requests\".*} 1$", scrape);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/models")).StatusCode);
    }

    [Fact]
    public async Task KeyNew_Verb_PrintsAKeyAndTheLineThatOpensWithIt()
    {
        (int? exitCode, string output, _) = await VerbsTests.RunAsync("key", "new", "--name", "shop");
        string key = output.Split('\n')[0].Split(' ')[^1], line = output[output.IndexOf('{')..];
        JsonNode entry = JsonNode.Parse(line)!;

        Assert.Equal(0, exitCode);
        Assert.Matches("^sk-llama-[A-Za-z0-9_-]{43}$", key);
        Assert.Equal("shop", (string?)entry["Name"]);
        KeyRing ring = KeyRing.Read([("", new KeyEntry { Name = (string)entry["Name"]!, Hash = (string)entry["Hash"]! })], LimitRules.None, []);
        Assert.Equal("shop", ring.Find(key)!.Name);
        (exitCode, _, string error) = await VerbsTests.RunAsync("key", "new", "--name", "no good");
        Assert.Equal(2, exitCode);
        Assert.Contains("--name is 'no good'", error);
    }

    [Fact]
    public async Task KeyHash_Verb_PrintsTheHashOfTheKeyThatItReads()
    {
        using Process verb = Process.Start(OwnProgram.Start(["key", "hash"]))!;
        await verb.StandardInput.WriteLineAsync("sk-mine");
        verb.StandardInput.Close();

        Assert.Equal($"sha256:{Convert.ToHexStringLower(SHA256.HashData("sk-mine"u8))}", (await verb.StandardOutput.ReadToEndAsync()).TrimEnd());
        await verb.WaitForExitAsync();
        Assert.Equal(0, verb.ExitCode);
    }

    private static async Task<int> AskAsync(HttpClient client, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        return (int)(await client.SendAsync(request)).StatusCode;
    }

    private static Task<HttpResponseMessage> ReloadAsync(HttpClient client) =>
        client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/admin/keys/reload") { Headers = { { "Authorization", "Bearer boss" } } });
}
