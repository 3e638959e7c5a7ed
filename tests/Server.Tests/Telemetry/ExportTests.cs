using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Text;
using Llama.Server.Configuration;
using Llama.Server.Telemetry;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Trace;

namespace Llama.Server.Tests.Telemetry;

/// <summary>Where spans and metrics go.</summary>
[Collection(nameof(Activities))]
public sealed class ExportTests
{
    private const string NoHeaders = "are not name=value, one behind the other with commas; a value may hold no comma, nor what is not ASCII.";

    [Fact]
    public async Task Endpoint_Set_GetsSpansAndMetrics()
    {
        var got = new ConcurrentDictionary<string, string>();
        await using WebApplication collector = await CollectAsync(got);
        await using var app = new TestApp
        {
            Reply = "ok",
            Settings =
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.First(), ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf", ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "100", ["OTEL_SERVICE_NAME"] = "my-llama",
            },
        };
        HttpClient client = await app.StartAsync();

        // Again and again: a batch that meets a machine that stands still is lost.
        await Wait.Until(async () =>
        {
            await client.PostAsync("/v1/chat/completions", TestApp.Chat());
            await Task.Delay(50);
            return Has("/v1/traces", "chat tiny") && Has("/v1/traces", "decode") && Has("/v1/metrics", "gen_ai.server.request.duration") && Has("/v1/metrics", "vllm.generation_tokens_total") && Has("/v1/metrics", "llama_torch_tensors");
        });

        Assert.Contains("my-llama", got["/v1/traces"]);
        Assert.DoesNotContain("giraffe", string.Concat(got.Values));

        bool Has(string path, string text) => got.TryGetValue(path, out string? body) && body.Contains(text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_WhereNobodyListens_IsToldInTheLog()
    {
        var log = new LogLines();
        await using var app = new TestApp
        {
            Reply = "ok",
            Settings = { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", ["OTEL_BSP_SCHEDULE_DELAY"] = "100", ["OTEL_METRIC_EXPORT_INTERVAL"] = "100" },
        };
        await using WebApplicationFactory<Program> logged = app.WithWebHostBuilder(builder => builder.ConfigureServices(services => services.AddSingleton<ILoggerFactory>(new LoggerFactory([log]))));
        logged.CreateClient();
        using var failures = new ExporterWarnings();

        await Wait.Until(() => failures.Count > 5 && Told().Length > 0);

        Assert.Contains("http://127.0.0.1:1/", Assert.Single(Told()));

        string[] Told() => log.Of(typeof(ExportFaults).FullName!);
    }

    [Fact]
    public async Task Endpoint_NotSet_NobodyListens()
    {
        await using var app = new TestApp();
        await app.StartAsync();

        Assert.Null(app.Services.GetService<TracerProvider>());
    }

    [Theory]
    [InlineData("collector:4317")]
    [InlineData("4317")]
    [InlineData("ftp://collector")]
    public void Endpoint_NoAddress_IsAFault(string endpoint)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint)]).Build();

        Assert.Equal(
            $"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is '{endpoint}'; give the collector's address, such as http://collector:4317, or leave it out.",
            Assert.Single(new OtlpValidator(settings).Validate(null, new ServerSettings()).Failures!));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "is 'http/json'; give grpc or http/protobuf, or leave it out for grpc.")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "GRPC", "is 'GRPC'; give grpc or http/protobuf, or leave it out for grpc.")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "secret", NoHeaders)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "a=1,secret", NoHeaders)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", ",a=1", NoHeaders)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "a=b%2Cc", NoHeaders)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "=secret", NoHeaders)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api key=secret", NoHeaders)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=b%0Ac", NoHeaders)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=ü", NoHeaders)]
    public void Variable_TheExporterCannotDo_IsAFaultWhereThereIsACollector(string variable, string value, string fault)
    {
        Assert.Equal([$"{variable} {fault}"], Faults((variable, value), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")));
        Assert.Empty(Faults((variable, value)));
    }

    [Theory]
    [InlineData("PROTOCOL", "http/protobuf")]
    [InlineData("HEADERS", "a=1,")]
    [InlineData("HEADERS", "authorization=Basic%20QWxh==, x-scope = b;c ")]
    public void Variable_TheExporterCanDo_IsNone(string what, string value) =>
        Assert.Empty(Faults(("OTEL_EXPORTER_OTLP_" + what, value), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")));

    [Fact]
    public async Task Start_HeadersTheExporterWouldThrowFor_IsRefusedWithThem()
    {
        await using var app = new TestApp { Settings = { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", ["OTEL_EXPORTER_OTLP_HEADERS"] = "secret" } };

        Assert.Equal([$"OTEL_EXPORTER_OTLP_HEADERS {NoHeaders}"], Assert.Throws<OptionsValidationException>(() => app.Services.GetRequiredService<IStartupValidator>().Validate()).Failures);
    }

    private static IEnumerable<string> Faults(params (string Variable, string Value)[] variables)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(variables.Select(one => KeyValuePair.Create(one.Variable, (string?)one.Value))).Build();
        return new OtlpValidator(settings).Validate(null, new ServerSettings()).Failures ?? [];
    }

    private static async Task<WebApplication> CollectAsync(ConcurrentDictionary<string, string> got)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        WebApplication collector = builder.Build();
        collector.MapPost("/v1/{signal}", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            got.AddOrUpdate(context.Request.Path.Value!, _ => Text(body), (_, before) => before + Text(body));
        });
        await collector.StartAsync();
        return collector;
    }

    private static string Text(MemoryStream body) => Encoding.Latin1.GetString(body.GetBuffer(), 0, (int)body.Length);

    /// <summary>Counts what the exporter warns of, from when it is made.</summary>
    private sealed class ExporterWarnings : EventListener
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "OpenTelemetry-Exporter-OpenTelemetryProtocol")
                EnableEvents(eventSource, EventLevel.Warning);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData) => Interlocked.Increment(ref _count);
    }
}
