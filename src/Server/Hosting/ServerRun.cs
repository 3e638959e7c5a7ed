using Llama.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Llama.Server.Hosting;

/// <summary>Runs the host to its end.</summary>
internal static class ServerRun
{
    /// <summary>0 when the server ended as asked; 1 when its settings or address were wrong, the model could not be loaded or the engine died.</summary>
    public static async Task<int> RunToExitCodeAsync(this WebApplication app)
    {
        string[] addresses = [.. StandAlone.Addresses(app.Configuration)]; // a host that has failed has none any more
        try
        {
            app.Services.GetRequiredService<IStartupValidator>().Validate(); // first, so that all faults are told together
            if (addresses.FirstOrDefault(address => !ListenAddress.TryParse(address, out _)) is { } wrong)
                return await FailAsync($"'{wrong}' is no address; give --urls as http://host:port.");
            if (Tls.Faults(app.Configuration, app.Environment.ContentRootPath).ToArray() is { Length: > 0 } certificates)
                return await FailAsync(string.Join('\n', certificates));
            EngineHost engine = app.Services.GetRequiredService<EngineHost>();
            await app.RunAsync();
            return engine.HasFailed ? 1 : 0;
        }
        catch (Exception exception) when (SettingsFaults(exception) is { Length: > 0 } faults)
        {
            return await FailAsync(SettingsRegistration.Describe(faults));
        }
        catch (InvalidOperationException exception) when (Tls.IsMissing(exception, addresses))
        {
            return await FailAsync($"An https:// address needs a certificate, and none is set. {Tls.Remedy}");
        }
        catch (IOException exception) // the address is taken
        {
            return await FailAsync($"{exception.Message} Free it, or choose another with --urls.");
        }
    }

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync(message);
        return 1;
    }

    /// <summary>The host throws one fault as it is and several together.</summary>
    public static OptionsValidationException[] SettingsFaults(Exception exception) => exception switch
    {
        OptionsValidationException one => [one],
        AggregateException many when many.InnerExceptions.All(inner => inner is OptionsValidationException) => [.. many.InnerExceptions.Cast<OptionsValidationException>()],
        _ => [],
    };
}
