using System.Runtime.Versioning;
using Llama.Model;
using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Server.Web.Settings;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Llama.Server.Tests;

/// <summary>Settings: what is wrong is said at start, all of it at once.</summary>
public sealed class SettingsTests
{
    [Fact]
    public void Start_ManyFaults_AreAllNamedAtOnce()
    {
        string message = Faults(
            ("Model:Path", "/no/such/folder"),
            ("Model:Device", "tpu"),
            ("Model:Colour", "red"),
            ("Model:Dtype", "int8"),
            ("Model:OutlierThreshold", "4"),
            ("Model:MemoryLimit", "8 gigs"),
            ("Scheduler:MaxSequences", "0"),
            ("Scheduler:MaxQueueLength", "0"),
            ("Scheduler:PrefixCache", "maybe"),
            ("Scheduler:TracePath", "/no/such/folder/trace"),
            ("Server:DrainSeconds", "soon"),
            ("Server:KeepAlive", "3"),
            ("Auth:ApiKeys:0", " "));

        Assert.StartsWith("The settings have 12 fault(s):", message);
        string[] keys =
        [
            "Model:Path", "Model:Device", "Model:Colour", "Model:OutlierThreshold", "Model:MemoryLimit", "Scheduler:MaxSequences", "Scheduler:MaxQueueLength", "Scheduler:PrefixCache", "Scheduler:TracePath", "Server:DrainSeconds", "Server:KeepAlive",
            "Auth:ApiKeys:0",
        ];
        foreach (string key in keys)
            Assert.Matches($"(?m)^  - {key} ", message);
    }

    [Fact]
    public void Start_EmptyValues_LeaveTheDefaults()
    {
        using WebApplication app = Build(("Model:Path", TestApp.Folder), ("Model:Dtype", ""), ("Model:ContextLength", ""), ("Model:Aliases:0", ""), ("Server:RecordText", ""), ("RateLimits:RedisPrefix", ""),
            ("Model:BlockSize", ""), ("Model:Deterministic", ""), ("Server:MaxStoredBytes", ""), ("RateLimits:MaxConcurrent", ""), ("Model:Aliases", ""), ("Server:Cors", ""));
        app.Services.GetRequiredService<IStartupValidator>().Validate();

        Assert.Equal("auto", app.Services.GetRequiredService<IOptions<ModelSettings>>().Value.Dtype);
        Assert.Equal("none", app.Services.GetRequiredService<IOptions<ServerSettings>>().Value.RecordText);
        Assert.Equal("llama", app.Services.GetRequiredService<IOptions<RateLimitsSettings>>().Value.RedisPrefix);
        Assert.Equal(16, app.Services.GetRequiredService<IOptions<ModelSettings>>().Value.BlockSize);
        Assert.False(ActivatorUtilities.CreateInstance<ModelIdentity>(app.Services, TimeProvider.System).IsCalled(""));
    }

    [Theory]
    [InlineData("Model:BlockCount", "3000000000")]
    [InlineData("Server:MaxStoredBytes", "-99999999999999999999")]
    public void Start_WholeNumberBeyondTheType_IsSaidToBeOutOfRange(string key, string number) =>
        Assert.Contains($"{key} is '{number}', which is out of range; give a whole number.", Faults(("Model:Path", TestApp.Folder), (key, number)));

    [Theory]
    [InlineData("--5")]
    [InlineData("+")]
    [InlineData("5x")]
    public void Start_TextThatIsNoNumber_IsNotSaidToBeOutOfRange(string text) =>
        Assert.Contains($"Model:BlockCount is '{text}'; give a whole number.", Faults(("Model:Path", TestApp.Folder), ("Model:BlockCount", text)));

    [Theory]
    [InlineData("/no/such/keys.json", "there is no such file")]
    [InlineData("/", "it is a folder")]
    [InlineData("/proc/self/mem", "Input/output error : '/proc/self/mem'")]
    public void Start_KeysFileThatIsNone_SaysWhy(string path, string why) =>
        Assert.Contains($"Auth:KeysFile {path} cannot be read: {why}. It takes {{", Faults(("Model:Path", TestApp.Folder), ("Auth:KeysFile", path)));

