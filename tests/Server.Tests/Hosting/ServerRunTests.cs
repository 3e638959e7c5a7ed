using Llama.Server.Hosting;
using Microsoft.AspNetCore.Builder;

namespace Llama.Server.Tests.Hosting;

public sealed class ServerRunTests
{
    [Theory]
    [InlineData("rubbish")]
    [InlineData("ftp://localhost:0")]
    [InlineData("http://127.0.0.1:65536")]
    [InlineData("http://127.0.0.1:0;localhost")]
    public async Task RunToExitCode_AddressThatNothingCanListenOn_EndsWith1AndThrowsNothing(string address)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder([$"--urls={address}", $"--Model:Path={TestModel.Folder}", "--Model:Device=cpu"]);
        builder.AddLlama(llama => (llama.ConfigurationSection, llama.StopHostOnFailure) = ("", true));
        builder.AddStandAlone();
        await using WebApplication app = builder.Build();

        Assert.Equal(1, await app.RunToExitCodeAsync());
    }
}
