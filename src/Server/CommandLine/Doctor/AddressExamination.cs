using System.Net;
using System.Net.Sockets;
using Llama.Model.Diagnosis;
using Llama.Server.Web.Hosting;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>Whether the server could listen where it is to, and who could reach it there.</summary>
internal static class AddressExamination
{
    /// <param name="app">The server, not started.</param>
    /// <param name="hasKeys">Whether callers need one.</param>
    public static IEnumerable<Finding> Findings(WebApplication app, bool hasKeys)
    {
        IConfiguration settings = app.Configuration;
        foreach (Finding finding in Certificates(app)) yield return finding;
        foreach (string wrong in ConnectionLimits.Faults(settings)) yield return Finding.Fault("limits", wrong);
        foreach (string address in ListenAddresses.Of(settings).DefaultIfEmpty(ListenAddresses.Default))
        {
            if (ListenAddress.Fault(address) is { } fault)
            {
                yield return Finding.Fault("address", fault);
                continue;
            }
            BindingAddress binding = BindingAddress.Parse(address);
            yield return Bind(address, binding);
            if (!hasKeys && !ListenAddress.IsLoopback(binding))
                yield return Finding.Warning("keys", $"anyone who reaches {address} may call", "Set Auth:ApiKeys, or listen on localhost.");
        }
    }

    private static IEnumerable<Finding> Certificates(WebApplication app)
    {
        string[] faults = [.. Tls.Faults(app.Configuration, app.Environment.ContentRootPath)], addresses = [.. ListenAddresses.Of(app.Configuration)];
        foreach (string fault in faults) yield return Finding.Fault("certificate", fault);
        bool areSound = faults.Length == 0 && addresses.All(address => ListenAddress.Fault(address) is null);
        if (areSound && addresses.Any(Tls.IsHttps) && Tls.IsMissing(app.Services, addresses))
            yield return Finding.Fault("certificate", $"{string.Join(", ", addresses.Where(Tls.IsHttps))} needs one, and none is set", Tls.Remedy);
    }

    private static Finding Bind(string address, BindingAddress binding)
    {
        if (binding.IsUnixPipe || binding.IsNamedPipe) return new Finding("address", $"{address} (not tried)");
        try
        {
            Listen(binding);
            return new Finding("address", $"{address} is free");
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => Finding.Fault("address", $"{address} is taken", "End the program that listens there (a server that already runs?), or choose another with --urls."),
                SocketError.AccessDenied => Finding.Fault("address", $"{address} is not allowed to this user", "Choose a port above 1023 with --urls."),
                _ => Finding.Fault("address", $"{address}: {e.Message}", "Choose another with --urls."),
            };
        }
    }

    // Tried and let go of at once: nothing can connect in between, as it is only bound.
    private static void Listen(BindingAddress binding)
    {
        IPAddress where = ListenAddress.IsLocalhost(binding) ? IPAddress.Loopback : IPAddress.TryParse(binding.Host.Trim('[', ']'), out IPAddress? ip) ? ip : IPAddress.Any;
        using Socket socket = new(where.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(where, binding.Port));
    }
}