    [LimitedUserFact]
    [UnsupportedOSPlatform("windows")]
    public void Start_KeysFileInAFolderThatMayNotBeEntered_SaysSo()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory();
        string path = Path.Combine(root.FullName, "keys.json");
        try
        {
            File.WriteAllText(path, "{}");
            File.SetUnixFileMode(root.FullName, UnixFileMode.None);

            Assert.Contains($"Auth:KeysFile {path} cannot be read: this user may not. It takes {{", Faults(("Model:Path", TestApp.Folder), ("Auth:KeysFile", path)));
        }
        finally
        {
            File.SetUnixFileMode(root.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void Paths_FromTheUsersHome_BeginThere()
    {
        string home = HomeFolder.Path;

        Assert.Equal($"{home}/trace.jsonl", new SchedulerSettings { TracePath = "~/trace.jsonl" }.ToOptions().TracePath);
        Assert.Equal($"{home}/keys.json", KeysFile.Find("~/keys.json", "/"));
    }

    [Fact]
    public void Start_NamesInAnyCase_AreThoseMeant()
    {
        using WebApplication app = Build(
            ("Model:Path", TestApp.Folder), ("Model:Device", "CPU:0, Cpu:1"), ("Model:Dtype", "INT8-g64"), ("Model:KvDtype", "BFloat16"), ("Model:Kernels", "Fused"), ("Model:ToolFormat", "Llama3_JSON"),
            ("Server:JsonWhitespace", "Free"), ("Server:LogFormat", "JSON"), ("Server:RecordText", "Log"));
        app.Services.GetRequiredService<IStartupValidator>().Validate();

        ModelSettings model = app.Services.GetRequiredService<IOptions<ModelSettings>>().Value;
        ServerSettings server = app.Services.GetRequiredService<IOptions<ServerSettings>>().Value;
        Assert.Equal(("cpu:0, cpu:1", "int8-g64", "bfloat16", "fused", "llama3_json"), (model.Device, model.Dtype, model.KvDtype, model.Kernels, model.ToolFormat));
        Assert.Equal(("free", "json", "log"), (server.JsonWhitespace, server.LogFormat, server.RecordText));
    }

    [Fact]
    public void Start_ContextOfOneToken_IsRefused() => Assert.Contains("Model:ContextLength must be between 2 and 16777216.", Faults(("Model:Path", TestApp.Folder), ("Model:ContextLength", "1")));

    [Theory]
    [InlineData("int8-outliers", "4", null)]
    [InlineData("auto", "4", null)] // the files decide
    [InlineData("int4", "4", "Model:OutlierThreshold is for Model:Dtype=int8-outliers, and that is int4; set the one, or leave out the other.")]
    [InlineData("int8-outliers", "0", "Model:OutlierThreshold must be between 0.01 and 1000000.")]
    public void Start_OutlierThreshold_GoesWithItsTypeOnly(string dtype, string threshold, string? fault)
    {
        (string, string)[] settings = [("Model:Path", TestApp.Folder), ("Model:Dtype", dtype), ("Model:OutlierThreshold", threshold)];
        if (fault is not null) Assert.Contains(fault, Faults(settings));
        else using (WebApplication app = Build(settings)) app.Services.GetRequiredService<IStartupValidator>().Validate();
    }

    [Fact]
    public void Start_NumberOutOfRange_IsToldTheSameInEveryCulture()
    {
        using OtherCulture culture = new();

        Assert.Contains("Model:MemoryUtilization must be between 0.01 and 1.", Faults(("Model:Path", TestApp.Folder), ("Model:MemoryUtilization", "2")));
    }

    [Theory]
    [InlineData("cpu:0,cpu:1", "2", "1GiB,512MiB", null)]
    [InlineData("cpu", "3", "1GiB,2GiB,3GiB", null)]
    [InlineData("cuda:6,cuda:7", "1", "", null)] // whether they are there is another question
    [InlineData("cpu:0,cpu:1,cpu:0", "1", "", "Model:Device is 'cpu:0,cpu:1,cpu:0', which names cpu:0 twice; name each device once.")]
    [InlineData("cpu:0,cpu:1,cpu:2", "2", "", "Model:TensorParallel is 2, and Model:Device names 3 devices; name 2 or a multiple of it")]
    [InlineData("cpu:0,cpu:1", "1", "1GiB,1GiB,1GiB", "Model:MemoryLimit has 3 sizes for 2 devices of Model:Device; give one for all, or one for each.")]
    [InlineData("cpu:0,cpu:1", "0", "", "Model:TensorParallel must be between 1 and 64.")]
    [InlineData("cpu:0,cpu:1,", "1", "", "Model:Device must be auto, cpu, cuda, cuda:N, or a list of devices")]
    public void Start_Devices_GoTogetherOrAreRefusedBesideAllElse(string devices, string shared, string limit, string? fault)
    {
        (string, string)[] settings = [("Model:Path", TestApp.Folder), ("Model:Device", devices), ("Model:TensorParallel", shared), ("Model:MemoryLimit", limit), ("Scheduler:MaxQueueLength", "0")];
        string faults = Faults(settings);
        Assert.Contains("Scheduler:MaxQueueLength must be", faults);
        Assert.StartsWith($"The settings have {(fault is null ? 1 : 2)} fault(s):", faults);
        Assert.Contains(fault ?? "", faults);
    }

    [Fact]
    public void Bind_ValuesOfEveryType_AreRead()
    {
        using WebApplication app = Build(
            ("Model:Path", TestApp.Folder), ("Model:Aliases:0", "a"), ("Model:Aliases:1", "b"), ("Model:ContextLength", "128"), ("Model:MemoryUtilization", "0.25"),
            ("Scheduler:PrefixCache", "false"), ("Server:MaxRequestBodyBytes", "2048"));
        ModelSettings model = app.Services.GetRequiredService<IOptions<ModelSettings>>().Value;

        Assert.Equal(["a", "b"], model.Aliases);
        Assert.Equal(128, model.ContextLength);
        Assert.Equal(0.25, model.MemoryUtilization);
        Assert.Null(model.BlockCount);
        Assert.False(app.Services.GetRequiredService<IOptions<SchedulerSettings>>().Value.PrefixCache);
        Assert.Equal(2048, app.Services.GetRequiredService<IOptions<ServerSettings>>().Value.MaxRequestBodyBytes);
    }

    [Fact]
    public void Sections_OfTheOtherRooms_HaveEveryOption()
    {
        Assert.Empty(Names(typeof(ModelOptions)).Except(Names(typeof(ModelSettings))).Except([nameof(ModelOptions.MaxBatchTokens), nameof(ModelOptions.MaxSequences)]));
        Assert.Empty(Names(typeof(SchedulerOptions)).Except(Names(typeof(SchedulerSettings))));

        static IEnumerable<string> Names(Type type) => type.GetProperties().Select(property => property.Name);
    }

    [Fact]
    public void Validate_AppsettingsAtTheRoot_HasNoFaults()
    {
        using WebApplication app = Build(("Model:Path", TestApp.Folder));

        app.Services.GetRequiredService<IStartupValidator>().Validate();
    }

    [Fact]
    public void TryFind_EmptyPath_TakesTheOnlyBundledModel()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory();
        try
        {
            Assert.False(ModelFolder.TryFind("", root.FullName, root.FullName, out _, out string? none));
            string bundled = root.CreateSubdirectory("models").CreateSubdirectory("demo").FullName;
            File.WriteAllText(Path.Combine(bundled, "config.json"), "{}");
            Assert.True(ModelFolder.TryFind("", root.FullName, root.FullName, out string found, out _));
            Assert.True(ModelFolder.TryFind("models/demo", root.FullName, root.FullName, out string named, out _));
            root.CreateSubdirectory("models/other");
            Assert.False(ModelFolder.TryFind("", root.FullName, root.FullName, out _, out string? two));

            Assert.Equal((bundled, bundled), (found, named));
            Assert.Contains("holds 0 folders", none);
            Assert.Contains("holds 2 folders", two);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void TryFind_LinksThatLeadNowhere_SaysWhichAndWhatToDo()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory();
        try
        {
            string blobs = root.CreateSubdirectory("blobs").FullName, copied = root.CreateSubdirectory("copied").FullName, file = Path.Combine(root.FullName, "a.gguf");
            File.WriteAllText(Path.Combine(blobs, "config"), "{}");
            File.CreateSymbolicLink(Path.Combine(copied, "config.json"), "../blobs/config");
            File.CreateSymbolicLink(Path.Combine(copied, "preprocessor_config.json"), "../blobs/unread");
            File.CreateSymbolicLink(file, "b.gguf");
            string? whole = Fault(copied);
            File.CreateSymbolicLink(Path.Combine(copied, "model.safetensors"), "../blobs/weights");
            string? lost = Fault(copied);
            File.Delete(Path.Combine(copied, "model.safetensors"));
            File.CreateSymbolicLink(Path.Combine(copied, "tokenizer.json"), "tokenizer.json");

            Assert.Null(whole);
            Assert.Contains("where model.safetensors is a link to '../blobs/weights', which is not there. Copy a checkpoint with the files that its links name", lost);
            Assert.Contains("where tokenizer.json is a link to 'tokenizer.json', which is not there", Fault(copied));
            Assert.Contains("where a.gguf is a link to 'b.gguf', which is not there", Fault(file));
        }
        finally
        {
            root.Delete(recursive: true);
        }

        static string? Fault(string path) => ModelFolder.TryFind(path, "/", "/", out _, out string? fault) ? null : fault;
    }

    [Theory]
    [InlineData("llama", "this user (llama) may not read")]
    [InlineData("", "this user (a number without a name, which 'id -u' shows) may not read")]
    public void NotReadable_User_IsNamedOrSaidToHaveNoName(string user, string expected) => Assert.Contains(expected, ModelFolder.NotReadable(user));

    [LimitedUserFact]
    [UnsupportedOSPlatform("windows")]
    public void TryFind_FolderWhoseNamesAloneMayBeRead_SaysSo()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(root.FullName, "config.json"), "{}");
            File.SetUnixFileMode(root.FullName, UnixFileMode.UserRead);

            Assert.False(ModelFolder.TryFind(root.FullName, "/", "/", out _, out string? fault));
            Assert.Contains("may not read", fault);
        }
        finally
        {
            File.SetUnixFileMode(root.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void TryFind_WhatIsNoCheckpoint_SaysWhatItIsAndWhatToName()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory();
        try
        {
            string empty = root.CreateSubdirectory("empty").FullName, quants = root.CreateSubdirectory("quants").FullName;
            string meta = root.CreateSubdirectory("llama-2-7b-chat").FullName;
            File.WriteAllText(Path.Combine(meta, "params.json"), "{}");
            File.WriteAllText(Path.Combine(meta, "tokenizer.model"), "");
            string weights = Path.Combine(empty, "model.safetensors"), gguf = Path.Combine(quants, "a.Q8_0.gguf");
            File.WriteAllText(weights, "");
            File.WriteAllText(gguf, "");

            Assert.Contains("a folder without a model. Give a folder that holds", Fault(empty));
            Assert.Contains("which is a file, but no .gguf file. Give a folder that holds", Fault(weights));
            Assert.Contains("Llama as Meta distributes it (params.json, consolidated.*.pth). Give a folder that holds", Fault(meta));
            Assert.EndsWith($"a folder of 1 .gguf file(s); name one of them: {gguf}", Fault(quants));
            Assert.Null(Fault(gguf));
            Assert.Contains($"looked for {HomeFolder.Path}/no such model", Fault("~/no such model"));
        }
        finally
        {
            root.Delete(recursive: true);
        }

        static string? Fault(string path) => ModelFolder.TryFind(path, "/", "/", out _, out string? fault) ? null : fault;
    }

    private static string Faults(params (string Key, string Value)[] settings)
    {
        using WebApplication app = Build(settings);
        return SettingsFaults.Describe(SettingsFaults.Find(app.Services));
    }

    private static WebApplication Build(params (string Key, string Value)[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.AddSettings(new LlamaOptions { ConfigurationSection = "" });
        return builder.Build();
    }
}
