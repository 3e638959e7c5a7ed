using System.Net.Sockets;
using Llama.Server.Web.Settings;
using Microsoft.AspNetCore.Connections;

namespace Llama.Server.Web.Hosting;

/// <summary>Runs a host of ours to its end.</summary>
internal static class HostRun
{
    /// <summary>0 when the program ended as asked; 1 when its settings or address were wrong, or <paramref name="hasFailed"/> says so at the end.</summary>
    /// <param name="app">The host.</param>
    /// <param name="hasFailed">Asked at the end.</param>
    /// <param name="map">Builds what needs settings that are right; null for nothing.</param>
    public static async Task<int> RunToExitCodeAsync(this WebApplication app, Func<bool> hasFailed, Action? map = null)
    {
        string[] addresses = [.. ListenAddresses.Of(app.Configuration)]; // a host that has failed has neither any more
        CancellationToken stopping = app.Lifetime.ApplicationStopping;
        try
        {
            if (Faults(app, addresses) is { Length: > 0 } faults)
                return Fail(SettingsFaults.Describe(faults));
            map?.Invoke();
            await app.RunAsync();
            return hasFailed() ? 1 : 0;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested) // told to stop while it was starting
        {
            return 0;
        }
        catch (InvalidOperationException exception) when (Tls.IsMissing(exception, addresses))
        {
            return Fail($"An https:// address needs a certificate, and none is set. {Tls.Remedy}");
        }
        catch (IOException exception)
        {
            return Fail(Describe(exception, addresses));
        }
        catch (SocketException exception) // it is not this machine's, or not for this user
        {
            return Fail($"This program cannot listen on {string.Join(", ", addresses.DefaultIfEmpty(ListenAddresses.Default))}: {exception.Message}. Choose another address with --urls.");
        }
    }

    /// <summary>All that keeps the program from starting and can be known beforehand.</summary>
    private static string[] Faults(WebApplication app, string[] addresses) =>
    [
        .. SettingsFaults.Find(app.Services),
        .. addresses.Select(ListenAddress.Fault).OfType<string>(),
        .. Tls.Faults(app.Configuration, app.Environment.ContentRootPath),
        .. ConnectionLimits.Faults(app.Configuration),
    ];

    /// <summary>What kept the program from starting: an address that is taken or not for it, or something else.</summary>
    internal static string Describe(IOException exception, string[] addresses)
    {
        if (exception.InnerException is AggregateException { InnerExceptions: [var why, ..] }) // localhost, at neither of its addresses
            return $"{exception.Message} {why.Message}. Choose another address with --urls.";
        if (exception.InnerException is not AddressInUseException)
            return $"This program cannot start: {exception.Message}";
        string left = addresses.Any(address => ListenAddress.TryParse(address, out BindingAddress binding) && binding.IsUnixPipe) ? " A socket that a killed program left in the file system can be removed." : "";
        return $"{exception.Message} Free it, or choose another with --urls.{left}";
    }

    private static int Fail(string message)
    {
        StandardError.TryWriteLine(message);
        return 1;
    }
}
